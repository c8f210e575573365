"""Replaying what the database wrote down, in the order of its commits.

Plain Python that knows the rules but none of the product's code: for every claim it looks
whether a prohibition or somebody else's box was in force, whether the number or the lead
was in an open call, and whether the lead was one that must never be called.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.rules.eligibility import Refusal
from tests.benchmarks._stress_world import (
    CAMPAIGNS,
    CLOSED,
    STRANGER,
    USER_GROUPS,
    StressWorld,
    project_of,
)


@dataclass(slots=True)
class Findings:
    """`violations` are claims that were against a rule, by rule."""

    claims: int = 0
    changes: int = 0
    double_open: int = 0
    violations: Counter[str] = field(default_factory=Counter)


async def replay(connection: AsyncConnection, world: StressWorld) -> Findings:
    """Everything in the log from beginning to end."""
    rows = (await connection.execute(text(_IN_ORDER[connection.dialect.name]))).all()
    points = {
        row.id: row.lead_id
        for row in await connection.execute(text("SELECT id, lead_id FROM contact_points"))
    }
    return _Replay(world, points).run(rows)


# On SQLite a transaction that writes is the only one, so the order of the rows is that of the
# commits. PostgreSQL is asked for the time of each commit (track_commit_timestamp).
_IN_ORDER = {
    "sqlite": "SELECT * FROM stress_log ORDER BY id",
    "postgresql": "SELECT *, pg_xact_commit_timestamp(xmin) AS at FROM stress_log ORDER BY at, id",
}


class _Replay:
    def __init__(self, world: StressWorld, points: dict[int, int]) -> None:
        self._world = world
        self._points = points
        self._leads_with: dict[str, set[int]] = defaultdict(set)
        for lead_id, numbers in world.numbers.items():
            for number in numbers:
                self._leads_with[number].add(lead_id)
        self._prohibited: set[tuple[str, int | None]] = set()
        self._holder: dict[int, int] = {}
        self._open_numbers: set[str] = set()
        self._open_leads: set[int] = set()
        self._found = Findings()

    def run(self, rows: Iterable[Row[Any]]) -> Findings:
        for row in rows:
            match row.kind:
                case "claim":
                    self._claim(row)
                case "end":
                    self._open_numbers.discard(row.e164)
                    self._open_leads.discard(self._points[row.subject])
                case "prohibit":
                    self._prohibited.add((row.e164, row.about))
                case "lift":
                    self._prohibited.discard((row.e164, row.about))
                case "box":
                    self._holder[row.subject] = row.user_id
                case "release":
                    self._holder.pop(row.subject, None)
            self._found.changes += row.kind not in ("claim", "end")
        return self._found

    def _claim(self, row: Row[Any]) -> None:
        lead_id = self._points[row.subject]
        self._found.claims += 1
        if row.e164 in self._open_numbers or lead_id in self._open_leads:
            self._found.double_open += 1
        self._open_numbers.add(row.e164)
        self._open_leads.add(lead_id)
        self._found.violations.update(self._against(lead_id, row.about, row.user_id))

    def _against(self, lead_id: int, campaign: int, user_id: int | None) -> list[str]:
        groups = set(CAMPAIGNS[campaign])
        numbers = self._world.numbers[lead_id]
        found = []
        if any((n, group) in self._prohibited for n in numbers for group in (None, *groups)):
            found.append(Refusal.PROHIBITED.value)
        if self._boxed(lead_id, groups, user_id):
            found.append(Refusal.BOXED.value)
        if project_of(lead_id) != campaign:
            found.append(Refusal.OTHER_PROJECT.value)
        if campaign == CLOSED:
            found.append(Refusal.PROJECT_CLOSED.value)
        if user_id == STRANGER:
            found.append(Refusal.NOT_ASSIGNED.value)
        never = self._world.never.get(lead_id)
        # An agent who is held for the call may call an abandoned person.
        if never and not (never is Refusal.ABANDONED_REST and user_id is not None):
            found.append(never.value)
        return found

    def _boxed(self, lead_id: int, groups: set[int], user_id: int | None) -> bool:
        own = self._holder.get(lead_id)
        if own is not None and own != user_id:
            return True
        others = {
            self._holder[other]
            for number in self._world.numbers[lead_id]
            for other in self._leads_with[number]
            if other != lead_id and other in self._holder
        }
        return any(
            holder != user_id and groups.intersection(USER_GROUPS[holder])  # type: ignore[index]
            for holder in others
        )
