"""Audio that a test can recognise: tones sent as µ-law over RTP, and what is heard of them.

µ-law: ITU-T G.711. RTP: RFC 3550; payload type 0 is PCMU at 8 kHz (RFC 3551), 160 bytes each 20 ms.
"""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 8000
FRAME = 160
FRAME_SECONDS = 0.02

Samples = NDArray[np.int16]


def tone(hertz: float, *, seconds: float = 1.0, level: float = 0.3) -> bytes:
    """A tone in µ-law. With a whole number of periods a second it can be repeated seamlessly."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return encode((np.sin(2 * np.pi * hertz * time) * level * 32767).astype(np.int16))


def decode(ulaw: bytes) -> Samples:
    """µ-law to 16 bit."""
    return _DECODED[np.frombuffer(ulaw, dtype=np.uint8)]


def encode(samples: Samples) -> bytes:
    """16 bit to µ-law: the code whose value is nearest."""
    order = np.argsort(_DECODED, kind="stable")
    values = _DECODED[order].astype(np.int32)
    wanted = samples.astype(np.int32)
    right = np.clip(np.searchsorted(values, wanted), 1, len(values) - 1)
    nearer_left = wanted - values[right - 1] < values[right] - wanted
    return order[np.where(nearer_left, right - 1, right)].astype(np.uint8).tobytes()


def _decoding_table() -> Samples:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


_DECODED = _decoding_table()


def level_of(samples: Samples, hertz: float) -> float:
    """How loud a tone is in there: its amplitude as a share of full scale."""
    if len(samples) == 0:
        return 0.0
    time = np.arange(len(samples)) / SAMPLE_RATE
    swing = np.exp(-2j * np.pi * hertz * time)
    return float(2 * abs(np.mean(samples * swing)) / 32768)


def seconds_with(samples: Samples, hertz: float, *, level: float = 0.005) -> float:
    """For how long a tone is heard, in steps of 100 ms."""
    step = SAMPLE_RATE // 10
    parts = (samples[at : at + step] for at in range(0, len(samples) - step + 1, step))
    return sum(level_of(part, hertz) >= level for part in parts) / 10


@dataclass(slots=True)
class AudioStream:
    """One side's RTP: sends a tone over and over, and keeps what it receives.

    `first_sequence` is the sequence number that sending begins with. `silent`: sends nothing.
    """

    hertz: float
    first_sequence: int = 0
    silent: bool = False
    payload_type: int = 0
    port: int = 0
    received: list[bytes] = field(default_factory=list)
    sent_frames: int = 0
    repeated: bytes = b""
    """What is sent over and over, in µ-law; empty: the tone."""
    began_at: float = 0.0
    """When sending began, by the event loop's time."""
    source: int = 1
    """Synchronisation source (SSRC); another one after `jump`."""
    _offset: int = 0
    _socket: socket.socket | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def open(self) -> None:
        """Takes a port; what arrives from now on is kept."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._tasks.append(asyncio.create_task(self._receive(self._socket)))

    def send_to(self, host: str, port: int) -> None:
        """Begins to send."""
        if not self.silent and self._socket is not None:
            self._tasks.append(asyncio.create_task(self._send(self._socket, (host, port))))

    def jump(self, sequence: int) -> None:
        """Goes on as another source of audio behind the same address, as after an announcement:
        with its own SSRC, and from this sequence number on."""
        self.source += 1
        self.first_sequence = sequence
        self._offset = self.sent_frames

    @property
    def sending(self) -> bool:
        return len(self._tasks) > 1

    async def close(self) -> None:
        """Ends both directions."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    @property
    def heard(self) -> Samples:
        """All that was received, in the order in which it came."""
        return decode(b"".join(self.received))

    async def _receive(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            packet = await loop.sock_recv(sock, 2048)
            if len(packet) > 12 and packet[1] & 0x7F == self.payload_type:
                self.received.append(packet[12 + 4 * (packet[0] & 0x0F) :])

    async def _send(self, sock: socket.socket, to: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        hum = tone(self.hertz)
        begun = self.began_at = loop.time()
        while True:
            at = self.sent_frames
            since = at - self._offset
            audio = self.repeated or hum  # it may be exchanged on the way
            frame = audio[at * FRAME % len(audio) :][:FRAME]
            header = struct.pack(
                "!BBHII",
                0x80,
                self.payload_type | (0x80 if since == 0 else 0),
                (self.first_sequence + since) & 0xFFFF,
                since * FRAME & 0xFFFFFFFF,
                self.port << 8 | self.source,
            )
            with contextlib.suppress(ConnectionRefusedError):  # the far end has closed its port
                await loop.sock_sendto(sock, header + frame, to)
            self.sent_frames += 1
            await asyncio.sleep(begun + self.sent_frames * FRAME_SECONDS - loop.time())
