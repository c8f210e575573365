"""What an admin changes of a project while its campaign runs."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import project_changes
from dialer.campaign import HoursSettings
from dialer.project_changes import General
from dialer.rules.calling_hours import WEEKDAYS
from dialer.rules.pacing import NotDialling
from tests.fakes.clock import NOON
from tests.fakes.telephony import Customer
from tests.simulation.world import PROJECT, World, campaign


def rings_long(e164: str, attempt: int) -> Customer:
    return Customer(answers=25.0)


async def test_a_campaign_that_gets_its_file_now_calls_without_a_restart(world: World) -> None:
    await world.open(campaigns=[])
    await world.all_ready()
    world.settings = [campaign("winter")]
    await world.controller.campaigns.add(world.settings[0])
    await world.run_campaign("winter")
    await world.until(lambda: len(world.dialled()) == 1)
    await world.wind_down()


async def test_closing_a_project_stops_what_rings_and_opening_it_goes_on(world: World) -> None:
    world.look_every_seconds = 0.1
    await world.open(agents=2, leads=4, customer=rings_long)
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: len(world.network.customers) == 2)
    async with world.database.write() as connection:
        await project_changes.close_project(connection, world.project_id, now=world.network.now())
    await world.until(lambda: not world.network.customers, within=0.5)
    await world.sleep(5)
    assert len(world.dialled()) == 2
    assert world.controller.campaigns.live("autumn").note is NotDialling.PROJECT_CLOSED
    async with world.database.write() as connection:
        await project_changes.reopen_project(connection, world.project_id, now=world.network.now())
    await world.until(lambda: len(world.dialled()) == 4)
    await world.wind_down()


async def test_hours_of_the_project_count_from_the_next_call_on(world: World) -> None:
    await world.open(agents=1, leads=5)
    await world.all_ready()
    await set_hours(world, HoursSettings(exceptions={NOON.date(): "closed"}))
    await world.run_campaign()
    await world.sleep(5)
    live = world.controller.campaigns.live("autumn")
    assert (world.dialled(), live.note) == ([], NotDialling.OUTSIDE_HOURS)
    assert live.retry_at is not None
    assert live.retry_at - NOON > timedelta(hours=12)
    await set_hours(world, HoursSettings(weekdays=dict.fromkeys(WEEKDAYS, "00:00-24:00")))
    await world.until(lambda: len(world.dialled()) == 1, within=5)
    await world.wind_down()


async def test_a_renamed_project_goes_on_after_a_restart(world: World) -> None:
    await world.open(agents=1, leads=5)
    async with world.database.write() as connection:
        await rename(connection, world.project_id, "光回線 2027")
    await world.kill()
    await world.start()
    await world.all_ready()
    await world.run_campaign()
    await world.until(lambda: len(world.dialled()) == 1)
    await world.wind_down()


async def test_a_result_is_required_as_soon_as_the_project_says_so(world: World) -> None:
    await world.open(agents=1, leads=5)
    await world.sleep(2)
    async with world.database.write() as connection:
        await rename(connection, world.project_id, PROJECT)  # which requires a result as well
    await world.sleep(2)
    loaded = world.controller.campaigns.campaign("autumn")
    assert loaded is not None
    assert loaded.result_required
    await world.wind_down()


async def set_hours(world: World, hours: HoursSettings) -> None:
    async with world.database.write() as connection:
        await project_changes.set_hours(connection, world.project_id, hours, now=NOON)


async def rename(connection: AsyncConnection, project_id: int, name: str) -> None:
    wanted = General(name, None, result_required=True, custom_field_set_id=None)
    await project_changes.set_general(connection, project_id, wanted, now=NOON)
