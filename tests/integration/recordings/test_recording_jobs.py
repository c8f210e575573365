"""The queue: one worker a job, the urgent first, and what a dead one was at is begun anew."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from dialer import recording_jobs as queue
from dialer.recording_jobs import KEEP, TRANSCRIBE, LeaseLost
from dialer.rules.job_retry import MOST_TRIES
from dialer.storage.engine import Database
from dialer.storage.tables import recording_jobs
from tests.small_world import NOON, add_call, add_lead, build_small_world

SECOND = timedelta(seconds=1)


async def _recorded(database: Database, count: int) -> list[UUID]:
    async with database.write() as connection:
        world = await build_small_world(connection)
        lead_id = await add_lead(connection, world.project_id)
        return [await add_call(connection, world, lead_id, recorded=True) for _ in range(count)]


async def _enqueue(database: Database, call_id: UUID, kind: str = KEEP, **how: object) -> None:
    async with database.write() as connection:
        await queue.enqueue(connection, kind, call_id, now=NOON, **how)  # type: ignore[arg-type]


async def test_the_most_urgent_is_taken_first_then_the_longest_waiting(database: Database) -> None:
    first, second, urgent, later = await _recorded(database, 4)
    await _enqueue(database, first)
    await _enqueue(database, second)
    await _enqueue(database, urgent, priority=10)
    await _enqueue(database, later, priority=99, due_at=NOON + SECOND)

    taken = [await queue.take_next(database, (KEEP,), "w", NOON) for _ in range(4)]

    assert [job and job.call_id for job in taken] == [urgent, first, second, None]


async def test_a_job_is_held_by_one_worker_of_many(database: Database) -> None:
    calls = await _recorded(database, 6)
    for call_id in calls:
        await _enqueue(database, call_id)

    async def work(holder: str) -> list[UUID]:
        mine = []
        while (job := await queue.take_next(database, (KEEP,), holder, NOON)) is not None:
            mine.append(job.call_id)
        return mine

    shares = await asyncio.gather(*(work(f"w{number}") for number in range(4)))

    assert sorted(one for share in shares for one in share) == sorted(calls)


async def test_kinds_do_not_meet(database: Database) -> None:
    (call_id,) = await _recorded(database, 1)
    await _enqueue(database, call_id, TRANSCRIBE)

    assert await queue.take_next(database, (KEEP,), "w", NOON) is None
    assert await queue.take_next(database, (KEEP, TRANSCRIBE), "w", NOON) is not None


async def test_when_a_worker_dies_another_takes_over_and_the_dead_one_writes_nothing(
    database: Database,
) -> None:
    (call_id,) = await _recorded(database, 1)
    await _enqueue(database, call_id)
    slow = await queue.take_next(database, (KEEP,), "slow", NOON)
    assert slow is not None
    assert await queue.take_next(database, (KEEP,), "other", NOON + SECOND) is None

    later = NOON + queue.LEASE
    other = await queue.take_next(database, (KEEP,), "other", later)

    assert other is not None
    assert other.tries == 2
    with pytest.raises(LeaseLost):
        async with database.write() as connection:
            await queue.finish(connection, slow, later)
    with pytest.raises(LeaseLost):
        await queue.keep(database, slow, later, 50)
    async with database.write() as connection:
        await queue.finish(connection, other, later)
        assert not await queue.anything_waits(connection, (KEEP,))


async def test_progress_renews_the_lease(database: Database) -> None:
    (call_id,) = await _recorded(database, 1)
    await _enqueue(database, call_id)
    job = await queue.take_next(database, (KEEP,), "w", NOON)
    assert job is not None
    later = NOON + queue.LEASE - SECOND
    await queue.keep(database, job, later, 43)

    assert await queue.take_next(database, (KEEP,), "other", NOON + queue.LEASE) is None
    async with database.read() as connection:
        state = await queue.state_of(connection, KEEP, call_id, later)
        assert await queue.next_due(connection, (KEEP,)) == later + queue.LEASE
    assert state is not None
    assert (state.percent, state.is_at_work) == (43, True)


async def test_the_jobs_of_a_worker_known_to_be_dead_are_free_at_once(database: Database) -> None:
    (call_id,) = await _recorded(database, 1)
    await _enqueue(database, call_id)
    await queue.take_next(database, (KEEP,), "dead", NOON)

    await queue.end_all_of(database, "dead")

    assert await queue.take_next(database, (KEEP,), "w", NOON) is not None


async def test_what_fails_waits_and_is_given_up_in_the_end(database: Database) -> None:
    (call_id,) = await _recorded(database, 1)
    await _enqueue(database, call_id)
    now = NOON
    for _ in range(MOST_TRIES):
        job = await queue.take_next(database, (KEEP,), "w", now)
        assert job is not None
        async with database.write() as connection:
            due = await queue.fail(connection, job, now, "no room")
        if due is not None:
            assert await queue.take_next(database, (KEEP,), "w", due - SECOND) is None
            now = due

    assert due is None
    assert await queue.take_next(database, (KEEP,), "w", now + timedelta(days=9)) is None
    async with database.write() as connection:
        assert (await queue.counts(connection))[KEEP] == queue.JobCount(failed=1)
        state = await queue.state_of(connection, KEEP, call_id, now)
        assert state is not None
        assert (state.state, state.error) == ("failed", "no room")
        assert await queue.retry_failed(connection, KEEP, now) == 1
    assert await queue.take_next(database, (KEEP,), "w", now) is not None


async def test_a_job_that_kills_its_workers_is_given_up(database: Database) -> None:
    poison, good = await _recorded(database, 2)
    await _enqueue(database, poison, priority=1)
    for number in range(MOST_TRIES):
        assert await queue.take_next(database, (KEEP,), f"w{number}", NOON) is not None
        await queue.end_all_of(database, f"w{number}")
    await _enqueue(database, good)

    job = await queue.take_next(database, (KEEP,), "w", NOON)

    assert job is not None
    assert job.call_id == good
    async with database.read() as connection:
        state = await queue.state_of(connection, KEEP, poison, NOON)
    assert state is not None
    assert state.state == "failed"
    assert "died" in state.error


async def test_what_is_queued_twice_is_there_once_and_the_higher_priority_counts(
    database: Database,
) -> None:
    (call_id,) = await _recorded(database, 1)
    await _enqueue(database, call_id, priority=5)
    await _enqueue(database, call_id, priority=1)
    await _enqueue(database, call_id, priority=7)

    async with database.read() as connection:
        assert list(await connection.scalars(select(recording_jobs.c.priority))) == [7]
    job = await queue.take_next(database, (KEEP,), "w", NOON)
    assert job is not None
    async with database.write() as connection:
        await queue.finish(connection, job, NOON)
    await _enqueue(database, call_id)
    assert await queue.take_next(database, (KEEP,), "w", NOON) is None
    await _enqueue(database, call_id, again=True)
    assert await queue.take_next(database, (KEEP,), "w", NOON) is not None


async def test_a_job_given_back_at_the_programs_end_counts_as_no_try(database: Database) -> None:
    (call_id,) = await _recorded(database, 1)
    await _enqueue(database, call_id)
    job = await queue.take_next(database, (KEEP,), "w", NOON)
    assert job is not None
    async with database.write() as connection:
        await queue.release(connection, job)

    again = await queue.take_next(database, (KEEP,), "w2", NOON)

    assert again is not None
    assert again.tries == 1


async def test_a_lease_is_renewed_while_the_block_works(database: Database) -> None:
    (call_id,) = await _recorded(database, 1)
    await _enqueue(database, call_id)
    job = await queue.take_next(database, (KEEP,), "w", NOON)
    assert job is not None
    later = NOON + queue.LEASE

    async with queue.held(database, job, lambda: later, renew_seconds=0.01) as progress:
        progress(60)
        async with asyncio.timeout(10):
            while True:
                await asyncio.sleep(0.01)
                async with database.read() as connection:
                    state = await queue.state_of(connection, KEEP, call_id, later)
                if state is not None and state.percent == 60:
                    break

    assert await queue.take_next(database, (KEEP,), "other", later + SECOND) is None
