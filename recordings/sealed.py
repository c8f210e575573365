"""Encrypted files of which any part can be read without decrypting the rest.

    magic (8 bytes) · salt (32) · length of the content (8, little-endian) · chunk length (4)
    chunk 0 · chunk 1 · …        each AES-256-GCM: up to 64 KiB of content, and a tag of 16 bytes

Every file has a key of its own, derived from the named key and the file's salt (HKDF-SHA256), so
the number of a chunk can be its nonce without ever being used twice with one key. The header and
the number are authenticated with each chunk: a file that was cut, extended, reordered or mixed
from two is refused, as is the wrong key.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dialer.ports import AudioFile
from recordings.errors import RecordingStoreError

_MAGIC = b"KAKERU\x00\x01"
_HEADER = struct.Struct("<8s32sQI")
_CHUNK_BYTES = 64 * 1024
_TAG_BYTES = 16


@dataclass(frozen=True, slots=True)
class _Seal:
    """What the header of a file says, and the cipher that follows from it."""

    header: bytes
    content_bytes: int
    chunk_bytes: int
    cipher: AESGCM

    @classmethod
    def of(cls, header: bytes, key: bytes) -> "_Seal":
        if len(header) != _HEADER.size or not header.startswith(_MAGIC):
            raise RecordingStoreError("recordings: not an encrypted recording, or cut short")
        _, salt, content_bytes, chunk_bytes = _HEADER.unpack(header)
        if not 0 < chunk_bytes <= 16 * 1024 * 1024:
            raise RecordingStoreError("recordings: damaged, or not encrypted by Kakeru")
        own = HKDF(SHA256(), 32, salt, b"kakeru recording").derive(key)
        return cls(header, content_bytes, chunk_bytes, AESGCM(own))

    def shut(self, number: int, content: bytes) -> bytes:
        return self.cipher.encrypt(_nonce(number), content, self.header)

    def open(self, number: int, sealed: bytes) -> bytes:
        try:
            return self.cipher.decrypt(_nonce(number), sealed, self.header)
        except InvalidTag:
            raise RecordingStoreError(
                "recordings: damaged, or encrypted with another key of that name"
            ) from None


def seal(source: BinaryIO, target: BinaryIO, key: bytes) -> None:
    """Writes the whole of a file on disk, encrypted, into `target`."""
    size = os.fstat(source.fileno()).st_size
    header = _HEADER.pack(_MAGIC, os.urandom(32), size, _CHUNK_BYTES)
    shut = _Seal.of(header, key)
    target.write(header)
    for number in range(-(-size // _CHUNK_BYTES)):
        content = source.read(min(_CHUNK_BYTES, size - number * _CHUNK_BYTES))
        target.write(shut.shut(number, content))


def unseal(source: BinaryIO, key: bytes) -> Iterator[bytes]:
    """The content of an encrypted file, in order. Raises RecordingStoreError."""
    seal_of = _Seal.of(source.read(_HEADER.size), key)
    left, number = seal_of.content_bytes, 0
    while left:
        content = seal_of.open(number, source.read(min(seal_of.chunk_bytes, left) + _TAG_BYTES))
        yield content
        left -= len(content)
        number += 1


class SealedFile:
    """The content of an encrypted file; implements `dialer.ports.AudioFile`."""

    def __init__(self, sealed: AudioFile, seal_of: _Seal) -> None:
        self._sealed = sealed
        self._seal = seal_of

    @classmethod
    async def open(cls, sealed: AudioFile, key: bytes) -> "SealedFile":
        """Takes over `sealed`: it is closed with this, and when it cannot be opened.

        Raises RecordingStoreError.
        """
        try:
            return cls(sealed, _Seal.of(await sealed.read(0, _HEADER.size), key))
        except BaseException:
            await sealed.close()
            raise

    @property
    def size_bytes(self) -> int:
        return self._seal.content_bytes

    @property
    def local_path(self) -> Path | None:
        return None

    async def read(self, start: int, length: int) -> bytes:
        end = min(start + length, self._seal.content_bytes)
        if start >= end:
            return b""
        chunk, stride = self._seal.chunk_bytes, self._seal.chunk_bytes + _TAG_BYTES
        first, beyond = start // chunk, -(-end // chunk)
        sealed = await self._sealed.read(_HEADER.size + first * stride, (beyond - first) * stride)
        content = b"".join(
            self._seal.open(number, sealed[at : at + stride])
            for number, at in zip(
                range(first, beyond), range(0, (beyond - first) * stride, stride), strict=True
            )
        )
        return content[start - first * chunk : end - first * chunk]

    async def close(self) -> None:
        await self._sealed.close()


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
