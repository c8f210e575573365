"""What an agent's result does to call, lead and prohibitions; before and after the call's end."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import prohibitions, result_sets
from dialer.call_journal import CallJournal, Entry, LeadOfCall
from dialer.messages import CallId, UserId
from dialer.results import SavedResult, UnknownCall, UnknownResult, save_result
from dialer.rules.call_state import CallState, Phase
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.retry import ResultRetry, RetryRules
from dialer.storage.engine import Database
from dialer.storage.number_locks import lock_for_change
from dialer.storage.tables import (
    action_results,
    actions,
    audit_log,
    leads,
)
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
    connection: AsyncConnection,
    world: SmallWorld,
    call_id: CallId,
    hotkey: str | None,
    retries: RetryRules = RETRIES,
) -> SavedResult:
    result_id = None if hotkey is None else await _result(connection, world, hotkey)
    return await save_result(
        connection,
        call_id=call_id,
        user_id=UserId(world.suzuki.id),
        result_id=result_id,
        memo="memo",
        now=LATER,
        retries=retries,
    )


async def _result(connection: AsyncConnection, world: SmallWorld, hotkey: str) -> int:
    results = await result_sets.results_of_project(connection, world.project_id)
    return next(one.id for one in results if one.hotkey == hotkey)


async def _without_effect(connection: AsyncConnection, world: SmallWorld) -> None:
    """Makes the result of key 8 one that leaves the lead alone."""
    result_id = await _result(connection, world, "8")
    await connection.execute(
        update(action_results).where(action_results.c.id == result_id).values(effect="none")
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


@pytest.mark.parametrize("first", ["1", "5", "7", "9"])
@pytest.mark.parametrize("ended", ["before the first", "between", "after both"])
async def test_a_result_that_is_corrected_to_one_without_effect_opens_the_lead_again(
    database: Database, first: str, ended: str
) -> None:
    async with database.write() as connection:
        world, lead_id, call_id = await _call(connection)
        await _without_effect(connection, world)
    if ended == "before the first":
        await _close(database, call_id, lead_id, CallOutcome.CONNECTED)
    async with database.write() as connection:
        await _save(connection, world, call_id, first)
    if ended == "between":
        await _close(database, call_id, lead_id, CallOutcome.CONNECTED)
    async with database.write() as connection:
        await _save(connection, world, call_id, "8")
    if ended == "after both":
        lead = await _lead(database, lead_id)
        assert (lead.finished_at, lead.next_attempt_at) == (None, None)
        await _close(database, call_id, lead_id, CallOutcome.CONNECTED)
    lead = await _lead(database, lead_id)
    assert lead.finished_at is None
    assert lead.next_attempt_at == NOON + timedelta(minutes=2) + timedelta(hours=1)


async def test_a_call_whose_last_attempt_it_was_stays_finished_without_its_result(
    database: Database,
) -> None:
    limited = replace(RETRIES, limits={CallOutcome.CONNECTED: 1})
    async with database.write() as connection:
        world, lead_id, call_id = await _call(connection)
        await _without_effect(connection, world)
    await _close(database, call_id, lead_id, CallOutcome.CONNECTED)
    async with database.write() as connection:
        await _save(connection, world, call_id, "7")
        await _save(connection, world, call_id, "8", limited)
    assert (await _lead(database, lead_id)).finished_at == NOON + timedelta(minutes=2)


@pytest.mark.parametrize("hotkey", ["5", "3", "8", "7"])
async def test_an_old_call_that_is_corrected_does_not_open_what_a_later_one_has_finished(
    database: Database, hotkey: str
) -> None:
    async with database.write() as connection:
        world, lead_id, call_id = await _call(connection)
        await _without_effect(connection, world)
        await _save(connection, world, call_id, "5")
    await _close(database, call_id, lead_id, CallOutcome.CONNECTED)
    async with database.write() as connection:
        later = CallId(await add_call(connection, world, lead_id, at=NOON + timedelta(days=1)))
        await _save(connection, world, later, "7")
        await _save(connection, world, call_id, hotkey)
    assert (await _lead(database, lead_id)).finished_at == LATER


@pytest.mark.parametrize(
    ("attempts", "earlier", "finished"), [(1, 0, False), (2, 1, True), (2, 0, False), (3, 0, True)]
)
async def test_a_result_comes_again_as_often_as_the_campaign_says_and_no_more(
    database: Database, attempts: int, earlier: int, finished: bool
) -> None:
    rules = replace(RETRIES, results={"担当者不在": ResultRetry(600, limit=2)})
    async with database.write() as connection:
        world, lead_id, call_id = await _call(connection)
        await connection.execute(update(leads).values(attempts=attempts))
        for days in range(1, 1 + earlier):
            result_id = await _result(connection, world, "5")
            before = NOON - timedelta(days=days)
            await add_call(connection, world, lead_id, at=before, result_id=result_id)
        # Saved twice, it is still one call.
        await _save(connection, world, call_id, "5", rules)
        await _save(connection, world, call_id, "5", rules)
    lead = await _lead(database, lead_id)
    assert lead.finished_at == (LATER if finished else None)
    assert lead.next_attempt_at == (None if finished else LATER + timedelta(minutes=10))


async def test_a_result_and_the_calls_end_at_once_leave_the_lead_as_the_result_says(
    database: Database,
) -> None:
    async with database.write() as connection:
        world, lead_id, call_id = await _call(connection)
    async with database.write() as connection:
        await _save(connection, world, call_id, "7")
        # Where writers do not take turns anyway, this waits for the lead that is held here.
        end = asyncio.create_task(_close(database, call_id, lead_id, CallOutcome.CONNECTED))
        await asyncio.sleep(0.2)
    await end
    assert (await _lead(database, lead_id)).finished_at == LATER


async def test_a_refusal_takes_the_lock_of_the_number_before_the_lead(database: Database) -> None:
    async with database.write() as connection:
        world, lead_id, call_id = await _call(connection)

    async def refuse() -> None:
        async with database.write() as connection:
            await _save(connection, world, call_id, "9")

    async with database.write() as connection:
        await lock_for_change(connection, [NUMBER])
        refusal = asyncio.create_task(refuse())
        await asyncio.sleep(0.2)
        await connection.execute(update(leads).where(leads.c.id == lead_id).values(priority=1))
    await refusal
    assert (await _lead(database, lead_id)).finished_at == LATER


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
