"""Who heard a conversation: told to admins and managers, and to nobody else."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit, managers
from dialer.heard_by import heard_by
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.hearing import HearingRight
from dialer.storage.engine import Database
from dialer.users import NotAllowed
from tests.small_world import NOON, SmallWorld, add_call, add_lead, again, build_small_world


async def _spoken(connection: AsyncConnection, world: SmallWorld) -> UUID:
    lead_id = await add_lead(connection, world.project_id, "+81352542287")
    return await add_call(
        connection,
        world,
        lead_id,
        outcome=CallOutcome.CONNECTED,
        user=world.suzuki,
        recorded=True,
    )


async def test_the_newest_first_with_the_right_by_which(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        call_id, other = [await _spoken(connection, world) for _ in range(2)]
        for minutes, (action, subject, by, detail) in enumerate(
            (
                ("recording.play", call_id, world.suzuki, {"right": "own"}),
                ("recording.play", other, world.suzuki, {"right": "own"}),
                ("transcript.view", call_id, world.sato, {"right": "admin"}),
                ("call.result", call_id, world.suzuki, {}),
                ("recording.download", call_id, world.sato, {}),  # before rights were written
            )
        ):
            at = NOON + timedelta(minutes=minutes)
            await audit.record_by(connection, action, f"call:{subject}", by, at, **detail)

        found = await heard_by(connection, call_id=call_id, viewer=world.sato)

    assert [(one.what, one.user_id, one.right) for one in found] == [
        ("recording.download", world.sato.id, None),
        ("transcript.view", world.sato.id, HearingRight.ADMIN),
        ("recording.play", world.suzuki.id, HearingRight.OWN),
    ]
    assert found[0].at == NOON + timedelta(minutes=4)
    assert found[0].user == world.sato.name


async def test_who_spoke_does_not_see_it_and_his_manager_does(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        call_id = await _spoken(connection, world)
        for viewer in (world.suzuki, world.tanaka, world.sato.as_user()):
            with pytest.raises(NotAllowed):
                await heard_by(connection, call_id=call_id, viewer=viewer)
        with pytest.raises(NotAllowed):
            await heard_by(connection, call_id=UUID(int=1), viewer=world.sato)
        await managers.make_managers(
            connection,
            workgroup_id=world.tokyo,
            user_ids=[world.suzuki.id],
            now=NOON,
            by=None,
        )
        suzuki = await again(connection, world.suzuki)
        assert await heard_by(connection, call_id=call_id, viewer=suzuki) == []
