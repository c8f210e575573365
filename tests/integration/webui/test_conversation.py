"""A conversation on a page: its words, comments, bookmarks and good examples, by role."""

import re
from dataclasses import replace
from uuid import UUID

from sqlalchemy import insert, update

from dialer import action_texts, recording_jobs
from dialer.recording_jobs import TRANSCRIBE
from dialer.rules.transcript import Word, conversation, to_json, utterances
from dialer.storage.tables import recordings, transcripts
from tests.fakes.web_fixtures import Browser, MakeBrowser
from tests.fakes.web_server import WebWorld
from tests.integration.webui.test_recordings import call_of, log_of
from webui.app import create_app
from webui.services import SERVICES


async def transcribe(world: WebWorld, call_id: UUID) -> None:
    """「もしもし、佐藤です」「はい」, the last word doubtful."""
    said = conversation(
        utterances("agent", [Word("もしもし", 500, 1200, 0.98), Word("佐藤", 1300, 1700, 0.95)]),
        utterances("customer", [Word("はい", 2100, 2400, 0.41)]),
    )
    async with world.database.write() as connection:
        await connection.execute(
            insert(transcripts).values(
                call_id=call_id,
                engine="test",
                model="model-small-ja",
                language="ja",
                made_at=world.clock.now(),
                utterances=to_json(said),
            )
        )
        await action_texts.refresh(connection, [call_id])


async def without_model(world: WebWorld, aiohttp_client: object) -> Browser:
    """Pages of an installation that has no speech model."""
    given = world.app[SERVICES]
    settings = replace(given.settings, has_speech_model=False)
    app = create_app(replace(given, settings=settings))
    return Browser(await aiohttp_client(app))  # type: ignore[operator]


async def test_the_words_stand_with_their_speakers_and_times_and_reading_is_on_record(
    browser: Browser, world: WebWorld
) -> None:
    call_id = await call_of(world)
    await transcribe(world, call_id)
    await browser.log_in("sato")
    page = await browser.page(f"/recordings/{call_id}")
    assert '<span data-from="500" data-to="1200">もしもし</span>' in page
    assert re.search(
        r'class="utterance customer">.*?class="unsure" title="確信度 41 %"', page, re.S
    )
    await browser.page(f"/history/{call_id}")
    assert await log_of(world, "transcript.view") == [
        (world.team.agents[0].id, f"call:{call_id}", "own")
    ]


async def test_who_may_not_hear_it_may_not_open_its_page_nor_anything_of_it(
    browser: Browser, world: WebWorld
) -> None:
    call_id = await call_of(world, sato=False)
    await transcribe(world, call_id)
    await browser.log_in("sato")
    refused = await browser.get(f"/recordings/{call_id}")
    text = await refused.text()
    assert (refused.status, "聞く権限がありません" in text) == (403, True)
    assert "もしもし" not in text
    assert "もしもし" not in await browser.page(f"/history/{call_id}")
    here = f"/recordings/{call_id}"
    for path in ("/words", "/comments", "/examples", "/audio", "/download?as=wav"):
        assert (await browser.get(here + path)).status == 403, path
    for path, fields in (
        ("/comments", {"text": "x"}),
        ("/comments/1", {"text": "x"}),
        ("/comments/1/delete", {}),
        ("/bookmarks", {"at_ms": "1"}),
    ):
        assert (await browser.press(here + path, **fields)).status == 403, path
    assert (await browser.press(f"{here}/words")).status == 403  # for admins only
    assert (await browser.press(f"{here}/examples", title="x")).status == 409
    assert await log_of(world, "transcript.view") == []


async def test_a_comment_is_written_changed_and_deleted_and_others_see_it(
    new_browser: MakeBrowser, world: WebWorld
) -> None:
    call_id = await call_of(world)
    here = f"/recordings/{call_id}/comments"
    sato, admin = await new_browser(), await new_browser()
    await sato.log_in("sato")
    await admin.log_in("admin")
    written = await admin.press(here, text="間の取り方がよい", at_ms="83200")
    assert written.status == 200
    seen = await sato.page(here)
    assert "間の取り方がよい" in seen
    assert 'data-from="83200"' in seen
    comment = re.search(r"/comments/(\d+)/delete", await written.text())
    assert comment is not None
    assert "/delete" not in seen  # it is not hers
    assert (await sato.press(f"{here}/{comment[1]}", text="変更")).status == 409
    changed = await admin.press(f"{here}/{comment[1]}", text="間がよい")
    assert "編集済み" in await changed.text()
    assert (await admin.press(here, text="  ")).status == 409
    assert "間がよい" not in await (await admin.press(f"{here}/{comment[1]}/delete")).text()


async def test_a_bookmark_is_set_named_and_removed(browser: Browser, world: WebWorld) -> None:
    call_id = await call_of(world)
    here = f"/recordings/{call_id}/bookmarks"
    await browser.log_in("sato")
    assert 'data-mark-ms="4200"' in await (await browser.press(here, at_ms="4200")).text()
    named = await (await browser.press(here, at_ms="4200", label="価格の話")).text()
    assert named.count("data-mark-ms") == 1
    assert "価格の話" in named
    assert (await browser.press(here, label="x")).status == 400
    assert "data-mark-ms" not in await (await browser.press(f"{here}/remove", at_ms="4200")).text()


async def test_an_admin_chooses_a_good_example_and_all_of_the_project_hear_it(
    new_browser: MakeBrowser, world: WebWorld
) -> None:
    call_id = await call_of(world, sato=False)
    sato, admin = await new_browser(), await new_browser()
    await sato.log_in("sato")
    await admin.log_in("admin")
    here = f"/recordings/{call_id}/examples"
    chosen = {"title": "高いと言われて", "why": "質問で返す", "from": "0:02", "to": "０：０９"}
    assert (await admin.press(here, **{**chosen, "to": "あとで"})).status == 409
    assert (await admin.press(here, **{**chosen, "title": ""})).status == 409
    assert (await admin.press(here, **chosen)).status == 200
    library = await sato.page("/examples?q=高い")
    assert 'data-from-ms="2000" data-to-ms="9000"' in library
    assert 'class="waveform"' in library
    assert "/remove" not in library
    assert (await sato.get(f"/recordings/{call_id}")).status == 200
    example = re.search(r"/examples/(\d+)/remove", await admin.page("/examples"))
    assert example is not None
    assert (await sato.press(f"/examples/{example[1]}/remove")).status == 409
    changed = await admin.press(f"/examples/{example[1]}", **{**chosen, "title": "値段"})
    assert changed.headers["HX-Trigger"] == "examplesChanged"
    assert "値段" in await sato.page("/examples/rows")
    await admin.press(f"/examples/{example[1]}/remove")
    assert (await sato.get(f"/recordings/{call_id}")).status == 403
    assert "お手本はまだありません" in await sato.page("/examples")


async def test_without_a_model_the_page_says_so_and_with_one_an_admin_asks_for_words(
    browser: Browser, world: WebWorld, aiohttp_client: object
) -> None:
    call_id = await call_of(world)
    without = await without_model(world, aiohttp_client)
    await without.log_in("admin")
    assert "音声認識モデルが設定されていない" in await without.page(f"/recordings/{call_id}")
    assert (await without.press(f"/recordings/{call_id}/words")).status == 404
    await browser.log_in("admin")
    assert "文字起こしは作られていません" in await browser.page(f"/recordings/{call_id}")
    asked = await (await browser.press(f"/recordings/{call_id}/words")).text()
    assert "順番を待っています" in asked
    assert 'hx-trigger="every 4s"' in asked
    job = await recording_jobs.take_next(world.database, (TRANSCRIBE,), "worker", world.clock.now())
    assert job is not None
    await recording_jobs.keep(world.database, job, world.clock.now(), 43)
    assert 'value="43"' in await browser.page(f"/recordings/{call_id}/words")
    async with world.database.write() as connection:
        await recording_jobs.finish(connection, job, world.clock.now())
    await transcribe(world, call_id)
    assert "もしもし" in await browser.page(f"/recordings/{call_id}/words")
    assert len(await log_of(world, "transcript.ask")) == 1


async def test_a_time_without_recording_is_shown_on_the_wave(
    browser: Browser, world: WebWorld
) -> None:
    call_id = await call_of(world)
    await browser.log_in("sato")
    assert 'class="paused"' not in await browser.page(f"/recordings/{call_id}")
    async with world.database.write() as connection:
        await connection.execute(
            update(recordings)
            .where(recordings.c.call_id == call_id)
            .values(pauses=[[2000, 5000], [9000, None]])
        )
    page = await browser.page(f"/recordings/{call_id}")
    assert page.count('<rect class="paused"') == 2
    assert "録音の一時停止" in page
