"""Leads of claims that nobody dialled return after their lease, once, on both databases."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update

from dialer.claiming import CLAIM_LEASE, ClaimedCall, claim
from dialer.dead_claims import has_dead_claims, release_dead_claims
from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.engine import Database
from dialer.storage.tables import calls, contact_points, leads
from dialer.tidying import tidy
from tests.integration.claiming_world_rows import build
from tests.integration.claiming_worlds import NOON, Lead, Point, World

LATER = NOON + CLAIM_LEASE + timedelta(seconds=1)


async def claimed(database: Database, count: int = 6) -> list[ClaimedCall]:
    some = tuple(Lead((Point("phone", f"+81352{n:06}", "fixed", 0),)) for n in range(count))
    async with database.write() as connection:
        request, _ = await build(connection, World(some))
    request = replace(request, max_attempts=1)
    taken = (await claim(database, request, count, NOON)).calls
    assert len(taken) == count
    return list(taken)


async def attempts(database: Database) -> tuple[list[int], list[int]]:
    """Of all leads, and of all contact points."""
    async with database.read() as connection:
        of_leads = await connection.scalars(select(leads.c.attempts).order_by(leads.c.id))
        of_points = await connection.scalars(
            select(contact_points.c.attempts).order_by(contact_points.c.id)
        )
        return list(of_leads), list(of_points)


async def release(database: Database, *, alive: list[ClaimedCall] | None = None) -> int:
    ids = [call.call_id for call in alive or ()]
    async with database.write() as connection:
        return len(await release_dead_claims(connection, LATER, alive=ids))


async def test_a_claim_within_its_lease_is_left_alone(database: Database) -> None:
    await claimed(database)
    async with database.write() as connection:
        assert not await has_dead_claims(connection, NOON + CLAIM_LEASE)
        assert await release_dead_claims(connection, NOON + CLAIM_LEASE) == []
    assert await attempts(database) == ([1] * 6, [1] * 6)


async def test_after_the_lease_calls_end_and_attempts_go_back(database: Database) -> None:
    await claimed(database)
    assert await release(database) == 6
    assert await attempts(database) == ([0] * 6, [0] * 6)
    async with database.read() as connection:
        rows = (await connection.execute(select(calls))).all()
        assert not await has_dead_claims(connection, LATER)
    assert {(row.ended_at, row.outcome, row.end_estimated) for row in rows} == {
        (LATER, CallOutcome.CANCELLED, True)
    }
    assert await release(database) == 0
    assert await attempts(database) == ([0] * 6, [0] * 6)


async def test_calls_that_were_dialled_or_are_alive_here_are_left_alone(
    database: Database,
) -> None:
    taken = await claimed(database)
    async with database.write() as connection:
        await connection.execute(
            update(calls).where(calls.c.id == taken[0].call_id).values(dialled_at=NOON)
        )
    assert await release(database, alive=taken[1:3]) == 3
    async with database.read() as connection:
        still_open = await connection.scalars(select(calls.c.id).where(calls.c.ended_at.is_(None)))
        assert set(still_open) == {call.call_id for call in taken[:3]}


async def test_controllers_that_do_it_at_once_give_each_attempt_back_once(
    database: Database,
) -> None:
    await claimed(database, 40)
    released = await asyncio.gather(*(release(database) for _ in range(5)))
    # What one has locked another leaves out, so together they may need a second round.
    assert sum(released) + await release(database) == 40
    assert await attempts(database) == ([0] * 40, [0] * 40)


async def test_the_lead_can_be_claimed_again_at_once(database: Database) -> None:
    taken = await claimed(database, 1)
    await tidy(database, LATER, alive=[])
    async with database.read() as connection:
        row = (await connection.execute(select(leads))).one()
        ended = await connection.scalar(
            select(calls.c.ended_at).where(calls.c.id == taken[0].call_id)
        )
    assert (row.attempts, row.next_attempt_at, row.finished_at) == (0, None, None)
    assert ended == LATER
