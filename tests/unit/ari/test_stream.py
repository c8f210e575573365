"""The event stream: order, repeats, messages that cannot be understood."""

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from ari_app.ari.backoff import Backoff
from ari_app.ari.events import AriEvent, BridgeDestroyed, Connected, OtherEvent
from ari_app.ari.metrics import AriMetrics
from ari_app.ari.stream import EventStream, RepeatFilter


def bridge_message(number: int) -> dict[str, object]:
    return {
        "type": "BridgeDestroyed",
        "timestamp": "2026-11-24T05:37:22.594+0000",
        "bridge": {
            "id": f"b-{number}",
            "technology": "simple_bridge",
            "bridge_type": "mixing",
            "channels": [],
        },
    }


async def taken(stream: EventStream) -> list[AriEvent]:
    stream.close()
    return [event async for event in stream.events()]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
async def stream(registry: CollectorRegistry) -> EventStream:
    return EventStream(AriMetrics(registry).of_node("n"))


async def test_events_come_in_the_order_of_asterisk(stream: EventStream) -> None:
    connected = Connected(datetime.now(UTC), 1)
    stream.put(connected)
    for number in range(200):
        stream.put_message(bridge_message(number), b"%d" % number)
    first, *rest = await taken(stream)
    assert first is connected
    ids = [event.bridge.id for event in rest if isinstance(event, BridgeDestroyed)]
    assert ids == [f"b-{number}" for number in range(200)]


async def test_a_repeat_is_dropped_and_counted(
    stream: EventStream, registry: CollectorRegistry
) -> None:
    for raw in (b"one", b"two", b"one", b"two"):
        stream.put_message(bridge_message(1), raw)
    assert len(await taken(stream)) == 2
    assert registry.get_sample_value("kakeru_ari_duplicate_events_total", {"node": "n"}) == 2
    assert (
        registry.get_sample_value(
            "kakeru_ari_events_total", {"node": "n", "type": "BridgeDestroyed"}
        )
        == 4
    )


async def test_a_message_that_is_not_understood_is_not_lost(
    stream: EventStream, registry: CollectorRegistry
) -> None:
    broken = {"type": "StasisStart", "timestamp": "2026-11-24T05:37:22.594+0000"}
    stream.put_message(broken, b"raw")
    (event,) = await taken(stream)
    assert isinstance(event, OtherEvent)
    assert (event.type, event.payload) == ("StasisStart", broken)
    assert registry.get_sample_value("kakeru_ari_unreadable_messages_total", {"node": "n"}) == 1


async def test_a_long_queue_leaves_room_for_other_tasks(stream: EventStream) -> None:
    for number in range(1000):
        stream.put_message(bridge_message(number), b"%d" % number)
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count_turns())
    await taken(stream)
    counting.cancel()
    assert turns >= 10


async def test_a_waiting_reader_gets_what_comes_later(stream: EventStream) -> None:
    async def first() -> AriEvent:
        return await anext(stream.events())

    reading = asyncio.create_task(first())
    await asyncio.sleep(0)
    stream.put_message(bridge_message(1), b"1")
    assert isinstance(await asyncio.wait_for(reading, 1), BridgeDestroyed)


def test_repeats_are_remembered_for_a_while_and_forgotten_in_the_end() -> None:
    repeats = RepeatFilter(remembered=10)
    assert not repeats.seen(b"x")
    assert repeats.seen(b"x")
    for number in range(4):
        assert not repeats.seen(b"%d" % number)
    assert repeats.seen(b"x")
    for number in range(10, 30):
        assert not repeats.seen(b"%d" % number)
    assert not repeats.seen(b"x")


@given(st.integers(min_value=1, max_value=10_000), st.floats(min_value=0, max_value=1))
def test_waits_grow_up_to_a_limit(attempt: int, share: float) -> None:
    backoff = Backoff()
    seconds = backoff.seconds(attempt, share=share)
    assert 0 < seconds <= backoff.longest
    assert backoff.seconds(attempt + 1, share=share) >= seconds
    assert backoff.seconds(1, share=share) <= 0.2
