import csv
import io
import re
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import func, insert, select

from dialer import action_texts
from dialer.history import add_memo
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.transcript import Word, to_json, utterances
from dialer.storage.tables import actions, audit_log, calls, recordings, transcripts
from tests.fakes.web_fixtures import Browser
from tests.fakes.web_server import WebWorld


async def recorded_call(world: WebWorld) -> UUID:
    async with world.database.read() as connection:
        found: UUID = (await connection.execute(select(recordings.c.call_id).limit(1))).scalar_one()
        return found


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
    rows = await browser.get("/history/rows?q=%E5%B1%B1&outcome=&recorded=yes")
    address = rows.headers["HX-Replace-Url"]
    assert address == "/history?q=%E5%B1%B1&recorded=yes"
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
    recorded = await browser.page("/history/rows?recorded=yes")
    assert recorded.count("data-opens-row") == 10
    # Who may not hear a conversation is not offered it.
    own = (await browser.page("/history/rows?recorded=yes&user=me")).count("data-opens-row")
    assert recorded.count("data-plays=") == own < 10
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
    await browser.log_in("admin")
    page = await browser.page(f"/history/{await recorded_call(world)}")
    assert "Q.850 16" in page
    assert 'class="waveform"' in page
    assert "お客様が切電" in page


async def test_a_chip_tells_what_is_asked_and_takes_it_away(browser: Browser) -> None:
    await browser.log_in("admin")
    page = await browser.page("/history?outcome=busy&period=today&recorded=no")
    chips = re.findall(r'class="chip" href="([^"]*)".*?chip-text">([^<]+)<', page)
    assert [text for _, text in chips] == ["本日", "話中", "なし"]
    assert chips[0][0].replace("&amp;", "&") == "/history?outcome=busy&recorded=no"


async def test_one_action_has_an_address_of_its_own(browser: Browser, world: WebWorld) -> None:
    call_id = await recorded_call(world)
    await browser.log_in("sato")
    page = await browser.page(f"/history/{call_id}")
    assert page.count("data-opens-row") == 1
    assert "Q.850 16" in page
    part = await browser.get(f"/history/{call_id}", **{"HX-Request": "true"})
    assert "<html" not in await part.text()
    memo_id = await _memo(world, "店頭で話した")
    assert "店頭で話した" in await browser.page(f"/history/{memo_id}")
    assert (await browser.get(f"/history/{UUID(int=7)}")).status == 404


async def test_what_was_said_is_found_and_marked(browser: Browser, world: WebWorld) -> None:
    call_id = await recorded_call(world)
    async with world.database.write() as connection:
        said = utterances("customer", [Word("もう", 0, 900, 1.0), Word("解約", 1000, 1900, 1.0)])
        await connection.execute(
            insert(transcripts).values(
                call_id=call_id,
                engine="test",
                model="none",
                language="ja",
                made_at=world.clock.now(),
                utterances=to_json(said),
            )
        )
        await action_texts.refresh(connection, [call_id])
    await browser.log_in("admin")
    page = await browser.page("/history/rows?q=解約")
    assert page.count("data-opens-row") == 1
    assert "<mark>解約</mark>" in page
    assert 'data-from-ms="1000"' in page


async def test_the_list_goes_out_as_csv_and_the_log_says_so(
    browser: Browser, world: WebWorld
) -> None:
    await _memo(world, "=式の話")
    await browser.log_in("admin")
    response = await browser.get("/history.csv?kind=memo&q=式の")
    data = await response.read()
    assert data.startswith(b"\xef\xbb\xbf")
    header, memo = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert header[:5] == ["日時", "アクションの種類", "プロジェクト", "リード", "電話番号"]
    assert "'=式の話" in memo
    response = await browser.get("/history.csv?as=cp932")
    rows = list(csv.reader(io.StringIO((await response.read()).decode("cp932"))))
    async with world.database.read() as connection:
        assert len(rows) - 1 == await connection.scalar(select(func.count()).select_from(actions))
        taken = await connection.execute(
            select(audit_log.c.action, audit_log.c.detail)
            .where(audit_log.c.action.startswith("history."))
            .order_by(audit_log.c.id)
        )
    first, last, _, _ = taken
    assert first.detail == {"kind": "csv", "filter": f"q={quote('式の')}&kind=memo"}
    assert (last.action, last.detail) == ("history.export_end", {"rows": 1, "whole": True})


async def _memo(world: WebWorld, memo: str) -> UUID:
    async with world.database.write() as connection:
        return await add_memo(
            connection,
            lead_id=world.team.lead_ids[0],
            memo=memo,
            by=world.team.agents[0],
            now=world.clock.now(),
        )
