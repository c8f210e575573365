"""What Asterisk tells us, as typed values.

Field names and meanings follow the event models of Asterisk 22 (`rest-api/api-docs/events.json`
in its sources) and were compared with what a 22.10 sends. Events that nothing here uses arrive
as `OtherEvent`.

Times are aware and in UTC. Every event of a channel carries a snapshot of that channel as it was
when the event was made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

JsonObject = Mapping[str, Any]
"""A decoded JSON object."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Snapshot of a channel."""

    id: str
    name: str
    """For instance `PJSIP/trunk-main-0000002a`."""
    state: str
    """Down, Rsrvd, OffHook, Dialing, Ring, Ringing, Up, Busy, Dialing Offhook, Pre-ring, Unknown.
    """
    caller_number: str
    connected_number: str
    context: str
    extension: str
    application: str
    """Dialplan application that it is in, `Stasis` while we control it."""
    application_data: str
    created: datetime
    variables: Mapping[str, str]
    """Values of the variables that `channelvars` in ari.conf names."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """Snapshot of a bridge."""

    id: str
    technology: str
    bridge_type: str
    channel_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AriEvent:
    """Base of all events. `time` is when Asterisk made it (UTC)."""

    time: datetime


@dataclass(frozen=True, slots=True)
class Connected(AriEvent):
    """The connection stands: filter, pushed configuration and subscriptions are in place.

    What happened while it was down is not replayed by Asterisk: reconcile.
    """

    attempt: int
    """How many attempts this connection took, 1 being the first."""


@dataclass(frozen=True, slots=True)
class Disconnected(AriEvent):
    """The connection ended, or could not be made; the client goes on trying.

    Sent once for each loss, and once more when the reason changes.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class StasisStart(AriEvent):
    """A channel is ours to command."""

    channel: Channel
    args: tuple[str, ...]
    replaces: Channel | None


@dataclass(frozen=True, slots=True)
class StasisEnd(AriEvent):
    """A channel has left our application: hung up, or gone on in the dialplan."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class ChannelCreated(AriEvent):
    """A channel came to be."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class ChannelStateChange(AriEvent):
    """Ringing, Up …: see `channel.state`."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class ChannelDestroyed(AriEvent):
    """The channel is gone."""

    channel: Channel
    cause: int
    """Q.850 cause; 0 when Asterisk knows none."""
    cause_text: str
    sip_status: int | None
    """`tech_cause`: SIP status that refused the INVITE, where Asterisk knows one."""


@dataclass(frozen=True, slots=True)
class ChannelHangupRequest(AriEvent):
    """The far end, or somebody here, asked for the end of the call."""

    channel: Channel
    cause: int | None
    soft: bool
    sip_status: int | None


@dataclass(frozen=True, slots=True)
class Dial(AriEvent):
    """Progress of an outgoing call.

    `status` is empty when it starts, then RINGING, PROGRESS (183, early media), PROCEEDING,
    ANSWER, BUSY, NOANSWER, CANCEL, CONGESTION, CHANUNAVAIL.
    """

    peer: Channel
    """The called channel."""
    status: str
    dial_string: str


@dataclass(frozen=True, slots=True)
class ChannelEnteredBridge(AriEvent):
    """A channel hears a bridge."""

    channel: Channel
    bridge: Bridge


@dataclass(frozen=True, slots=True)
class ChannelLeftBridge(AriEvent):
    """A channel no longer hears a bridge."""

    channel: Channel
    bridge: Bridge


@dataclass(frozen=True, slots=True)
class BridgeDestroyed(AriEvent):
    """A bridge is gone."""

    bridge: Bridge


@dataclass(frozen=True, slots=True)
class ChannelDtmfReceived(AriEvent):
    """A key was pressed; sent when it is let go."""

    channel: Channel
    digit: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class ChannelVarset(AriEvent):
    """A variable changed; `channel` is None for a global one."""

    channel: Channel | None
    variable: str
    value: str


@dataclass(frozen=True, slots=True)
class PlaybackFinished(AriEvent):
    """A prompt is over."""

    playback_id: str
    media: str
    target: str
    """`channel:ID` or `bridge:ID`."""
    state: str
    """`done` or `failed`."""


@dataclass(frozen=True, slots=True)
class ContactStatusChange(AriEvent):
    """Whether a SIP contact can be reached, for instance a phone that registered.

    `status`: NonQualified (registered, not asked), Reachable, Unreachable, Removed …
    """

    endpoint: str
    status: str
    uri: str
    aor: str
    round_trip_us: int | None


@dataclass(frozen=True, slots=True)
class PeerStatusChange(AriEvent):
    """An endpoint became `Reachable` or `Unreachable` as a whole."""

    endpoint: str
    status: str


@dataclass(frozen=True, slots=True)
class DeviceStateChanged(AriEvent):
    """A device became NOT_INUSE, INUSE, BUSY, RINGING, RINGINUSE, ONHOLD, UNAVAILABLE …"""

    device: str
    state: str


@dataclass(frozen=True, slots=True)
class ApplicationReplaced(AriEvent):
    """Another client took our Stasis application over; nothing more comes to us."""

    application: str


@dataclass(frozen=True, slots=True)
class OtherEvent(AriEvent):
    """An event that has no class here."""

    type: str
    payload: JsonObject


def parse_event(message: JsonObject) -> AriEvent:
    """The typed event of a decoded message.

    Raises KeyError, TypeError or ValueError if a field that Asterisk promises is missing or has
    another shape.
    """
    kind = message["type"]
    build = _BUILDERS.get(kind)
    if build is None:
        return OtherEvent(parse_time(message.get("timestamp")), kind, message)
    return build(parse_time(message["timestamp"]), message)


def parse_time(text: str | None) -> datetime:
    """Asterisk's `2025-03-17T08:32:35.709-0600` in UTC; None gives the present."""
    return datetime.now(UTC) if text is None else _time_of(text)


@lru_cache(maxsize=4096)
def _time_of(text: str) -> datetime:
    # Cached: the creation time of a channel comes with each of its events.
    return datetime.fromisoformat(text).astimezone(UTC)


def parse_channel(data: JsonObject) -> Channel:
    """A channel as events and `GET /channels` show it."""
    dialplan = data["dialplan"]
    return Channel(
        data["id"],
        data["name"],
        data["state"],
        data["caller"]["number"],
        data["connected"]["number"],
        dialplan["context"],
        dialplan["exten"],
        dialplan.get("app_name", ""),
        dialplan.get("app_data", ""),
        parse_time(data["creationtime"]),
        data.get("channelvars") or _NO_VARIABLES,
    )


def parse_bridge(data: JsonObject) -> Bridge:
    """A bridge as events and `GET /bridges` show it."""
    return Bridge(data["id"], data["technology"], data["bridge_type"], tuple(data["channels"]))


_NO_VARIABLES: Final[Mapping[str, str]] = {}


def _optional_channel(data: JsonObject | None) -> Channel | None:
    return None if data is None else parse_channel(data)


def _endpoint_name(data: JsonObject) -> str:
    return f"{data['technology']}/{data['resource']}"


def _stasis_start(time: datetime, m: JsonObject) -> AriEvent:
    replaces = _optional_channel(m.get("replace_channel"))
    return StasisStart(time, parse_channel(m["channel"]), tuple(m["args"]), replaces)


def _destroyed(time: datetime, m: JsonObject) -> AriEvent:
    return ChannelDestroyed(
        time, parse_channel(m["channel"]), m["cause"], m["cause_txt"], m.get("tech_cause")
    )


def _hangup_request(time: datetime, m: JsonObject) -> AriEvent:
    return ChannelHangupRequest(
        time,
        parse_channel(m["channel"]),
        m.get("cause"),
        bool(m.get("soft", False)),
        m.get("tech_cause"),
    )


def _dial(time: datetime, m: JsonObject) -> AriEvent:
    return Dial(time, parse_channel(m["peer"]), m["dialstatus"], m.get("dialstring", ""))


def _entered(time: datetime, m: JsonObject) -> AriEvent:
    return ChannelEnteredBridge(time, parse_channel(m["channel"]), parse_bridge(m["bridge"]))


def _left(time: datetime, m: JsonObject) -> AriEvent:
    return ChannelLeftBridge(time, parse_channel(m["channel"]), parse_bridge(m["bridge"]))


def _dtmf(time: datetime, m: JsonObject) -> AriEvent:
    return ChannelDtmfReceived(time, parse_channel(m["channel"]), m["digit"], m["duration_ms"])


def _varset(time: datetime, m: JsonObject) -> AriEvent:
    return ChannelVarset(time, _optional_channel(m.get("channel")), m["variable"], m["value"])


def _playback_finished(time: datetime, m: JsonObject) -> AriEvent:
    playback = m["playback"]
    return PlaybackFinished(
        time, playback["id"], playback["media_uri"], playback["target_uri"], playback["state"]
    )


def _contact_status(time: datetime, m: JsonObject) -> AriEvent:
    contact = m["contact_info"]
    round_trip = contact.get("roundtrip_usec")
    return ContactStatusChange(
        time,
        _endpoint_name(m["endpoint"]),
        contact["contact_status"],
        contact["uri"],
        contact["aor"],
        None if round_trip is None else int(round_trip),
    )


def _peer_status(time: datetime, m: JsonObject) -> AriEvent:
    return PeerStatusChange(time, _endpoint_name(m["endpoint"]), m["peer"]["peer_status"])


def _device_state(time: datetime, m: JsonObject) -> AriEvent:
    return DeviceStateChanged(time, m["device_state"]["name"], m["device_state"]["state"])


_BUILDERS: Final[dict[str, Callable[[datetime, JsonObject], AriEvent]]] = {
    "StasisStart": _stasis_start,
    "StasisEnd": lambda time, m: StasisEnd(time, parse_channel(m["channel"])),
    "ChannelCreated": lambda time, m: ChannelCreated(time, parse_channel(m["channel"])),
    "ChannelStateChange": lambda time, m: ChannelStateChange(time, parse_channel(m["channel"])),
    "ChannelDestroyed": _destroyed,
    "ChannelHangupRequest": _hangup_request,
    "Dial": _dial,
    "ChannelEnteredBridge": _entered,
    "ChannelLeftBridge": _left,
    "BridgeDestroyed": lambda time, m: BridgeDestroyed(time, parse_bridge(m["bridge"])),
    "ChannelDtmfReceived": _dtmf,
    "ChannelVarset": _varset,
    "PlaybackFinished": _playback_finished,
    "ContactStatusChange": _contact_status,
    "PeerStatusChange": _peer_status,
    "DeviceStateChanged": _device_state,
    "ApplicationReplaced": lambda time, m: ApplicationReplaced(time, m["application"]),
}

EVENTS_FOR_CALLS: Final[tuple[str, ...]] = (
    "StasisStart",
    "ChannelStateChange",
    "ChannelDestroyed",
    "ChannelEnteredBridge",
    "PlaybackFinished",
    "ContactStatusChange",
    "PeerStatusChange",
    "ApplicationReplaced",
)
"""What dialling needs, and the usual event filter: five events a call instead of sixteen, and one
more when it is connected."""

TYPED_EVENTS: Final[tuple[str, ...]] = tuple(_BUILDERS)
"""All events that have a class here."""
