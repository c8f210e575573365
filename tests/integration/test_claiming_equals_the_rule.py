"""The gate in SQL and the pure gate are one, in every world, on both databases."""

from collections import Counter

from hypothesis import HealthCheck, given, settings
from sqlalchemy import select

from dialer.claiming import claim, held_back, refusal_of
from dialer.rules.eligibility import Allowed, Refused
from dialer.storage.engine import Database
from dialer.storage.tables import calls, contact_points, leads
from tests.integration.claiming_worlds import (
    NOON,
    World,
    answer,
    build,
    expected_claims,
    next_number,
    word,
    worlds,
)

# Each example fills the test's own database anew.
one_database = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@one_database
@given(worlds())
async def test_exactly_the_allowed_leads_are_taken_in_order(
    database: Database, world: World
) -> None:
    count = len(world.leads)
    async with database.write() as connection:
        request, ids = await build(connection, world)
    claimed = await claim(database, request, count, NOON)
    assert [(call.lead_id, call.e164) for call in claimed] == [
        (ids[place], e164) for place, e164 in expected_claims(world, count)
    ]


@one_database
@given(worlds())
async def test_no_more_are_taken_than_asked_for_and_the_first_come_first(
    database: Database, world: World
) -> None:
    async with database.write() as connection:
        request, ids = await build(connection, world)
    claimed = await claim(database, request, 2, NOON)
    assert [(call.lead_id, call.e164) for call in claimed] == [
        (ids[place], e164) for place, e164 in expected_claims(world, 2)
    ]


@one_database
@given(worlds())
async def test_the_reason_of_each_lead_is_the_rules_reason(
    database: Database, world: World
) -> None:
    async with database.write() as connection:
        request, ids = await build(connection, world)
    async with database.read() as connection:
        words = [
            (await connection.execute(refusal_of(request, lead_id, NOON))).scalar_one()
            for lead_id in ids
        ]
    assert words == [word(world, place) for place in range(len(ids))]


@one_database
@given(worlds())
async def test_the_counts_by_reason_are_the_rules_counts(database: Database, world: World) -> None:
    async with database.write() as connection:
        request, ids = await build(connection, world)
    async with database.read() as connection:
        counted = await held_back(connection, request, NOON)
    answers = [answer(world, place) for place in range(len(ids))]
    refused = [found for found in answers if isinstance(found, Refused)]
    assert counted.callable_now == answers.count(Allowed())
    assert counted.by_reason == Counter(found.reason for found in refused)
    assert counted.next_at == min((r.retry_at for r in refused if r.retry_at), default=None)


@one_database
@given(worlds())
async def test_a_claim_writes_its_calls_and_moves_its_leads(
    database: Database, world: World
) -> None:
    async with database.write() as connection:
        request, ids = await build(connection, world)
    claimed = await claim(database, request, len(ids), NOON)
    async with database.read() as connection:
        rows = (
            await connection.execute(
                select(calls, leads.c.attempts.label("tried"), leads.c.last_attempt_at)
                .join(contact_points, contact_points.c.id == calls.c.contact_point_id)
                .join(leads, leads.c.id == contact_points.c.lead_id)
                .where(calls.c.id.in_([call.call_id for call in claimed]))
            )
        ).all()
        now_in_call = [
            (await connection.execute(refusal_of(request, call.lead_id, NOON))).scalar_one()
            for call in claimed
        ]
    by_id = {row.id: row for row in rows}
    for call in claimed:
        row, lead = by_id[call.call_id], world.leads[ids.index(call.lead_id)]
        assert (row.e164, row.attempt, row.tried) == (
            next_number(lead),
            lead.attempts + 1,
            lead.attempts + 1,
        )
        assert (row.claimed_at, row.last_attempt_at, row.ended_at) == (NOON, NOON, None)
        assert row.caller_id == call.caller_id
        assert call.caller_id in request.caller_ids
    # The last attempt has been used, or the call is open: nobody takes the lead again.
    assert all(found in ("in_call", "attempts_used") for found in now_in_call)
    assert await claim(database, request, len(ids), NOON) == []
