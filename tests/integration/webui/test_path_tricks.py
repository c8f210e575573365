"""Paths that try to lead elsewhere lead nowhere: as they come by wire, and in the catalogue."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select, update

from dialer.ports import KeptAudio
from dialer.retention import erase_audio
from dialer.storage.tables import recordings
from tests.fakes.web_fixtures import Browser
from tests.fakes.web_server import WebWorld

SECRET = b"not for anybody"
CALL = "{call}"  # in its place: the id of a call that is there

ON_THE_WIRE = [
    "/recordings/../../secret.wav",
    "/recordings/%2e%2e/%2e%2e/secret.wav",
    "/recordings/..%2f..%2fsecret.wav/audio",
    "/recordings/..%5c..%5csecret.wav/audio",
    "/recordings/%252e%252e%252fsecret.wav/audio",
    f"/recordings/{CALL}%2f..%2f..%2fsecret.wav/audio",
    f"/recordings/{CALL}/../../secret.wav",
    f"/recordings/{CALL}%00/audio",
    f"/recordings/{CALL}.wav/audio",
    f"/recordings/{CALL}/audio/../../../secret.wav",
    "/recordings//etc/passwd",
    "/static/../services.py",
    "/static/%2e%2e/services.py",
    "/static/..%2fservices.py",
    "/static/css/%2e%2e/%2e%2e/services.py",
    "/static//etc/passwd",
    "/static/%00",
    "/static/" + "a" * 5000,
]
IN_THE_CATALOGUE = [
    "../secret.wav",
    "2026/../../secret.wav",
    "link.wav",
    "folder-link/secret.wav",
    "{outside}/secret.wav",
    "zero\0byte.wav",
    "x" * 480 + ".wav",
    ".",
    "",
]


async def sent_as_it_is(browser: Browser, path: str) -> tuple[int, bytes]:
    """Status and body. No client library puts the path right before it is sent."""
    url = browser.client.make_url("/")
    cookies = browser.client.session.cookie_jar.filter_cookies(url)
    cookie = "; ".join(f"{one.key}={one.value}" for one in cookies.values())
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        head = f"GET {path} HTTP/1.1\r\nHost: {url.host}\r\nCookie: {cookie}\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n".encode())
        answer = await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()
    return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[2]


@pytest.fixture
def outside(world: WebWorld) -> Path:
    """A folder beside the recordings with a secret, to which links in the recordings lead."""
    folder = world.store.root.parent
    (folder / "secret.wav").write_bytes(SECRET)
    (world.store.root / "link.wav").symlink_to(folder / "secret.wav")
    (world.store.root / "folder-link").symlink_to(folder)
    return folder


@pytest.mark.parametrize("path", ON_THE_WIRE)
async def test_what_comes_over_the_wire_finds_nothing(
    browser: Browser, world: WebWorld, outside: Path, path: str
) -> None:
    await browser.log_in("admin")
    async with world.database.read() as connection:
        call_id = await connection.scalar(select(recordings.c.call_id).limit(1))
    status, body = await sent_as_it_is(browser, path.replace(CALL, str(call_id)))
    assert status in (400, 403, 404), body
    for leaked in (SECRET, b"root:", b"class WebServices"):
        assert leaked not in body


@pytest.mark.parametrize("path", IN_THE_CATALOGUE)
async def test_what_the_catalogue_names_elsewhere_is_neither_heard_nor_erased(
    browser: Browser, world: WebWorld, outside: Path, path: str
) -> None:
    path = path.format(outside=outside)
    await browser.log_in("admin")
    async with world.database.write() as connection:
        call_id = (await connection.execute(select(recordings.c.call_id).limit(1))).scalar_one()
        await connection.execute(
            update(recordings)
            .where(recordings.c.call_id == call_id)
            .values(path=path.replace("\0", "%00"))
        )
    link = await (await browser.get(f"/recordings/{call_id}/link")).text()
    assert (await browser.get(link)).status == 404
    with pytest.raises(FileNotFoundError):
        await world.store.open(KeptAudio(call_id, "local", path, "wav", None))
    others = {one for one in world.store.root.rglob("*") if call_id.hex not in one.name}

    await erase_audio(
        world.database, world.store, [call_id], because="admin", now=world.clock.now()
    )
    await world.store.erase(KeptAudio(call_id, "local", path, "wav", None))

    assert (outside / "secret.wav").read_bytes() == SECRET
    assert {one for one in world.store.root.rglob("*") if call_id.hex not in one.name} == others
