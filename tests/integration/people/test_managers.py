"""Managers of workgroups: made and released by admins, on record, and gone with the membership."""

from datetime import datetime
from typing import TypedDict

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import managers, user_changes, workgroups
from dialer.storage.engine import Database
from dialer.storage.tables import audit_log
from dialer.user_changes import Edit
from dialer.user_errors import NotAMember
from dialer.users import NotAllowed, User
from dialer.workgroups import UnknownWorkgroup
from tests.small_world import NOON, SmallWorld, again, build_small_world


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


class _Change(TypedDict):
    workgroup_id: int
    user_ids: list[int]
    now: datetime
    by: User | None


def _in_tokyo(world: SmallWorld, user: User, by: User | None) -> _Change:
    return {"workgroup_id": world.tokyo, "user_ids": [user.id], "now": NOON, "by": by}


async def on_record(connection: AsyncConnection, action: str) -> list[tuple[str, object]]:
    query = select(audit_log.c.subject, audit_log.c.detail).where(audit_log.c.action == action)
    return [(row.subject, row.detail) for row in await connection.execute(query)]


async def test_a_member_is_made_a_manager_and_released_and_both_are_on_record(
    database: Database, world: SmallWorld
) -> None:
    suzuki, subject = world.suzuki, f"workgroup:{world.tokyo}"
    one = _in_tokyo(world, suzuki, world.sato)
    async with database.write() as connection:
        await managers.make_managers(connection, **one)
        await managers.make_managers(connection, **one)  # is one already
        assert (await again(connection, suzuki)).managed_workgroup_ids == {world.tokyo}
        await managers.release_managers(connection, **one)
        await managers.release_managers(connection, **one)
        now = await again(connection, suzuki)
        assert now.managed_workgroup_ids == frozenset()
        assert now.workgroup_ids == {world.tokyo}
        detail = {"user_ids": [suzuki.id]}
        assert await on_record(connection, "workgroup.add_managers") == [(subject, detail)]
        assert await on_record(connection, "workgroup.remove_managers") == [(subject, detail)]


async def test_who_manages_must_belong_and_only_an_admin_says_so(
    database: Database, world: SmallWorld
) -> None:
    async def make(group: int, user: User, by: User) -> None:
        async with database.write() as connection:
            await managers.make_managers(
                connection, workgroup_id=group, user_ids=[user.id], now=NOON, by=by
            )

    with pytest.raises(NotAMember):
        await make(world.osaka, world.suzuki, world.sato)
    with pytest.raises(UnknownWorkgroup):
        await make(999, world.suzuki, world.sato)
    with pytest.raises(NotAllowed):
        await make(world.tokyo, world.suzuki, world.suzuki)


async def test_a_users_edit_says_which_of_his_workgroups_he_manages(
    database: Database, world: SmallWorld
) -> None:
    async def edit(**what: object) -> User:
        async with database.write() as connection:
            return await user_changes.edit_user(
                connection,
                user_id=world.suzuki.id,
                edit=Edit(**what),  # type: ignore[arg-type]
                now=NOON,
                by=world.sato,
            )

    both = [world.tokyo, world.osaka]
    user = await edit(workgroup_ids=both, managed_workgroup_ids=[world.osaka])
    assert user.managed_workgroup_ids == {world.osaka}
    user = await edit(name="鈴木 健")  # what is not said stays
    assert user.managed_workgroup_ids == {world.osaka}
    user = await edit(managed_workgroup_ids=[world.tokyo])
    assert user.managed_workgroup_ids == {world.tokyo}
    with pytest.raises(NotAMember, match="大阪"):
        await edit(workgroup_ids=[world.tokyo], managed_workgroup_ids=both)
    async with database.read() as connection:
        lines = [detail for _, detail in await on_record(connection, "user.manages")]
    assert lines == [
        {"added": [world.osaka], "removed": []},
        {"added": [world.tokyo], "removed": [world.osaka]},
    ]


async def test_who_leaves_and_comes_back_is_no_manager_any_more(
    database: Database, world: SmallWorld
) -> None:
    one = _in_tokyo(world, world.suzuki, None)
    async with database.write() as connection:
        await managers.make_managers(connection, **one)
        await workgroups.remove_members(connection, **one)
        await workgroups.add_members(connection, **one)
        assert (await again(connection, world.suzuki)).managed_workgroup_ids == frozenset()
