"""An encrypted recording is read in any part, and whatever was changed in it is refused."""

import io
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recordings.audio_file import LocalAudioFile
from recordings.errors import RecordingStoreError
from recordings.keys import BadKeys, parse_keys
from recordings.sealed import SealedFile, seal, unseal

KEY = bytes(range(32))
CHUNK = 64 * 1024
HEADER = 52


def _sealed(folder: Path, content: bytes, key: bytes = KEY) -> Path:
    plain, sealed = folder / "plain.flac", folder / "sealed.enc"
    plain.write_bytes(content)
    with plain.open("rb") as source, sealed.open("wb") as target:
        seal(source, target, key)
    return sealed


async def _read(sealed: Path, start: int, length: int, key: bytes = KEY) -> bytes:
    file = await SealedFile.open(LocalAudioFile(sealed), key)
    try:
        return await file.read(start, length)
    finally:
        await file.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.integers(0, 3 * CHUNK), st.data())
async def test_any_part_is_what_it_was(tmp_path: Path, size: int, data: st.DataObject) -> None:
    content = os.urandom(size)
    start = data.draw(st.integers(0, size + 5))
    length = data.draw(st.integers(0, size + 5))
    assert await _read(_sealed(tmp_path, content), start, length) == content[start : start + length]


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_the_whole_is_what_it_was(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    with _sealed(tmp_path, content).open("rb") as sealed:
        assert b"".join(unseal(sealed, KEY)) == content


def test_nothing_of_the_content_shows_and_no_two_files_are_alike(tmp_path: Path) -> None:
    content = b"this call may be recorded" * 100
    first = _sealed(tmp_path, content).read_bytes()
    assert content[:25] not in first
    assert _sealed(tmp_path, content).read_bytes()[HEADER:] != first[HEADER:]


@pytest.mark.parametrize("at", [0, 9, 41, 48, HEADER, HEADER + 10, HEADER + CHUNK + 20, -1])
async def test_a_changed_byte_is_refused(tmp_path: Path, at: int) -> None:
    sealed = _sealed(tmp_path, os.urandom(2 * CHUNK))
    changed = bytearray(sealed.read_bytes())
    changed[at] ^= 1
    sealed.write_bytes(changed)
    with pytest.raises(RecordingStoreError):
        await _read(sealed, 0, 2 * CHUNK)


async def test_a_file_cut_short_or_with_chunks_exchanged_is_refused(tmp_path: Path) -> None:
    sealed = _sealed(tmp_path, os.urandom(2 * CHUNK))
    whole = sealed.read_bytes()
    stride = CHUNK + 16
    first, second = whole[HEADER : HEADER + stride], whole[HEADER + stride :]
    for damaged in (whole[: HEADER + stride], whole[:HEADER] + second + first, whole[:20], b""):
        sealed.write_bytes(damaged)
        with pytest.raises(RecordingStoreError):
            await _read(sealed, 0, 2 * CHUNK)
        with sealed.open("rb") as file, pytest.raises(RecordingStoreError):
            b"".join(unseal(file, KEY))


async def test_the_wrong_key_is_refused(tmp_path: Path) -> None:
    sealed = _sealed(tmp_path, b"audio")
    with pytest.raises(RecordingStoreError, match="another key"):
        await _read(sealed, 0, 5, bytes(32))


def test_what_is_no_encrypted_file_is_refused() -> None:
    with pytest.raises(RecordingStoreError, match="not an encrypted"):
        b"".join(unseal(io.BytesIO(b"fLaC" + bytes(100)), KEY))


def test_the_first_key_is_for_what_is_new_and_all_are_known() -> None:
    keys = parse_keys("b:" + "B" * 43 + "=, a:" + "A" * 43 + "=")
    assert keys.newest == "b"
    assert keys.key("a") == bytes(32)
    assert parse_keys(" ").newest is None
    with pytest.raises(RecordingStoreError, match="'c'"):
        keys.key("c")


def test_keys_are_never_shown() -> None:
    assert "AAAA" not in repr(parse_keys("a:" + "A" * 43 + "="))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nocolon", "NAME:KEY"),
        ("a b:" + "A" * 43 + "=", "NAME:KEY"),
        ("a:short", "32 bytes"),
        ("a:!!!", "32 bytes"),
        ("a:" + "A" * 43 + "=,a:" + "A" * 43 + "=", "twice"),
    ],
)
def test_keys_that_cannot_be_read_say_which(text: str, said: str) -> None:
    with pytest.raises(BadKeys, match=said):
        parse_keys(text)
