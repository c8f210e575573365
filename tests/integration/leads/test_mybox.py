"""マイボックス: who may hold a lead, and who may take it out again."""

import asyncio
from datetime import timedelta

import pytest

from dialer import mybox, projects
from dialer.storage.engine import Database
from dialer.users import NotAllowed
from tests.small_world import NOON, SmallWorld, add_lead, again, build_small_world

LATER = NOON + timedelta(hours=1)


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


@pytest.fixture
async def lead(database: Database, world: SmallWorld) -> int:
    async with database.write() as connection:
        return await add_lead(connection, world.project_id, "+81352542287")


async def test_a_held_lead_is_held_by_one(database: Database, world: SmallWorld, lead: int) -> None:
    async with database.write() as connection:
        await mybox.put(
            connection, lead_id=lead, user_id=world.suzuki.id, by=world.suzuki, now=NOON
        )
        holder = await mybox.holder_of(connection, lead_id=lead, now=LATER)
        with pytest.raises(mybox.HeldByAnother, match="MyBox of another user") as caught:
            await mybox.put(
                connection, lead_id=lead, user_id=world.tanaka.id, by=world.tanaka, now=LATER
            )
    assert holder == mybox.Holder(world.suzuki.id, "鈴木", NOON, None)
    assert caught.value.holder_id == world.suzuki.id


async def test_putting_again_moves_only_the_expiry(
    database: Database, world: SmallWorld, lead: int
) -> None:
    async with database.write() as connection:
        for expires_at in (None, LATER):
            await mybox.put(
                connection, lead_id=lead, user_id=world.suzuki.id, expires_at=expires_at, now=NOON
            )
        holder = await mybox.holder_of(connection, lead_id=lead, now=NOON)
    assert holder == mybox.Holder(world.suzuki.id, "鈴木", NOON, LATER)


async def test_an_expired_entry_makes_room(
    database: Database, world: SmallWorld, lead: int
) -> None:
    async with database.write() as connection:
        await mybox.put(
            connection, lead_id=lead, user_id=world.suzuki.id, expires_at=LATER, now=NOON
        )
        assert await mybox.holder_of(connection, lead_id=lead, now=LATER) is None
        assert not await mybox.release(connection, lead_id=lead, by=world.suzuki, now=LATER)
        await mybox.put(connection, lead_id=lead, user_id=world.tanaka.id, now=LATER)
        holder = await mybox.holder_of(connection, lead_id=lead, now=LATER)
    assert holder is not None
    assert holder.name == "田中"


async def test_the_holder_and_an_admin_take_it_out(
    database: Database, world: SmallWorld, lead: int
) -> None:
    async with database.write() as connection:
        for by in (world.suzuki, world.sato):
            await mybox.put(connection, lead_id=lead, user_id=world.suzuki.id, now=NOON)
            with pytest.raises(mybox.HeldByAnother):
                await mybox.release(connection, lead_id=lead, by=world.tanaka, now=NOON)
            with pytest.raises(mybox.HeldByAnother):
                await mybox.release(connection, lead_id=lead, by=world.sato.as_user(), now=NOON)
            assert await mybox.release(connection, lead_id=lead, by=by, now=LATER)
            assert await mybox.holder_of(connection, lead_id=lead, now=LATER) is None


async def test_only_an_admin_fills_anothers_box(
    database: Database, world: SmallWorld, lead: int
) -> None:
    async with database.write() as connection:
        with pytest.raises(NotAllowed):
            await mybox.put(
                connection, lead_id=lead, user_id=world.suzuki.id, by=world.tanaka, now=NOON
            )
        await mybox.put(connection, lead_id=lead, user_id=world.suzuki.id, by=world.sato, now=NOON)


async def test_only_users_of_the_project_hold_its_leads(
    database: Database, world: SmallWorld, lead: int
) -> None:
    async with database.write() as connection:
        with pytest.raises(mybox.NotAssigned, match="高橋"):
            await mybox.put(connection, lead_id=lead, user_id=world.takahashi.id, now=NOON)
        with pytest.raises(mybox.MyBoxError, match="no lead 999"):
            await mybox.put(connection, lead_id=999, user_id=world.suzuki.id, now=NOON)


async def test_workgroup_mates_hand_over(database: Database, world: SmallWorld, lead: int) -> None:
    async with database.write() as connection:
        await projects.assign_users(
            connection, project_id=world.project_id, user_ids=[world.takahashi.id], now=NOON
        )
        mate = await again(connection, world.takahashi)
        await mybox.put(
            connection, lead_id=lead, user_id=world.suzuki.id, expires_at=LATER, now=NOON
        )
        with pytest.raises(mybox.HeldByAnother):
            await mybox.hand_over(
                connection, lead_id=lead, to_user_id=world.tanaka.id, by=world.tanaka, now=NOON
            )
        await mybox.hand_over(
            connection, lead_id=lead, to_user_id=world.tanaka.id, by=mate, now=NOON
        )
        holder = await mybox.holder_of(connection, lead_id=lead, now=NOON)
    assert holder == mybox.Holder(world.tanaka.id, "田中", NOON, LATER)


async def test_nobodys_lead_cannot_be_handed_over(
    database: Database, world: SmallWorld, lead: int
) -> None:
    async with database.write() as connection:
        with pytest.raises(mybox.MyBoxError, match="nobody's"):
            await mybox.hand_over(
                connection, lead_id=lead, to_user_id=world.tanaka.id, by=world.sato, now=NOON
            )


async def test_two_who_grab_at_once_do_not_both_hold_it(
    database: Database, world: SmallWorld, lead: int
) -> None:
    async def grab(user_id: int) -> str:
        async with database.write() as connection:
            await asyncio.sleep(0)  # both transactions are open now, where the database has two
            try:
                await mybox.put(connection, lead_id=lead, user_id=user_id, now=NOON)
            except mybox.HeldByAnother as error:
                return f"held by {error.holder_name}"
            await asyncio.sleep(0.01)
            return "mine"

    answers = await asyncio.gather(grab(world.suzuki.id), grab(world.tanaka.id))

    assert sorted(answers) in (["held by 田中", "mine"], ["held by 鈴木", "mine"])
