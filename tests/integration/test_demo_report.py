"""The demo's verdict: which calls were calls to somebody who must not be called."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from ari_app.demo_report import _forbidden_calls
from dialer import mybox, prohibitions
from dialer.storage.engine import Database
from dialer.storage.tables import calls
from tests.small_world import NOON, add_call, add_lead, build_small_world

NUMBER = "+81352542287"


@pytest.mark.parametrize(
    ("prohibited", "box", "for_whom", "forbidden"),
    [
        (False, False, None, 0),
        (True, False, None, 1),
        (False, True, None, 1),
        (False, True, "tanaka", 1),
        (False, True, "suzuki", 0),
    ],
)
async def test_a_call_for_the_holder_is_none(
    database: Database, prohibited: bool, box: bool, for_whom: str | None, forbidden: int
) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        lead_id = await add_lead(connection, world.project_id, NUMBER)
        if prohibited:
            await prohibitions.prohibit(connection, e164s=[NUMBER], workgroup_ids=None, now=NOON)
        if box:
            await mybox.put(connection, lead_id=lead_id, user_id=world.suzuki.id, now=NOON)
        await add_call(connection, world, lead_id, at=NOON + timedelta(minutes=1), e164=NUMBER)
        if for_whom:
            caller = getattr(world, for_whom)
            await connection.execute(update(calls).values(for_user_id=caller.id))
    async with database.read() as connection:
        assert await _forbidden_calls(connection) == forbidden
