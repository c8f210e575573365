"""Bringing recordings into the form that they are kept in: compressed, encrypted, elsewhere.

The order is what makes a kill at any moment harmless:

    made and verified under a new name → the catalogue names the new one → the old one is removed
    → the job is done

Until the catalogue's one transaction the old form counts, and after it the new one; the job is
done only when nothing of the other is left, so whoever takes it up again cleans up.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, exists, select, update

from dialer import recording_jobs
from dialer.ports import KeepingForm, KeepingStore, KeptAudio, KeptFacts, RecordingFault
from dialer.recording_jobs import KEEP, Job, LeaseLost
from dialer.storage.dialects import insert_if_new
from dialer.storage.engine import Database
from dialer.storage.tables import recording_peaks, recordings

log = structlog.get_logger(__name__)

Now = Callable[[], datetime]

_AT_ONCE = 500
_HAS_WAVE = exists().where(recording_peaks.c.call_id == recordings.c.call_id).label("has_wave")
_READY = select(recordings, _HAS_WAVE).where(recordings.c.state == "ready")


async def keep_next(
    database: Database,
    store: KeepingStore,
    holder: str,
    now: Now,
    *,
    step: Callable[[str], None] = lambda _: None,
) -> UUID | None:
    """Does the most urgent job that is due; returns its call, None when there is none.

    A job that fails is tried again later. `step` is told each step that is done.
    """
    job = await recording_jobs.take_next(database, (KEEP,), holder, now())
    if job is None:
        return None
    try:
        async with recording_jobs.held(database, job, now):
            await _keep(database, store, job, now, step)
    except LeaseLost:
        log.warning("recording_taken_over", call_id=str(job.call_id))
    except (RecordingFault, OSError) as error:
        await _failed(database, job, now(), str(error))
    return job.call_id


async def queue_unkept(database: Database, store: KeepingStore, now: datetime) -> int:
    """Queues recordings that do not lie as the settings ask for now; returns how many.

    So after a change of format, place or key all that is there follows, and what an earlier
    version recorded gets its wave. At the least priority: what is new comes first.
    """
    count, after = 0, UUID(int=0)
    while True:
        async with database.read() as connection:
            page = (
                await connection.execute(
                    _READY.where(recordings.c.call_id > after)
                    .order_by(recordings.c.call_id)
                    .limit(_AT_ONCE)
                )
            ).all()
        if not page:
            return count
        after = page[-1].call_id
        unkept = [row.call_id for row in page if not _is_as_wanted(row, store)]
        async with database.write() as connection:
            for call_id in unkept:
                await recording_jobs.enqueue(
                    connection, KEEP, call_id, now=now, priority=-1, again=True
                )
        count += len(unkept)


async def _keep(
    database: Database, store: KeepingStore, job: Job, now: Now, step: Callable[[str], None]
) -> None:
    async with database.read() as connection:
        row = (await connection.execute(_READY.where(recordings.c.call_id == job.call_id))).first()
    if row is not None:
        kept = _kept(row)
        if not _is_as_wanted(row, store):
            facts = await store.make(
                kept, store.form_for(kept), audio_sha256=row.audio_sha256, step=step
            )
            if not await _catalogue(database, job, kept, facts, now()):
                await _erased_meanwhile(store, facts)
                return
            step("catalogued")
            kept = facts.kept
        await store.remove_others(kept)
        step("tidied")
    async with database.write() as connection:
        await recording_jobs.finish(connection, job, now())


async def _catalogue(
    database: Database, job: Job, before: KeptAudio, facts: KeptFacts, now: datetime
) -> bool:
    """From here on the new form counts; False when the recording is being erased meanwhile.

    Raises LeaseLost, and nothing is written then.
    """
    after = facts.kept
    async with database.write() as connection:
        written = await connection.execute(
            update(recordings)
            .where(
                recordings.c.call_id == before.call_id,
                recordings.c.state == "ready",
                recordings.c.place == before.place,
                recordings.c.path == before.path,
            )
            .values(
                place=after.place,
                path=after.path,
                format=after.format,
                key_name=after.key_name,
                size_bytes=facts.size_bytes,
                sha256=facts.sha256,
                audio_sha256=facts.audio_sha256,
                kept_at=now,
            )
        )
        if not written.rowcount:
            return False
        await connection.execute(
            insert_if_new(connection, recording_peaks).values(
                call_id=before.call_id, peaks=facts.peaks
            )
        )
        await recording_jobs.renew(connection, job, now)
        return True


async def _erased_meanwhile(store: KeepingStore, facts: KeptFacts) -> None:
    """Nothing of an erased conversation may be left, least of all what was just made."""
    log.info("recording_erased_meanwhile", call_id=str(facts.kept.call_id))
    await store.erase(facts.kept)


async def _failed(database: Database, job: Job, now: datetime, error: str) -> None:
    try:
        async with database.write() as connection:
            due_at = await recording_jobs.fail(connection, job, now, error)
    except LeaseLost:
        return  # another has it, and says what he finds
    log.error("recording_not_kept", call_id=str(job.call_id), error=error, again_at=due_at)


def _kept(row: Row[Any]) -> KeptAudio:
    return KeptAudio(row.call_id, row.place, row.path, row.format, row.key_name)


def _is_as_wanted(row: Row[Any], store: KeepingStore) -> bool:
    kept = _kept(row)
    form = KeepingForm(kept.place, kept.format, kept.key_name)
    return form == store.form_for(kept) and bool(row.has_wave)
