"""Audio goes to those who may hear it, in parts, from whatever form it lies in, and on record."""

import html
import io
import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import soundfile
from sqlalchemy import insert, select, update

from dialer.ports import AudioFile, KeptAudio, RecordingFault
from dialer.storage.tables import (
    actions,
    audit_log,
    calls,
    good_examples,
    recording_jobs,
    recording_peaks,
    recordings,
    user_workgroups,
)
from recordings.archive import KeepingPolicy, RecordingArchive
from recordings.keys import parse_keys
from tests.fakes.web_fixtures import Browser, MakeBrowser
from tests.fakes.web_server import WebWorld
from webui.app import create_app
from webui.services import SERVICES


async def call_of(world: WebWorld, *, sato: bool = True) -> UUID:
    """A recorded conversation of hers, or of somebody else."""
    mine = actions.c.user_id == world.team.agents[0].id
    query = (
        select(recordings.c.call_id)
        .join(actions, actions.c.id == recordings.c.call_id)
        .where(mine if sato else ~mine)
        .order_by(recordings.c.call_id)
        .limit(1)
    )
    async with world.database.read() as connection:
        found: UUID = (await connection.execute(query)).scalar_one()
        return found


async def link_to(browser: Browser, call_id: UUID) -> str:
    """Where the browser of this session gets the audio."""
    response = await browser.get(f"/recordings/{call_id}/link")
    return await response.text() if response.status == 200 else f"/recordings/{call_id}/audio"


async def link_to_copy(browser: Browser, call_id: UUID, form: str) -> str:
    """Where the page lets this session download it; without a link there, where it would be."""
    page = html.unescape(await browser.page(f"/recordings/{call_id}"))
    found = re.search(rf'href="(/recordings/{call_id}/download\?as={form}[^"]*)"', page)
    return found[1] if found else f"/recordings/{call_id}/download?as={form}"


async def log_of(world: WebWorld, action: str) -> list[tuple[int | None, str, object]]:
    query = select(audit_log.c.user_id, audit_log.c.subject, audit_log.c.detail)
    async with world.database.read() as connection:
        rows = await connection.execute(query.where(audit_log.c.action == action))
        return [(row.user_id, row.subject, row.detail.get("right")) for row in rows]


async def test_the_audio_is_sent_in_ranges_and_each_play_is_written_down_once(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    call_id = await call_of(world)
    path = await link_to(browser, call_id)
    whole = await browser.get(path)
    assert (whole.status, whole.content_type) == (200, "audio/wav")
    assert "private" in whole.headers["Cache-Control"]
    body, etag = await whole.read(), whole.headers["ETag"]
    part = await browser.get(path, Range="bytes=100-199")
    assert (part.status, part.headers["Content-Range"]) == (206, f"bytes 100-199/{len(body)}")
    assert await part.read() == body[100:200]
    assert (await browser.get(path, **{"If-None-Match": etag})).status == 304
    beyond = await browser.get(path, Range=f"bytes={len(body)}-")
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{len(body)}")
    several = await browser.get(path, Range="bytes=0-0,5-6")
    assert (several.status, await several.read()) == (200, body)
    head = await browser.client.head(path)
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(body)))
    sato = world.team.agents[0].id
    assert await log_of(world, "recording.play") == [(sato, f"call:{call_id}", "own")]


async def test_a_part_of_an_older_file_is_not_mixed_with_the_new(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    path = await link_to(browser, await call_of(world))
    etag = (await browser.get(path)).headers["ETag"]
    same = await browser.get(path, Range="bytes=0-9", **{"If-Range": etag})
    other = await browser.get(path, Range="bytes=0-9", **{"If-Range": '"another"'})
    assert (same.status, other.status) == (206, 200)


async def test_who_may_not_hear_gets_neither_audio_nor_player(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    call_id = await call_of(world, sato=False)
    assert (await browser.get(f"/recordings/{call_id}/audio")).status == 403
    page = await browser.page(f"/history/{call_id}")
    assert "data-player" not in page
    assert "not-for-you" in page
    assert await log_of(world, "recording.play") == []


async def test_managers_admins_and_all_of_a_good_example_hear_it(
    new_browser: MakeBrowser, world: WebWorld
) -> None:
    call_id = await call_of(world, sato=False)
    admin, agent = await new_browser(), await new_browser()
    await admin.log_in("admin")
    await agent.log_in("sato")
    assert (await admin.get(await link_to(admin, call_id))).status == 200
    async with world.database.write() as connection:
        await connection.execute(
            update(user_workgroups)
            .where(user_workgroups.c.user_id == world.team.agents[0].id)
            .values(manages=True)
        )
    assert (await agent.get(await link_to(agent, call_id))).status == 200
    async with world.database.write() as connection:
        await connection.execute(update(user_workgroups).values(manages=False))
        await connection.execute(
            insert(good_examples).values(
                call_id=call_id,
                project_id=world.team.project_id,
                title="切り返し",
                added_by=world.team.admin.id,
                added_at=world.clock.now(),
            )
        )
    await agent.log_in("suzuki")
    assert (await agent.get(await link_to(agent, call_id))).status == 200
    rights = [right for _, _, right in await log_of(world, "recording.play")]
    assert rights in (["admin", "manager", "example"], ["admin", "manager", "own"])


@pytest.mark.parametrize("form", ["wav", "flac", "opus"])
async def test_what_is_encrypted_and_compressed_is_heard_all_the_same(
    world: WebWorld, aiohttp_client: object, form: str
) -> None:
    archive = RecordingArchive(
        world.store,
        KeepingPolicy(format=form, encrypted=True),  # type: ignore[arg-type]
        parse_keys("k1:" + "M" * 43 + "="),
    )
    call_id = await call_of(world)
    async with world.database.write() as connection:
        row = (
            await connection.execute(select(recordings).where(recordings.c.call_id == call_id))
        ).one()
        kept = KeptAudio(call_id, "local", row.path, "wav", None)
        facts = await archive.make(kept, archive.form_for(kept), audio_sha256=row.audio_sha256)
        await connection.execute(
            update(recordings)
            .where(recordings.c.call_id == call_id)
            .values(
                path=facts.kept.path,
                format=form,
                key_name=facts.kept.key_name,
                sha256=facts.sha256,
                size_bytes=facts.size_bytes,
            )
        )
    await archive.remove_others(facts.kept)
    browser = await _with_store(world, aiohttp_client, archive)
    await browser.log_in("sato")
    path = await link_to(browser, call_id)
    whole = await browser.get(path)
    beginning = {"wav": b"RIFF", "flac": b"fLaC", "opus": b"OggS"}[form]
    body = await whole.read()
    assert body[:4] == beginning
    part = await browser.get(path, Range="bytes=70000-70099")
    assert await part.read() == body[70000:70100]


async def test_audio_that_is_gone_is_not_found_and_a_store_that_is_away_says_so(
    browser: Browser, world: WebWorld, aiohttp_client: object
) -> None:
    call_id = await call_of(world)
    await browser.log_in("sato")
    async with world.database.write() as connection:
        await connection.execute(
            update(recordings).where(recordings.c.call_id == call_id).values(path="../x.wav")
        )
    assert (await browser.get(await link_to(browser, call_id))).status == 404
    assert await log_of(world, "recording.play") == []

    class Away(RecordingArchive):
        async def open(self, kept: KeptAudio) -> AudioFile:
            raise RecordingFault("recordings: the bucket cannot be reached")

    away = await _with_store(world, aiohttp_client, Away(world.store))
    await away.log_in("sato")
    assert (await away.get(await link_to(away, call_id))).status == 503


async def test_an_old_recording_without_a_wave_gets_one(browser: Browser, world: WebWorld) -> None:
    call_id = await call_of(world)
    async with world.database.write() as connection:
        await connection.execute(
            recording_peaks.delete().where(recording_peaks.c.call_id == call_id)
        )
    await browser.log_in("sato")
    page = await browser.page(f"/history/{call_id}")
    assert "data-player" in page
    assert 'class="waveform"' not in page
    async with world.database.read() as connection:
        query = select(recording_jobs.c.kind).where(recording_jobs.c.call_id == call_id)
        assert await connection.scalar(query) == "keep"


async def _with_store(world: WebWorld, aiohttp_client: object, store: RecordingArchive) -> Browser:
    app = create_app(replace(world.app[SERVICES], recordings=store))
    return Browser(await aiohttp_client(app))  # type: ignore[operator]


async def test_a_leads_page_offers_only_what_may_be_heard(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    for sato in (True, False):
        call_id = await call_of(world, sato=sato)
        async with world.database.read() as connection:
            lead_id = await connection.scalar(
                select(actions.c.lead_id).where(actions.c.id == call_id)
            )
        page = await browser.page(f"/leads/{lead_id}")
        assert (f"/history/{call_id}" in page) is sato


async def test_a_link_is_good_in_its_session_for_half_an_hour_and_nowhere_else(
    new_browser: MakeBrowser, world: WebWorld
) -> None:
    call_id, other = await call_of(world), await call_of(world, sato=False)
    sato, elsewhere, admin = [await new_browser() for _ in range(3)]
    await sato.log_in("sato")
    await elsewhere.log_in("sato")
    await admin.log_in("admin")
    path = await link_to(sato, call_id)
    bare, _, query = path.partition("?")
    assert (await sato.get(path)).status == 200
    for browser, address in (
        (elsewhere, path),  # the same user in another browser
        (admin, path),  # who may hear it, but by a link of his own
        (sato, bare),
        (sato, f"{bare}?{query[:-1]}"),
        (admin, f"/recordings/{other}/audio?{query}"),
    ):
        assert (await browser.get(address)).status == 403, address
    assert (await (await new_browser()).get(path)).headers["Location"].startswith("/login")
    await sato.get("/history")  # somebody is at work
    world.clock.move(timedelta(minutes=36))
    assert (await sato.get(path)).status == 410
    assert (await sato.get(await link_to(sato, call_id))).status == 200


async def test_a_right_that_was_taken_away_ends_the_link(browser: Browser, world: WebWorld) -> None:
    await browser.log_in("admin")
    path = await link_to(browser, await call_of(world))
    assert (await browser.get(path)).status == 200
    await browser.act_as("user")
    assert (await browser.get(path)).status == 403


@pytest.mark.parametrize("form", ["wav", "mp3"])
async def test_an_admin_takes_a_copy_away_and_a_manager_one_without_the_number(
    new_browser: MakeBrowser, world: WebWorld, form: str
) -> None:
    call_id = await call_of(world, sato=False)
    admin, manager = await new_browser(), await new_browser()
    await admin.log_in("admin")
    await manager.log_in("sato")
    path = await link_to_copy(admin, call_id, form)
    assert (await manager.get(path)).status == 403
    async with world.database.write() as connection:
        await connection.execute(
            update(user_workgroups)
            .where(user_workgroups.c.user_id == world.team.agents[0].id)
            .values(manages=True)
        )
        number = await connection.scalar(select(calls.c.e164).where(calls.c.id == call_id))
    assert (await manager.get(path)).status == 403  # it is the admin's
    other = path.replace(f"as={form}", "as=" + {"wav": "mp3", "mp3": "wav"}[form])
    assert (await admin.get(other)).status == 403
    by_admin = await admin.get(path)
    managers_path = await link_to_copy(manager, call_id, form)
    by_manager = await manager.get(managers_path)
    with soundfile.SoundFile(io.BytesIO(await by_manager.read())) as audio:
        assert (audio.format, audio.channels, audio.samplerate) == (form.upper(), 2, 8000)
        taken = audio.frames / audio.samplerate
    async with world.database.read() as connection:
        query = select(recordings.c.duration_ms).where(recordings.c.call_id == call_id)
        lasted_ms = (await connection.execute(query)).scalar_one()
    assert taken == pytest.approx(lasted_ms / 1000, abs=0.3)
    assert number is not None
    assert f"-0{number[3:]}.{form}" in by_admin.headers["Content-Disposition"]
    assert number[3:] not in by_manager.headers["Content-Disposition"]
    assert by_manager.headers["Content-Disposition"].startswith("attachment")
    rights = [right for _, _, right in await log_of(world, "recording.download")]
    assert rights == ["admin", "manager"]
    assert (await admin.get(f"/recordings/{call_id}/download?as=exe")).status == 400
    async with world.database.write() as connection:
        await connection.execute(update(user_workgroups).values(manages=False))
    assert (await manager.get(managers_path)).status == 403  # the right is asked again
    world.clock.move(timedelta(minutes=36))
    assert (await admin.get(path)).status == 410


async def test_ones_own_conversation_is_heard_but_not_taken_away(
    browser: Browser, world: WebWorld
) -> None:
    call_id = await call_of(world)
    await browser.log_in("sato")
    assert (await browser.get(f"/recordings/{call_id}/download?as=mp3")).status == 403
    assert "/download" not in await browser.page(f"/recordings/{call_id}")
