"""A manager with a spreadsheet and a browser: from an empty installation to a lead on a desk."""

import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from dialer import users
from dialer.floor_views import AgentCall
from dialer.messages import CallId
from dialer.rules.agent_state import AgentState
from dialer.storage.engine import open_database
from dialer.storage.tables import actions, calls, campaigns, contact_points, leads, projects
from dialer.user_links import make_first_link
from dialer.users import User
from tests.browser.test_for_everybody import nameless_controls
from tests.fakes.sales_team import AFTERNOON, SalesTeam
from tests.fakes.web_server import WebWorld, build_web_world, serving

pytestmark = pytest.mark.real

PASSWORD = "kakeru wo hajimeru"
LIST = """\
見込み客リスト,,,
会社名,電話番号,担当者,契約プラン
㈱髙﨑商店,０３－６２００－２２８７,髙﨑 花子,光ファミリー
北斗製作所,なし,鈴木,光マンション
南雲ホーム,03-6200-2289,南雲,
"""


@dataclass(frozen=True, slots=True)
class Manager:
    """The first person at an installation that nobody has used yet."""

    page: Page
    address: str
    world: WebWorld

    async def go(self, path: str) -> None:
        await self.page.goto(self.address + path)
        await self.page.wait_for_selector("body[data-ready]")

    async def next_step(self, title: str) -> None:
        """The checklist names this step as the next, and leads to it."""
        await self.go("/setup")
        step = self.page.locator(".setup-step.is-next")
        await expect(step.get_by_role("heading")).to_contain_text(title)
        await step.get_by_role("link").click()
        await self.page.wait_for_selector("body[data-ready]")
        assert not await nameless_controls(self.page)


@pytest.fixture
async def empty(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[WebWorld]:
    """The pages of an installation with nobody in it."""
    folder = tmp_path / "new"
    folder.mkdir()
    shutil.copyfile(migrated_sqlite, folder / "kakeru.db")
    database = open_database(f"sqlite:///{folder / 'kakeru.db'}")
    yield build_web_world(database, folder / "recordings", NOBODY)
    await database.close()


@pytest.fixture
async def address(empty: WebWorld) -> AsyncIterator[str]:
    async with serving(empty.app) as served:
        yield served


async def test_the_whole_way_from_nothing_to_a_lead_on_a_desk(
    page: Page, chromium: Browser, address: str, empty: WebWorld, tmp_path: Path
) -> None:
    manager = Manager(page, address, empty)
    await first_login(manager)
    await a_workgroup(manager)
    link = await a_user(manager)
    await custom_fields(manager)
    await a_project(manager)
    await an_import_with_a_mistake(manager, tmp_path)
    await a_script_and_hours(manager)
    await a_campaign(manager)
    await the_desk(manager, chromium, link)


async def first_login(manager: Manager) -> None:
    async with manager.world.database.write() as connection:
        link = await make_first_link(connection, now=manager.world.clock.now())
    assert link is not None
    page = manager.page
    await page.goto(f"{manager.address}/welcome/{link.token}")
    await page.get_by_label("氏名").fill("中村 香織")
    await page.get_by_label("ログインID").fill("nakamura")
    await page.get_by_label("パスワード", exact=True).fill(PASSWORD)
    await page.get_by_label("パスワード（確認）").fill(PASSWORD)
    await page.get_by_role("button", name="はじめる").click()
    await page.wait_for_url(f"{manager.address}/setup")
    await expect(page.locator(".setup-head")).to_contain_text("最初の架電までに必要なこと")
    assert not await nameless_controls(page)


async def a_workgroup(manager: Manager) -> None:
    await manager.next_step("ワークグループ")
    page = manager.page
    await page.keyboard.press("n")
    await page.locator("#add-name").fill("東京営業部")
    await page.keyboard.press("Enter")
    await expect(page.locator("#workgroup-rows")).to_contain_text("東京営業部")


async def a_user(manager: Manager) -> str:
    """Invited, with a phone; the link to send."""
    await manager.go("/users")
    page = manager.page
    await page.keyboard.press("n")
    await page.locator("#invite-name").fill("佐藤 美咲")
    await page.locator("#invite-login").fill("sato")
    await page.get_by_role("checkbox", name="東京営業部").check()
    await page.get_by_role("radio", name="SIP電話機").check()
    await page.locator("#invite-phone").fill("phone-sato")
    await page.keyboard.press("Enter")
    return await page.locator("#once-link").input_value()


async def custom_fields(manager: Manager) -> None:
    await manager.go("/fields")
    page = manager.page
    await page.locator("[data-opens=new-set]").first.click()
    await page.locator("#new-set-form [name=name]").fill("回線")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="項目を追加").first.click()
    await page.locator("#field-form [name=name]").fill("契約プラン")
    await page.locator("#field-form button[type=submit]").click()
    await expect(page.locator("#field-rows .sort-row")).to_contain_text("契約プラン")


async def a_project(manager: Manager) -> None:
    """With the results to begin with, and the invited user in it."""
    await manager.go("/projects")
    page = manager.page
    await page.keyboard.press("n")
    form = page.locator("#new-project")
    await form.get_by_label("名前").fill("光回線 秋")
    await form.get_by_label("アクション結果").select_option("new")
    await form.get_by_label("カスタム項目").select_option(label="回線 (1)")
    await form.get_by_role("button", name="プロジェクトを作成").click()
    await page.wait_for_url("**/users?saved=created")
    await page.locator("#candidates").get_by_text("佐藤 美咲").click()
    await page.get_by_role("button", name="プロジェクトに追加").click()
    await expect(page.locator(".member-table")).to_contain_text("佐藤 美咲")
    assert not await nameless_controls(page)


async def an_import_with_a_mistake(manager: Manager, folder: Path) -> None:
    """Two of three rows come in; the third is mended and dropped again."""
    page = manager.page
    await manager.go(f"/imports?project={await project_id(manager)}")
    first = folder / "見込み客.csv"
    first.write_bytes(LIST.encode("cp932"))
    await drop(manager, first)
    await expect(page.locator("#import")).to_contain_text("発信できる電話番号がありません")
    assert not await nameless_controls(page)
    await press(manager, re.compile("2行を取り込む"))
    await expect(page.locator("#import")).to_contain_text("2件のリード")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="CSV (Shift_JIS)").click()
    mended = folder / "直したリスト.csv"
    await (await download.value).save_as(mended)
    refused = mended.read_bytes().decode("cp932")
    assert "北斗製作所" in refused
    mended.write_bytes(refused.replace("なし", "03-6200-2288").encode("cp932"))
    await manager.go(f"/imports?project={await project_id(manager)}")
    await drop(manager, mended)
    await press(manager, re.compile("1行を取り込む"))
    await expect(page.locator("#import")).to_contain_text("1件のリード")
    assert len(await lead_ids(manager)) == 3


async def drop(manager: Manager, file: Path) -> None:
    page = manager.page
    await page.locator("[data-file]").set_input_files(file)
    await page.wait_for_url(re.compile(r"/imports/\d+$"))
    await page.get_by_role("button", name="すべての行を確認").click()
    await page.wait_for_selector("[data-state=checked]")


async def press(manager: Manager, name: re.Pattern[str]) -> None:
    await manager.page.get_by_role("button", name=name).click()
    await manager.page.wait_for_selector("[data-state=done]")


async def a_script_and_hours(manager: Manager) -> None:
    page = manager.page
    await manager.go(f"/projects/{await project_id(manager)}/script")
    await page.locator("#script").fill("# 挨拶\n")
    await page.get_by_role("button", name="名前", exact=True).click()
    await expect(page.locator("#preview h3")).to_have_text("挨拶")
    await expect(page.locator("#preview b")).to_have_text("山田商店株式会社")
    await page.get_by_role("button", name="保存").click()
    await expect(page.locator(".notice")).to_contain_text("保存しました")
    await manager.go(f"/projects/{await project_id(manager)}/hours")
    await page.get_by_label("この時間内だけ架電する").check()
    await page.locator("[name=to-tue]").fill("17:30")
    await expect(page.locator("#week")).to_contain_text("08:00–17:30")
    assert not await nameless_controls(page)
    await page.get_by_role("button", name="保存").click()
    await expect(page.locator(".notice")).to_contain_text("次の架電から")


async def a_campaign(manager: Manager) -> None:
    page = manager.page
    await manager.go(f"/projects/{await project_id(manager)}/campaigns")
    await page.get_by_label("名前").fill("autumn-2026")
    await page.get_by_label("発信者番号").fill("03-1234-5678")
    assert not await nameless_controls(page)
    await page.get_by_role("button", name="キャンペーンを作成").click()
    await expect(page.locator(".campaign-line")).to_contain_text("autumn-2026")
    await manager.go("/campaigns")
    await page.locator("#start-autumn-2026").click()
    await expect(page.locator("#campaign-autumn-2026 .pill").first).to_have_text("稼働中")


async def the_desk(manager: Manager, chromium: Browser, link: str) -> None:
    """The invited user comes in, is ready, and has the lead of the list on screen."""
    theirs = await chromium.new_context(locale="ja", viewport={"width": 1280, "height": 860})
    desk = await theirs.new_page()
    await desk.goto(link)
    await desk.get_by_label("パスワード", exact=True).fill(PASSWORD)
    await desk.get_by_label("パスワード（確認）").fill(PASSWORD)
    await desk.get_by_role("button", name="はじめる").click()
    await desk.wait_for_url(f"{manager.address}/desk")
    sato = await user_named(manager, "sato")
    manager.world.floor.add(sato)
    await desk.get_by_role("button", name="待機").first.click()
    await manager.go("/setup")
    await expect(manager.page.locator(".setup-head")).to_contain_text("架電できます")
    await somebody_answers(manager, sato)
    await expect(desk.locator("#lead-name")).to_have_text("㈱髙﨑商店")
    await expect(desk.locator(".script-text")).to_contain_text("㈱髙﨑商店")
    await expect(desk.locator(".lead-card")).to_contain_text("光ファミリー")
    await expect(desk.locator("#desk-results")).to_contain_text("アポ")
    await theirs.close()


# --- the world behind the pages ---------------------------------------------------------

_MADE_UP = User(
    id=0,
    login="",
    name="",
    may_administer=True,
    may_call=False,
    active=True,
    language=None,
    phone_account=None,
    phone_mode="held",
    session_epoch=0,
    workgroup_ids=frozenset(),
    project_ids=frozenset(),
    acts_as_admin=True,
)
NOBODY = SalesTeam(
    project_id=0,
    workgroup_id=0,
    campaigns=(),
    admin=_MADE_UP,
    agents=(),
    outsider=replace(_MADE_UP, id=-1),
    results=(),
    lead_ids=(),
)


async def project_id(manager: Manager) -> int:
    async with manager.world.database.read() as connection:
        return int((await connection.execute(select(projects.c.id))).scalar_one())


async def lead_ids(manager: Manager) -> list[int]:
    async with manager.world.database.read() as connection:
        return list((await connection.scalars(select(leads.c.id).order_by(leads.c.id))).all())


async def user_named(manager: Manager, login: str) -> User:
    async with manager.world.database.read() as connection:
        found = await users.user_by_login(connection, login)
    assert found is not None
    return found


async def somebody_answers(manager: Manager, agent: User) -> None:
    """The first lead of the list is on the line with this agent."""
    world, now = manager.world, manager.world.clock.now()
    call_id, lead_id = CallId(uuid4()), (await lead_ids(manager))[0]
    async with world.database.write() as connection:
        campaign = (await connection.execute(select(campaigns))).one()
        point = (
            await connection.execute(
                select(contact_points).where(
                    contact_points.c.lead_id == lead_id, contact_points.c.e164.is_not(None)
                )
            )
        ).one()
        await connection.execute(
            actions.insert().values(
                id=call_id,
                kind="call",
                at=now,
                lead_id=lead_id,
                project_id=campaign.project_id,
                user_id=agent.id,
            )
        )
        await connection.execute(
            calls.insert().values(
                id=call_id,
                campaign_id=campaign.id,
                contact_point_id=point.id,
                e164=point.e164,
                trunk="carrier",
                attempt=1,
                claimed_at=AFTERNOON,
                dialled_at=now,
                answered_at=now,
                connected_at=now,
            )
        )
    call = AgentCall(
        call_id=call_id,
        lead_id=lead_id,
        e164=point.e164,
        campaign=campaign.name,
        project_id=campaign.project_id,
        after_call_work_seconds=60,
        connected_at=now,
    )
    world.floor.set(agent.id, AgentState.ON_CALL, call=call)
