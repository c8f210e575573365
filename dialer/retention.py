"""Erasing conversations whose time is over: first the audio, later the words.

A recording goes in three steps, so that a kill between any two loses nothing and leaves nothing
half done: its row says ``erasing`` and it can no longer be played; its files are removed; its row
says ``erased``. The next run begins with those that an earlier one left at ``erasing``.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, delete, exists, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import action_texts, audit
from dialer.legal_holds import held
from dialer.ports import KeptAudio, RecordingStore
from dialer.rules.retention import Erasure, Policies, Retention, erasure
from dialer.rules.retention import audio_erased_before as audio_before
from dialer.storage.engine import Database
from dialer.storage.tables import (
    actions,
    bookmarks,
    calls,
    campaigns,
    comments,
    good_examples,
    phrase_flags,
    projects,
    recording_jobs,
    recording_peaks,
    recordings,
    transcripts,
)

Because = Literal["retention", "person", "admin"]

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Erased:
    """How many recordings lost their audio, and how many conversations their words."""

    audio: int = 0
    words: int = 0


async def erase_due(
    database: Database,
    store: RecordingStore,
    policies: Policies,
    now: datetime,
    *,
    dry_run: bool = False,
    progress: Callable[[Erased], None] = lambda _: None,
) -> Erased:
    """Erases what the policies let go and no legal hold keeps; counts only with `dry_run`.

    O(recordings older than the shortest policy). Raises RecordingFault when files cannot be
    removed: what was begun goes on in the next run.
    """
    if not dry_run:
        await finish_erasing(database, store, now)
    done = Erased()
    async for conversations in older_conversations(database, policies, now):
        audio = [one.call_id for one in conversations if one.has_audio and one.loses_audio(now)]
        words = [one.call_id for one in conversations if one.has_words and one.loses_words(now)]
        if not dry_run:
            audio = await erase_audio(database, store, audio, because="retention", now=now)
            words = await _erase_words_of(database, words, now)
        done = Erased(done.audio + len(audio), done.words + len(words))
        progress(done)
    return done


async def erase_audio(
    database: Database,
    store: RecordingStore,
    call_ids: Sequence[UUID],
    *,
    because: Because,
    now: datetime,
    by: audit.Someone | None = None,
) -> list[UUID]:
    """Those of the calls whose audio is gone now: not those under a legal hold."""
    async with database.write() as connection:
        free = select(calls.c.id).where(calls.c.id.in_(call_ids), ~held())
        marked = await connection.scalars(
            update(recordings)
            .where(recordings.c.call_id.in_(free), recordings.c.state.in_(("ready", "missing")))
            .values(state="erasing", erased_because=because)
            .returning(recordings.c.call_id)
        )
        ids = list(marked)
        for call_id in ids:
            await audit.record_by(
                connection, "recording.erase", f"call:{call_id}", by, now, because=because
            )
    await _remove(database, store, ids, now)
    return ids


async def finish_erasing(database: Database, store: RecordingStore, now: datetime) -> int:
    """Goes on with what an earlier run had begun."""
    async with database.read() as connection:
        begun = list(
            await connection.scalars(
                select(recordings.c.call_id).where(recordings.c.state == "erasing")
            )
        )
    await _remove(database, store, begun, now)
    return len(begun)


async def erase_words(connection: AsyncConnection, call_ids: Sequence[UUID]) -> None:
    """Transcripts, comments, marks and flags of these calls; their memos are the lead's."""
    for table, column in (
        (transcripts, transcripts.c.call_id),
        (comments, comments.c.action_id),
        (bookmarks, bookmarks.c.call_id),
        (good_examples, good_examples.c.call_id),
        (phrase_flags, phrase_flags.c.call_id),
    ):
        await connection.execute(delete(table).where(column.in_(call_ids)))
    await action_texts.refresh(connection, call_ids)


# --- finding what is due --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OldConversation:
    """Of which something is kept still, and may have to go: by its `policy`, unless `held`."""

    call_id: UUID
    started_at: datetime
    policy: Retention
    held: bool
    has_audio: bool
    has_words: bool

    def loses_audio(self, now: datetime) -> bool:
        return self._erasure(now) is not Erasure.NOTHING

    def loses_words(self, now: datetime) -> bool:
        return self._erasure(now) is Erasure.ALL

    def _erasure(self, now: datetime) -> Erasure:
        return erasure(self.policy, self.started_at, held=self.held, now=now)


async def older_conversations(
    database: Database, policies: Policies, now: datetime
) -> AsyncIterator[list[OldConversation]]:
    """All older than the shortest policy allows, some at a time, the oldest first."""
    async with database.read() as connection:
        by_project = {
            row.id: Retention(row.keep_recordings_days, row.keep_transcripts_days)
            for row in await connection.execute(select(projects))
        }
    strictest = policies.strictest(list(by_project.values()))
    before = audio_before(strictest, now)
    after: tuple[datetime, UUID] | None = None
    while before is not None:
        async with database.read() as connection:
            rows = await _older(connection, before, after)
        if not rows:
            return
        after = (rows[-1].started_at, rows[-1].call_id)
        yield [
            OldConversation(
                call_id=row.call_id,
                started_at=row.started_at,
                policy=policies.of(row.campaign, by_project[row.project_id]),
                held=row.held,
                has_audio=row.has_audio,
                has_words=row.has_words,
            )
            for row in rows
        ]


async def _older(
    connection: AsyncConnection, before: datetime, after: tuple[datetime, UUID] | None
) -> Sequence[Row[Any]]:
    has_audio = recordings.c.state.in_(("ready", "missing"))
    has_words = or_(
        exists().where(transcripts.c.call_id == recordings.c.call_id),
        exists().where(comments.c.action_id == recordings.c.call_id),
    )
    key = tuple_(recordings.c.started_at, recordings.c.call_id)
    query = (
        select(
            recordings.c.call_id,
            recordings.c.started_at,
            actions.c.project_id,
            campaigns.c.name.label("campaign"),
            has_audio.label("has_audio"),
            has_words.label("has_words"),
            held().label("held"),
        )
        .join(calls, calls.c.id == recordings.c.call_id)
        .join(actions, actions.c.id == calls.c.id)
        .outerjoin(campaigns, campaigns.c.id == calls.c.campaign_id)
        .where(recordings.c.started_at < before, or_(has_audio, has_words))
        .order_by(recordings.c.started_at, recordings.c.call_id)
        .limit(_AT_ONCE)
    )
    if after is not None:
        query = query.where(key > after)
    return (await connection.execute(query)).all()


# --- erasing --------------------------------------------------------------------------------


async def _remove(
    database: Database, store: RecordingStore, call_ids: Sequence[UUID], now: datetime
) -> None:
    """Files first, then their rows say so."""
    async with database.read() as connection:
        rows = (
            await connection.execute(
                select(recordings).where(
                    recordings.c.call_id.in_(call_ids), recordings.c.state == "erasing"
                )
            )
        ).all()
    for row in rows:
        await store.erase(KeptAudio(row.call_id, row.place, row.path, row.format, row.key_name))
    gone = [row.call_id for row in rows]
    async with database.write() as connection:
        for table in (recording_peaks, recording_jobs):
            await connection.execute(delete(table).where(table.c.call_id.in_(gone)))
        await connection.execute(
            update(recordings)
            .where(recordings.c.call_id.in_(gone))
            .values(
                state="erased",
                erased_at=now,
                path="",
                size_bytes=None,
                sha256=None,
                audio_sha256=None,
            )
        )


async def _erase_words_of(
    database: Database, call_ids: Sequence[UUID], now: datetime
) -> list[UUID]:
    if not call_ids:
        return []
    async with database.write() as connection:
        free = list(
            await connection.scalars(select(calls.c.id).where(calls.c.id.in_(call_ids), ~held()))
        )
        await erase_words(connection, free)
        for call_id in free:
            await audit.record_by(
                connection, "transcript.erase", f"call:{call_id}", None, now, because="retention"
            )
    return free
