"""What an ended call leaves behind: attempts, the next attempt, limits and the callback."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.call_journal import CallJournal, Entry, LeadOfCall
from dialer.messages import CallId
from dialer.rules.call_state import CallState, Phase
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.retry import RetryRules
from dialer.storage.engine import Database
from dialer.storage.tables import callbacks, calls, contact_points, leads
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world

NUMBERS = [f"+8135254{number:04}" for number in range(2287, 2299)]
END = NOON + timedelta(minutes=2)
RULES = RetryRules(
    9,
    {CallOutcome.CONNECTED: 3600, CallOutcome.NO_ANSWER: 600, CallOutcome.BUSY: 60},
    limits={CallOutcome.BUSY: 2, CallOutcome.FAILED: 2},
)


@dataclass(frozen=True, slots=True)
class Called:
    """A lead with an open call."""

    lead_id: int
    call_id: CallId


async def _called(connection: AsyncConnection, world: SmallWorld, e164: str) -> Called:
    lead_id = await add_lead(connection, world.project_id, e164)
    call_id = CallId(await add_call(connection, world, lead_id, e164=e164, outcome=None))
    await connection.execute(update(leads).where(leads.c.id == lead_id).values(attempts=1))
    point = update(contact_points).where(contact_points.c.lead_id == lead_id).values(attempts=1)
    point_id = (await connection.execute(point.returning(contact_points.c.id))).scalar_one()
    await connection.execute(
        update(calls).where(calls.c.id == call_id).values(contact_point_id=point_id)
    )
    return Called(lead_id, call_id)


def _ended(
    called: Called, outcome: CallOutcome, *, rules: RetryRules = RULES, attempt: int = 1
) -> Entry:
    placed = outcome is not CallOutcome.CANCELLED
    state = CallState(
        call_id=called.call_id,
        recorded=False,
        answer_to_agent=timedelta(seconds=2),
        dialled_at=NOON,
        phase=Phase.ENDED,
        ended_at=END,
        outcome=outcome,
        hangup_cause=16 if placed else None,
    )
    return Entry(state, LeadOfCall(called.lead_id, attempt, rules))


async def _write(database: Database, *entries: Entry) -> None:
    journal = CallJournal(database, lambda states: None)
    for entry in entries:
        journal.note(entry)
    await journal.close()


async def _lead(database: Database, called: Called) -> Any:
    async with database.read() as connection:
        return (
            await connection.execute(
                select(leads, contact_points.c.attempts.label("point_attempts"))
                .join(contact_points, contact_points.c.lead_id == leads.c.id)
                .where(leads.c.id == called.lead_id)
            )
        ).one()


async def _agree(
    connection: AsyncConnection, world: SmallWorld, called: Called, created_at: datetime
) -> None:
    due_at = NOON + timedelta(days=1)
    await connection.execute(
        insert(callbacks).values(
            lead_id=called.lead_id,
            project_id=world.project_id,
            due_at=due_at,
            created_at=created_at,
        )
    )
    await connection.execute(
        update(leads).where(leads.c.id == called.lead_id).values(callback_at=due_at)
    )


# --- limits -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("earlier", "finished"),
    [
        ([], False),
        ([CallOutcome.NO_ANSWER, CallOutcome.CANCELLED], False),
        ([CallOutcome.BUSY], True),
        ([CallOutcome.NO_ANSWER, CallOutcome.BUSY, CallOutcome.BUSY], True),
    ],
)
async def test_so_many_calls_with_one_outcome_finish_the_lead(
    database: Database, earlier: list[CallOutcome], finished: bool
) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        called = await _called(connection, world, NUMBERS[0])
        for days, outcome in enumerate(earlier, start=1):
            before = NOON - timedelta(days=days)
            await add_call(connection, world, called.lead_id, at=before, outcome=outcome)
    await _write(database, _ended(called, CallOutcome.BUSY, attempt=1 + len(earlier)))
    lead = await _lead(database, called)
    assert (lead.finished_at == END) is finished
    assert (lead.next_attempt_at == END + timedelta(seconds=60)) is not finished


async def test_a_call_that_we_could_not_place_counts_towards_no_limit(database: Database) -> None:
    rules = replace(RULES, delay_seconds={CallOutcome.FAILED: 60})
    async with database.write() as connection:
        world = await build_small_world(connection)
        called = await _called(connection, world, NUMBERS[0])
        before = NOON - timedelta(days=1)
        failed = await add_call(
            connection, world, called.lead_id, at=before, outcome=CallOutcome.FAILED
        )
        await connection.execute(
            update(calls).where(calls.c.id == failed).values(hangup_cause=None)
        )
    await _write(database, _ended(called, CallOutcome.FAILED, rules=rules))
    assert (await _lead(database, called)).finished_at is None


async def test_each_lead_of_a_batch_is_counted_for_itself(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        some = [await _called(connection, world, number) for number in NUMBERS]
        for called in some[::2]:
            before = NOON - timedelta(days=1)
            await add_call(connection, world, called.lead_id, at=before, outcome=CallOutcome.BUSY)
    await _write(database, *(_ended(one, CallOutcome.BUSY) for one in reversed(some)))
    finished = [(await _lead(database, one)).finished_at is not None for one in some]
    assert finished == [True, False] * 6


async def test_earlier_calls_are_counted_only_for_outcomes_that_have_a_limit(
    database: Database,
) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        free = await _called(connection, world, NUMBERS[0])
        limited = await _called(connection, world, NUMBERS[1])
    asked: list[str] = []
    event.listen(
        database.engine.sync_engine,
        "before_cursor_execute",
        lambda *given: asked.append(given[2].lower()),
    )
    await _write(database, _ended(free, CallOutcome.NO_ANSWER))
    assert asked
    assert not [statement for statement in asked if "count(" in statement]
    await _write(database, _ended(limited, CallOutcome.BUSY))
    assert len([statement for statement in asked if "count(" in statement]) == 1


# --- attempts -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "attempts"), [(CallOutcome.CANCELLED, 0), (CallOutcome.NO_ANSWER, 1)]
)
async def test_a_call_that_we_took_back_costs_neither_lead_nor_number_an_attempt(
    database: Database, outcome: CallOutcome, attempts: int
) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        called = await _called(connection, world, NUMBERS[0])
        other = await _called(connection, world, NUMBERS[1])
    for _ in range(2):  # a commit that went through unheard is made again
        await _write(database, _ended(called, outcome))
        lead = await _lead(database, called)
        assert (lead.attempts, lead.point_attempts) == (attempts, attempts)
    assert (await _lead(database, other)).point_attempts == 1


# --- callbacks ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "attempt", "closed"),
    [
        (CallOutcome.CONNECTED, 1, True),
        (CallOutcome.NO_ANSWER, 1, False),
        (CallOutcome.NO_ANSWER, 9, True),  # which finishes the lead
        (CallOutcome.UNREACHABLE, 1, True),
        (CallOutcome.CANCELLED, 9, False),
    ],
)
async def test_a_callback_is_closed_when_he_was_reached_or_will_not_be_called_again(
    database: Database, outcome: CallOutcome, attempt: int, closed: bool
) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        called, other = [await _called(connection, world, number) for number in NUMBERS[:2]]
        for one in (called, other):
            await _agree(connection, world, one, NOON - timedelta(hours=1))
    await _write(database, _ended(called, outcome, attempt=attempt))
    async with database.read() as connection:
        ends = {row.lead_id: row.closed_at for row in await connection.execute(select(callbacks))}
    assert ends == {called.lead_id: END if closed else None, other.lead_id: None}
    assert ((await _lead(database, called)).callback_at is None) is closed
    assert (await _lead(database, other)).callback_at is not None


async def test_a_callback_that_was_agreed_in_the_call_outlives_it(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        called = await _called(connection, world, NUMBERS[0])
        await _agree(connection, world, called, NOON + timedelta(minutes=1))
    await _write(database, _ended(called, CallOutcome.CONNECTED))
    async with database.read() as connection:
        assert await connection.scalar(select(callbacks.c.closed_at)) is None
    assert (await _lead(database, called)).callback_at is not None
