"""What the demo did, asked from its database."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.claiming import ClaimRequest
from dialer.held_back import held_back
from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.tables import actions, calls, mybox_entries, prohibitions, recordings


@dataclass(frozen=True, slots=True)
class DemoReport:
    """Figures of one run. `answer_to_agent_ms` is from the customer's answer until he and the
    agent are joined, over all connected calls; None without any."""

    calls: int
    by_outcome: dict[str, int]
    connected: int
    abandoned: int
    refused_by_reason: dict[str, int]
    recordings: int
    answer_to_agent_ms: dict[str, float | None]
    originate_errors: int
    seconds: float
    forbidden_calls: int  # to prohibited leads, or to leads in another's MyBox; must be 0

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    def problems(self, wanted_calls: int | None) -> list[str]:
        """What did not go well; empty when all did."""
        found = []
        if wanted_calls is not None and self.calls != wanted_calls:
            found.append(f"{self.calls} calls finished instead of {wanted_calls}")
        if wanted_calls is not None and self.connected == 0:
            found.append("no call was connected")
        if self.recordings != self.connected:
            found.append(f"{self.recordings} recordings of {self.connected} conversations")
        if self.originate_errors:
            found.append(f"{self.originate_errors} calls could not be placed")
        if self.forbidden_calls:
            found.append(f"{self.forbidden_calls} calls to leads that must not be called")
        return found


async def demo_report(
    connection: AsyncConnection, request: ClaimRequest, now: datetime, seconds: float
) -> DemoReport:
    outcomes = await connection.execute(
        select(calls.c.outcome, func.count().label("number"))
        .where(calls.c.ended_at.is_not(None))
        .group_by(calls.c.outcome)
        .order_by(func.count().desc())
    )
    by_outcome = {row.outcome: row.number for row in outcomes}
    ready = await connection.scalar(
        select(func.count()).select_from(recordings).where(recordings.c.state == "ready")
    )
    leads = await held_back(connection, request, now)
    return DemoReport(
        calls=sum(by_outcome.values()),
        by_outcome=by_outcome,
        connected=by_outcome.get(CallOutcome.CONNECTED, 0),
        abandoned=by_outcome.get(CallOutcome.ABANDONED, 0),
        refused_by_reason={str(reason): n for reason, n in leads.by_reason.items()},
        recordings=ready or 0,
        answer_to_agent_ms=_percentiles(await _waits(connection)),
        originate_errors=by_outcome.get(CallOutcome.FAILED, 0),
        seconds=round(seconds, 1),
        forbidden_calls=await _forbidden_calls(connection),
    )


async def _waits(connection: AsyncConnection) -> list[float]:
    rows = await connection.execute(
        select(calls.c.answered_at, calls.c.connected_at).where(calls.c.connected_at.is_not(None))
    )
    return sorted((joined - answered).total_seconds() * 1000 for answered, joined in rows)


def _percentiles(values: list[float]) -> dict[str, float | None]:
    """By the nearest-rank method: the smallest value that p percent of all do not exceed."""
    if not values:
        return {"p50": None, "p99": None}
    return {
        f"p{percent}": round(values[-(-percent * len(values) // 100) - 1], 1)
        for percent in (50, 99)
    }


async def _forbidden_calls(connection: AsyncConnection) -> int:
    """Calls placed although a prohibition or another's box stood when they were claimed."""
    prohibited = (
        select(prohibitions.c.id)
        .where(
            prohibitions.c.e164 == calls.c.e164,
            prohibitions.c.prohibited_at <= calls.c.claimed_at,
            or_(prohibitions.c.lifted_at.is_(None), prohibitions.c.lifted_at > calls.c.claimed_at),
        )
        .exists()
    )
    boxed = (
        select(mybox_entries.c.id)
        .where(
            mybox_entries.c.lead_id == actions.c.lead_id,
            # For the holder, with him held for the call, it may be called.
            func.coalesce(calls.c.for_user_id, 0) != mybox_entries.c.user_id,
            mybox_entries.c.since <= calls.c.claimed_at,
            or_(
                mybox_entries.c.released_at.is_(None),
                mybox_entries.c.released_at > calls.c.claimed_at,
            ),
        )
        .exists()
    )
    return (
        await connection.execute(
            select(func.count())
            .select_from(calls.join(actions, actions.c.id == calls.c.id))
            .where(or_(prohibited, boxed))
        )
    ).scalar_one()
