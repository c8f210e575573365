"""The connection under faults, against the fake Asterisk."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry

from ari_app.ari import api
from ari_app.ari.backoff import Backoff
from ari_app.ari.connection import AriConnection, ConnectionState, ConnectionTimes
from ari_app.ari.errors import (
    AriError,
    AuthenticationFailed,
    NotConnected,
    RequestRefused,
    RequestTimeout,
    SetUpFailed,
)
from ari_app.ari.events import AriEvent, ChannelDestroyed, Connected, Disconnected, StasisStart
from ari_app.ari.metrics import AriMetrics
from tests.fakes.ari_model import Plan
from tests.fakes.ari_server import FakeAsterisk, fake_asterisk

QUICK = ConnectionTimes(
    request=0.3,
    connect=0.5,
    authentication_retry=0.05,
    backoff=Backoff(first=0.02, longest=0.05),
)


@pytest.fixture
async def asterisk() -> AsyncIterator[FakeAsterisk]:
    async with fake_asterisk() as made:
        yield made


def client(asterisk: FakeAsterisk, *, registry: CollectorRegistry | None = None) -> AriConnection:
    return AriConnection(
        url=asterisk.url,
        username=asterisk.username,
        password="secret",
        application="kakeru",
        times=QUICK,
        metrics=AriMetrics(registry or CollectorRegistry()),
    )


async def first(ari: AriConnection, kind: type[AriEvent]) -> AriEvent:
    async with asyncio.timeout(5):
        async for event in ari.events():
            if isinstance(event, kind):
                return event
    raise AssertionError(f"the stream ended without {kind.__name__}")


async def test_without_asterisk_it_says_so_and_waits_for_it() -> None:
    asterisk = FakeAsterisk()
    await asterisk.start()
    await asterisk.stop()
    async with client(asterisk) as ari:
        with pytest.raises(NotConnected, match="cannot reach Asterisk at"):
            await ari.wait_connected(seconds=0.2)
        with pytest.raises(NotConnected, match="no connection to Asterisk"):
            await ari.send(api.ping())
        failures: list[AriError] = []
        ari.send_soon(api.ping(), on_failure=failures.append)
        assert failures == [], "a callback never runs inside send_soon"
        await asyncio.sleep(0)
        assert isinstance(failures[0], NotConnected)
        await asterisk.restart()
        await ari.wait_connected(seconds=5)
        assert ari.problem is None
    await asterisk.stop()


async def test_a_corrected_password_is_noticed(asterisk: FakeAsterisk) -> None:
    asterisk.password = "changed"
    async with client(asterisk) as ari:
        with pytest.raises(AuthenticationFailed):
            await ari.wait_connected(seconds=5)
        asterisk.password = "secret"
        await first(ari, Connected)
        assert ari.state is ConnectionState.CONNECTED


async def test_the_same_reason_is_told_once(asterisk: FakeAsterisk) -> None:
    asterisk.password = "changed"
    async with client(asterisk) as ari:
        await asyncio.sleep(0.3)
        asterisk.password = "secret"
        told = []
        async with asyncio.timeout(5):
            async for event in ari.events():
                told.append(type(event))
                if isinstance(event, Connected):
                    break
        assert told == [Disconnected, Connected]


async def test_a_request_without_reply_times_out(asterisk: FakeAsterisk) -> None:
    async with client(asterisk) as ari:
        await ari.wait_connected(seconds=5)
        asterisk.mute_replies = True
        with pytest.raises(RequestTimeout, match=r"GET asterisk/ping within 0\.3 s"):
            await ari.send(api.ping())
        asterisk.mute_replies = False
        await ari.send(api.ping())


async def test_one_who_stops_waiting_does_no_harm(asterisk: FakeAsterisk) -> None:
    async with client(asterisk) as ari:
        await ari.wait_connected(seconds=5)
        asterisk.delay_replies = 0.05
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ari.send(api.ping()), 0.01)
        await ari.send(api.ping())


async def test_filter_accounts_and_subscriptions_are_put_again_before_connected(
    asterisk: FakeAsterisk,
) -> None:
    pushed = 0

    async def push(ari: AriConnection) -> None:
        nonlocal pushed
        pushed += 1
        await ari.send(api.put_config("endpoint", "trunk-main", [("allow", "ulaw")]))

    ari = client(asterisk)
    ari.on_connect(push)
    await ari.subscribe("endpoint:PJSIP/trunk-main")
    async with ari:
        await first(ari, Connected)
        await asterisk.crash()
        await first(ari, Disconnected)
        await asterisk.restart()
        await first(ari, Connected)
        application = asterisk.applications["kakeru"]
        assert pushed == 2
        assert application.subscriptions == {"endpoint:PJSIP/trunk-main"}
        assert application.allowed is not None
        assert "RESTResponse" in application.allowed


async def test_a_hook_that_fails_is_told_and_tried_again(asterisk: FakeAsterisk) -> None:
    async def hook(ari: AriConnection) -> None:
        await ari.send(api.put_config("endpoint", "x", []))

    asterisk.refuse_next("PUT", "asterisk/config", status=400, message="wrong option")
    ari = client(asterisk)
    ari.on_connect(hook)
    async with ari:
        gone = await first(ari, Disconnected)
        assert isinstance(gone, Disconnected)
        assert "wrong option" in gone.reason
        await first(ari, Connected)


async def test_a_mistake_in_a_hook_is_visible(asterisk: FakeAsterisk) -> None:
    async def hook(_ari: AriConnection) -> None:
        raise ZeroDivisionError("a mistake")

    ari = client(asterisk)
    ari.on_connect(hook)
    async with ari:
        gone = await first(ari, Disconnected)
        assert isinstance(gone, Disconnected)
        assert "a mistake" in gone.reason
        assert isinstance(ari.problem, SetUpFailed)


async def test_a_subscription_to_what_does_not_exist_keeps_nobody_waiting(
    asterisk: FakeAsterisk,
) -> None:
    ari = client(asterisk)
    await ari.subscribe("endpoint:PJSIP/gone")
    async with ari:
        await ari.wait_connected(seconds=5)
        with pytest.raises(RequestRefused):
            await ari.subscribe("endpoint:PJSIP/other")
        await ari.unsubscribe("endpoint:PJSIP/gone")


async def test_a_call_that_ends_before_the_reply_to_its_originate(asterisk: FakeAsterisk) -> None:
    asterisk.add_trunk("trunk-main")
    asterisk.on_originate = lambda _channel: Plan(refuses_after=0, before_reply=True)
    asterisk.delay_replies = 0.05
    async with client(asterisk) as ari:
        await ari.subscribe("endpoint:PJSIP/trunk-main")
        await ari.wait_connected(seconds=5)
        results: list[None] = []
        failures: list[AriError] = []
        ari.send_soon(
            api.originate(
                endpoint="PJSIP/100@trunk-main",
                channel_id="c-1",
                context="kakeru-customer",
                ring_seconds=5,
            ),
            on_failure=failures.append,
            on_result=results.append,
        )
        gone = await first(ari, ChannelDestroyed)
        assert isinstance(gone, ChannelDestroyed)
        assert gone.cause == 17
        assert not results
        await ari.send(api.ping())
        assert (results, failures) == ([None], [])


async def test_events_given_twice_arrive_once(asterisk: FakeAsterisk) -> None:
    registry = CollectorRegistry()
    asterisk.add_trunk("trunk-main")
    async with client(asterisk, registry=registry) as ari:
        await ari.wait_connected(seconds=5)
        await ari.subscribe("endpoint:PJSIP/trunk-main")
        asterisk.on_originate = lambda _channel: Plan(answers_after=0, ends_after=0.01)
        await ari.send(
            api.originate(
                endpoint="PJSIP/100@trunk-main",
                channel_id="c-1",
                context="kakeru-customer",
                ring_seconds=5,
            )
        )
        kinds = []
        async with asyncio.timeout(5):
            async for event in ari.events():
                kinds.append(type(event))
                if isinstance(event, ChannelDestroyed):
                    break
        await ari.send(api.ping())
        assert kinds.count(StasisStart) == kinds.count(ChannelDestroyed) == 1
        dropped = registry.get_sample_value(
            "kakeru_ari_duplicate_events_total", {"node": "asterisk"}
        )
        assert dropped == 1


async def test_a_file_comes_over_http_and_is_refused_on_the_socket(asterisk: FakeAsterisk) -> None:
    asterisk.files["recordings/stored/x/file"] = b"RIFF"
    async with client(asterisk) as ari:
        await ari.wait_connected(seconds=5)
        assert await ari.http_get("recordings/stored/x/file") == b"RIFF"
        with pytest.raises(RequestRefused) as refused:
            await ari.send_request("GET", "recordings/stored/x/file")
        assert refused.value.status == 406


async def test_closing_ends_the_stream_and_refuses_more(asterisk: FakeAsterisk) -> None:
    ari = client(asterisk)
    async with ari:
        await ari.wait_connected(seconds=5)
    assert [type(event) async for event in ari.events()] == [Connected]
    assert ari.state is ConnectionState.CLOSED
    with pytest.raises(NotConnected):
        await ari.send(api.ping())
    with pytest.raises(NotConnected):
        await ari.wait_connected(seconds=1)


async def test_figures_for_prometheus(asterisk: FakeAsterisk) -> None:
    registry = CollectorRegistry()
    async with client(asterisk, registry=registry) as ari:
        await ari.wait_connected(seconds=5)
        await ari.send(api.asterisk_info())
        node = {"node": "asterisk"}
        assert registry.get_sample_value("kakeru_ari_connected", node) == 1
        assert registry.get_sample_value("kakeru_ari_connects_total", node) == 1
        assert registry.get_sample_value("kakeru_ari_queued_events", node) == 1
        assert registry.get_sample_value("kakeru_ari_open_requests", node) == 0
        assert registry.get_sample_value("kakeru_ari_request_seconds_count", node) == 2
    assert registry.get_sample_value("kakeru_ari_connected", {"node": "asterisk"}) == 0
