"""AudioSocket: how Asterisk's application of that name sends audio over TCP.

Frames of one byte for the kind, two for the length (big-endian), then so many bytes
(`res_audiosocket` of Asterisk 22). The first names the stream by a UUID; samples are 16 bits,
little-endian, mono, 8 kHz, 20 ms a frame.

Asterisk connects to us, and so could others: the id of a stream holds a sign that only who knows
the secret can make.
"""

import asyncio
import hmac
import struct
from collections.abc import AsyncIterator
from secrets import token_bytes
from typing import Final
from uuid import UUID

_HEADER: Final = struct.Struct(">BH")
_HANG_UP: Final = 0x00
_ID: Final = 0x01
_SAMPLES: Final = 0x10
_FIRST_WORD_SECONDS: Final = 5.0
_NONCE_BYTES: Final = 8


class NotAudioSocket(Exception):
    """Whoever has connected is not our Asterisk."""


def new_stream_id(secret: bytes) -> UUID:
    """Random, and signed."""
    nonce = token_bytes(_NONCE_BYTES)
    return UUID(bytes=nonce + _sign(secret, nonce))


def is_signed(secret: bytes, stream_id: UUID) -> bool:
    """Whether it was made with this secret."""
    nonce, sign = stream_id.bytes[:_NONCE_BYTES], stream_id.bytes[_NONCE_BYTES:]
    return hmac.compare_digest(sign, _sign(secret, nonce))


def _sign(secret: bytes, nonce: bytes) -> bytes:
    return hmac.digest(secret, nonce, "sha256")[:_NONCE_BYTES]


async def stream_id_of(reader: asyncio.StreamReader) -> UUID:
    """The id that a new connection begins with. Raises NotAudioSocket."""
    try:
        async with asyncio.timeout(_FIRST_WORD_SECONDS):
            kind, content = await _frame(reader)
    except (TimeoutError, asyncio.IncompleteReadError) as error:
        raise NotAudioSocket("nothing came") from error
    if kind != _ID or len(content) != 16:
        raise NotAudioSocket(f"it begins with a frame of kind {kind:#x}")
    return UUID(bytes=content)


async def samples(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The audio as it comes, until the other side ends it."""
    while True:
        try:
            kind, content = await _frame(reader)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        if kind == _HANG_UP:
            return
        if kind == _SAMPLES:
            yield content


async def _frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    kind, length = _HEADER.unpack(await reader.readexactly(_HEADER.size))
    return kind, await reader.readexactly(length)
