"""Calls as history shows them."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import numpy as np
from sqlalchemy import select

from dialer.storage.engine import Database
from dialer.storage.tables import actions, calls, leads, recordings
from tests.acceptance.audio import SAMPLE_RATE, Samples


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call with its recording."""

    id: UUID
    e164: str
    outcome: str | None
    hangup_cause: int | None
    hung_up_by: str
    dialled_at: datetime | None
    ringing_at: datetime | None
    answered_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    end_estimated: bool
    lead_id: int
    user_id: int | None
    lead_attempts: int
    state: str | None  # of the recording
    path: str | None
    duration_ms: int | None
    size_bytes: int | None
    sha256: str | None

    @property
    def talk_seconds(self) -> float:
        """From the connection to the end."""
        assert self.connected_at is not None
        assert self.ended_at is not None
        return (self.ended_at - self.connected_at).total_seconds()

    @property
    def to_agent_ms(self) -> float:
        """From the answer to the connection."""
        assert self.connected_at is not None
        assert self.answered_at is not None
        return (self.connected_at - self.answered_at).total_seconds() * 1000

    @property
    def in_order(self) -> bool:
        """Whether the times follow one another."""
        times = (
            self.dialled_at,
            self.ringing_at,
            self.answered_at,
            self.connected_at,
            self.ended_at,
        )
        known = [at for at in times if at is not None]
        return known == sorted(known)

    @property
    def settled(self) -> bool:
        """Ended, and its recording finished if there is one."""
        return self.ended_at is not None and self.state != "recording"


async def call_rows(database: Database, e164: str | None = None) -> list[CallRow]:
    """All calls, or those to one number, in the order in which they were made."""
    query = (
        select(
            calls,
            actions.c.lead_id,
            actions.c.user_id,
            leads.c.attempts.label("lead_attempts"),
            recordings.c.state,
            recordings.c.path,
            recordings.c.duration_ms,
            recordings.c.size_bytes,
            recordings.c.sha256,
        )
        .select_from(calls)
        .join(actions, actions.c.id == calls.c.id)
        .join(leads, leads.c.id == actions.c.lead_id)
        .outerjoin(recordings, recordings.c.call_id == calls.c.id)
        .order_by(calls.c.claimed_at, calls.c.id)
    )
    if e164 is not None:
        query = query.where(calls.c.e164 == e164)
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    names = CallRow.__dataclass_fields__
    return [CallRow(**{name: getattr(row, name) for name in names}) for row in rows]


@dataclass(frozen=True, slots=True)
class Heard:
    """A finished recording: what the agent (left) and the customer (right) said."""

    agent: Samples
    customer: Samples

    @property
    def seconds(self) -> float:
        return len(self.agent) / SAMPLE_RATE


def listen(file: Path) -> Heard:
    """Reads a finished recording."""
    stereo = np.frombuffer(file.read_bytes()[44:], dtype="<i2").reshape(-1, 2)
    return Heard(stereo[:, 0], stereo[:, 1])
