"""Controller, worker processes and Asterisk are killed at random while people talk: is a recording
lost, is one there twice, is a file left that nobody knows?

    python -m tests.benchmarks.recording_kills [--calls 200] [--seed 1] [--quick]

Real Asterisk, simulated people: each customer is called once, and talks with an agent for 1.5 to
6 s. What he heard of the agent is the truth: a conversation of more than a second must have its
recording, of the length that was heard. Asterisk writes blocks of two seconds, so that what it had
not written when it was killed is not counted; a conversation that was shorter than that neither.

The workers keep recordings as FLAC and transcribe them with the toy model of the tests.

`lost`: conversations without audio, with less of it, or whose file is not what the catalogue says.
`doubled`: people called twice, and recordings that lie there twice. `orphans`: files without a row,
rows without a file, and half-made ones, after a sweep that repairs. `untranscribed`: recordings
whose words were not written.

With `--align-seconds 600` it measures instead how far the two sides of a recording of that length
lie apart at its start and at its end.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import random
import signal
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from sqlalchemy import func, select

from dialer import recording_jobs
from dialer.recording_jobs import KEEP, TRANSCRIBE
from dialer.recording_sweep import sweep
from dialer.storage.tables import calls, recordings, transcripts
from recordings.archive import KeepingPolicy, RecordingArchive
from recordings.codec import listen
from recordings.errors import RecordingStoreError
from recordings.store import LocalRecordingStore
from tests import toy_vosk_model
from tests.acceptance import alignment
from tests.acceptance.audio import SAMPLE_RATE, level_of
from tests.acceptance.installation import MESSAGE_HERTZ, Installation, dialled, number
from tests.acceptance.sip_phone import PhoneCall
from tests.benchmarks._recording_controller import MODEL
from tests.checkout import ROOT

AGENTS = 8
BLOCK_SECONDS = 2.1  # what Asterisk may not have written when it was killed
TOLERANCE_SECONDS = 0.7  # joining, and the last packets on their way
WORKERS = {"keeper": b"ari_app.recording_worker", "transcriber": b"ari_app.transcription_worker"}
KINDS = ("controller", "keeper", "transcriber", "asterisk")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="40 calls")
    parser.add_argument("--align-seconds", type=float, help="measure the alignment instead")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    if given.align_seconds:
        print(json.dumps(asdict(asyncio.run(alignment.measure(given.align_seconds)))))
        return
    count = 40 if given.quick else given.calls
    print(json.dumps(asyncio.run(measure(count, random.Random(given.seed)))))


@dataclass(slots=True)
class Kills:
    """`asterisk_at`: the event loop's times at which Asterisk was killed."""

    counted: Counter[str] = field(default_factory=Counter)
    asterisk_at: list[float] = field(default_factory=list)


async def measure(count: int, chance: random.Random) -> dict[str, float]:
    campaign = {"mode": "progressive", "lines_per_agent": 1, "ring_timeout_seconds": 20}
    async with Installation(agents=AGENTS, campaigns={"people": campaign}, own_process=True) as k:
        await k.process.end()  # it has a controller of its own here
        toy_vosk_model.make(k.folder / MODEL)
        kills, numbers = Kills(), [number() for _ in range(count)]

        async def talks(call: PhoneCall) -> None:
            call.ring()
            await asyncio.sleep(chance.uniform(0.1, 0.5))
            await call.answer()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(chance.uniform(1.5, 6.0)):
                    await call.ended.wait()
            if not call.ended.is_set():
                await call.hang_up()

        k.people.script = talks
        controller = _Controller(k)
        await controller.start()
        await k.registered()
        await k.start("people")
        await k.add_leads("people", numbers)
        await _kill_while_calling(k, controller, kills, numbers, chance)
        await _settle(k)
        await controller.end()
        return await _judge(k, kills, numbers)


class _Controller:
    """tests.benchmarks._recording_controller, running."""

    def __init__(self, kakeru: Installation) -> None:
        self._kakeru = kakeru
        self._pids = kakeru.folder / "pids"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.benchmarks._recording_controller"),
            *(str(self._kakeru.folder / "blueprint.json"), str(self._pids)),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            if line.strip() == b"up":
                self._reading = asyncio.create_task(self._process.stdout.read())
                return
        raise RuntimeError("the controller did not start")

    async def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def end(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    def kill_worker(self, module: bytes) -> bool:
        """Whether there was one just now."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for pid in map(int, self._pids.read_text().split()):
                if module in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)
                    return True
        return False


async def _kill_while_calling(
    kakeru: Installation,
    controller: _Controller,
    kills: Kills,
    numbers: list[str],
    chance: random.Random,
) -> None:
    while await _called(kakeru) < len(numbers):
        await asyncio.sleep(chance.uniform(2.0, 7.0))
        kind = chance.choice(KINDS)
        if kind in WORKERS:
            kills.counted[kind] += controller.kill_worker(WORKERS[kind])
            continue
        kills.counted[kind] += 1
        if kind == "controller":
            await controller.kill()
            await asyncio.sleep(chance.uniform(0.0, 2.0))
            await controller.start()
        else:
            kills.asterisk_at.append(asyncio.get_running_loop().time())
            kakeru.pbx.kill()
            await kakeru.pbx.wait()
            for call in _open(kakeru):
                call.ended.set()  # nobody will say so any more
            await kakeru.pbx.start()


def _open(kakeru: Installation) -> list[PhoneCall]:
    every = (call for of_number in kakeru.people.calls.values() for call in of_number)
    return [call for call in every if not call.ended.is_set()]


async def _called(kakeru: Installation) -> int:
    async with kakeru.database.read() as connection:
        rows = await connection.execute(select(calls.c.e164).where(calls.c.dialled_at.is_not(None)))
        return len({row.e164 for row in rows})


async def _settle(kakeru: Installation) -> None:
    """All calls have ended, and all recordings are kept and transcribed."""
    async with asyncio.timeout(180):
        while True:
            async with kakeru.database.read() as connection:
                is_open = await connection.scalar(
                    select(calls.c.id).where(calls.c.ended_at.is_(None)).limit(1)
                )
                waits = await connection.scalar(
                    select(recordings.c.call_id).where(recordings.c.state == "recording").limit(1)
                )
                queued = await recording_jobs.anything_waits(connection, (KEEP, TRANSCRIBE))
            if is_open is None and waits is None and not queued:
                return
            await asyncio.sleep(0.3)


# --- judging ------------------------------------------------------------------------------------


async def _judge(kakeru: Installation, kills: Kills, numbers: list[str]) -> dict[str, float]:
    store = RecordingArchive(
        LocalRecordingStore(kakeru.blueprint.recordings), KeepingPolicy("flac")
    )
    later = datetime.now(UTC) + timedelta(hours=1)
    repaired = await sweep(kakeru.database, store, later, repair=True, settled=timedelta(0))
    again = await sweep(kakeru.database, store, later, repair=False, settled=timedelta(0))
    for one in again.found:
        print(f"left: {one}", file=sys.stderr)
    async with kakeru.database.read() as connection:
        rows = {
            row.e164: row
            for row in await connection.execute(
                select(calls.c.e164, recordings)
                .join(recordings, recordings.c.call_id == calls.c.id)
                .where(recordings.c.state == "ready")
            )
        }
        untranscribed = await connection.scalar(
            select(func.count())
            .select_from(
                recordings.outerjoin(transcripts, transcripts.c.call_id == recordings.c.call_id)
            )
            .where(recordings.c.state == "ready", transcripts.c.call_id.is_(None))
        )
    files = Counter([one.kept.call_id async for one in store.files() if one.kept])
    conversations, lost, doubled = 0, 0, sum(one - 1 for one in files.values())
    for e164 in numbers:
        made = kakeru.people.calls.get(dialled(e164), [])
        doubled += max(0, len(made) - 1)
        for call in made:
            wanted = _wanted_seconds(call, kills)
            if wanted <= 0:
                continue
            conversations += 1
            row = rows.get(e164)
            if row is None or not _is_whole(kakeru.blueprint.recordings / row.path, row, wanted):
                lost += 1
                _tell(e164, row, wanted)
    return {
        "calls": len(numbers),
        "conversations": conversations,
        "kills": kills.counted.total(),
        **{f"kills_{kind}": kills.counted[kind] for kind in KINDS},
        "found_by_sweep": len(repaired.found),
        "lost": lost,
        "doubled": doubled,
        "orphans": len(again.found),
        "untranscribed": untranscribed or 0,
    }


def _wanted_seconds(call: PhoneCall, kills: Kills) -> float:
    """How long the recording must be at least; 0 where there need not be one."""
    heard = _seconds_of_agent(call)
    if heard <= 1.0:
        return 0.0
    cut = any(call.answered_at < at <= (call.ended_at or at) for at in kills.asterisk_at)
    return max(0.0, heard - TOLERANCE_SECONDS - (BLOCK_SECONDS if cut else 0.0))


def _seconds_of_agent(call: PhoneCall) -> float:
    """For how long somebody was heard who is not the message."""
    heard, step, seconds = call.audio.heard, SAMPLE_RATE // 10, 0.0
    for at in range(0, len(heard) - step + 1, step):
        part = heard[at : at + step]
        loud = float(np.sqrt(np.mean((part / 32768.0) ** 2)))
        if loud > 0.005 and level_of(part, MESSAGE_HERTZ) < loud:
            seconds += 0.1
    return seconds


def _is_whole(file: Path, row: Any, wanted: float) -> bool:
    """Whether it is as long as it must be, and is what the catalogue says."""
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        heard = listen(file)
    except (OSError, RecordingStoreError):
        return False
    same = (digest, heard.audio_sha256) == (row.sha256, row.audio_sha256)
    return same and heard.duration_ms >= wanted * 1000


def _tell(e164: str, row: Any, wanted: float) -> None:
    has = None if row is None else row.duration_ms
    print(f"{e164}: {wanted:.1f} s wanted, recorded ms: {has}", file=sys.stderr)


if __name__ == "__main__":
    main()
