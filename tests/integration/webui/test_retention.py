"""録音の保存: what is kept how long, what is erased next, legal holds; and who heard it."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from dialer import managers
from dialer.project_retention import retention_of
from dialer.rules.retention import Policies, Retention
from dialer.storage.tables import actions, legal_holds, recordings
from tests.fakes.web_fixtures import Browser, MakeBrowser
from tests.fakes.web_server import WebWorld
from webui.app import create_app
from webui.services import SERVICES


@pytest.fixture
async def admin(new_browser: MakeBrowser) -> Browser:
    browser = await new_browser()
    await browser.log_in("admin")
    return browser


async def call_of_sato(world: WebWorld) -> UUID:
    query = (
        select(recordings.c.call_id)
        .join(actions, actions.c.id == recordings.c.call_id)
        .where(actions.c.user_id == world.team.agents[0].id)
        .order_by(recordings.c.call_id)
        .limit(1)
    )
    async with world.database.read() as connection:
        found: UUID = (await connection.execute(query)).scalar_one()
        return found


async def standing(world: WebWorld) -> list[tuple[UUID | None, str | None, str]]:
    query = select(legal_holds).where(legal_holds.c.lifted_at.is_(None)).order_by(legal_holds.c.id)
    async with world.database.read() as connection:
        return [(row.call_id, row.e164, row.reason) for row in await connection.execute(query)]


async def test_the_page_tells_who_keeps_what_and_what_goes_next(
    world: WebWorld, aiohttp_client: Any
) -> None:
    policies = Policies(Retention(365, None), {"hikari-autumn": Retention(1, None)})
    app = create_app(replace(world.app[SERVICES], retention=policies))
    admin = Browser(await aiohttp_client(app))
    await admin.log_in("admin")
    page = await admin.page("/retention")
    assert "365日" in page
    assert "消去しない" in page
    assert "保全中のものはありません" in page
    coming = await admin.page("/retention/next")
    assert "7日以内" in coming
    assert '<td class="number right">10</td>' in coming  # all recordings are the campaign's


async def test_a_project_says_how_long_it_keeps(admin: Browser, world: WebWorld) -> None:
    path = f"/projects/{world.team.project_id}"
    page = await admin.page(path)
    assert 'name="recordings_days" value=""' in page
    form = {
        "name": "光回線",
        "time_zone": "Asia/Tokyo",
        "results": "",
        "fields": "",
        "recordings_days": "９０",
        "transcripts_days": " 365 ",
    }
    assert (await admin.press(path, **form)).headers["HX-Redirect"].endswith("saved=yes")
    async with world.database.read() as connection:
        assert await retention_of(connection, world.team.project_id) == Retention(90, 365)
    assert 'name="recordings_days" value="90"' in await admin.page(path)
    assert "光回線" in await admin.page("/retention")
    for nonsense in ("0", "-1", "1.5", "x", "36501", "99999999999"):
        refused = await admin.press(path, **{**form, "recordings_days": nonsense})
        assert refused.status == 409, nonsense
        assert "日数は" in await refused.text()
    await admin.press(path, **{**form, "recordings_days": "", "transcripts_days": ""})
    async with world.database.read() as connection:
        assert await retention_of(connection, world.team.project_id) == Retention()
    assert "保存期間を変更" in await admin.page("/audit?action=project")


async def test_holds_are_placed_by_number_or_by_call_and_lifted(
    admin: Browser, world: WebWorld
) -> None:
    call_id = await call_of_sato(world)
    number = await admin.press("/retention/holds", what="０３-1234-5678", reason="訴訟")
    assert number.headers["HX-Trigger"] == "holdsChanged"
    address = f"http://localhost:8080/recordings/{str(call_id).upper()}?t=83.2"
    assert (await admin.press("/retention/holds", what=address, reason="調査")).status == 200
    assert await standing(world) == [(None, "+81312345678", "訴訟"), (call_id, None, "調査")]
    rows = await admin.page("/retention/holds")
    assert "03-1234-5678" in rows
    assert f"/recordings/{call_id}" in rows
    async with world.database.read() as connection:
        hold_id = await connection.scalar(
            select(legal_holds.c.id).where(legal_holds.c.call_id == call_id)
        )
    lifted = await admin.press("/retention/holds/lift", hold_id=str(hold_id), reason="終了")
    assert lifted.status == 200
    assert len(await standing(world)) == 1
    again = await admin.press("/retention/holds/lift", hold_id=str(hold_id), reason="終了")
    assert again.status == 409
    assert "すでに解除" in await again.text()
    log = await admin.page("/audit?action=hold")
    assert "法的保全を設定" in log
    assert "法的保全を解除" in log


async def test_a_hold_that_cannot_be_says_why(admin: Browser, world: WebWorld) -> None:
    for what, reason, words in (
        ("山田", "訴訟", "電話番号でも会話でもありません"),
        ("", "訴訟", "電話番号でも会話でもありません"),
        ("03-1234-5678", " ", "理由を入力してください"),
        (str(UUID(int=1)), "訴訟", "その会話は存在しません"),
    ):
        refused = await admin.press("/retention/holds", what=what, reason=reason)
        assert refused.status == 409, what
        assert words in await refused.text(), what
    assert (await admin.press("/retention/holds/lift", hold_id="x", reason="終了")).status == 409
    assert await standing(world) == []
    assert (await admin.get("/retention/holds?after=x")).status == 400


async def test_admins_and_managers_see_who_heard_it(
    new_browser: MakeBrowser, admin: Browser, world: WebWorld
) -> None:
    call_id, sato = await call_of_sato(world), await new_browser()
    await sato.log_in("sato")
    link = await (await sato.get(f"/recordings/{call_id}/link")).text()
    assert (await sato.get(link)).status == 200
    path = f"/recordings/{call_id}/heard-by"
    assert (await sato.get(path)).status == 403
    assert "heard-by" not in await sato.page(f"/history/{call_id}")
    assert "heard-by" in await admin.page(f"/history/{call_id}")
    rows = await admin.page(path)
    assert "佐藤 美咲" in rows
    assert "再生" in rows
    async with world.database.write() as connection:
        await managers.make_managers(
            connection,
            workgroup_id=world.team.workgroup_id,
            user_ids=[world.team.agents[1].id],
            now=world.clock.now(),
            by=None,
        )
    suzuki = await new_browser()
    await suzuki.log_in("suzuki")
    assert "佐藤 美咲" in await suzuki.page(path)
