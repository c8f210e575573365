"""Messages as Asterisk 22.10 sent them become typed events."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.ari.events import (
    TYPED_EVENTS,
    BridgeDestroyed,
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelEnteredBridge,
    ChannelHangupRequest,
    ChannelVarset,
    ContactStatusChange,
    DeviceStateChanged,
    Dial,
    OtherEvent,
    PeerStatusChange,
    PlaybackFinished,
    StasisStart,
    parse_event,
    parse_time,
)

CHANNEL: dict[str, Any] = {
    "id": "c-00000000000000000000000000000000",
    "name": "PJSIP/trunk-t-00000000",
    "state": "Ringing",
    "protocol_id": "24917ece-b16d-42cc-ac62-7969c1e371e9",
    "caller": {"name": "", "number": "0312345678"},
    "connected": {"name": "", "number": "0501234567"},
    "accountcode": "",
    "dialplan": {
        "context": "kakeru-customer",
        "exten": "s",
        "priority": 2,
        "app_name": "Stasis",
        "app_data": "kakeru,customer",
    },
    "creationtime": "2026-11-24T05:37:21.579+0000",
    "language": "en",
}
BRIDGE: dict[str, Any] = {
    "id": "b-1",
    "technology": "simple_bridge",
    "bridge_type": "mixing",
    "bridge_class": "stasis",
    "creator": "Stasis",
    "name": "",
    "channels": ["c-1", "a-1"],
    "creationtime": "2026-11-24T05:37:22.084+0000",
    "video_mode": "talker",
}
ENDPOINT = {"technology": "PJSIP", "resource": "agent-1", "state": "online", "channel_ids": []}
TIME = datetime(2026, 11, 24, 5, 37, 22, 594000, tzinfo=UTC)


def message(event_type: str, **fields: Any) -> dict[str, Any]:
    return {
        "type": event_type,
        "timestamp": "2026-11-24T05:37:22.594+0000",
        **fields,
        "asterisk_id": "02:fc:00:00:00:01",
        "application": "kakeru",
    }


def test_a_channel_shows_where_it_is() -> None:
    event = parse_event(message("StasisStart", args=["customer"], channel=CHANNEL))
    assert isinstance(event, StasisStart)
    channel = event.channel
    assert (channel.id, channel.state) == (CHANNEL["id"], "Ringing")
    assert (channel.caller_number, channel.connected_number) == ("0312345678", "0501234567")
    assert (channel.context, channel.extension) == ("kakeru-customer", "s")
    assert (channel.application, channel.application_data) == ("Stasis", "kakeru,customer")
    assert channel.created == datetime(2026, 11, 24, 5, 37, 21, 579000, tzinfo=UTC)
    assert channel.variables == {}
    assert (event.time, event.args, event.replaces) == (TIME, ("customer",), None)


def test_channel_variables_come_where_asterisk_is_told_to_send_them() -> None:
    event = parse_event(
        message("StasisStart", args=[], channel={**CHANNEL, "channelvars": {"A": "1"}})
    )
    assert isinstance(event, StasisStart)
    assert event.channel.variables == {"A": "1"}


def test_a_replaced_channel_is_told() -> None:
    event = parse_event(
        message("StasisStart", args=[], channel=CHANNEL, replace_channel={**CHANNEL, "id": "x"})
    )
    assert isinstance(event, StasisStart)
    assert event.replaces is not None
    assert event.replaces.id == "x"


def test_the_end_of_a_refused_call_has_both_causes() -> None:
    event = parse_event(
        message(
            "ChannelDestroyed", cause=17, cause_txt="User busy", tech_cause=486, channel=CHANNEL
        )
    )
    assert isinstance(event, ChannelDestroyed)
    assert (event.cause, event.cause_text, event.sip_status) == (17, "User busy", 486)


def test_the_end_of_an_answered_call_has_no_sip_status() -> None:
    event = parse_event(
        message("ChannelDestroyed", cause=16, cause_txt="Normal Clearing", channel=CHANNEL)
    )
    assert isinstance(event, ChannelDestroyed)
    assert event.sip_status is None


def test_a_hang_up_request_of_the_far_end_may_name_no_cause() -> None:
    event = parse_event(message("ChannelHangupRequest", channel=CHANNEL))
    assert isinstance(event, ChannelHangupRequest)
    assert (event.cause, event.soft, event.sip_status) == (None, False, None)


def test_dial_tells_of_the_called_channel() -> None:
    event = parse_event(
        message("Dial", dialstatus="RINGING", forward="", dialstring="100@trunk-t", peer=CHANNEL)
    )
    assert isinstance(event, Dial)
    assert (event.peer.id, event.status) == (CHANNEL["id"], "RINGING")
    assert event.dial_string == "100@trunk-t"


def test_bridges() -> None:
    event = parse_event(message("ChannelEnteredBridge", bridge=BRIDGE, channel=CHANNEL))
    assert isinstance(event, ChannelEnteredBridge)
    assert (event.bridge.id, event.bridge.channel_ids) == ("b-1", ("c-1", "a-1"))
    gone = parse_event(message("BridgeDestroyed", bridge=BRIDGE))
    assert isinstance(gone, BridgeDestroyed)


def test_keys_variables_and_prompts() -> None:
    key = parse_event(message("ChannelDtmfReceived", digit="5", duration_ms=100, channel=CHANNEL))
    assert isinstance(key, ChannelDtmfReceived)
    assert (key.digit, key.duration_ms) == ("5", 100)
    variable = parse_event(message("ChannelVarset", variable="A", value="1"))
    assert variable == ChannelVarset(TIME, None, "A", "1")
    playback = {
        "id": "p-1",
        "media_uri": "sound:x",
        "target_uri": "channel:c-1",
        "language": "en",
        "state": "done",
    }
    assert parse_event(message("PlaybackFinished", playback=playback)) == PlaybackFinished(
        TIME, "p-1", "sound:x", "channel:c-1", "done"
    )


def test_phones_coming_and_going() -> None:
    contact = {
        "uri": "sip:agent-1@127.0.0.1:5070",
        "contact_status": "Reachable",
        "aor": "agent-1",
        "roundtrip_usec": "741",
    }
    event = parse_event(message("ContactStatusChange", endpoint=ENDPOINT, contact_info=contact))
    assert event == ContactStatusChange(
        TIME, "PJSIP/agent-1", "Reachable", "sip:agent-1@127.0.0.1:5070", "agent-1", 741
    )
    peer = parse_event(
        message("PeerStatusChange", endpoint=ENDPOINT, peer={"peer_status": "Unreachable"})
    )
    assert peer == PeerStatusChange(TIME, "PJSIP/agent-1", "Unreachable")
    device = parse_event(
        message("DeviceStateChanged", device_state={"name": "PJSIP/agent-1", "state": "INUSE"})
    )
    assert device == DeviceStateChanged(TIME, "PJSIP/agent-1", "INUSE")


def test_an_unknown_event_keeps_all_it_came_with() -> None:
    came = message("ChannelUserevent", eventname="x")
    assert parse_event(came) == OtherEvent(TIME, "ChannelUserevent", came)
    assert isinstance(parse_event({"type": "MissingParams", "params": []}), OtherEvent)


@pytest.mark.parametrize("event_type", TYPED_EVENTS)
def test_a_known_event_without_its_fields_is_no_event(event_type: str) -> None:
    with pytest.raises(KeyError):
        parse_event({"type": event_type, "timestamp": "2026-11-24T05:37:22.594+0000"})


@given(
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
    st.integers(min_value=-12 * 60, max_value=14 * 60),
)
def test_times_of_every_zone_arrive_in_utc(local: datetime, offset_minutes: int) -> None:
    sign = "-" if offset_minutes < 0 else "+"
    hours, minutes = divmod(abs(offset_minutes), 60)
    text = (
        f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{sign}{hours:02d}{minutes:02d}"
    )
    time = parse_time(text)
    assert time.tzinfo is UTC
    milliseconds = local.replace(microsecond=local.microsecond // 1000 * 1000, tzinfo=UTC)
    assert (milliseconds - time).total_seconds() == offset_minutes * 60


def test_a_time_that_is_missing_is_now() -> None:
    assert abs((parse_time(None) - datetime.now(UTC)).total_seconds()) < 5
