"""Many claim while others prohibit and box: `python -m tests.benchmarks.gate_stress [--quick]`.

Eight claimers and two writers, each a process of its own, on SQLite and PostgreSQL. The
database itself writes down every claim and every change (triggers), and afterwards all of
it is replayed in commit order. Claimers are killed with SIGKILL at random moments, unless
told otherwise. The last line is one JSON object:

- `claims`: calls that were claimed
- `violations`: claims against a prohibition, somebody else's box, or another rule
- `double_open`: claims of a number, or of a lead, that was in an open call
- `lost`: leads that the rule lets through in the end and that no claim finds, and calls of
  killed claimers that do not come back after their lease

`--without CLAUSE` takes one clause out of the gate (a word of `Refusal`) to show that this test
would tell. The exit code is 1 when anything is wrong.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import func, select, update

from dialer.claiming import CLAIM_LEASE, claim
from dialer.dead_claims import release_dead_claims
from dialer.lead_facts import facts_of
from dialer.rules.eligibility import Allowed, Refusal, may_call
from dialer.storage.engine import Database, open_database
from dialer.storage.migrate import upgrade
from dialer.storage.tables import calls, leads
from tests.benchmarks._stress_check import Findings, replay
from tests.benchmarks._stress_work import COUNTERS, Tally, claimer, writer
from tests.benchmarks._stress_world import StressWorld, build
from tests.postgres_server import postgres_server

# Forked, so that ten processes start at once; nothing runs in this one while they do.
_FORK = multiprocessing.get_context("fork")
_SECONDS_AT_MOST = 1800
_GAVE_UP_AT_MOST = 0.01  # of the claims
_COLLIDED_AT_MOST = 0.001


@dataclass(frozen=True, slots=True)
class Plan:
    claims: int
    leads: int
    claimers: int
    writers: int
    kills: int
    without: str
    seed: int


@dataclass(slots=True)
class Outcome:
    claims: int = 0
    violations: int = 0
    double_open: int = 0
    lost: int = 0
    changes: int = 0
    kills: int = 0
    gave_up: int = 0
    collided: int = 0
    seconds: float = 0.0
    against: dict[str, int] = field(default_factory=dict)

    def is_good(self, wanted: int) -> bool:
        """Nothing forbidden, nothing doubled, nothing lost, and enough of it to mean something."""
        wrong = self.violations + self.double_open + self.lost
        few_gave_up = self.gave_up <= max(5, wanted * _GAVE_UP_AT_MOST)
        few_collided = self.collided <= max(1, wanted * _COLLIDED_AT_MOST)
        enough = self.claims >= wanted and self.changes > 0
        return wrong == 0 and enough and few_gave_up and few_collided


def stress(url: str, plan: Plan) -> Outcome:
    """One database from the empty one to the verdict."""
    world = asyncio.run(_made(url, plan))
    started = time.monotonic()
    counts = _FORK.RawArray("q", COUNTERS * (plan.claimers + plan.writers))
    kills = _work(url, world, plan, counts)
    outcome = Outcome(
        kills=kills,
        gave_up=sum(counts[1::COUNTERS]),
        collided=sum(counts[2::COUNTERS]),
        seconds=round(time.monotonic() - started, 1),
    )
    findings = asyncio.run(_judged(url, world, plan, outcome))
    outcome.claims = findings.claims
    outcome.changes = findings.changes
    outcome.double_open = findings.double_open
    outcome.violations = sum(findings.violations.values())
    outcome.against = dict(findings.violations)
    return outcome


async def _made(url: str, plan: Plan) -> StressWorld:
    await upgrade(url)
    database = open_database(url)
    try:
        # A missing clause shows where somebody wishes what it forbids.
        by_hand = 0.85 if plan.without else 0.5
        return await build(database, plan.leads, datetime.now(UTC), by_hand=by_hand)
    finally:
        await database.close()


# --- at work ------------------------------------------------------------------------------------


def _work(url: str, world: StressWorld, plan: Plan, counts: object) -> int:
    """Runs all processes until enough is claimed; how many claimers were killed."""
    chance = random.Random(plan.seed)
    places = plan.claimers + plan.writers
    reader = Tally(counts, 0, plan.claims)  # type: ignore[arg-type]

    def started(place: int) -> BaseProcess:
        work: Callable[..., None] = claimer if place < plan.claimers else writer
        tally = Tally(counts, place, plan.claims)  # type: ignore[arg-type]
        seed = chance.randrange(2**32)
        process = _FORK.Process(target=work, args=(url, world, tally, seed, plan.without))
        process.start()
        return process

    running = [started(place) for place in range(places)]
    killed = 0
    until = time.monotonic() + _SECONDS_AT_MOST
    try:
        while any(process.is_alive() for process in running) and time.monotonic() < until:
            time.sleep(0.02 + chance.random() * 0.1)
            if failed := [process.name for process in running if process.exitcode]:
                raise SystemExit(f"{', '.join(failed)}: failed, see above")
            share = sum(counts[0::COUNTERS]) / plan.claims  # type: ignore[index]
            if killed < plan.kills * min(1.0, share) and not reader.done():
                place = chance.randrange(plan.claimers)
                os.kill(running[place].pid or 0, signal.SIGKILL)
                running[place].join()
                running[place] = started(place)
                killed += 1
    finally:
        for process in running:
            process.kill()
            process.join()
    return killed


# --- afterwards ---------------------------------------------------------------------------------


async def _judged(url: str, world: StressWorld, plan: Plan, outcome: Outcome) -> Findings:
    database = open_database(url)
    try:
        if not plan.without:
            outcome.lost = await _lost(database, world)
        async with database.read() as connection:
            return await replay(connection, world)
    finally:
        await database.close()


async def _lost(database: Database, world: StressWorld) -> int:
    """Calls that stay open for ever, and leads that could be called and are never found."""
    now = datetime.now(UTC) + CLAIM_LEASE + timedelta(seconds=1)
    async with database.write() as connection:
        await release_dead_claims(connection, now)
    async with database.read() as connection:
        still_open = await connection.scalar(
            select(func.count()).select_from(calls).where(calls.c.ended_at.is_(None))
        )
        number = await connection.scalar(select(func.count()).select_from(leads))
    gone = sum(len(ids) for ids in world.lead_ids.values()) - int(number or 0)
    missed = 0
    for campaign in (1, 2):
        missed += len(await _callable(database, world, campaign, now)) - len(
            await _drained(database, world, campaign, now)
        )
    return int(still_open or 0) + gone + missed


async def _callable(
    database: Database, world: StressWorld, campaign: int, now: datetime
) -> set[int]:
    """What the rule lets through, lead by lead."""
    actor = world.request(campaign).actor()
    async with database.read() as connection:
        known = await facts_of(connection, world.lead_ids[campaign], now)
    return {
        lead_id for lead_id, lead in known.items() if may_call(lead.facts, actor, now) == Allowed()
    }


async def _drained(
    database: Database, world: StressWorld, campaign: int, now: datetime
) -> set[int]:
    """What claims find until they find nothing more."""
    found: set[int] = set()
    while taken := (await claim(database, world.request(campaign), 50, now)).calls:
        found.update(call.lead_id for call in taken)
        async with database.write() as connection:
            await connection.execute(
                update(calls)
                .where(calls.c.id.in_([call.call_id for call in taken]))
                .values(ended_at=now, outcome="no_answer")
            )
            await connection.execute(
                update(leads)
                .where(leads.c.id.in_([call.lead_id for call in taken]))
                .values(next_attempt_at=now + timedelta(days=1))
            )
    return found


# --- the command --------------------------------------------------------------------------------


def run(plan: Plan, databases: list[str]) -> dict[str, object]:
    """Both databases, one after the other; sums and the outcome of each."""
    outcomes: dict[str, Outcome] = {}
    with ExitStack() as stack:
        for name in databases:
            if name == "sqlite":
                folder = stack.enter_context(tempfile.TemporaryDirectory())
                url = f"sqlite:///{Path(folder) / 'kakeru.db'}"
            else:
                server = stack.enter_context(postgres_server("track_commit_timestamp=on"))
                asyncio.run(server.run("CREATE DATABASE stress"))
                url = server.url("stress")
            outcomes[name] = stress(url, plan)
            print(f"{name}: {outcomes[name]}", flush=True)
    keys = ("claims", "violations", "double_open", "lost")
    sums = {key: sum(getattr(outcome, key) for outcome in outcomes.values()) for key in keys}
    good = all(outcome.is_good(plan.claims) for outcome in outcomes.values())
    each = {name: asdict(outcome) for name, outcome in outcomes.items()}
    return {**sums, "good": good, "without": plan.without, **each}


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few thousand claims")
    parser.add_argument("--claims", type=int, default=100_000, help="on each database")
    parser.add_argument("--leads", type=int, default=6_000, help="a project, 80 at least")
    parser.add_argument("--claimers", type=int, default=8)
    parser.add_argument("--writers", type=int, default=2)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--without", default="", choices=["", *Refusal])
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    given = _parsed()
    plan = Plan(
        claims=3_000 if given.quick else given.claims,
        leads=600 if given.quick else given.leads,
        claimers=given.claimers,
        writers=given.writers,
        kills=10 if given.quick else given.kills,
        without=given.without,
        seed=given.seed,
    )
    figures = run(plan, [given.only] if given.only else ["sqlite", "postgresql"])
    print(json.dumps(figures))
    sys.exit(0 if figures["good"] else 1)
