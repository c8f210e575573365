"""The condition of a list lets through just the conversations that the rule does."""

from collections.abc import Collection
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import users
from dialer.hearing import hearable, right_to_hear
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.hearing import HearingRight
from dialer.storage.engine import Database
from dialer.storage.tables import actions, good_examples, project_users, user_workgroups
from dialer.users import User
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world

_PEOPLE = ("sato", "suzuki", "tanaka", "takahashi")
_SOME = st.sets(st.sampled_from(_PEOPLE))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(managers=_SOME, members=_SOME, in_library=st.sets(st.sampled_from((*_PEOPLE, None))))
async def test_the_condition_is_the_rule(
    database: Database,
    managers: set[str],
    members: set[str],
    in_library: set[str | None],
) -> None:
    async with database.write() as connection:
        spoken = await _conversations(connection)
        await _arrange(connection, managers=managers, members=members)
        await _fill_library(connection, [spoken[name] for name in in_library])
        for name in _PEOPLE:
            user = await _user(connection, name)
            for viewer in (user, user.as_user()):
                listed = await connection.scalars(select(actions.c.id).where(hearable(viewer)))
                told = [
                    call_id
                    for call_id in spoken.values()
                    if await right_to_hear(connection, call_id=call_id, viewer=viewer)
                ]
                assert set(listed) == set(told)


async def test_a_manager_hears_the_members_of_his_workgroup(database: Database) -> None:
    async with database.write() as connection:
        spoken = await _conversations(connection)
        await _arrange(connection, managers={"suzuki"}, members={"suzuki", "tanaka"})
        suzuki = await _user(connection, "suzuki")
        heard = {
            name: await right_to_hear(connection, call_id=call_id, viewer=suzuki)
            for name, call_id in spoken.items()
        }

        assert heard == {
            "sato": HearingRight.MANAGER,
            "suzuki": HearingRight.MANAGER,  # so he answers for his own, too
            "takahashi": HearingRight.MANAGER,
            "tanaka": None,  # of 大阪
            None: None,
        }
        assert await right_to_hear(connection, call_id=uuid4(), viewer=suzuki) is None


async def _conversations(connection: AsyncConnection) -> dict[str | None, UUID]:
    """A call of each, and one that nobody took; made once for all examples."""
    known = await connection.execute(select(actions.c.memo, actions.c.id))
    made = {memo or None: call_id for memo, call_id in known}
    if made:
        return made
    world = await build_small_world(connection)
    lead_id = await add_lead(connection, world.project_id, "+81352542287")
    return {
        name: await add_call(
            connection,
            world,
            lead_id,
            outcome=CallOutcome.CONNECTED,
            user=_of(world, name) if name else None,
            memo=name or "",
        )
        for name in (*_PEOPLE, None)
    }


def _of(world: SmallWorld, name: str) -> User:
    user: User = getattr(world, name)
    return user


async def _arrange(
    connection: AsyncConnection, *, managers: Collection[str], members: Collection[str]
) -> None:
    """Who manages his workgroup, and who is in the project."""
    project_id = (await connection.execute(select(actions.c.project_id).limit(1))).scalar_one()
    await connection.execute(delete(project_users))
    await connection.execute(update(user_workgroups).values(manages=False))
    for name in members:
        user = await _user(connection, name)
        row = insert(project_users).values(project_id=project_id, user_id=user.id)
        await connection.execute(row)
    for name in managers:
        user = await _user(connection, name)
        his = user_workgroups.c.user_id == user.id
        await connection.execute(update(user_workgroups).where(his).values(manages=True))


async def _fill_library(connection: AsyncConnection, calls: Collection[UUID]) -> None:
    """Also one that was taken out again."""
    await connection.execute(delete(good_examples))
    sato = await _user(connection, "sato")
    call = (await connection.execute(select(actions).limit(1))).one()
    for call_id, removed_at in [*((one, None) for one in calls), (call.id, NOON)]:
        await connection.execute(
            insert(good_examples).values(
                call_id=call_id,
                project_id=call.project_id,
                title="よい例",
                added_by=sato.id,
                added_at=NOON,
                removed_at=removed_at,
            )
        )


async def _user(connection: AsyncConnection, login: str) -> User:
    user = await users.user_by_login(connection, login)
    assert user is not None
    return user
