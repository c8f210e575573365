"""A process that listens to conversations while they go on, and tells their words.

`python -m ari_app.live_audio_worker` is started by `worker_processes`. Asterisk connects to it and
sends each side of a conversation as a stream of its own (`live_audio_socket`); so neither audio nor
recognising touches the process that serves calls. It tells, each as a line of JSON:

    {"listens": "127.0.0.1:40123", "holder": HOLDER}   once, when the model is loaded
    {"stream": ID, "over": false}                      when a stream has begun
    {"stream": ID, "words": [[text, from, to, confidence], …], "guess": text}
    {"stream": ID, "over": true}                       when it has ended, however it did

Times are Unix seconds.
"""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import structlog

from ari_app.live_audio_clock import StreamClock
from ari_app.live_audio_socket import NotAudioSocket, is_signed, samples, stream_id_of
from ari_app.worker_main import run_worker, tell
from dialer.rules.transcript import Word, join_words
from recordings.stereo import SAMPLE_RATE
from recordings.transcribers import engines
from recordings.transcribers.port import Heard, Listening, Transcriber, TranscriberError

log = structlog.get_logger(__name__)

_NICE: Final = 5  # calls and pages come first, transcripts of what is over come later
_BYTES_A_MS: Final = 2 * SAMPLE_RATE / 1000
_BLOCK_BYTES: Final = int(200 * _BYTES_A_MS)  # a guess is so much older than what is said
_MOST_BEHIND_BYTES: Final = int(8000 * _BYTES_A_MS)


def main() -> None:
    """Listens until nobody is left to do it for."""
    run_worker(_work, niceness=_NICE)


async def _work(told: Mapping[str, Any], _woken: asyncio.Event) -> None:
    try:
        transcriber = await asyncio.to_thread(engines.load, told["engine"], Path(told["model"]))
    except TranscriberError as error:
        # It dies and is started again after a pause: the model may have been mended by then.
        raise OSError(str(error)) from error
    ear = Ear(transcriber, bytes.fromhex(told["secret"]))
    server = await asyncio.start_server(ear.serve, told["host"], 0)
    host, port = server.sockets[0].getsockname()[:2]
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    tell({"listens": address, "holder": told["holder"]})
    async with server:
        await server.serve_forever()


class Ear:
    """Serves the connections that Asterisk makes."""

    def __init__(self, transcriber: Transcriber, secret: bytes) -> None:
        self._transcriber = transcriber
        self._secret = secret

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hears one side to its end."""
        try:
            stream_id = await stream_id_of(reader)
            if not is_signed(self._secret, stream_id):
                raise NotAudioSocket("its stream is not ours")
        except NotAudioSocket as error:
            log.warning("live_audio_refused", reason=str(error))
            writer.close()
            return
        tell({"stream": str(stream_id), "over": False})
        try:
            await _Side(stream_id, self._transcriber).hear(reader)
        finally:
            tell({"stream": str(stream_id), "over": True})
            writer.close()


class _Side:
    """One stream: what comes is taken at once, and recognised as fast as that goes."""

    def __init__(self, stream_id: UUID, transcriber: Transcriber) -> None:
        self._id = str(stream_id)
        self._transcriber = transcriber
        self._clock = StreamClock()
        self._waiting = bytearray()
        self._came_bytes = 0
        self._more = asyncio.Event()
        self._over = False
        self._guess = ""

    async def hear(self, reader: asyncio.StreamReader) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._recognise())
            async for block in samples(reader):
                self._came_bytes += len(block)
                self._clock.arrived(self._came_bytes / _BYTES_A_MS, time.time())
                self._waiting += block
                if len(self._waiting) >= _BLOCK_BYTES:
                    self._more.set()
            self._over = True
            self._more.set()

    async def _recognise(self) -> None:
        listening, began_ms = self._begin()
        while True:
            await self._more.wait()
            self._more.clear()
            if len(self._waiting) > _MOST_BEHIND_BYTES:
                # Words that come ten seconds late help nobody: it goes on with what is said now.
                log.warning("live_audio_behind", stream=self._id)
                self._tell(await asyncio.to_thread(listening.end), began_ms)
                self._waiting.clear()
                listening, began_ms = self._begin()
            block = bytes(self._waiting)
            self._waiting.clear()
            if block:
                self._tell(await asyncio.to_thread(listening.hear, block), began_ms)
            if self._over and not self._waiting:
                self._tell(await asyncio.to_thread(listening.end), began_ms)
                return

    def _begin(self) -> tuple[Listening, float]:
        """A recogniser that begins where the audio is that waits."""
        return self._transcriber.listen(), (self._came_bytes - len(self._waiting)) / _BYTES_A_MS

    def _tell(self, heard: Heard, began_ms: float) -> None:
        if not heard.words and heard.partial == self._guess:
            return
        self._guess = heard.partial
        words = [self._as_told(word, began_ms) for word in heard.words]
        guess = join_words(heard.partial.split())
        tell({"stream": self._id, "words": words, "guess": guess})

    def _as_told(self, word: Word, began_ms: float) -> list[object]:
        begun, ended = (self._clock.time_of(began_ms + at) for at in (word.start_ms, word.end_ms))
        return [word.text, begun, ended, word.confidence]


if __name__ == "__main__":
    main()
