"""What the ARI client and everything above it rely on, for the fake Asterisk and a real one.

The far end of a call is a fake channel or a small SIP peer; the tests do not know which.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from ari_app.ari import accounts, api
from ari_app.ari.connection import AriConnection
from ari_app.ari.errors import (
    AuthenticationFailed,
    Conflict,
    ConnectionLost,
    NotFound,
    RequestRefused,
    ServerFailed,
    Unprocessable,
)
from ari_app.ari.events import (
    ApplicationReplaced,
    ChannelDestroyed,
    ChannelEnteredBridge,
    ChannelLeftBridge,
    ChannelStateChange,
    Connected,
    Dial,
    Disconnected,
    StasisEnd,
    StasisStart,
)
from ari_app.ari.requests import AriRequest
from ari_app.ari.state import ConnectionState
from tests.contract.ari_rig import AriRig, Listener, fake_rig, real_rig

CUSTOMER = "c-" + "0" * 32
OTHER_CUSTOMER = "c-" + "1" * 32
AGENT_LEG = "a-" + "2" * 32
BRIDGE = "b-" + "2" * 32


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.real)])
async def rig(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[AriRig]:
    make = fake_rig() if request.param == "fake" else real_rig(tmp_path_factory.mktemp("pbx"))
    async with make as made:
        yield made


@pytest.fixture
async def ari(rig: AriRig) -> AsyncIterator[AriConnection]:
    """Connected, with the trunk pushed and subscribed at each connect."""
    connection = rig.connection()
    connection.on_connect(rig.push_trunk)
    await connection.subscribe("endpoint:PJSIP/trunk-main")
    async with connection:
        await connection.wait_connected(seconds=5)
        yield connection


@pytest.fixture
async def heard(ari: AriConnection) -> AsyncIterator[Listener]:
    """The events after the first `Connected`."""
    async with Listener(ari) as listener:
        await listener.next(Connected)
        yield listener


async def answered_customer(rig: AriRig, ari: AriConnection, heard: Listener) -> None:
    await ari.send(rig.originate(CUSTOMER, number="100"))
    far_end = await rig.far_end("100")
    far_end.answer()
    await heard.next(StasisStart)


async def test_tells_who_it_is(ari: AriConnection) -> None:
    info = await ari.send(api.asterisk_info())
    assert info.version.startswith("22.")
    await ari.send(api.ping())


async def test_a_wrong_password_is_reported_as_such(rig: AriRig) -> None:
    async with rig.connection(password="wrong") as ari:
        with pytest.raises(AuthenticationFailed, match="password is wrong"):
            await ari.wait_connected(seconds=5)
        assert ari.state is ConnectionState.AUTHENTICATION_FAILED


async def test_an_answered_customer_reaches_the_application(
    rig: AriRig, ari: AriConnection, heard: Listener
) -> None:
    await ari.send(rig.originate(CUSTOMER, number="100"))
    far_end = await rig.far_end("100")
    far_end.ring()
    ringing = await heard.next(ChannelStateChange)
    assert (ringing.channel.id, ringing.channel.state) == (CUSTOMER, "Ringing")
    far_end.answer()
    start = await heard.next(StasisStart)
    assert start.channel.id == CUSTOMER
    assert start.args == ("customer",)
    assert start.channel.caller_number == "0312345678"
    assert [event.status for event in heard.of(Dial)] == ["", "RINGING", "ANSWER"]
    assert [event.channel.state for event in heard.of(ChannelStateChange)] == ["Ringing", "Up"]
    assert (await ari.send(api.get_channel(CUSTOMER))).application_data == "kakeru,customer"


async def test_early_media_is_no_answer(rig: AriRig, ari: AriConnection, heard: Listener) -> None:
    await ari.send(rig.originate(CUSTOMER, number="100"))
    far_end = await rig.far_end("100")
    far_end.early_media()
    while (await heard.next(Dial)).status != "PROGRESS":
        pass
    assert not heard.of(StasisStart)
    assert all(event.channel.state != "Up" for event in heard.of(ChannelStateChange))


@pytest.mark.parametrize(
    ("refusal", "cause", "sip_status"),
    [
        ("486 Busy Here", 17, 486),
        ("404 Not Found", 1, 404),
        ("503 Service Unavailable", 34, 503),
        ("603 Decline", 21, 603),
        ("480 Temporarily Unavailable", 19, 480),
    ],
)
async def test_a_refused_call_says_why(
    rig: AriRig, ari: AriConnection, heard: Listener, refusal: str, cause: int, sip_status: int
) -> None:
    await ari.send(rig.originate(CUSTOMER, number="100"))
    far_end = await rig.far_end("100")
    far_end.ring()
    far_end.refuse(refusal)
    gone = await heard.next(ChannelDestroyed)
    assert gone.channel.id == CUSTOMER
    assert (gone.cause, gone.sip_status) == (cause, sip_status)
    assert not heard.of(StasisStart)


async def test_nobody_answers(rig: AriRig, ari: AriConnection, heard: Listener) -> None:
    await ari.send(rig.originate(CUSTOMER, number="100", ring_seconds=1))
    far_end = await rig.far_end("100")
    far_end.ring()
    gone = await heard.next(ChannelDestroyed)
    assert gone.cause == 19
    await far_end.ended()


async def test_dropping_a_ringing_call(rig: AriRig, ari: AriConnection, heard: Listener) -> None:
    await ari.send(rig.originate(CUSTOMER, number="100"))
    far_end = await rig.far_end("100")
    far_end.ring()
    await heard.next(ChannelStateChange)
    await ari.send(api.hang_up(CUSTOMER))
    await heard.next(ChannelDestroyed)
    await far_end.ended()
    with pytest.raises(NotFound):
        await ari.send(api.hang_up(CUSTOMER))


async def test_hanging_up_an_answered_call(
    rig: AriRig, ari: AriConnection, heard: Listener
) -> None:
    await answered_customer(rig, ari, heard)
    await ari.send(api.hang_up(CUSTOMER))
    await heard.next(StasisEnd)
    await heard.next(ChannelDestroyed)
    await (await rig.far_end("100")).ended()


async def test_the_customer_hangs_up(rig: AriRig, ari: AriConnection, heard: Listener) -> None:
    await answered_customer(rig, ari, heard)
    (await rig.far_end("100")).hang_up()
    await heard.next(StasisEnd)
    gone = await heard.next(ChannelDestroyed)
    # Asterisk says 0 where the far end gave no reason and the channel was in no bridge.
    assert gone.cause in (0, 16)


async def test_a_recorded_conversation_goes_through_the_dialplan_into_the_agents_bridge(
    rig: AriRig, ari: AriConnection, heard: Listener
) -> None:
    await answered_customer(rig, ari, heard)
    await ari.send(api.create_bridge(BRIDGE))
    await ari.send(api.continue_in_dialplan(CUSTOMER, context="kakeru-record", extension=AGENT_LEG))
    start = await heard.next(StasisStart)
    assert (start.channel.id, start.args) == (CUSTOMER, ("connect", AGENT_LEG))
    await ari.send(api.add_to_bridge(BRIDGE, CUSTOMER))
    entered = await heard.next(ChannelEnteredBridge)
    assert (entered.channel.id, entered.bridge.id) == (CUSTOMER, BRIDGE)
    assert entered.bridge.channel_ids == (CUSTOMER,)
    (await rig.far_end("100")).hang_up()
    await heard.next(ChannelLeftBridge)
    await heard.next(ChannelDestroyed)
    assert len(heard.of(StasisEnd)) == 2


async def test_a_bridge_outlives_its_channels_until_it_is_destroyed(
    rig: AriRig, ari: AriConnection, heard: Listener
) -> None:
    await answered_customer(rig, ari, heard)
    await ari.send(api.create_bridge(BRIDGE))
    with pytest.raises(Conflict):
        await ari.send(api.create_bridge(BRIDGE))
    await ari.send(api.add_to_bridge(BRIDGE, CUSTOMER))
    await ari.send(api.remove_from_bridge(BRIDGE, CUSTOMER))
    await heard.next(ChannelLeftBridge)
    assert [bridge.id for bridge in await ari.send(api.list_bridges())] == [BRIDGE]
    await ari.send(api.destroy_bridge(BRIDGE))
    async with asyncio.timeout(5):  # Asterisk destroys it soon, not at once
        while await ari.send(api.list_bridges()):
            await asyncio.sleep(0.01)
    assert [channel.id for channel in await ari.send(api.list_channels())] == [CUSTOMER]


async def test_an_id_that_begins_another_is_taken(rig: AriRig, ari: AriConnection) -> None:
    await ari.send(rig.originate(CUSTOMER, number="100"))
    with pytest.raises(Conflict):
        await ari.send(rig.originate(CUSTOMER[:-1], number="101"))
    await ari.send(rig.originate(OTHER_CUSTOMER, number="101"))


async def test_an_unknown_endpoint_cannot_be_called(rig: AriRig, ari: AriConnection) -> None:
    with pytest.raises(ServerFailed):
        await ari.send(rig.originate(CUSTOMER, number="100", trunk="trunk-none"))


async def test_a_phone_that_is_not_registered_cannot_be_called(ari: AriConnection) -> None:
    await accounts.push(ari, accounts.add_phone(accounts.PhoneAccount("agent-1", "secret")))
    with pytest.raises(ServerFailed):
        await ari.send(
            api.originate(
                endpoint="PJSIP/agent-1",
                channel_id=AGENT_LEG,
                context="kakeru-agent",
                ring_seconds=5,
            )
        )


async def test_what_is_not_there_is_refused(ari: AriConnection) -> None:
    requests: list[AriRequest[Any]] = [
        api.get_channel(CUSTOMER),
        api.continue_in_dialplan(CUSTOMER, context="kakeru-message"),
        api.set_variable(CUSTOMER, "A", "B"),
        api.destroy_bridge(BRIDGE),
        api.add_to_bridge(BRIDGE, CUSTOMER),
        api.delete_config("endpoint", "nobody"),
    ]
    for request in requests:
        with pytest.raises(NotFound):
            await ari.send(request)
    with pytest.raises(Unprocessable):
        await ari.subscribe("endpoint:PJSIP/nobody")


async def test_a_request_that_nobody_waits_for_reports_its_failure(ari: AriConnection) -> None:
    failures: asyncio.Queue[object] = asyncio.Queue()
    results: asyncio.Queue[object] = asyncio.Queue()
    ari.send_soon(api.hang_up(CUSTOMER), on_failure=failures.put_nowait)
    ari.send_soon(api.ping(), on_failure=failures.put_nowait, on_result=results.put_nowait)
    async with asyncio.timeout(5):
        assert isinstance(await failures.get(), NotFound)
        assert await results.get() is None
    assert failures.empty()


async def test_only_the_events_asked_for_come(rig: AriRig) -> None:
    async with rig.connection(event_types=("ChannelDestroyed",)) as ari, Listener(ari) as heard:
        await ari.wait_connected(seconds=5)
        await rig.push_trunk(ari)
        await ari.subscribe("endpoint:PJSIP/trunk-main")
        await ari.send(rig.originate(CUSTOMER, number="100"))
        (await rig.far_end("100")).refuse("486 Busy Here")
        await heard.next(ChannelDestroyed)
        assert [type(event) for event in heard.all] == [Connected, ChannelDestroyed]


async def test_before_stasis_a_call_is_silent_unless_its_endpoint_is_watched(rig: AriRig) -> None:
    async with rig.connection() as ari, Listener(ari) as heard:
        await ari.wait_connected(seconds=5)
        await rig.push_trunk(ari)
        await ari.send(rig.originate(CUSTOMER, number="100"))
        far_end = await rig.far_end("100")
        far_end.ring()
        far_end.answer()
        await heard.next(StasisStart)
        assert not heard.of(Dial)
        assert not heard.of(ChannelStateChange)


async def test_calls_survive_a_broken_socket_and_events_resume(
    rig: AriRig, ari: AriConnection, heard: Listener
) -> None:
    await answered_customer(rig, ari, heard)
    waiting = asyncio.create_task(ari.send(api.list_channels()))
    await asyncio.sleep(0)
    rig.cut(ari)
    with suppress(ConnectionLost):  # the reply may just have come
        await waiting
    await heard.next(Disconnected)
    await heard.next(Connected)
    assert [channel.id for channel in await ari.send(api.list_channels())] == [CUSTOMER]
    (await rig.far_end("100")).hang_up()
    await heard.next(ChannelDestroyed)


async def test_a_call_answered_while_nobody_is_connected_hears_a_message_and_ends(
    rig: AriRig,
) -> None:
    async with rig.connection() as ari:
        await ari.wait_connected(seconds=5)
        await rig.push_trunk(ari)
        await ari.send(rig.originate(CUSTOMER, number="100"))
        far_end = await rig.far_end("100")
        far_end.ring()
    await asyncio.sleep(0.1)  # for Asterisk to notice that we are gone
    far_end.answer()
    await far_end.ended()


async def test_the_dead_man_timer_releases_a_forgotten_customer(
    rig: AriRig, ari: AriConnection, heard: Listener
) -> None:
    await ari.send(rig.originate(CUSTOMER, number="100", deadman_seconds=1))
    far_end = await rig.far_end("100")
    far_end.answer()
    await heard.next(StasisStart)
    await heard.next(StasisEnd)
    await far_end.ended()


async def test_the_dead_man_timer_can_be_cancelled(
    rig: AriRig, ari: AriConnection, heard: Listener
) -> None:
    await ari.send(rig.originate(CUSTOMER, number="100", deadman_seconds=1))
    (await rig.far_end("100")).answer()
    await heard.next(StasisStart)
    await ari.send(api.set_variable(CUSTOMER, "TIMEOUT(absolute)", "0"))
    await asyncio.sleep(1.3)
    assert not heard.of(StasisEnd)
    await ari.send(api.get_channel(CUSTOMER))


async def test_after_a_crash_accounts_are_pushed_again_and_calls_can_be_made(
    rig: AriRig, ari: AriConnection, heard: Listener
) -> None:
    await answered_customer(rig, ari, heard)
    await rig.crash()
    await heard.next(Disconnected)
    await rig.restart()
    await heard.next(Connected, seconds=10)
    assert await ari.send(api.list_channels()) == []
    await ari.send(rig.originate(OTHER_CUSTOMER, number="101"))
    far_end = await rig.far_end("101")
    far_end.refuse("486 Busy Here")
    gone = await heard.next(ChannelDestroyed)
    assert gone.channel.id == OTHER_CUSTOMER


async def test_a_second_controller_takes_over_and_the_first_says_so(
    rig: AriRig, ari: AriConnection, heard: Listener
) -> None:
    async with rig.connection() as second:
        await second.wait_connected(seconds=5)
        await heard.next(ApplicationReplaced)
        gone = await heard.next(Disconnected)
        assert "second controller" in gone.reason
        assert ari.state is ConnectionState.REPLACED
    ari.resume()
    await heard.next(Connected)


async def test_a_trunk_that_is_changed_stays_watched_but_a_removed_one_does_not(
    rig: AriRig, ari: AriConnection, heard: Listener
) -> None:
    await rig.push_trunk(ari)
    await ari.send(rig.originate(CUSTOMER, number="100"))
    (await rig.far_end("100")).refuse("486 Busy Here")
    await heard.next(ChannelDestroyed)

    await accounts.push(ari, accounts.remove_trunk("main"))
    await rig.push_trunk(ari)
    await ari.send(rig.originate(OTHER_CUSTOMER, number="101"))
    (await rig.far_end("101")).refuse("486 Busy Here")
    await ari.send(api.ping())
    await asyncio.sleep(0.1)
    assert len(heard.of(ChannelDestroyed)) == 1


async def test_files_and_fallbacks_go_over_http(ari: AriConnection) -> None:
    assert b"pong" in await ari.http_get("asterisk/ping")
    with pytest.raises(RequestRefused):
        await ari.http_get("recordings/stored/none/file")
