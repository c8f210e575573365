"""The gate in SQL and the pure gate are one, in every world, on both databases."""

from hypothesis import HealthCheck, given, settings
from sqlalchemy import select

from dialer.claiming import ClaimedCall, claim, claim_lead
from dialer.lead_facts import facts_of
from dialer.messages import UserId
from dialer.rules.eligibility import Refused
from dialer.storage.engine import Database
from dialer.storage.tables import calls, contact_points, leads
from tests.integration.claiming_world_rows import build
from tests.integration.claiming_worlds import (
    ACTORS,
    NOON,
    World,
    answer,
    expected_claims,
    facts,
    next_number,
    request,
    worlds,
)

# Each example fills the test's own database anew.
one_database = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@one_database
@given(worlds(), ACTORS)
async def test_exactly_the_allowed_leads_are_taken_in_order(
    database: Database, world: World, user: UserId | None
) -> None:
    count = len(world.leads)
    async with database.write() as connection:
        _, ids = await build(connection, world)
    claimed = await claim(database, request(user), count, NOON)
    assert [(call.lead_id, call.e164) for call in claimed.calls] == [
        (ids[place], e164) for place, e164 in expected_claims(world, count, user)
    ]


@one_database
@given(worlds())
async def test_no_more_are_taken_than_asked_for_and_the_first_come_first(
    database: Database, world: World
) -> None:
    async with database.write() as connection:
        wanted, ids = await build(connection, world)
    claimed = await claim(database, wanted, 2, NOON)
    assert [(call.lead_id, call.e164) for call in claimed.calls] == [
        (ids[place], e164) for place, e164 in expected_claims(world, 2)
    ]


@one_database
@given(worlds())
async def test_the_facts_are_read_as_they_are(database: Database, world: World) -> None:
    async with database.write() as connection:
        _, ids = await build(connection, world)
    async with database.read() as connection:
        known = await facts_of(connection, ids, NOON)
    for place, lead_id in enumerate(ids):
        read, true = known[lead_id].facts, facts(world, place)
        # Several boxes of one holder on one number are one to the gate.
        assert set(read.boxes) == set(true.boxes)
        assert {**_all(read), "boxes": ()} == {**_all(true), "boxes": ()}


@one_database
@given(worlds(), ACTORS)
async def test_one_lead_is_taken_or_refused_as_the_rule_says(
    database: Database, world: World, user: UserId | None
) -> None:
    async with database.write() as connection:
        _, ids = await build(connection, world)
    for place, lead_id in enumerate(ids):
        wanted = answer(world, place, user)
        got = await claim_lead(database, request(user), lead_id, NOON)
        if isinstance(wanted, Refused):
            assert got == wanted
        else:
            assert isinstance(got, ClaimedCall)
            assert (got.lead_id, got.e164) == (lead_id, next_number(world.leads[place]))
            return  # its open call is not in the world


def _all(read: object) -> dict[str, object]:
    return {name: getattr(read, name) for name in read.__slots__}  # type: ignore[attr-defined]


@one_database
@given(worlds())
async def test_a_claim_writes_its_calls_and_moves_its_leads(
    database: Database, world: World
) -> None:
    async with database.write() as connection:
        wanted, ids = await build(connection, world)
    claimed = (await claim(database, wanted, len(ids), NOON)).calls
    async with database.read() as connection:
        rows = (
            await connection.execute(
                select(calls, leads.c.attempts.label("tried"), leads.c.last_attempt_at)
                .join(contact_points, contact_points.c.id == calls.c.contact_point_id)
                .join(leads, leads.c.id == contact_points.c.lead_id)
                .where(calls.c.id.in_([call.call_id for call in claimed]))
            )
        ).all()
        known = await facts_of(connection, [call.lead_id for call in claimed], NOON)
    by_id = {row.id: row for row in rows}
    for call in claimed:
        row, lead = by_id[call.call_id], world.leads[ids.index(call.lead_id)]
        assert (row.e164, row.attempt, row.tried) == (
            next_number(lead),
            lead.attempts + 1,
            lead.attempts + 1,
        )
        assert (row.claimed_at, row.last_attempt_at, row.ended_at) == (NOON, NOON, None)
        assert row.lease_until == call.lease_until > NOON
        assert row.caller_id == call.caller_id
        assert call.caller_id in wanted.caller_ids
        assert row.decision["verdict"] == "allowed"
        assert row.decision["attempts"] == lead.attempts
        # The call is open: nobody takes the lead again.
        assert known[call.lead_id].facts.in_call
    assert (await claim(database, wanted, len(ids), NOON)).calls == ()
