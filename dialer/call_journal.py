"""Writing down what became of calls, many at a time.

A call changes four or five times in its life, and hundreds of calls live at
once. Each change marks the call; every few milliseconds one transaction writes
the newest state of every marked call. What a crash may lose is what happened in
those milliseconds, and reconciliation finds that again.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy import bindparam, delete, update

from dialer.after_calls import EndedCall, move_leads
from dialer.messages import CallId
from dialer.pause_rows import write_pauses
from dialer.rules.call_state import CallState
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.recording_pause import Pauses
from dialer.rules.retry import RetryRules
from dialer.storage.dialects import insert_if_new
from dialer.storage.engine import Database
from dialer.storage.faults import DATABASE_ERRORS
from dialer.storage.tables import actions, calls, recordings

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 0.02
_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class LeadOfCall:
    """What a call's end needs to know of its lead."""

    lead_id: int
    attempt: int
    retries: RetryRules


@dataclass(frozen=True, slots=True)
class Entry:
    call: CallState
    lead: LeadOfCall


class CallJournal:
    """Collects changed calls and writes them; start `run` as a task."""

    def __init__(self, database: Database, on_written: Callable[[list[CallState]], None]) -> None:
        self._database = database
        self._on_written = on_written
        self._changed: dict[CallId, Entry] = {}
        self._recorded: set[CallId] = set()
        self._pauses: dict[CallId, Pauses] = {}  # as they are written
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def note(self, entry: Entry) -> None:
        """Remembers the call's newest state; an older one not yet written is replaced."""
        self._changed[entry.call.call_id] = entry
        self._idle.clear()
        self._wake.set()

    def recording_known(self, call_id: CallId, pauses: Pauses = ()) -> None:
        """The recording's row exists already: the call was taken up again after a restart."""
        self._recorded.add(call_id)
        self._pauses[call_id] = pauses

    async def flushed(self) -> None:
        """Returns when everything noted before is committed."""
        await self._idle.wait()

    async def run(self) -> None:
        """Writes until cancelled; while the database is away it keeps what it has."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(FLUSH_SECONDS)
            self._wake.clear()
            await self._flush()

    async def close(self) -> None:
        """Writes what is left. Raises SQLAlchemyError when the database is away."""
        if self._changed:
            await self._write(self._changed)
            self._changed = {}

    async def _flush(self) -> None:
        batch, self._changed = self._changed, {}
        try:
            await self._write(batch)
        except DATABASE_ERRORS as error:
            log.error("history cannot be written; will try again", error=str(error))
            # What was noted meanwhile is newer than what could not be written.
            self._changed = batch | self._changed
            self._wake.set()
            await asyncio.sleep(_RETRY_SECONDS)
            return
        except asyncio.CancelledError:
            self._changed = batch | self._changed  # `close` writes it
            raise
        if not self._changed:
            self._idle.set()
        self._on_written([entry.call for entry in batch.values()])

    async def _write(self, batch: Mapping[CallId, Entry]) -> None:
        entries = list(batch.values())
        ended = [entry for entry in entries if entry.call.ended_at is not None]
        starting = [
            entry
            for entry in entries
            if entry.call.recorded
            and entry.call.connected_at is not None
            and entry.call.call_id not in self._recorded
        ]
        # What looked like a conversation was none: the customer was gone already.
        unsaid = [
            entry.call.call_id
            for entry in ended
            if entry.call.connected_at is None and entry.call.call_id in self._recorded
        ]
        # An agent who could not take the call after all is taken off it again.
        answered = [entry for entry in entries if entry.call.answered_at is not None]
        async with self._database.write() as connection:
            if ended:
                await move_leads(connection, [_ended(entry) for entry in ended])
            await connection.execute(_UPDATE_CALL, [_call_row(entry.call) for entry in entries])
            if answered:
                await connection.execute(
                    _UPDATE_AGENT,
                    [
                        {"b_id": entry.call.call_id, "b_user_id": entry.call.user_id}
                        for entry in answered
                    ],
                )
            if starting:
                await connection.execute(
                    insert_if_new(connection, recordings),
                    [
                        {
                            "call_id": entry.call.call_id,
                            "path": "",  # known when the recording is finished
                            "state": "recording",
                            "started_at": entry.call.connected_at,
                        }
                        for entry in starting
                    ],
                )
            await write_pauses(connection, [entry.call for entry in entries], self._pauses)
            if unsaid:
                await connection.execute(delete(recordings).where(recordings.c.call_id.in_(unsaid)))
        self._recorded.update(entry.call.call_id for entry in starting)
        self._pauses.update((entry.call.call_id, entry.call.pauses) for entry in entries)
        self._recorded.difference_update(entry.call.call_id for entry in ended)
        for entry in ended:
            self._pauses.pop(entry.call.call_id, None)


_UPDATE_CALL = (
    update(calls)
    .where(calls.c.id == bindparam("b_id"))
    .values(
        {
            name: bindparam(f"b_{name}")
            for name in (
                "dialled_at",
                "ringing_at",
                "answered_at",
                "connected_at",
                "ended_at",
                "outcome",
                "hangup_cause",
                "hung_up_by",
                "end_estimated",
            )
        }
    )
)


def _call_row(call: CallState) -> dict[str, object]:
    return {
        "b_id": call.call_id,
        "b_dialled_at": None if call.never_dialled else call.dialled_at,
        "b_ringing_at": call.ringing_at,
        "b_answered_at": call.answered_at,
        "b_connected_at": call.connected_at,
        "b_ended_at": call.ended_at,
        "b_outcome": call.outcome,
        "b_hangup_cause": call.hangup_cause,
        "b_hung_up_by": call.hung_up_by,
        "b_end_estimated": call.end_estimated,
    }


_UPDATE_AGENT = (
    update(actions).where(actions.c.id == bindparam("b_id")).values(user_id=bindparam("b_user_id"))
)


def _ended(entry: Entry) -> EndedCall:
    call, lead = entry.call, entry.lead
    return EndedCall(
        call_id=call.call_id,
        lead_id=lead.lead_id,
        attempt=lead.attempt,
        retries=lead.retries,
        outcome=call.outcome or CallOutcome.FAILED,
        placed=call.hangup_cause is not None,
        dialled_at=call.dialled_at,
        ended_at=call.ended_at or call.dialled_at,
    )
