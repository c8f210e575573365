"""マイボックス: many leads at once, the limit, the expiry, and who sees whose box it is."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dialer import audit, mybox, projects, user_changes
from dialer.mybox import MyBoxPolicy
from dialer.storage.engine import Database
from dialer.storage.tables import audit_log, mybox_entries
from dialer.users import NotAllowed
from tests.small_world import NOON, SmallWorld, add_lead, again, build_small_world

LATER = NOON + timedelta(hours=1)
THREE = MyBoxPolicy(limit_per_user=3)


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


@pytest.fixture
async def some(database: Database, world: SmallWorld) -> list[int]:
    """Five leads; the last two share a number."""
    numbers = ("+81352540001", "+81352540002", "+81352540003", "+81352540004", "+81352540004")
    async with database.write() as connection:
        return [await add_lead(connection, world.project_id, number) for number in numbers]


async def held_by(database: Database, lead_ids: Sequence[int]) -> dict[int, str]:
    async with database.read() as connection:
        holders = await mybox.holders_of(connection, lead_ids=lead_ids, now=LATER)
    return {lead_id: holder.name for lead_id, holder in holders.items()}


async def test_each_lead_is_put_or_refused_with_its_reason(
    database: Database, world: SmallWorld, some: list[int]
) -> None:
    async with database.write() as connection:
        foreign = await add_lead(connection, world.other_project_id, "+81352540009")
        await mybox.put(connection, lead_id=some[0], user_id=world.tanaka.id, now=NOON)
        report = await mybox.put_many(
            connection,
            lead_ids=[*some, foreign, 999],
            user_id=world.suzuki.id,
            by=world.sato,
            now=NOON,
        )
    assert report.done == tuple(some[1:])
    assert {lead_id: type(error) for lead_id, error in report.refused.items()} == {
        some[0]: mybox.HeldByAnother,
        foreign: mybox.NotAssigned,
        999: mybox.UnknownLead,
    }
    assert await held_by(database, some) == {some[0]: "田中", **dict.fromkeys(some[1:], "鈴木")}


async def test_a_lead_of_a_project_one_may_not_see_is_as_if_it_were_not_there(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        foreign = await add_lead(connection, world.other_project_id, "+81352540009")
        report = await mybox.put_many(
            connection, lead_ids=[foreign], user_id=world.suzuki.id, by=world.suzuki, now=NOON
        )
    assert isinstance(report.refused[foreign], mybox.UnknownLead)


async def test_no_more_leads_than_the_limit(
    database: Database, world: SmallWorld, some: list[int]
) -> None:
    async with database.write() as connection:
        first = await mybox.put_many(
            connection, lead_ids=some[:2], user_id=world.suzuki.id, policy=THREE, now=NOON
        )
        second = await mybox.put_many(
            connection, lead_ids=some, user_id=world.suzuki.id, policy=THREE, now=NOON
        )
        with pytest.raises(mybox.BoxFull, match="3 leads are the most"):
            await mybox.put(
                connection, lead_id=some[4], user_id=world.suzuki.id, policy=THREE, now=NOON
            )
    assert first.done == tuple(some[:2])
    assert second.done == tuple(some[:3])
    assert {type(error) for error in second.refused.values()} == {mybox.BoxFull}


async def test_a_box_whose_time_is_over_makes_room(
    database: Database, world: SmallWorld, some: list[int]
) -> None:
    async with database.write() as connection:
        await mybox.put_many(
            connection,
            lead_ids=some[:3],
            user_id=world.suzuki.id,
            policy=THREE,
            expires_at=LATER,
            now=NOON,
        )
        report = await mybox.put_many(
            connection, lead_ids=some[3:], user_id=world.suzuki.id, policy=THREE, now=LATER
        )
    assert report.done == tuple(some[3:])


async def test_two_puts_at_once_do_not_exceed_the_limit(
    database: Database, world: SmallWorld, some: list[int]
) -> None:
    async def put(lead_id: int) -> str:
        async with database.write() as connection:
            await asyncio.sleep(0)  # both transactions are open now, where the database has two
            try:
                await mybox.put(
                    connection, lead_id=lead_id, user_id=world.suzuki.id, policy=THREE, now=NOON
                )
            except mybox.BoxFull:
                return "full"
            await asyncio.sleep(0.01)
            return "put"

    outcomes = await asyncio.gather(*(put(lead_id) for lead_id in some))
    assert sorted(outcomes) == ["full", "full", "put", "put", "put"]
    assert len(await held_by(database, some)) == 3


async def test_the_limit_holds_for_whoever_is_handed_leads(
    database: Database, world: SmallWorld, some: list[int]
) -> None:
    async with database.write() as connection:
        await mybox.put_many(connection, lead_ids=some, user_id=world.suzuki.id, now=NOON)
        report = await mybox.hand_over_many(
            connection,
            lead_ids=some,
            to_user_id=world.tanaka.id,
            by=world.suzuki,
            policy=THREE,
            now=NOON,
        )
    assert report.done == tuple(some[:3])
    assert isinstance(report.refused[some[4]], mybox.BoxFull)
    assert await held_by(database, some) == {
        **dict.fromkeys(some[:3], "田中"),
        **dict.fromkeys(some[3:], "鈴木"),
    }


async def test_releasing_many_leaves_those_of_others(
    database: Database, world: SmallWorld, some: list[int]
) -> None:
    async with database.write() as connection:
        await mybox.put(connection, lead_id=some[0], user_id=world.tanaka.id, now=NOON)
        await mybox.put_many(connection, lead_ids=some[1:3], user_id=world.suzuki.id, now=NOON)
        report = await mybox.release_many(connection, lead_ids=some, by=world.suzuki, now=NOON)
    assert report.done == tuple(some[1:3])
    assert {lead_id: type(error) for lead_id, error in report.refused.items()} == {
        some[0]: mybox.HeldByAnother,
        some[3]: mybox.NotHeld,
        some[4]: mybox.NotHeld,
    }
    assert await held_by(database, some) == {some[0]: "田中"}


async def test_what_a_leaving_user_holds_goes_where_it_can(
    database: Database, world: SmallWorld, some: list[int]
) -> None:
    async with database.write() as connection:
        await projects.assign_users(
            connection, project_id=world.other_project_id, user_ids=[world.suzuki.id], now=NOON
        )
        only_his = await add_lead(connection, world.other_project_id, "+81352540009")
        await mybox.put_many(
            connection, lead_ids=[*some, only_his], user_id=world.suzuki.id, now=NOON
        )
        with pytest.raises(NotAllowed):
            await mybox.move_all(
                connection,
                from_user_id=world.suzuki.id,
                to_user_id=world.tanaka.id,
                by=world.suzuki,
                now=NOON,
            )
        report = await mybox.move_all(
            connection,
            from_user_id=world.suzuki.id,
            to_user_id=world.tanaka.id,
            by=world.sato,
            now=NOON,
        )
        left = await mybox.move_all(
            connection, from_user_id=world.suzuki.id, to_user_id=None, by=world.sato, now=NOON
        )
    assert report.done == tuple(some)
    assert isinstance(report.refused[only_his], mybox.NotAssigned)
    assert left.done == (only_his,)
    assert await held_by(database, [*some, only_his]) == dict.fromkeys(some, "田中")


async def test_nothing_goes_to_who_may_not_log_in(
    database: Database, world: SmallWorld, some: list[int]
) -> None:
    async with database.write() as connection:
        await user_changes.deactivate(connection, user_id=world.tanaka.id, now=NOON, by=world.sato)
        with pytest.raises(mybox.MyBoxError, match="田中 may no longer log in"):
            await mybox.put(connection, lead_id=some[0], user_id=world.tanaka.id, now=NOON)


async def test_the_setting_says_how_long_and_only_an_admin_goes_beyond(
    database: Database, world: SmallWorld, some: list[int]
) -> None:
    policy = MyBoxPolicy(expires_after=timedelta(days=30))
    lead, limit = some[0], NOON + timedelta(days=30)
    async with database.write() as connection:
        await mybox.put(connection, lead_id=lead, user_id=world.suzuki.id, policy=policy, now=NOON)
        holder = await mybox.holder_of(connection, lead_id=lead, now=NOON)
        assert holder is not None
        assert holder.expires_at == limit
        for too_late in (None, limit + timedelta(seconds=1)):
            with pytest.raises(mybox.ExpiresTooLate):
                await mybox.set_expiry(
                    connection,
                    lead_id=lead,
                    expires_at=too_late,
                    by=world.suzuki,
                    policy=policy,
                    now=NOON,
                )
        for by, ends in ((world.suzuki, LATER), (world.sato, None)):
            await mybox.set_expiry(
                connection, lead_id=lead, expires_at=ends, by=by, policy=policy, now=NOON
            )
            holder = await mybox.holder_of(connection, lead_id=lead, now=NOON)
            assert holder is not None
            assert holder.expires_at == ends
        with pytest.raises(mybox.HeldByAnother):
            await mybox.set_expiry(
                connection, lead_id=lead, expires_at=LATER, by=world.tanaka, now=NOON
            )


async def test_only_colleagues_and_admins_know_whose_box_it_is(
    database: Database, world: SmallWorld, some: list[int]
) -> None:
    async with database.write() as connection:
        await mybox.put(connection, lead_id=some[0], user_id=world.suzuki.id, now=NOON)
        mate = await again(connection, world.takahashi)
        seen = {
            viewer.login: holder.name
            for viewer in (world.suzuki, mate, world.sato, world.sato.as_user(), world.tanaka)
            if (
                holder := await mybox.holder_of(
                    connection, lead_id=some[0], now=NOON, viewer=viewer
                )
            )
        }
        with pytest.raises(mybox.HeldByAnother, match="MyBox of another user"):
            await mybox.put(
                connection, lead_id=some[0], user_id=world.tanaka.id, by=world.tanaka, now=NOON
            )
    assert seen == {"suzuki": "鈴木", "takahashi": "鈴木", "sato": "鈴木", "tanaka": ""}


async def test_every_lead_has_its_line_in_the_audit_log(
    database: Database, world: SmallWorld, some: list[int]
) -> None:
    with audit.acting_from("192.0.2.7"):
        async with database.write() as connection:
            await mybox.put_many(
                connection, lead_ids=some[:2], user_id=world.suzuki.id, by=world.suzuki, now=NOON
            )
            await mybox.release_many(connection, lead_ids=some, by=world.suzuki, now=LATER)
            lines = (
                await connection.execute(
                    select(audit_log)
                    .where(audit_log.c.action.like("mybox.%"))
                    .order_by(audit_log.c.id)
                )
            ).all()
    assert [(line.action, line.subject) for line in lines] == [
        ("mybox.put", f"lead:{some[0]}"),
        ("mybox.put", f"lead:{some[1]}"),
        ("mybox.release", f"lead:{some[0]}"),
        ("mybox.release", f"lead:{some[1]}"),
    ]
    assert {(line.user_id, line.address) for line in lines} == {(world.suzuki.id, "192.0.2.7")}


async def test_thousands_at_once(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        many = [
            await add_lead(connection, world.project_id, f"+8190{number:08}")
            for number in range(1_100)
        ]
        report = await mybox.put_many(connection, lead_ids=many, user_id=world.suzuki.id, now=NOON)
        held = select(func.count()).select_from(mybox_entries)
        assert (await connection.execute(held)).scalar_one() == len(report.done) == 1_100
