import re
from uuid import UUID

from sqlalchemy import func, select

from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.tables import audit_log, calls, recordings
from tests.fakes.web_fixtures import Browser
from tests.fakes.web_server import WebWorld


async def recorded_call(world: WebWorld) -> UUID:
    async with world.database.read() as connection:
        found: UUID = (await connection.execute(select(recordings.c.call_id).limit(1))).scalar_one()
        return found


async def plays(world: WebWorld) -> int:
    async with world.database.read() as connection:
        return (
            await connection.execute(
                select(func.count()).where(audit_log.c.action == "recording.play")
            )
        ).scalar_one()


async def test_the_newest_call_stands_first_and_the_next_page_goes_on(
    browser: Browser,
) -> None:
    await browser.log_in("sato")
    first = await browser.page("/history/rows")
    rows = re.findall(r'data-opens-row="([^"]+)"', first)
    assert len(rows) == 50
    more = re.search(r'class="more-row" hx-get="([^"]+)"', first)
    assert more is not None
    second = await browser.page(more[1].replace("&amp;", "&"))
    others = re.findall(r'data-opens-row="([^"]+)"', second)
    assert others
    assert not set(rows) & set(others)


async def test_the_filter_stands_in_the_address(browser: Browser) -> None:
    await browser.log_in("sato")
    rows = await browser.get("/history/rows?q=%E5%B1%B1&outcome=&recorded=on")
    address = rows.headers["HX-Replace-Url"]
    assert address == "/history?q=%E5%B1%B1&recorded=on"
    assert 'value="山"' in await browser.page(address)
    more = re.search(r'hx-get="(/history/rows[^"]+after[^"]+)"', await browser.page("/history"))
    assert more is not None
    next_page = await browser.get(more[1].replace("&amp;", "&"))
    assert "HX-Replace-Url" not in next_page.headers


async def test_the_filter_narrows_by_outcome_user_recording_text_and_number(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    async with world.database.read() as connection:
        busy = (
            await connection.execute(
                select(func.count()).where(calls.c.outcome == CallOutcome.BUSY)
            )
        ).scalar_one()
        number = (await connection.execute(select(calls.c.e164).limit(1))).scalar_one()
    rows = (await browser.page("/history/rows?outcome=busy")).count("data-opens-row")
    assert rows == busy
    recorded = await browser.page("/history/rows?recorded=on")
    assert recorded.count("data-opens-row") == recorded.count("data-plays") == 10
    mine = await browser.page("/history/rows?user=me")
    assert "鈴木 健太" not in mine
    national = f"0{number[3:]}"
    assert (await browser.page(f"/history/rows?q={national}")).count("data-opens-row") >= 1
    assert "data-opens-row" not in await browser.page("/history/rows?since=2030-01-01")
    assert "条件に合うアクションはありません" in await browser.page("/history/rows?q=zzz")


async def test_a_filter_that_means_nothing_narrows_nothing(browser: Browser) -> None:
    await browser.log_in("sato")
    page = await browser.page("/history/rows?outcome=xx&project=x&since=yesterday&result=-1")
    assert page.count("data-opens-row") == 50


async def test_the_details_show_times_cause_and_the_waveform(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    page = await browser.page(f"/history/{await recorded_call(world)}")
    assert "Q.850 16" in page
    assert 'class="waveform"' in page
    assert "お客様が切電" in page


async def test_the_recording_is_sent_in_ranges_and_each_play_is_written_down_once(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    path = f"/recordings/{await recorded_call(world)}"
    whole = await browser.get(path)
    assert whole.status == 200
    assert whole.content_type in ("audio/x-wav", "audio/wav", "audio/vnd.wave")
    body = await whole.read()
    part = await browser.get(path, Range="bytes=100-199")
    assert part.status == 206
    assert await part.read() == body[100:200]
    etag = whole.headers["ETag"]
    assert (await browser.get(path, **{"If-None-Match": etag})).status == 304
    assert await plays(world) == 1
    await browser.log_in("suzuki")
    await browser.get(path)
    assert await plays(world) == 2


async def test_a_recording_that_is_gone_is_not_found(browser: Browser, world: WebWorld) -> None:
    call_id = await recorded_call(world)
    await browser.log_in("sato")
    async with world.database.write() as connection:
        await connection.execute(
            recordings.update().where(recordings.c.call_id == call_id).values(path="../x.wav")
        )
    assert (await browser.get(f"/recordings/{call_id}")).status == 404
    assert await plays(world) == 0
    assert "waveform" not in await browser.page(f"/history/{call_id}")
