"""Folders and buckets keep files alike; the bucket is that of a real server process."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from recordings.errors import RecordingStoreError
from recordings.local_place import LocalPlace
from recordings.place import Place
from recordings.s3_place import Bucket, S3Place
from tests.s3_server import BUCKET, S3Server, s3_server

NAME = "2026/11/24/013005-0123456789abcdef0123456789abcdef.flac"
CONTENT = bytes(range(256)) * 1200


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture(params=["folder", "bucket"])
async def place(
    request: pytest.FixtureRequest, tmp_path: Path, server: S3Server
) -> AsyncIterator[Place]:
    if request.param == "folder":
        yield LocalPlace(tmp_path / "root")
        return
    bucket = S3Place(Bucket(BUCKET, f"{uuid4()}/", server.url, "ap-northeast-1", "a", "b"))
    yield bucket
    await bucket.close()


def _file(folder: Path, content: bytes = CONTENT) -> tuple[Path, str]:
    file = folder / "part"
    file.write_bytes(content)
    return file, hashlib.sha256(content).hexdigest()


async def test_what_is_put_is_read_in_any_part(place: Place, tmp_path: Path) -> None:
    await place.put(_file(tmp_path)[0], NAME, _file(tmp_path)[1])

    file = await place.open(NAME)
    try:
        assert file.size_bytes == len(CONTENT)
        assert await file.read(0, len(CONTENT)) == CONTENT
        assert await file.read(70_000, 500) == CONTENT[70_000:70_500]
        assert await file.read(len(CONTENT) - 10, 500) == CONTENT[-10:]
        assert await file.read(len(CONTENT), 500) == b""
    finally:
        await file.close()


async def test_a_file_of_that_name_is_replaced(place: Place, tmp_path: Path) -> None:
    await place.put(*_named(tmp_path, b"first"))
    await place.put(*_named(tmp_path, b"second"))

    file = await place.open(NAME)
    assert await file.read(0, 99) == b"second"
    await file.close()
    assert [one.path async for one in place.files("")] == [NAME]


async def test_what_is_not_as_told_is_refused(place: Place, tmp_path: Path) -> None:
    with pytest.raises(RecordingStoreError, match="as given"):
        await place.put(_file(tmp_path)[0], NAME, "0" * 64)


async def test_what_is_removed_is_gone_and_may_be_removed_again(
    place: Place, tmp_path: Path
) -> None:
    await place.put(*_named(tmp_path))
    await place.remove(NAME)
    await place.remove(NAME)

    with pytest.raises(FileNotFoundError):
        await place.open(NAME)
    assert [one async for one in place.files("")] == []


async def test_files_are_found_by_the_beginning_of_their_path(place: Place, tmp_path: Path) -> None:
    others = [f"2026/11/2{day}/013005-{uuid4().hex}.wav" for day in (5, 3)]
    for name in (NAME, *others):
        await place.put(_file(tmp_path)[0], name, _file(tmp_path)[1])

    assert [one.path async for one in place.files("")] == sorted([NAME, *others])
    assert [one.path async for one in place.files("2026/11/24/013005-0123")] == [NAME]
    assert [one.size_bytes async for one in place.files("2026/11/24/")] == [len(CONTENT)]
    assert [one async for one in place.files("2027/")] == []


@pytest.mark.parametrize(
    "path", ["../x.wav", "/etc/x.wav", "2026/../../x.wav", "2026/11/24/x.txt", "a\0.wav", ""]
)
async def test_a_path_that_leads_out_is_no_recording(place: Place, path: str) -> None:
    with pytest.raises(FileNotFoundError):
        await place.open(path)


async def test_a_bucket_that_is_not_there_says_which(server: S3Server, tmp_path: Path) -> None:
    place = S3Place(Bucket("no-such-bucket", "", server.url, "ap-northeast-1", "a", "b"))
    try:
        with pytest.raises(RecordingStoreError, match=r"s3://no-such-bucket.*recordings\.s3"):
            await place.put(*_named(tmp_path))
    finally:
        await place.close()


async def test_a_server_that_is_away_is_a_fault_not_a_missing_file(tmp_path: Path) -> None:
    place = S3Place(Bucket(BUCKET, "", "http://127.0.0.1:9", "ap-northeast-1", "a", "b"))
    try:
        with pytest.raises(RecordingStoreError):
            await place.open(NAME)
    finally:
        await place.close()


def _named(folder: Path, content: bytes = CONTENT) -> tuple[Path, str, str]:
    file, sha256 = _file(folder, content)
    return file, NAME, sha256
