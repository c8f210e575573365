"""From a recording in the queue to words that are found, by the real libvosk."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import soundfile
from sqlalchemy import func, select, update

from dialer import action_texts, recording_jobs, transcribing
from dialer.ports import AudioFile, KeptAudio, RecordingFault
from dialer.recording_jobs import TRANSCRIBE
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.transcription import NONE, TranscriptionPolicy
from dialer.storage.engine import Database
from dialer.storage.tables import recordings
from dialer.storage.tables import transcripts as transcripts_table
from recordings.store import LocalRecordingStore
from recordings.transcribers import engines
from recordings.transcribers.port import Transcriber
from recordings.transcribers.work import Workplace, transcribe_next
from tests import toy_vosk_model as toy
from tests.small_world import NOON, add_call, add_lead, build_small_world


@pytest.fixture(scope="module")
def transcriber(tmp_path_factory: pytest.TempPathFactory) -> Transcriber:
    return engines.load("vosk", toy.make(tmp_path_factory.mktemp("model")))


@pytest.fixture
def place(database: Database, tmp_path: Path, transcriber: Transcriber) -> Workplace:
    store = LocalRecordingStore(tmp_path / "recordings")
    return Workplace(database, store, transcriber, "ja", lambda: NOON)


async def test_words_speakers_and_times(place: Workplace, tmp_path: Path) -> None:
    call_id = await _recorded(place, tmp_path)
    await _ask(place, call_id)

    job = await transcribe_next(place, "me")

    assert job is not None
    async with place.database.read() as connection:
        found = await transcribing.transcript_of(connection, call_id)
        state = await recording_jobs.state_of(connection, TRANSCRIBE, call_id, NOON)
    assert found is not None
    assert (found.engine, found.language, found.made_at) == ("vosk", "ja", NOON)
    assert [(one.side, one.text) for one in found.said] == [
        ("agent", "moshimoshi"),
        ("customer", "rusuban"),
    ]
    assert [one.start_ms for one in found.said] == pytest.approx([500, 2000], abs=100)
    assert found.confidence == pytest.approx(1.0, abs=0.2)
    assert state is not None
    assert (state.state, state.percent) == ("done", 100)
    assert await transcribe_next(place, "me") is None


async def test_what_was_said_is_found(place: Workplace, tmp_path: Path) -> None:
    call_id = await _recorded(place, tmp_path)
    await _ask(place, call_id)
    await transcribe_next(place, "me")

    async with place.database.read() as connection:
        joined, condition, _ = action_texts.found("rusuban", is_sqlite=place.database.is_sqlite)
        query = select(func.count()).select_from(joined).where(condition)
        assert (await connection.execute(query)).scalar_one() == 1


async def test_asked_again_it_takes_the_place_of_the_first(
    place: Workplace, tmp_path: Path
) -> None:
    call_id = await _recorded(place, tmp_path)
    for _ in range(2):
        await _ask(place, call_id)
        assert await transcribe_next(place, "me") is not None

    async with place.database.read() as connection:
        count = select(func.count()).select_from(transcripts_table)
        assert (await connection.execute(count)).scalar_one() == 1


async def test_a_recording_that_is_gone_is_not_tried_again(
    place: Workplace, tmp_path: Path
) -> None:
    call_id = await _recorded(place, tmp_path)
    await _ask(place, call_id)
    next(tmp_path.rglob("*.wav")).unlink()

    await transcribe_next(place, "me")

    assert await _state(place, call_id) == ("failed", "the recording is gone")


async def test_an_erased_recording_is_not_tried(place: Workplace, tmp_path: Path) -> None:
    call_id = await _recorded(place, tmp_path)
    await _ask(place, call_id)
    async with place.database.write() as connection:
        await connection.execute(update(recordings).values(state="erased"))

    await transcribe_next(place, "me")

    assert await _state(place, call_id) == (
        "failed",
        "there is no audio: the recording is erased",
    )


async def test_broken_audio_says_so(place: Workplace, tmp_path: Path) -> None:
    call_id = await _recorded(place, tmp_path)
    await _ask(place, call_id)
    next(tmp_path.rglob("*.wav")).write_bytes(b"RIFF but no more")

    await transcribe_next(place, "me")

    state, error = await _state(place, call_id)
    assert state == "failed"
    assert "cannot be read" in error


class _Away(LocalRecordingStore):
    async def open(self, kept: KeptAudio) -> AudioFile:  # type: ignore[override]
        raise RecordingFault("the store does not answer")


async def test_what_cannot_be_read_now_is_tried_later(place: Workplace, tmp_path: Path) -> None:
    call_id = await _recorded(place, tmp_path)
    await _ask(place, call_id)

    await transcribe_next(replace(place, store=_Away(tmp_path / "recordings")), "me")

    assert await _state(place, call_id) == ("waiting", "the store does not answer")
    later = replace(place, now=lambda: NOON + timedelta(minutes=1))
    assert await transcribe_next(place, "me") is None  # not due yet
    assert await transcribe_next(later, "me") is not None
    assert (await _state(place, call_id))[0] == "done"


async def test_who_was_overtaken_writes_nothing(place: Workplace, tmp_path: Path) -> None:
    call_id = await _recorded(place, tmp_path)
    await _ask(place, call_id)
    far = NOON + timedelta(hours=1)

    class _Slow(LocalRecordingStore):
        async def open(self, kept: KeptAudio) -> AudioFile:  # type: ignore[override]
            """While it opens, its lease ends and another begins."""
            other = await recording_jobs.take_next(place.database, (TRANSCRIBE,), "other", far)
            assert other is not None
            return await super().open(kept)

    await transcribe_next(replace(place, store=_Slow(tmp_path / "recordings")), "me")

    async with place.database.read() as connection:
        assert await transcribing.transcript_of(connection, call_id) is None


async def test_a_recording_that_moves_is_found_again(place: Workplace, tmp_path: Path) -> None:
    call_id = await _recorded(place, tmp_path)
    await _ask(place, call_id)

    class _Moves(LocalRecordingStore):
        moved = False

        async def open(self, kept: KeptAudio) -> AudioFile:  # type: ignore[override]
            """Another process gives it its keeping form at the first look."""
            if not self.moved:
                self.moved = True
                old = self.root / kept.path
                old.rename(old.with_suffix(".kept.wav"))
                path = kept.path.replace(".wav", ".kept.wav")
                async with place.database.write() as connection:
                    await connection.execute(update(recordings).values(path=path))
            return await super().open(kept)

    await transcribe_next(replace(place, store=_Moves(tmp_path / "recordings")), "me")

    assert (await _state(place, call_id))[0] == "done"


@pytest.mark.parametrize(
    ("policies", "asked"),
    [
        ({}, True),
        ({"autumn": TranscriptionPolicy(longer_than_seconds=60)}, False),
        ({"autumn": NONE}, False),
        ({"spring": NONE}, True),
    ],
)
async def test_the_campaign_says_which(
    place: Workplace, tmp_path: Path, policies: dict[str, TranscriptionPolicy], asked: bool
) -> None:
    call_id = await _recorded(place, tmp_path)

    async with place.database.write() as connection:
        done = await transcribing.recording_ready(connection, call_id, policies, NOON)
        assert done is asked
        state = await recording_jobs.state_of(connection, TRANSCRIBE, call_id, NOON)
    assert (state is not None) is asked


async def _recorded(place: Workplace, tmp_path: Path) -> UUID:
    """A conversation of 4.5 s: the agent says moshimoshi, the customer rusuban."""
    async with place.database.write() as connection:
        world = await build_small_world(connection)
        lead_id = await add_lead(connection, world.project_id, "+81352542287")
        call_id = await add_call(
            connection,
            world,
            lead_id,
            outcome=CallOutcome.CONNECTED,
            user=world.suzuki,
            recorded=True,
        )
        path = f"2026/11/24/{call_id.hex}.wav"
        await connection.execute(update(recordings).values(path=path))
    sides = (
        toy.say((None, 0.5), ("moshimoshi", 0.5), (None, 3.5)),
        toy.say((None, 2.0), ("rusuban", 0.6), (None, 1.9)),
    )
    both = np.stack([np.frombuffer(side, dtype="<i2") for side in sides], axis=1)
    file = tmp_path / "recordings" / path
    file.parent.mkdir(parents=True)
    soundfile.write(file, both, 8000, subtype="PCM_16")
    return call_id


async def _ask(place: Workplace, call_id: UUID) -> None:
    async with place.database.write() as connection:
        await transcribing.ask_for(connection, call_id, place.now())


async def _state(place: Workplace, call_id: UUID, now: datetime = NOON) -> tuple[str, str]:
    async with place.database.read() as connection:
        state = await recording_jobs.state_of(connection, TRANSCRIBE, call_id, now)
    assert state is not None
    return state.state, state.error
