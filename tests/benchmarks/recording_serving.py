"""How fast audio goes out, as a share of what aiohttp serves of plain static files.

    python -m tests.benchmarks.recording_serving [--quick]

A browser asks for a recording from a moment on, to its end; each request goes the whole way:
session, signature, role, the right to hear. The same bytes lie beside it as a static file, and
another process fetches both in turn.

`ratio_to_static`: bytes a second against the static file's, for a conversation of an hour;
`ratio_of_ten_minutes`: for a shorter one, of which the questions about who may hear it are more.
`first_bytes_ms`: until the head of the answer is there; `static_first_bytes_ms` the same.
`sealed_mb_per_second`: of an encrypted recording, whose every byte is decrypted on the way.
"""

import argparse
import asyncio
import http.client
import json
import multiprocessing
import re
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import UUID

import aiohttp
from aiohttp import web
from sqlalchemy import select, update

from dialer.ports import KeptAudio
from dialer.storage.engine import Database, open_database
from dialer.storage.migrate import upgrade
from dialer.storage.tables import actions, recordings
from recordings.archive import KeepingPolicy, RecordingArchive
from recordings.keys import parse_keys
from recordings.store import LocalRecordingStore
from tests.fakes.sales_team import PASSWORD, build_sales_team, two_voices
from tests.fakes.web_server import WebWorld, build_web_world, serving
from webui.app import create_app
from webui.services import SERVICES

HOUR, TEN_MINUTES = 3600, 600  # seconds
_ROUNDS = 3
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_AUDIO = re.compile(r'<audio [^>]*src="([^"]+)"')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer requests")
    requests = 5 if parser.parse_args().quick else 30
    print(json.dumps(asyncio.run(measure(requests))))


async def measure(requests: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="kakeru-bench-") as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'kakeru.db'}"
        await upgrade(url)
        database = open_database(url)
        try:
            return await _measure(database, folder, requests)
        finally:
            await database.close()


@dataclass(frozen=True, slots=True)
class Fetched:
    """Of some requests, one after another."""

    bytes_per_second: float
    first_bytes_ms: float


async def _measure(database: Database, folder: Path, requests: int) -> dict[str, float]:
    store = LocalRecordingStore(folder / "recordings", settle_seconds=0.01)
    team = await build_sales_team(database, store, calls_made=60)
    world = build_web_world(database, store.root, team)
    archive = RecordingArchive(
        store, KeepingPolicy("wav", encrypted=True), parse_keys("k1:" + "M" * 43 + "=")
    )
    app = create_app(replace(world.app[SERVICES], recordings=archive))
    call_id = await _recorded(world)
    async with serving(app) as address:
        rates = await _compared(world, address, call_id, HOUR, requests)
        shorter = await _compared(world, address, call_id, TEN_MINUTES, requests)
        await _seal(world, archive, call_id)
        audio, cookie = await _listener(address, call_id)
        sealed = await _fetch(audio, cookie, max(3, requests // 6))
    ours, theirs = zip(*rates, strict=True)
    return {
        "requests": requests * _ROUNDS,
        "ratio_to_static": _ratio(rates),
        "ratio_of_ten_minutes": _ratio(shorter),
        "mb_per_second": round(statistics.median(one.bytes_per_second for one in ours) / 1e6),
        "static_mb_per_second": round(
            statistics.median(one.bytes_per_second for one in theirs) / 1e6
        ),
        "first_bytes_ms": round(statistics.median(one.first_bytes_ms for one in ours), 2),
        "static_first_bytes_ms": round(statistics.median(one.first_bytes_ms for one in theirs), 2),
        "sealed_mb_per_second": round(sealed.bytes_per_second / 1e6),
    }


async def _compared(
    world: WebWorld, address: str, call_id: UUID, seconds: int, requests: int
) -> list[tuple[Fetched, Fetched]]:
    """Ours and the static file's, in turn."""
    file = await _lengthen(world, call_id, seconds)
    audio, cookie = await _listener(address, call_id)
    rates = []
    async with _static(file) as static:
        for _ in range(_ROUNDS):
            theirs = await _fetch(static, "", requests)
            rates.append((await _fetch(audio, cookie, requests), theirs))
    return rates


def _ratio(rates: Sequence[tuple[Fetched, Fetched]]) -> float:
    ratios = [ours.bytes_per_second / theirs.bytes_per_second for ours, theirs in rates]
    return round(statistics.median(ratios), 2)


# --- what is served ---------------------------------------------------------------------------


async def _recorded(world: WebWorld) -> UUID:
    async with world.database.read() as connection:
        query = select(recordings.c.call_id).limit(1)
        found: UUID = (await connection.execute(query)).scalar_one()
        return found


async def _lengthen(world: WebWorld, call_id: UUID, seconds: int) -> Path:
    """The recording becomes one of that length; where it lies."""
    minute = two_voices(60, seed=3)
    async with world.database.write() as connection:
        at = await connection.scalar(select(actions.c.at).where(actions.c.id == call_id))
        assert at is not None
        at += timedelta(seconds=seconds)
        world.store.raw_path(call_id, at).write_bytes(minute * (seconds // 60))
        facts = await world.store.finish(call_id, at)
        assert facts is not None
        await connection.execute(
            update(recordings)
            .where(recordings.c.call_id == call_id)
            .values(
                path=facts.path,
                sha256=facts.sha256,
                audio_sha256=facts.audio_sha256,
                duration_ms=facts.duration_ms,
                size_bytes=facts.size_bytes,
            )
        )
    return world.store.place.find(facts.path)


async def _seal(world: WebWorld, archive: RecordingArchive, call_id: UUID) -> None:
    async with world.database.write() as connection:
        row = (
            await connection.execute(select(recordings).where(recordings.c.call_id == call_id))
        ).one()
        kept = KeptAudio(call_id, row.place, row.path, row.format, row.key_name)
        facts = await archive.make(kept, archive.form_for(kept), audio_sha256=row.audio_sha256)
        await connection.execute(
            update(recordings)
            .where(recordings.c.call_id == call_id)
            .values(path=facts.kept.path, key_name=facts.kept.key_name, sha256=facts.sha256)
        )


@asynccontextmanager
async def _static(file: Path) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_static("/static", file.parent)
    async with serving(app) as address:
        yield f"{address}/static/{file.name}"


async def _listener(address: str, call_id: UUID) -> tuple[str, str]:
    """Address and cookie of an admin who has opened the page of the conversation."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.get(f"{address}/login") as page:
            token = _TOKEN.search(await page.text())
        assert token is not None
        fields = {"csrf_token": token[1], "login": "admin", "password": PASSWORD}
        await browser.post(f"{address}/login", data=fields)
        async with browser.get(f"{address}/recordings/{call_id}") as page:
            source = _AUDIO.search(await page.text())
        assert source is not None
        cookie = "; ".join(f"{one.key}={one.value}" for one in jar)
        return address + source[1].replace("&amp;", "&"), cookie


# --- who fetches it ---------------------------------------------------------------------------


async def _fetch(url: str, cookie: str, requests: int) -> Fetched:
    """By another process, so that it costs the server nothing."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_client, args=(url, cookie, requests, theirs), daemon=True)
    process.start()
    try:
        received, seconds, first_ms = await asyncio.to_thread(ours.recv)
    finally:
        await asyncio.to_thread(process.join)
    return Fetched(received / seconds, first_ms)


def _client(url: str, cookie: str, requests: int, told: Connection) -> None:
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host)
    buffer = bytearray(1 << 20)
    received, began = 0, time.perf_counter()
    firsts: list[float] = []
    for number in range(requests + 1):
        if number == 1:  # the first one warms
            received, began = 0, time.perf_counter()
            firsts.clear()
        asked = time.perf_counter()
        headers = {"Range": f"bytes={number * 1000}-", "Cookie": cookie}
        connection.request("GET", f"/{path}", headers=headers)
        response = connection.getresponse()
        assert response.status == 206, response.status
        firsts.append(time.perf_counter() - asked)
        while length := response.readinto(buffer):
            received += length
    told.send((received, time.perf_counter() - began, _median_ms(firsts)))


def _median_ms(seconds: Sequence[float]) -> float:
    return statistics.median(seconds) * 1000


if __name__ == "__main__":
    main()
