"""What people say is on the desk while they talk, and a watched phrase is written down.

The real Asterisk sends the audio, and the real libvosk hears it with the tests' model, in which two
tones are two words.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from ari_app.clock import SystemClock
from ari_app.live_audio import LiveAudio
from ari_app.telephony import AsteriskTelephony
from ari_app.worker_processes import WorkerProcesses
from dialer.live_words import LiveConversation, LiveWords
from dialer.rules.transcript import Side
from dialer.storage.tables import phrase_flags
from tests import toy_vosk_model as toy
from tests.acceptance.audio import encode
from tests.acceptance.installation import Installation, dialled, number, wait_for
from tests.acceptance.sip_phone import PhoneCall, SipPhone

pytestmark = pytest.mark.real

PHRASE = "moshi moshi"
TOLERANCE_MS = 100


@dataclass(slots=True)
class Rig:
    """An installation that listens; what the customer and the agent send is up to the test."""

    kakeru: Installation
    words: LiveWords
    audio: LiveAudio
    workers: WorkerProcesses
    agent_legs: list[PhoneCall] = field(default_factory=list)

    def conversation(self) -> LiveConversation | None:
        return self.words.of_user(self.kakeru.users[0].id)


@asynccontextmanager
async def listening(folder: Path) -> AsyncIterator[Rig]:
    legs: list[PhoneCall] = []

    async def picks_up(call: PhoneCall) -> None:
        call.audio.repeated = silence()
        legs.append(call)
        await call.answer()
        await call.ended.wait()

    campaigns = {"people": {"live_words": True, "watched_phrases": [PHRASE]}}
    async with (
        Installation(agents=1, simulated=False, campaigns=campaigns) as kakeru,
        SipPhone(picks_up) as phone,
    ):
        run = kakeru.running
        words = LiveWords(kakeru.database, SystemClock(), run.live)
        audio = LiveAudio(run.ari, words, SystemClock(), phrases=())
        assert isinstance(run.controller.telephony, AsteriskTelephony)
        run.controller.telephony.on_joining(audio.joined_again)
        run.controller.calls.on_change(audio.call_changed)
        workers = workers_of(audio, toy.make(folder / "model"), folder)
        writing = asyncio.create_task(words.run())
        await workers.start()
        await phone.register(kakeru.pbx.sip_address, account="agent0", password="secret0")
        await kakeru.all_ready()
        await kakeru.start("people")
        try:
            yield Rig(kakeru, words, audio, workers, legs)
        finally:
            await workers.stop()
            writing.cancel()
        assert not kakeru.people.errors
        assert not phone.errors


def workers_of(audio: LiveAudio, model: Path, folder: Path) -> WorkerProcesses:
    async def always() -> bool:
        return True

    return WorkerProcesses(
        "ari_app.live_audio_worker",
        told=lambda holder: {
            "holder": holder,
            "secret": audio.new_worker(holder).hex(),
            "log_file": str(folder / "live_words.log"),
            "engine": "vosk",
            "model": str(model),
            "host": "127.0.0.1",
        },
        anything_waits=always,
        free=audio.worker_died,
        on_news=audio.told,
    )


def silence(seconds: float = 60.0) -> bytes:
    return ulaw((None, seconds))


def ulaw(*parts: tuple[str | None, float]) -> bytes:
    return encode(np.frombuffer(toy.say(*parts), dtype="<i2"))


async def says(call: PhoneCall, *parts: tuple[str | None, float]) -> float:
    """Says it from now on, then nothing more; the time at which it goes out."""
    spoken = ulaw(*parts, (None, 60.0))
    # What is sent is read in turn, from the place where sending is just now.
    at = call.audio.sent_frames * 160 % len(spoken)
    call.audio.repeated = spoken[-at:] + spoken[:-at] if at else spoken
    before = call.audio.sent_frames
    while call.audio.sent_frames == before:
        await asyncio.sleep(0.002)
    return time.time()


def said(talk: LiveConversation | None, side: Side) -> list[str]:
    return [
        word.text
        for line in (talk.said if talk else ())
        if line.side == side
        for word in line.words
    ]


async def test_both_sides_are_on_the_desk_while_they_talk(tmp_path: Path) -> None:
    begun: dict[Side, float] = {}
    guessed_at: dict[Side, float] = {}

    async with listening(tmp_path) as rig:

        async def talks(call: PhoneCall) -> None:
            call.audio.repeated = silence()
            await call.answer()
            await wait_for(
                "it is heard", lambda: (one := rig.conversation()) and not one.deaf, seconds=30
            )
            await asyncio.sleep(0.5)
            begun["customer"] = await says(call, ("moshimoshi", 0.6))
            await asyncio.sleep(2.0)
            begun["agent"] = await says(rig.agent_legs[0], ("rusuban", 0.6))
            await asyncio.sleep(3.0)
            await call.hang_up()

        async def look() -> None:
            while True:
                talk = rig.conversation()
                for side, guess in (talk.guesses if talk else {}).items():
                    if guess:
                        guessed_at.setdefault(side, time.time())
                await asyncio.sleep(0.02)

        looking = asyncio.create_task(look())
        e164 = number()
        rig.kakeru.people.scripts[dialled(e164)] = talks
        row = await rig.kakeru.call("people", e164)
        looking.cancel()

        talk = rig.conversation()
        assert talk is not None
        assert said(talk, "customer") == ["moshimoshi"]
        assert said(talk, "agent") == ["rusuban"]
        assert row.connected_at is not None
        connected_at = row.connected_at.timestamp()
        for line in talk.said:
            [word] = line.words
            spoken_ms = (begun[line.side] - connected_at) * 1000
            assert word.start_ms == pytest.approx(spoken_ms, abs=TOLERANCE_MS)
            assert word.end_ms == pytest.approx(spoken_ms + 600, abs=TOLERANCE_MS)
        for side, at in guessed_at.items():
            assert at - begun[side] < 1.0
        assert guessed_at.keys() == {"customer", "agent"}
        async with rig.kakeru.database.read() as connection:
            [flag] = (await connection.execute(select(phrase_flags))).all()
        assert (flag.phrase, flag.side, flag.call_id) == (PHRASE, "customer", row.id)


async def test_a_process_that_dies_touches_no_call_and_another_goes_on(tmp_path: Path) -> None:
    async with listening(tmp_path) as rig:

        def heard() -> bool:
            talk = rig.conversation()
            return talk is not None and not talk.deaf

        async def talks(call: PhoneCall) -> None:
            call.audio.repeated = silence()
            await call.answer()
            await wait_for("it is heard", heard)
            [process_id] = rig.workers.process_ids
            os.kill(process_id, signal.SIGKILL)
            await wait_for("nothing is heard", lambda: not heard())
            await wait_for("it is heard again", heard, seconds=20)
            await says(call, ("moshimoshi", 0.6))
            await asyncio.sleep(2.5)
            assert not call.ended.is_set()
            await call.hang_up()

        e164 = number()
        rig.kakeru.people.scripts[dialled(e164)] = talks
        row = await rig.kakeru.call("people", e164, seconds=60)

        assert (row.outcome, row.hung_up_by) == ("connected", "customer")
        assert said(rig.conversation(), "customer") == ["moshimoshi"]
        assert row.duration_ms is not None
        assert row.duration_ms / 1000 == pytest.approx(row.talk_seconds, abs=0.5)
