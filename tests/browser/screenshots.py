"""Pictures of every page, for looking at and for ``docs/images``.

python -m tests.browser.screenshots FOLDER [--only PAGE]
python -m tests.browser.screenshots --docs docs/images
"""

import argparse
import asyncio
import tempfile
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from ari_app.runtime.chromium import executable
from dialer import project_changes
from dialer.callbacks import Agreed, set_callback
from dialer.campaign import HoursSettings
from dialer.legal_holds import hold_number
from dialer.messages import UserId
from dialer.project_retention import set_retention
from dialer.rules.agent_state import AgentState
from dialer.rules.pacing import NotDialling
from dialer.rules.retention import Retention
from dialer.storage.engine import Database, open_database
from dialer.storage.migrate import upgrade
from recordings.store import LocalRecordingStore
from tests.browser.import_pictures import STEPS, take_import
from tests.browser.talks import longest, speak
from tests.fakes.sales_fields import add_custom_fields
from tests.fakes.sales_team import AFTERNOON, PASSWORD, SalesTeam, build_sales_team
from tests.fakes.web_server import WebWorld, build_web_world, call_for, serving


@dataclass(frozen=True, slots=True)
class Look:
    """One way of looking at a page."""

    language: str
    theme: str
    width: int
    height: int
    short_name: str = ""

    @property
    def name(self) -> str:
        return self.short_name or f"{self.language}-{self.theme}-{self.width}"


LOOKS = (
    Look("ja", "light", 1280, 860),
    Look("ja", "dark", 1280, 860),
    Look("en", "light", 1280, 860),
    Look("ja", "light", 390, 844),
    Look("en", "dark", 390, 844),
)
LEAD_TABLE = (
    "/leads?tab=all&prefecture=東京都&prefecture=愛知県&prefecture=福岡県&sort=-f2"
    "&columns=number,area,stage,f1,f2,last_action,state"
)
DOCS_LOOKS = (Look("ja", "light", 1280, 860, "ja"), Look("en", "dark", 1280, 860, "en"))
DOCS_PAGES = (
    "desk",
    "history",
    "recording",
    "examples",
    "campaigns",
    "why",
    "fields",
    "results",
    "lead-table",
    "setup",
    "project-hours",
    "project-script",
    "import-columns",
    "import-checked",
    "lead",
    "callbacks",
    "duplicates",
    "users",
    "retention",
)


_SCRIPT = """\
# 挨拶
お世話になっております。{{ 会社名 }}の{{ 担当者 }}と申します。
{{ 先方担当者 | default("ご担当者") }}様はいらっしゃいますでしょうか。
> つながったら、お時間をいただけるか確認する

# 用件
- 光回線の料金見直しのご案内
- 今月中のお申し込みで工事費無料

{% if 市区町村 %}{{ 市区町村 }}のお客様にご案内しております。{% endif %}
"""


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--docs", action="store_true")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/kakeru.db"
        await upgrade(url)
        database = open_database(url)
        store = LocalRecordingStore(Path(folder) / "recordings", settle_seconds=0.01)
        team = await build_sales_team(database, store, calls_made=150)
        async with database.write() as connection:
            await add_custom_fields(connection, team)
        await write_a_script(database, team)
        await agree_on_callbacks(database, team)
        await keep_for_a_while(database, team)
        world = build_web_world(database, store.root, team)
        await busy_afternoon(world)
        await speak(world)
        async with serving(world.app) as address, async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=str(executable()), args=["--no-sandbox"]
            )
            if given.docs:
                for look in DOCS_LOOKS:
                    for only in DOCS_PAGES:
                        await _take(browser, address, world, look, given.folder, only)
            else:
                for look in LOOKS:
                    await _take(browser, address, world, look, given.folder, given.only)
            await browser.close()
        await database.close()


async def write_a_script(database: Database, team: SalesTeam) -> None:
    """With hours of the project, for its pages."""
    weekdays = dict.fromkeys(("mon", "tue", "wed", "thu"), "09:00-18:00")
    hours = HoursSettings.model_validate(
        {
            "weekdays": {**weekdays, "fri": "09:00-17:00"},
            "holidays": "closed",
            "exceptions": {"2026-11-30": "13:00-17:00"},
        }
    )
    async with database.write() as connection:
        project_id = team.project_id
        await project_changes.set_script(connection, project_id, _SCRIPT, now=AFTERNOON)
        await project_changes.set_hours(connection, project_id, hours, now=AFTERNOON)


async def agree_on_callbacks(database: Database, team: SalesTeam) -> None:
    """One overdue, others today, tomorrow and next week."""
    hours = (-1.5, 0.5, 2, 19, 20.5, 167)
    async with database.write() as connection:
        for number, hour in enumerate(hours):
            user = UserId(team.agents[number % 3].id)
            mine = user if number % 3 else None
            await set_callback(
                connection,
                lead_id=team.lead_ids[60 + number],
                agreed=Agreed(AFTERNOON + timedelta(hours=hour), mine),
                by=user,
                now=AFTERNOON - timedelta(days=1),
            )


async def keep_for_a_while(database: Database, team: SalesTeam) -> None:
    """A project with days of its own, and a legal hold."""
    async with database.write() as connection:
        await set_retention(connection, team.project_id, Retention(90, 365), now=AFTERNOON)
        await hold_number(
            connection,
            e164="+81352542287",
            reason="11月20日の苦情、顧問弁護士の指示 (案件 123)",
            by=team.admin,
            now=AFTERNOON - timedelta(days=3),
        )


async def busy_afternoon(world: WebWorld) -> None:
    """Agents in every state, and a campaign at work."""
    team, floor, now = world.team, world.floor, AFTERNOON
    first, second, third, fourth = team.agents
    floor.set(second.id, AgentState.READY, since=now - timedelta(seconds=23))
    floor.set(third.id, AgentState.AFTER_CALL_WORK, since=now - timedelta(seconds=41))
    floor.set(fourth.id, AgentState.AWAY, since=now - timedelta(minutes=12), away_reason="lunch")
    await call_for(world, first.id, lead_index=36, seconds_ago=74)
    name = team.campaigns[0].name
    world.campaigns.figures[name] = replace(
        world.campaigns.figures[name],
        state="running",
        ringing=3,
        waiting=0,
        on_call=1,
        ready_agents=1,
        after_call_work=1,
        away=1,
        lines_per_agent_now=2.5,
        note=NotDialling.LINES_IN_USE,
    )


async def _take(
    browser: Browser, address: str, world: WebWorld, look: Look, folder: Path, only: str
) -> None:
    lead = world.team.lead_ids
    async with world.database.read() as connection:
        talk = await longest(connection)
    for login, pages in (
        ("", (("login", "/login"),)),
        (
            "sato",
            (
                ("desk", "/desk"),
                ("leads", "/leads"),
                ("lead", f"/leads/{lead[36]}"),
                ("why", f"/leads/{lead[161]}"),
                ("why-waiting", f"/leads/{lead[37]}"),
                ("why-allowed", f"/leads/{lead[155]}"),
                ("mybox", "/leads?tab=mybox"),
                ("history", "/history"),
            ),
        ),
        ("suzuki", (("desk-ready", "/desk"),)),
        (
            "admin",
            (
                ("campaigns", "/campaigns"),
                ("lead-table", LEAD_TABLE),
                ("lead-table-deleted", "/leads?tab=deleted"),
                ("prohibited", f"/leads/{lead[161]}"),
                ("boxes", "/leads?tab=mybox"),
                ("prohibited-leads", "/leads?tab=prohibited"),
                ("prohibitions", "/prohibitions?state=all"),
                ("fields", "/fields"),
                ("results", "/results"),
                ("audit", "/audit"),
                ("recording", f"/recordings/{talk}?t=11.2"),
                ("examples", "/examples"),
                ("retention", "/retention"),
                ("users", "/users?state=all"),
                ("user", f"/users/{world.team.agents[1].id}"),
                ("workgroups", "/workgroups"),
                ("workgroup", f"/workgroups/{world.team.workgroup_id}"),
                ("account", "/account"),
                ("setup", "/setup"),
                ("projects", "/projects"),
                ("project", f"/projects/{world.team.project_id}"),
                ("project-users", f"/projects/{world.team.project_id}/users"),
                ("project-hours", f"/projects/{world.team.project_id}/hours"),
                ("project-script", f"/projects/{world.team.project_id}/script"),
                ("project-campaigns", f"/projects/{world.team.project_id}/campaigns"),
                ("imports", "/imports"),
                ("duplicates", "/leads/duplicates"),
                ("callbacks", "/callbacks"),
                ("forbidden", "/desk"),
                ("missing", "/nowhere"),
            ),
        ),
    ):
        wanted = [(name, path) for name, path in pages if only in ("", name)]
        if not wanted:
            continue
        page = await _open(browser, address, look, login)
        for name, path in wanted:
            await page.goto(address + path)
            await page.wait_for_timeout(400)
            if name == "history":
                await _open_a_recording(page)
            if name.startswith("why"):
                await _open_past_decisions(page)
            await page.screenshot(
                path=folder / f"{name}-{look.name}.png",
                full_page=name.startswith("why")
                or (name in ("desk", "campaigns") and look.width < 500),
            )
        await page.context.close()
    if only in ("", "import", *STEPS):
        await _take_import(browser, address, world, look, folder, only)


async def _take_import(
    browser: Browser, address: str, world: WebWorld, look: Look, folder: Path, only: str
) -> None:
    """Its steps follow from each other, so all are gone through for the picture of one."""

    async def shoot(page: Page, name: str) -> None:
        if only in ("", "import", name):
            await page.screenshot(path=folder / f"{name}-{look.name}.png")

    page = await _open(browser, address, look, "admin")
    await take_import(page, address, world, shoot)
    await page.context.close()


async def _open(browser: Browser, address: str, look: Look, login: str) -> Page:
    context = await browser.new_context(
        viewport={"width": look.width, "height": look.height},
        locale=look.language,
        color_scheme="dark" if look.theme == "dark" else "light",
        device_scale_factor=2 if look.width < 500 else 1,
    )
    page = await context.new_page()
    page.on("console", lambda message: print("console:", message.text))
    page.on("pageerror", lambda error: print("page error:", error))
    if login:
        await log_in(page, address, login)
    return page


async def log_in(page: Page, address: str, login: str) -> None:
    await page.goto(f"{address}/login")
    await page.fill("input[name=login]", login)
    await page.fill("input[name=password]", PASSWORD)
    await page.click("form[action='/login'] button")
    await page.wait_for_url(lambda url: not url.endswith("/login"))


async def _open_a_recording(page: Page) -> None:
    await page.locator(".history-row:has([data-plays]) .cell-time").first.click()
    await page.wait_for_selector("[data-player][data-ready]")
    await page.locator("[data-seek]").first.evaluate(
        "(seek) => { seek.value = 380; seek.dispatchEvent(new Event('input')); }"
    )
    await page.wait_for_timeout(300)


async def _open_past_decisions(page: Page) -> None:
    await page.wait_for_selector(".why-verdict")
    await page.locator(".why-past summary").click()
    await page.wait_for_selector(".why-past li, .why-past .muted")
    await page.evaluate("scrollTo(0, 0)")


if __name__ == "__main__":
    asyncio.run(main())
