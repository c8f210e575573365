"""The disk of the recordings is nearly full: nobody is called, or nothing is recorded."""

import pytest

from dialer.floor_views import CannotDial
from dialer.rules.pacing import NotDialling
from dialer.rules.recording_room import RoomPolicy, WhenFull
from tests.simulation.world import World, campaign


async def test_a_campaign_that_records_calls_nobody_and_says_why_until_there_is_room(
    world: World,
) -> None:
    world.room.policy = RoomPolicy(1000, WhenFull.STOP_DIALLING)
    world.room.free_bytes = 999
    await world.open(agents=1, leads=5)
    await world.all_ready()
    await world.run_campaign()
    await world.sleep(60)

    assert world.dialled() == []
    assert world.controller.campaigns.live("autumn").note is NotDialling.RECORDINGS_FULL
    with pytest.raises(CannotDial, match=NotDialling.RECORDINGS_FULL):
        await world.controller.manual_calls.dial(world.agents[0], next(iter(world.numbers)))

    world.room.free_bytes = 1000
    await world.sleep(60)
    assert world.dialled() != []
    await world.wind_down()


async def test_a_campaign_that_does_not_record_needs_no_room(world: World) -> None:
    world.room.policy = RoomPolicy(1000, WhenFull.STOP_DIALLING)
    world.room.free_bytes = 0
    await world.open(agents=1, leads=2, campaigns=[campaign(record=False)])
    await world.all_ready()
    await world.run_campaign()
    await world.sleep(60)

    assert world.dialled() != []


async def test_where_operations_want_it_so_people_are_called_and_not_recorded(
    world: World,
) -> None:
    world.room.policy = RoomPolicy(1000, WhenFull.DIAL_WITHOUT)
    world.room.free_bytes = 0
    await world.open(agents=1, leads=2)
    await world.all_ready()
    await world.run_campaign()
    await world.sleep(60)

    told = await world.history()
    assert any(call.connected_at for call in told)
    assert {call.recording for call in told} == {None}
