"""What an agent's result does to call, lead and prohibitions; before and after the call's end."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import prohibitions, projects
from dialer.call_journal import CallJournal, Entry, LeadOfCall
from dialer.messages import CallId, UserId
from dialer.results import SavedResult, UnknownCall, UnknownResult, save_result
from dialer.rules.call_state import CallState, Phase
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.retry import RetryRules
from dialer.storage.engine import Database
from dialer.storage.tables import actions, audit_log, leads
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world

NUMBER, OTHER = "+81352542287", "+819012345678"
LATER = NOON + timedelta(minutes=3)
RETRIES = RetryRules(3, {CallOutcome.CONNECTED: 3600, CallOutcome.NO_ANSWER: 600})


async def _call(connection: AsyncConnection) -> tuple[SmallWorld, int, CallId]:
    world = await build_small_world(connection)
    lead_id = await add_lead(connection, world.project_id, NUMBER, OTHER)
    await connection.execute(update(leads).values(attempts=1))
    call_id = CallId(await add_call(connection, world, lead_id, outcome=None))
    return world, lead_id, call_id


async def _save(
    connection: AsyncConnection, world: SmallWorld, call_id: CallId, hotkey: str | None
) -> SavedResult:
    result_id = None
    if hotkey is not None:
        results = await projects.results_of_project(connection, world.project_id)
        result_id = next(one.id for one in results if one.hotkey == hotkey)
    return await save_result(
        connection,
        call_id=call_id,
        user_id=UserId(world.suzuki.id),
        result_id=result_id,
        memo="memo",
        now=LATER,
    )


async def _lead(database: Database, lead_id: int) -> Any:
    async with database.read() as connection:
        return (
            await connection.execute(
                select(leads.c.attempts, leads.c.next_attempt_at, leads.c.finished_at).where(
                    leads.c.id == lead_id
                )
            )
        ).one()


async def _close(database: Database, call_id: CallId, lead_id: int, outcome: CallOutcome) -> None:
    """As the journal does when the customer has hung up."""
    state = CallState(
        call_id=call_id,
        recorded=False,
        answer_to_agent=timedelta(seconds=2),
        dialled_at=NOON,
        phase=Phase.ENDED,
        ended_at=NOON + timedelta(minutes=2),
        outcome=outcome,
        hangup_cause=16,
    )
    journal = CallJournal(database, lambda states: None)
    journal.note(Entry(state, LeadOfCall(lead_id, 1, RETRIES)))
    await journal.close()


@pytest.mark.parametrize(
    ("hotkey", "effect", "finished", "again_after"),
    [
        ("1", "appointment", True, None),
        ("2", "retry", False, timedelta(days=3)),
        ("3", "callback", False, timedelta(days=1)),
        ("5", "retry", False, timedelta(hours=2)),
        ("7", "final", True, None),
        ("9", "prohibit", True, None),
    ],
)
@pytest.mark.parametrize("saved_first", [True, False], ids=["before the end", "after the end"])
async def test_the_result_decides_whenever_it_is_saved(
    database: Database,
    hotkey: str,
    effect: str,
    finished: bool,
    again_after: timedelta | None,
    saved_first: bool,
) -> None:
    async with database.write() as connection:
        world, lead_id, call_id = await _call(connection)
    if not saved_first:
        await _close(database, call_id, lead_id, CallOutcome.CONNECTED)
    async with database.write() as connection:
        saved = await _save(connection, world, call_id, hotkey)
    if saved_first:
        await _close(database, call_id, lead_id, CallOutcome.CONNECTED)
    lead = await _lead(database, lead_id)
    assert saved.effect == effect
    assert (lead.finished_at is not None) is finished
    assert lead.next_attempt_at == (None if again_after is None else LATER + again_after)
    assert lead.attempts == 1


@pytest.mark.parametrize("saved_first", [True, False], ids=["before the end", "after the end"])
async def test_without_a_result_the_networks_word_decides(
    database: Database, saved_first: bool
) -> None:
    async with database.write() as connection:
        world, lead_id, call_id = await _call(connection)
    if not saved_first:
        await _close(database, call_id, lead_id, CallOutcome.CONNECTED)
    async with database.write() as connection:
        assert await _save(connection, world, call_id, None) == SavedResult("none")
    if saved_first:
        await _close(database, call_id, lead_id, CallOutcome.CONNECTED)
    lead = await _lead(database, lead_id)
    assert lead.finished_at is None
    assert lead.next_attempt_at == NOON + timedelta(minutes=2) + timedelta(hours=1)


async def test_result_memo_and_agent_are_written_with_an_audit_line(database: Database) -> None:
    async with database.write() as connection:
        world, _, call_id = await _call(connection)
        await _save(connection, world, call_id, "4")
    async with database.read() as connection:
        action = (await connection.execute(select(actions))).one()
        audited = await connection.scalars(
            select(audit_log.c.subject).where(audit_log.c.action == "call.result")
        )
        assert (action.memo, action.user_id, action.result_at) == ("memo", world.suzuki.id, LATER)
        assert list(audited) == [f"call:{call_id}"]


async def test_a_refusal_prohibits_every_number_in_the_same_transaction(
    database: Database,
) -> None:
    async with database.write() as connection:
        world, lead_id, call_id = await _call(connection)
    with pytest.raises(ConnectionResetError):
        await _save_in_vain(database, world, call_id)
    async with database.read() as connection:
        assert await _standing(connection, world) == set()
    assert (await _lead(database, lead_id)).finished_at is None
    async with database.write() as connection:
        saved = await _save(connection, world, call_id, "9")
        assert set(saved.prohibited) == {NUMBER, OTHER}
        assert await _standing(connection, world) == {NUMBER, OTHER}
    async with database.write() as connection:
        again = await _save(connection, world, call_id, "9")
        assert again.prohibited == ()


async def test_unknown_calls_and_foreign_results_are_refused(database: Database) -> None:
    async with database.write() as connection:
        world, _, call_id = await _call(connection)
        with pytest.raises(UnknownCall):
            await _save(connection, world, CallId(uuid4()), "1")
        with pytest.raises(UnknownResult):
            await save_result(
                connection,
                call_id=call_id,
                user_id=UserId(world.suzuki.id),
                result_id=987_654,
                memo="",
                now=LATER,
            )


async def _standing(connection: AsyncConnection, world: SmallWorld) -> set[str]:
    found = await prohibitions.standing(
        connection, e164s=[NUMBER, OTHER], workgroup_ids=[world.tokyo]
    )
    return {one.e164 for one in found}


async def _save_in_vain(database: Database, world: SmallWorld, call_id: CallId) -> None:
    async with database.write() as connection:
        await _save(connection, world, call_id, "9")
        raise ConnectionResetError
