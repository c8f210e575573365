"""What transcripts cost beside the recogniser itself: `python -m tests.benchmarks.transcription`.

Three minutes of a conversation, both sides, are turned into words twice in turns: by bare libvosk,
fed with samples that lie ready in memory, and by all that Kakeru does, from the file over the queue
to the words in the database. Processor time of the process, medians of the rounds. The model is
that of the tests: its recogniser is cheaper than a real one, so what lies around it weighs more.
The last line is one JSON object:

- `cpu_ratio_to_bare_vosk`: our processor time over that of bare Vosk
- `bare_cpu_s`, `ours_cpu_s`: the times
- `real_time_factor`: our processor time over the length of the audio
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import soundfile
import vosk
from sqlalchemy import update

from dialer import transcribing
from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.tables import recordings
from recordings.store import LocalRecordingStore
from recordings.transcribers import engines
from recordings.transcribers.work import Workplace, transcribe_next
from tests import toy_vosk_model as toy
from tests.benchmarks._big_project import sqlite_database
from tests.small_world import add_call, add_lead, build_small_world

_BLOCK_FRAMES = 4 * toy.SAMPLE_RATE


def conversation(seconds: int) -> np.ndarray:
    """Both sides speak in turns; shape (frames, 2)."""
    turns = seconds // 6
    agent = toy.say(*[(None, 1.0), ("moshimoshi", 1.0), (None, 4.0)] * turns)
    customer = toy.say(*[(None, 3.0), ("rusuban", 1.0), (None, 2.0)] * turns, seed=1)
    return np.stack([np.frombuffer(side, dtype="<i2") for side in (agent, customer)], axis=1)


def bare(model: Path, audio: np.ndarray) -> Callable[[], float]:
    """libvosk with words, and nothing else."""
    vosk.SetLogLevel(-1)
    loaded = vosk.Model(model_path=str(model))
    sides = [np.ascontiguousarray(audio[:, side]).tobytes() for side in (0, 1)]

    def run() -> float:
        started = time.process_time()
        for side in sides:
            recogniser = vosk.KaldiRecognizer(loaded, toy.SAMPLE_RATE)
            recogniser.SetWords(True)
            for start in range(0, len(side), 2 * _BLOCK_FRAMES):
                if recogniser.AcceptWaveform(side[start : start + 2 * _BLOCK_FRAMES]):
                    recogniser.Result()
            recogniser.FinalResult()
        return time.process_time() - started

    return run


async def ours(place: Workplace, call_id: UUID) -> float:
    """From a job in the queue to its transcript."""
    async with place.database.write() as connection:
        await transcribing.ask_for(connection, call_id, place.now())
    started = time.process_time()
    job = await transcribe_next(place, "benchmark")
    took = time.process_time() - started
    assert job is not None
    async with place.database.read() as connection:
        transcript = await transcribing.transcript_of(connection, call_id)
    assert transcript is not None
    assert len(transcript.said) > 1
    return took


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute of audio, three rounds")
    parser.add_argument("--seconds", type=int, default=180)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    seconds, rounds = (60, 3) if given.quick else (given.seconds, given.rounds)
    audio = conversation(seconds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = toy.make(folder / "model")
        by_vosk = bare(model, audio)
        async with sqlite_database(folder) as database:
            store = LocalRecordingStore(folder / "recordings")
            place = Workplace(
                database, store, engines.load("vosk", model), "ja", lambda: datetime.now(UTC)
            )
            call_id = await _recorded(place, store.root, audio)
            await ours(place, call_id)
            by_vosk()
            pairs = [(by_vosk(), await ours(place, call_id)) for _ in range(rounds)]
    bare_s, ours_s = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(
        json.dumps(
            {
                "cpu_ratio_to_bare_vosk": round(ours_s / bare_s, 3),
                "bare_cpu_s": round(bare_s, 3),
                "ours_cpu_s": round(ours_s, 3),
                "real_time_factor": round(ours_s / seconds, 4),
            }
        )
    )


async def _recorded(place: Workplace, root: Path, audio: np.ndarray) -> UUID:
    async with place.database.write() as connection:
        world = await build_small_world(connection)
        lead_id = await add_lead(connection, world.project_id, "+81352542287")
        call_id = await add_call(
            connection, world, lead_id, outcome=CallOutcome.CONNECTED, recorded=True
        )
        await connection.execute(update(recordings).values(path="call.wav"))
    root.mkdir(parents=True)
    soundfile.write(root / "call.wav", audio, toy.SAMPLE_RATE, subtype="PCM_16")
    return call_id


if __name__ == "__main__":
    asyncio.run(main())
