"""ワークグループ: made, renamed, filled and deleted, and what keeps one from being deleted."""

import pytest

from dialer import prohibitions, workgroups
from dialer.storage.engine import Database
from dialer.users import NotAllowed
from dialer.workgroups import InUse, NameTaken, UnknownWorkgroup, UnusableName, WorkgroupInUse
from tests.small_world import NOON, SmallWorld, again, build_small_world

NUMBER = "+81352540001"


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def delete(
    database: Database, world: SmallWorld, group: int, campaigns: tuple[str, ...] = ()
) -> None:
    async with database.write() as connection:
        await workgroups.delete_workgroup(
            connection, workgroup_id=group, campaigns=campaigns, now=NOON, by=world.sato
        )


async def test_the_list_tells_how_many_and_finds_by_part_of_the_name(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        await prohibitions.prohibit(
            connection, e164s=[NUMBER], workgroup_ids=[world.osaka], now=NOON
        )
        figures = {one.name: one for one in await workgroups.workgroup_figures(connection)}
        assert (figures["東京"].users, figures["東京"].prohibitions) == (3, 0)
        assert (figures["大阪"].users, figures["大阪"].prohibitions) == (1, 1)
        assert [
            one.name for one in await workgroups.workgroup_figures(connection, part=" 京 ")
        ] == ["東京"]
        assert not await workgroups.workgroup_figures(connection, part="100%")


async def test_a_new_name(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:

        async def rename(name: str) -> None:
            await workgroups.rename_workgroup(
                connection, workgroup_id=world.osaka, name=name, now=NOON, by=world.sato
            )

        await rename(" 関西 ")
        assert (await workgroups.workgroup_by_id(connection, world.osaka)).name == "関西"
        await rename("関西")
        with pytest.raises(NameTaken):
            await rename("東京")
        await rename("関西　支店")
        assert (await workgroups.workgroup_by_id(connection, world.osaka)).name == "関西 支店"
        for nothing in ("  ", "x" * 101, "a\0b"):
            with pytest.raises(UnusableName):
                await rename(nothing)


async def test_users_join_and_leave(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        both = [world.suzuki.id, world.tanaka.id]
        await workgroups.add_members(
            connection, workgroup_id=world.osaka, user_ids=[*both, 999], now=NOON, by=world.sato
        )
        assert await workgroups.members_of(connection, world.osaka) == sorted(both)
        assert (await again(connection, world.suzuki)).workgroup_ids == {world.tokyo, world.osaka}
        await workgroups.remove_members(
            connection, workgroup_id=world.osaka, user_ids=both, now=NOON, by=world.sato
        )
        assert await workgroups.members_of(connection, world.osaka) == []


async def test_what_is_in_use_is_not_deleted(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        await prohibitions.prohibit(
            connection, e164s=[NUMBER], workgroup_ids=[world.osaka], now=NOON
        )
    with pytest.raises(WorkgroupInUse, match="campaigns name it: autumn") as caught:
        await delete(database, world, world.osaka, ("autumn",))
    assert caught.value.use == InUse(1, 1, ("autumn",))
    async with database.write() as connection:
        await workgroups.remove_members(
            connection,
            workgroup_id=world.osaka,
            user_ids=[world.tanaka.id],
            now=NOON,
            by=world.sato,
        )
        await prohibitions.lift(
            connection, e164=NUMBER, workgroup_id=world.osaka, reason="x", now=NOON, by=world.sato
        )
    with pytest.raises(WorkgroupInUse, match="campaigns"):
        await delete(database, world, world.osaka, ("autumn",))
    await delete(database, world, world.osaka)


async def test_what_was_deleted_is_gone_until_its_name_is_added_again(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        nagoya = await workgroups.create_workgroup(connection, name="名古屋", now=NOON)
    await delete(database, world, nagoya.id)
    async with database.write() as connection:
        assert await workgroups.workgroup_by_name(connection, "名古屋") is None
        assert "名古屋" not in {one.name for one in await workgroups.list_workgroups(connection)}
        with pytest.raises(UnknownWorkgroup):
            await workgroups.workgroup_by_id(connection, nagoya.id)
        with pytest.raises(UnknownWorkgroup):
            await workgroups.add_members(
                connection,
                workgroup_id=nagoya.id,
                user_ids=[world.suzuki.id],
                now=NOON,
                by=world.sato,
            )
        with pytest.raises(NameTaken, match="bring it back"):
            await workgroups.rename_workgroup(
                connection, workgroup_id=world.osaka, name="名古屋", now=NOON, by=world.sato
            )
        assert await workgroups.create_workgroup(connection, name="名古屋", now=NOON) == nagoya


async def test_only_an_admin_sets_up_workgroups(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        for by in (world.suzuki, world.sato.as_user()):
            with pytest.raises(NotAllowed):
                await workgroups.create_workgroup(connection, name="名古屋", now=NOON, by=by)
            with pytest.raises(NotAllowed):
                await workgroups.delete_workgroup(
                    connection, workgroup_id=world.osaka, campaigns=(), now=NOON, by=by
                )
