"""禁止: for whom a number is prohibited, by whom, and who lifts it."""

import asyncio

import pytest
from sqlalchemy import select

from dialer import prohibitions
from dialer.storage.engine import Database
from dialer.storage.tables import audit_log
from dialer.storage.tables import prohibitions as prohibitions_table
from dialer.users import NotAllowed
from tests.small_world import NOON, SmallWorld, add_lead, build_small_world

A, B, C = "+81352542287", "+819012345678", "+81663456789"


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def test_it_holds_for_the_workgroup_only(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        added = await prohibitions.prohibit(
            connection,
            e164s=[A],
            workgroup_ids=[world.tokyo],
            reason="断られた",
            by=world.suzuki,
            now=NOON,
        )
        in_tokyo = await prohibitions.standing(
            connection, e164s=[A, B], workgroup_ids=[world.tokyo]
        )
        in_osaka = await prohibitions.standing(
            connection, e164s=[A, B], workgroup_ids=[world.osaka]
        )
        anywhere = await prohibitions.standing(connection, e164s=[A, B])
    assert added == [A]
    assert in_osaka == []
    assert in_tokyo == anywhere
    assert in_tokyo == [
        prohibitions.StandingProhibition(A, world.tokyo, "東京", "断られた", NOON, "鈴木")
    ]


async def test_the_companys_holds_for_all(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        await prohibitions.prohibit(connection, e164s=[A], workgroup_ids=None, now=NOON)
        found = await prohibitions.standing(connection, e164s=[A], workgroup_ids=[world.osaka])
        without_groups = await prohibitions.standing(connection, e164s=[A], workgroup_ids=[])
    assert found == [prohibitions.StandingProhibition(A, None, "", "", NOON, "")]
    assert without_groups == found


async def test_only_new_ones_are_reported(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        first = await prohibitions.prohibit(
            connection, e164s=[A, A, B], workgroup_ids=[world.tokyo], now=NOON
        )
        second = await prohibitions.prohibit(
            connection, e164s=[C, B], workgroup_ids=[world.tokyo, world.osaka], now=NOON
        )
        third = await prohibitions.prohibit(
            connection, e164s=[B], workgroup_ids=[world.tokyo, world.osaka], now=NOON
        )
    assert first == [A, B]
    assert second == [C, B]  # B is new for 大阪
    assert third == []


async def test_many_thousand_numbers_at_once(database: Database, world: SmallWorld) -> None:
    numbers = [f"+8190{number:08}" for number in range(3_500)]
    async with database.write() as connection:
        added = await prohibitions.prohibit(connection, e164s=numbers, workgroup_ids=None, now=NOON)
        found = await prohibitions.standing(connection, e164s=numbers)
    assert added == numbers
    assert len(found) == len(numbers)


async def test_users_prohibit_for_their_own_workgroups(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        for groups in (None, [world.osaka], [world.tokyo, world.osaka]):
            with pytest.raises(NotAllowed):
                await prohibitions.prohibit(
                    connection, e164s=[A], workgroup_ids=groups, by=world.suzuki, now=NOON
                )
            await prohibitions.prohibit(
                connection, e164s=[A], workgroup_ids=groups, by=world.sato, now=NOON
            )


async def test_a_lead_is_prohibited_with_all_its_numbers(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        lead_id = await add_lead(connection, world.project_id, A, B)
        added = await prohibitions.prohibit_lead(
            connection, lead_id=lead_id, by=world.suzuki, now=NOON
        )
        found = await prohibitions.standing(connection, e164s=[A, B, C])
        silent = await add_lead(connection, world.project_id)
        with pytest.raises(prohibitions.NoNumber):
            await prohibitions.prohibit_lead(connection, lead_id=silent, by=world.suzuki, now=NOON)
    assert added == [A, B]
    assert {(one.e164, one.workgroup_id) for one in found} == {(A, world.tokyo), (B, world.tokyo)}


async def test_an_admin_lifts_it_and_it_stays_on_record(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        await prohibitions.prohibit(
            connection, e164s=[A], workgroup_ids=[world.tokyo], by=world.suzuki, now=NOON
        )
        for nobody in (world.suzuki, world.sato.as_user()):
            with pytest.raises(NotAllowed):
                await prohibitions.lift(
                    connection,
                    e164=A,
                    workgroup_id=world.tokyo,
                    reason="",
                    by=nobody,
                    now=NOON,
                )
        await prohibitions.lift(
            connection,
            e164=A,
            workgroup_id=world.tokyo,
            reason="本人の希望",
            by=world.sato,
            now=NOON,
        )
        assert await prohibitions.standing(connection, e164s=[A]) == []
        with pytest.raises(prohibitions.NotStanding):
            await prohibitions.lift(
                connection, e164=A, workgroup_id=world.tokyo, reason="解除", by=world.sato, now=NOON
            )
        kept = (await connection.execute(select(prohibitions_table))).one()
        actions = (
            await connection.execute(
                select(audit_log.c.action).where(audit_log.c.subject == f"number:{A}")
            )
        ).scalars()
        assert list(actions) == ["prohibition.add", "prohibition.lift"]
    assert (kept.prohibited_by, kept.lifted_by, kept.lift_reason) == (
        world.suzuki.id,
        world.sato.id,
        "本人の希望",
    )


async def test_after_lifting_it_can_be_prohibited_again(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        for _ in range(2):
            assert await prohibitions.prohibit(
                connection, e164s=[A], workgroup_ids=None, now=NOON
            ) == [A]
            await prohibitions.lift(connection, e164=A, workgroup_id=None, reason="解除", now=NOON)


async def test_lifting_one_workgroups_leaves_the_companys(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        await prohibitions.prohibit(connection, e164s=[A], workgroup_ids=None, now=NOON)
        await prohibitions.prohibit(connection, e164s=[A], workgroup_ids=[world.tokyo], now=NOON)
        await prohibitions.lift(
            connection, e164=A, workgroup_id=world.tokyo, reason="解除", now=NOON
        )
        found = await prohibitions.standing(connection, e164s=[A])
    assert [one.workgroup_id for one in found] == [None]


async def test_the_same_list_imported_twice_at_once_stands_once(
    database: Database, world: SmallWorld
) -> None:
    async def add(numbers: list[str]) -> list[str]:
        async with database.write() as connection:
            return await prohibitions.prohibit(
                connection, e164s=numbers, workgroup_ids=None, now=NOON
            )

    added = await asyncio.gather(add([A, B, C]), add([C, B, A]))

    assert sorted(number for some in added for number in some) == sorted([A, B, C])
