"""What the processes of the gate's stress test do: claim, and change what stands about numbers."""

import asyncio
import os
import random
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from ctypes import Array, c_longlong
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from dialer import lead_facts, mybox, prohibitions
from dialer.claiming import ClaimedCall, ClaimError, claim, claim_lead
from dialer.messages import UserId
from dialer.mybox import MyBoxError
from dialer.prohibitions import ProhibitionError
from dialer.rules import eligibility
from dialer.rules.eligibility import Refusal
from dialer.storage.engine import Database, open_database
from dialer.storage.tables import calls, leads, mybox_entries
from dialer.storage.tables import prohibitions as prohibitions_table
from tests.benchmarks._stress_world import (
    CAMPAIGNS,
    FOR_GOOD,
    GROUPS,
    STRANGER,
    USERS,
    StressWorld,
    project_of,
)

COUNTERS = 4
# Claims that stay open while their claimer goes on.
_OPEN_CLAIMS = 3
_PROHIBITED_AT_MOST = 400
_BOXED_AT_MOST = 400


@dataclass(frozen=True, slots=True)
class Tally:
    """What one process has done; each writes only its own, so that a killed one locks nobody out.

    Claims collided when an index forbade, again and again, what the gate had let through;
    they gave up when the database was locked too long.
    """

    counts: Array[c_longlong]  # COUNTERS for each process
    place: int
    wanted: int

    def claimed(self, number: int) -> None:
        self.counts[COUNTERS * self.place] += number

    def gave_up(self) -> None:
        self.counts[COUNTERS * self.place + 1] += 1

    def collided(self) -> None:
        self.counts[COUNTERS * self.place + 2] += 1

    def changed(self) -> None:
        self.counts[COUNTERS * self.place + 3] += 1

    def done(self) -> bool:
        return sum(self.counts[0::COUNTERS]) >= self.wanted


def claimer(url: str, world: StressWorld, tally: Tally, seed: int, without: str) -> None:
    """Claims as a campaign, for users and by hand, until enough claims are made."""
    mutate(without)
    _run(_claim_on, url, world, tally, seed)


def writer(url: str, world: StressWorld, tally: Tally, seed: int, without: str) -> None:
    """Prohibits and lifts, boxes and releases, as fast as it can."""
    mutate(without)
    _run(_change_on, url, world, tally, seed)


_Work = Callable[[Database, StressWorld, Tally, random.Random], Coroutine[Any, Any, None]]


def _run(work: _Work, url: str, world: StressWorld, tally: Tally, seed: int) -> None:
    async def run() -> None:
        database = open_database(url)
        try:
            await work(database, world, tally, random.Random(seed))
        finally:
            await database.close()

    asyncio.run(run())
    os._exit(0)  # a process that was forked has nothing to tidy up


# --- claimers -----------------------------------------------------------------------------------


async def _claim_on(
    database: Database, world: StressWorld, tally: Tally, chance: random.Random
) -> None:
    held: deque[list[ClaimedCall]] = deque()
    while not tally.done():
        try:
            taken = await _claim(database, world, chance, held)
            tally.claimed(len(taken))
        except ClaimError:
            tally.collided()
            continue
        except SQLAlchemyError:
            tally.gave_up()
            continue
        held.append(taken)
        if len(held) > _OPEN_CLAIMS:
            await _end(database, held.popleft(), chance)
    while held:
        await _end(database, held.popleft(), chance)


async def _claim(
    database: Database,
    world: StressWorld,
    chance: random.Random,
    held: Sequence[Sequence[ClaimedCall]],
) -> list[ClaimedCall]:
    now = datetime.now(UTC)
    way = chance.random()
    if way < 0.8 * (1 - world.by_hand):
        request = world.request(chance.choice((1, 2)))
        return list((await claim(database, request, chance.randint(1, 20), now)).calls)
    if way < 1 - world.by_hand:
        request = world.request(chance.choice((1, 2)), chance.choice(USERS))
        return list((await claim(database, request, 1, now)).calls)
    campaign, lead_id, caller = _by_hand(world, chance, held)
    outcome = await claim_lead(database, world.request(campaign, caller), lead_id, now)
    return [outcome] if isinstance(outcome, ClaimedCall) else []


def _by_hand(
    world: StressWorld, chance: random.Random, held: Sequence[Sequence[ClaimedCall]]
) -> tuple[int, int, UserId | None]:
    """Campaign, lead and caller of a call that somebody wishes; half of them must be refused."""
    project = chance.choice(list(CAMPAIGNS))
    lead_id = chance.choice(world.lead_ids[project])
    caller = chance.choice((None, chance.choice(USERS)))
    match chance.randrange(10):
        case 0:
            return chance.choice([1, 2]), lead_id, caller  # perhaps another project's
        case 1:
            return project, lead_id, STRANGER
        case 2 | 3 | 4 | 5:
            reason = chance.choice(FOR_GOOD)
            lead_id = chance.choice([one for one, why in world.never.items() if why is reason])
            return project_of(lead_id), lead_id, caller
        case 6 | 7 if open_calls := [call for some in held for call in some]:
            lead_id = chance.choice(open_calls).lead_id
            return project_of(lead_id), lead_id, caller
        case _:
            return project, lead_id, caller


async def _end(database: Database, taken: list[ClaimedCall], chance: random.Random) -> None:
    """The calls end unanswered, and their leads come again within a second."""
    if not taken:
        return
    now = datetime.now(UTC)
    again = now + timedelta(seconds=chance.random())
    while True:
        with suppress(SQLAlchemyError):  # locked, perhaps: it must be done all the same
            async with database.write() as connection:
                await connection.execute(
                    update(calls)
                    .where(calls.c.id.in_([call.call_id for call in taken]))
                    .values(dialled_at=now, ended_at=now, outcome="no_answer")
                )
                await connection.execute(
                    update(leads)
                    .where(leads.c.id.in_(sorted(call.lead_id for call in taken)))
                    .values(next_attempt_at=again)
                )
            return


# --- writers ------------------------------------------------------------------------------------


async def _change_on(
    database: Database, world: StressWorld, tally: Tally, chance: random.Random
) -> None:
    while not tally.done():
        change = chance.choice((_prohibit, _lift, _put, _release))
        with suppress(ProhibitionError, MyBoxError, SQLAlchemyError):
            await change(database, world, chance)
            tally.changed()


def _somebody(world: StressWorld, chance: random.Random) -> int:
    return chance.choice(world.lead_ids[chance.choice((1, 2))])


async def _prohibit(database: Database, world: StressWorld, chance: random.Random) -> None:
    numbers = world.numbers[_somebody(world, chance)]
    if not numbers:
        return
    groups = chance.choice([None, [chance.choice(GROUPS)]])
    async with database.write() as connection:
        await prohibitions.prohibit(
            connection, e164s=numbers, workgroup_ids=groups, now=datetime.now(UTC)
        )


async def _lift(database: Database, world: StressWorld, chance: random.Random) -> None:
    async with database.read() as connection:
        standing = (
            await connection.execute(
                select(prohibitions_table).where(prohibitions_table.c.lifted_at.is_(None))
            )
        ).all()
    for one in chance.sample(standing, k=_too_many(len(standing), _PROHIBITED_AT_MOST)):
        async with database.write() as connection:
            await prohibitions.lift(
                connection,
                e164=one.e164,
                workgroup_id=one.workgroup_id,
                now=datetime.now(UTC),
                reason="stress",
            )


async def _put(database: Database, world: StressWorld, chance: random.Random) -> None:
    async with database.write() as connection:
        await mybox.put(
            connection,
            lead_id=_somebody(world, chance),
            user_id=chance.choice(USERS),
            now=datetime.now(UTC),
        )


async def _release(database: Database, world: StressWorld, chance: random.Random) -> None:
    async with database.read() as connection:
        held = (
            await connection.execute(
                select(mybox_entries.c.lead_id).where(mybox_entries.c.released_at.is_(None))
            )
        ).scalars()
        lead_ids = list(held)
    for lead_id in chance.sample(lead_ids, k=_too_many(len(lead_ids), _BOXED_AT_MOST)):
        async with database.write() as connection:
            await mybox.release(connection, lead_id=lead_id, now=datetime.now(UTC))


def _too_many(number: int, at_most: int) -> int:
    """One is taken back in any case, and what is too much."""
    return min(number, max(1, number - at_most))


# --- mutations ----------------------------------------------------------------------------------


def mutate(without: str) -> None:
    """Takes one clause out of the gate; empty: none."""
    if not without:
        return
    clause = Refusal(without)
    eligibility.CLAUSES[clause] = lambda facts, actor, now: None
    if clause is Refusal.NUMBER_KIND:
        # Whoever looks for a number to dial asks for its kind once more.
        lead_facts.Telephone.callable = True  # type: ignore[method-assign,assignment]
