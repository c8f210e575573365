"""An agent stops the recording for a while, and what becomes of it when he forgets, or we die."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dialer.floor_views import NotOnACall
from dialer.messages import RecordingPaused, TelephonyEvent
from dialer.recording_pauses import (
    NotRecorded,
    RecordingGoesOn,
    RecordingSign,
    RecordingView,
)
from dialer.rules.agent_state import AgentState
from dialer.storage.tables import audit_log, recordings
from tests.fakes.telephony import Customer
from tests.simulation.world import World, campaign


def talks_long(e164: str, attempt: int) -> Customer:
    return Customer(answers=4.0, patience=600.0)


async def in_conversation(world: World, **settings: Any) -> int:
    """The first agent talks with somebody; his user id."""
    await world.open(leads=1, customer=talks_long, campaigns=[campaign(**settings)])
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: world.states() == [AgentState.ON_CALL])
    return world.agents[0]


def seen(world: World) -> RecordingView:
    view = world.controller.pauses.view(world.agents[0])
    assert view is not None
    return view


async def stored(world: World) -> list[list[int | None]]:
    await world.controller.journal.flushed()
    async with world.database.read() as connection:
        return list(await connection.scalar(select(recordings.c.pauses)) or [])


async def audited(world: World) -> list[tuple[str, int | None]]:
    await world.controller.journal.flushed()
    async with world.database.read() as connection:
        lines = await connection.execute(
            select(audit_log.c.action, audit_log.c.user_id)
            .where(audit_log.c.action.like("recording.%"))
            .order_by(audit_log.c.id)
        )
        return [(line.action, line.user_id) for line in lines]


async def test_it_is_paused_and_goes_on_when_the_agent_says(world: World) -> None:
    sato = await in_conversation(world)
    await world.sleep(10)
    assert seen(world).sign is RecordingSign.ON
    await world.controller.pauses.pause(sato)
    assert seen(world).sign is RecordingSign.PAUSED
    await world.sleep(20)
    await world.controller.pauses.resume(sato)
    assert seen(world) == RecordingView(RecordingSign.ON)
    [[start, end]] = await stored(world)
    assert start is not None
    assert end is not None
    assert end - start == pytest.approx(20_000, abs=50)
    assert await audited(world) == [("recording.pause", sato), ("recording.resume", sato)]


async def test_who_forgets_is_warned_and_then_it_goes_on_by_itself(world: World) -> None:
    sato = await in_conversation(world, longest_recording_pause_seconds=60)
    watch = world.live.subscribe(f"agent:{sato}")
    await world.controller.pauses.pause(sato)
    await world.sleep(29)
    view = seen(world)
    assert not view.warned
    assert view.since is not None
    assert view.until == view.since + timedelta(seconds=60)
    await world.sleep(2)
    assert seen(world).warned
    await world.sleep(30)
    assert seen(world) == RecordingView(RecordingSign.ON, by_itself=True)
    assert await audited(world) == [("recording.pause", sato), ("recording.resume", None)]
    told = [await anext(aiter(watch)) for _ in range(3)]
    assert [data["recording"] for _, data in told] == [False, False, True]
    watch.close()


async def test_a_pause_outlives_the_controller_and_ends_in_its_time(world: World) -> None:
    sato = await in_conversation(world, longest_recording_pause_seconds=60)
    await world.controller.pauses.pause(sato)
    await world.controller.journal.flushed()
    await world.kill()
    await world.sleep(10)
    await world.start()
    assert seen(world).sign is RecordingSign.PAUSED
    await world.sleep(50)
    assert seen(world).sign is RecordingSign.ON
    [[start, end]] = await stored(world)
    assert start is not None
    assert end is not None
    assert end - start == pytest.approx(60_000, abs=1000)
    assert await audited(world) == [("recording.pause", sato), ("recording.resume", None)]


async def test_a_pause_that_was_too_long_in_our_absence_ends_at_once(world: World) -> None:
    sato = await in_conversation(world, longest_recording_pause_seconds=60)
    await world.controller.pauses.pause(sato)
    await world.controller.journal.flushed()
    await world.kill()
    await world.sleep(90)
    await world.start()
    await world.sleep(1)
    assert seen(world).sign is RecordingSign.ON


async def test_nobody_is_told_that_it_is_paused_when_it_is_not(world: World) -> None:
    sato = await in_conversation(world)

    def is_lost(event: TelephonyEvent) -> bool:
        return isinstance(event, RecordingPaused)

    world.telephony.lost_events = is_lost
    with pytest.raises(RecordingGoesOn):
        await world.controller.pauses.pause(sato)
    assert seen(world).sign is RecordingSign.ON
    # Asterisk has done it all the same, which comparing with it tells, and the agent is shown.
    await world.sleep(70)
    assert seen(world).sign is RecordingSign.PAUSED


async def test_without_a_conversation_or_a_recording_nothing_is_paused(world: World) -> None:
    await world.open(leads=0)
    await world.all_ready()
    with pytest.raises(NotOnACall):
        await world.controller.pauses.pause(world.agents[0])
    assert world.controller.pauses.view(world.agents[0]) is None


async def test_what_is_not_recorded_is_not_paused(world: World) -> None:
    sato = await in_conversation(world, record=False)
    assert seen(world).sign is RecordingSign.OFF
    with pytest.raises(NotRecorded):
        await world.controller.pauses.pause(sato)


async def test_a_pause_ends_with_the_call(world: World) -> None:
    sato = await in_conversation(world)
    await world.controller.pauses.pause(sato)
    await world.sleep(5)
    await world.controller.floor.hang_up(sato)
    await world.sleep(2)
    [[start, end]] = await stored(world)
    assert start is not None
    assert end is not None
    assert end - start == pytest.approx(5_000, abs=100)
    assert await audited(world) == [("recording.pause", sato), ("recording.resume", None)]
    assert world.controller.pauses.view(sato) is None
