"""How many calls to start now."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import ceil, floor


class NotDialling(StrEnum):
    """Why a running campaign starts no call just now."""

    NO_AGENTS = "no_agents"  # nobody is logged in for it
    AGENTS_BUSY = "agents_busy"
    LINES_IN_USE = "lines_in_use"  # enough calls are on their way for the agents who wait
    TRUNK_FULL = "trunk_full"
    RATE_LIMITED = "rate_limited"  # the trunk's calls per second
    OUTSIDE_HOURS = "outside_hours"
    NO_LEADS = "no_leads"  # no lead may be called now
    CALL_LIMIT = "call_limit"  # a trial has made the calls that it was given
    TELEPHONY_DOWN = "telephony_down"
    DATABASE_DOWN = "database_down"
    DATABASE_LOCKED = "database_locked"
    DATABASE_FULL = "database_full"
    RECORDINGS_FULL = "recordings_full"  # no room to record, and nothing is to be said unrecorded
    PROJECT_CLOSED = "project_closed"
    NOT_RUNNING = "not_running"


@dataclass(frozen=True, slots=True)
class PacingSnapshot:
    """What the floor and the lines look like at one moment."""

    lines_per_agent: float  # 1 for progressive
    logged_in: int  # agents of the campaign in any state but offline and away
    ready: int
    open_lines: int  # calls of the campaign that have no agent yet, answered or not
    trunk_free: int  # channels
    over_abandon_limit: bool
    own_due: int = 0  # ready agents who have something of their own to call


def effective_lines_per_agent(snapshot: PacingSnapshot) -> float:
    """At the abandonment limit a campaign falls back to one line per agent."""
    return 1.0 if snapshot.over_abandon_limit else snapshot.lines_per_agent


def lines_to_dial(snapshot: PacingSnapshot) -> int | NotDialling:
    """Calls to start now (1 or more), or the reason for none.

    ready × lines per agent, less the lines that are on their way already, and
    never more than the trunk has room for. Agents with calls of their own do not count.
    """
    if snapshot.logged_in == 0:
        return NotDialling.NO_AGENTS
    if snapshot.ready == 0:
        return NotDialling.AGENTS_BUSY
    for_anyone = max(0, snapshot.ready - snapshot.own_due)
    wanted = floor(for_anyone * effective_lines_per_agent(snapshot)) - snapshot.open_lines
    if wanted <= 0:
        return NotDialling.LINES_IN_USE
    if snapshot.trunk_free <= 0:
        return NotDialling.TRUNK_FULL
    return min(wanted, snapshot.trunk_free)


def agents_to_hold(snapshot: PacingSnapshot) -> int:
    """How many agents may be held for their own calls now.

    The lines that are on their way already need their agents first.
    """
    needed = ceil(snapshot.open_lines / effective_lines_per_agent(snapshot))
    return max(0, min(snapshot.own_due, snapshot.ready - needed, snapshot.trunk_free))


@dataclass(frozen=True, slots=True)
class StartBudget:
    """A token bucket: how many calls a trunk may start, `per_second` on average."""

    per_second: float
    tokens: float
    refilled_at: datetime

    @property
    def burst(self) -> float:
        """At most what half a second allows, and at least one call, starts at once."""
        return max(1.0, self.per_second / 2)


def refill(budget: StartBudget, now: datetime) -> StartBudget:
    passed = max(0.0, (now - budget.refilled_at).total_seconds())
    tokens = min(budget.burst, budget.tokens + passed * budget.per_second)
    return StartBudget(budget.per_second, tokens, now)


def take(budget: StartBudget, wanted: int) -> tuple[StartBudget, int]:
    """Takes up to `wanted` starts; the second value is how many may start now."""
    granted = min(wanted, int(budget.tokens))
    return StartBudget(budget.per_second, budget.tokens - granted, budget.refilled_at), granted
