"""プロジェクト, as an admin's browser sees them."""

import re

import pytest
from sqlalchemy import select, update

from dialer import mybox, project_changes, projects
from dialer.campaign_draft import NotWritable
from dialer.projects import Project
from dialer.rules.setup_checklist import SetupStep, Step, StepState
from dialer.storage.tables import audit_log, mybox_entries, project_users
from tests.fakes.sales_team import AFTERNOON
from tests.fakes.web_fixtures import Browser
from tests.fakes.web_server import WebWorld
from webui.setup_words import address


@pytest.fixture
async def admin(browser: Browser) -> Browser:
    await browser.log_in("admin")
    return browser


async def project(world: WebWorld) -> Project:
    async with world.database.read() as connection:
        found = await projects.project_by_id(connection, world.team.project_id)
    assert found is not None
    return found


def path(world: WebWorld, end: str = "") -> str:
    return f"/projects/{world.team.project_id}{end}"


# --- the list and the settings ----------------------------------------------------------


async def test_the_list_shows_users_campaigns_and_progress(admin: Browser, world: WebWorld) -> None:
    page = await admin.page("/projects")
    assert (await project(world)).name in page
    assert world.team.campaigns[0].name in page
    counts = await admin.page(path(world, "/counts"))
    assert f">{len(world.team.lead_ids)} <" in re.sub(r"\s+", " ", counts)


async def test_a_new_project_leads_on_to_its_users(admin: Browser, world: WebWorld) -> None:
    made = await admin.press("/projects", name="保険 2027", results="new", time_zone="Asia/Tokyo")
    assert made.status == 200
    target = made.headers["HX-Redirect"]
    assert re.fullmatch(r"/projects/\d+/users\?saved=created", target)
    assert "保険 2027" in await admin.page(target)
    again = await admin.press("/projects", name="保険 2027", results="new")
    assert again.status == 409
    assert "同じ名前のプロジェクト" in await again.text()


async def test_settings_are_saved(admin: Browser, world: WebWorld) -> None:
    saved = await admin.press(
        path(world), name="光回線 改", results="", fields="", time_zone="Asia/Seoul"
    )
    assert saved.headers["HX-Redirect"] == path(world, "?saved=yes")
    found = await project(world)
    assert (found.name, found.time_zone, found.result_set_id, found.result_required) == (
        "光回線 改",
        "Asia/Seoul",
        None,
        False,
    )
    wrong = await admin.press(path(world), name="光回線 改", time_zone="Asia/Edo")
    assert (wrong.status, (await project(world)).time_zone) == (409, "Asia/Seoul")


async def test_a_renamed_or_closed_project_keeps_its_campaigns_cards(
    admin: Browser, world: WebWorld
) -> None:
    name = world.team.campaigns[0].name
    await admin.press(path(world), name="光回線 改", time_zone="Asia/Tokyo")
    assert "光回線 改" in await admin.page(f"/campaigns/{name}")
    await admin.press(path(world, "/close"))
    assert (await admin.press(f"/campaigns/{name}/start")).status == 200


async def test_a_project_is_closed_and_opened_again(admin: Browser, world: WebWorld) -> None:
    news = world.live.subscribe("gate")
    assert (await admin.press(path(world, "/close"))).status == 200
    assert (await project(world)).closed_at is not None
    assert "再開" in await admin.page(path(world))
    async for topic, _ in news:  # what rings is looked at at once
        assert topic == "gate"
        break
    news.close()
    assert (await admin.press(path(world, "/reopen"))).status == 200
    assert (await project(world)).closed_at is None


async def test_a_copy_is_made(admin: Browser, world: WebWorld) -> None:
    made = await admin.press(path(world, "/copy"), name="写し")
    assert "写し" in await admin.page(made.headers["HX-Redirect"])
    assert (await admin.press(path(world, "/copy"), name="写し")).status == 409


async def test_there_is_no_page_of_a_project_that_does_not_exist(admin: Browser) -> None:
    for end in ("", "/users", "/hours", "/script", "/campaigns", "/counts"):
        assert (await admin.get(f"/projects/999999{end}")).status == 404


# --- users ------------------------------------------------------------------------------


async def members(world: WebWorld) -> set[int]:
    async with world.database.read() as connection:
        rows = await connection.scalars(
            select(project_users.c.user_id).where(
                project_users.c.project_id == world.team.project_id
            )
        )
        return set(rows.all())


async def test_users_are_found_by_workgroup_and_name_and_added(
    admin: Browser, world: WebWorld
) -> None:
    gone = world.team.agents[1]
    await admin.press(path(world, "/users/remove"), user_id=str(gone.id), boxes="release")
    assert gone.id not in await members(world)
    found = await admin.page(path(world, f"/users/candidates?q={gone.login}"))
    assert f'value="{gone.id}"' in found
    assert f'value="{gone.id}"' not in await admin.page(path(world, "/users/candidates?q=zzz"))
    group = next(iter(gone.workgroup_ids))
    assert f'value="{gone.id}"' in await admin.page(path(world, f"/users/candidates?group={group}"))
    assert (await admin.press(path(world, "/users"))).status == 409
    await admin.press(path(world, "/users"), user=str(gone.id))
    assert gone.id in await members(world)


async def test_who_holds_leads_leaves_when_somebody_takes_them(
    admin: Browser, world: WebWorld
) -> None:
    team = world.team
    leaving, heir = team.agents[0], team.agents[1]
    async with world.database.write() as connection:
        await connection.execute(update(mybox_entries).values(released_at=AFTERNOON))
        lead_id = team.lead_ids[5]
        await mybox.put(connection, lead_id=lead_id, user_id=leaving.id, now=AFTERNOON)
    assert f'id="leave-{leaving.id}"' in await admin.page(path(world, "/users"))
    refused = await admin.press(path(world, "/users/remove"), user_id=str(leaving.id))
    assert (refused.status, leaving.id in await members(world)) == (409, True)
    await admin.press(path(world, "/users/remove"), user_id=str(leaving.id), boxes=str(heir.id))
    assert leaving.id not in await members(world)
    async with world.database.read() as connection:
        holder = await mybox.holder_of(connection, lead_id=lead_id, now=AFTERNOON)
    assert holder is not None
    assert holder.user_id == heir.id


# --- hours ------------------------------------------------------------------------------

WEEK = {
    "own": "yes",
    "open-mon": "yes",
    "from-mon": "09:30",
    "to-mon": "17:00",
    "open-tue": "yes",
    "from-tue": "18:00",
    "to-tue": "00:00",
    "holidays": "closed",
    "exception": "2026-12-29",
    "closed-x0": "yes",
}


async def test_hours_are_saved_and_drawn(admin: Browser, world: WebWorld) -> None:
    assert (await admin.press(path(world, "/hours"), **WEEK)).status == 200
    async with world.database.read() as connection:
        hours = await project_changes.hours_of(connection, world.team.project_id)
    assert hours is not None
    assert hours.weekdays == {"mon": "09:30-17:00", "tue": "18:00-24:00"}
    assert hours.holidays == "closed"
    assert [text for _, text in hours.exceptions.items()] == ["closed"]
    page = await admin.page(path(world, "/hours"))
    assert 'value="2026-12-29"' in page
    assert "09:30–17:00" in page
    picture = await admin.press(path(world, "/hours/picture"), **{**WEEK, "from-mon": "10:00"})
    assert "10:00–17:00" in await picture.text()
    assert (await admin.press(path(world, "/hours"), own="no")).status == 200
    async with world.database.read() as connection:
        assert await project_changes.hours_of(connection, world.team.project_id) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"from-mon": "18:00", "to-mon": "17:00"},
        {"from-mon": ""},
        {"exception": "29.12.2026"},
        {"closed-x0": "no", "from-x0": "10:00", "to-x0": "09:00"},
    ],
)
async def test_hours_that_make_no_sense_are_told(
    admin: Browser, world: WebWorld, wrong: dict[str, str]
) -> None:
    assert (await admin.press(path(world, "/hours"), **{**WEEK, **wrong})).status == 409
    shown = await admin.press(path(world, "/hours/picture"), **{**WEEK, **wrong})
    assert "alert" in await shown.text()


# --- script -----------------------------------------------------------------------------


async def test_a_script_is_tried_on_a_lead_and_saved(admin: Browser, world: WebWorld) -> None:
    script = "# 挨拶\r\n{{ 会社名 }}の{{ 担当者 }}です。{{ 名前 }}様"
    lead_id = world.team.lead_ids[3]
    shown = await admin.press(path(world, "/script/preview"), script=script, lead=str(lead_id))
    text = await shown.text()
    assert "<h3>挨拶</h3>" in text
    assert "<b>さくら通信株式会社</b>" in text
    made_up = await (await admin.press(path(world, "/script/preview"), script=script)).text()
    assert "<b>山田商店株式会社</b>" in made_up
    assert (await admin.press(path(world, "/script"), script=script)).status == 200
    assert (await project(world)).script == script.replace("\r\n", "\n")
    assert "{{ 名前 }}" in await admin.page(path(world, "/script"))


async def test_a_script_with_a_mistake_is_not_saved(admin: Browser, world: WebWorld) -> None:
    before = (await project(world)).script
    wrong = "一行目\n{{ 氏名 }}"
    refused = await admin.press(path(world, "/script"), script=wrong)
    assert refused.status == 409
    assert "2行目" in await refused.text()
    shown = await (await admin.press(path(world, "/script/preview"), script=wrong)).text()
    assert "2行目" in shown
    assert (await admin.press(path(world, "/script"), script="あ" * 20_001)).status == 409
    assert (await project(world)).script == before


# --- campaigns --------------------------------------------------------------------------

CAMPAIGN = {
    "name": "winter-2026",
    "mode": "power",
    "lines": "1.5",
    "trunk": "carrier",
    "caller_ids": "03-1234-5678 03-1234-5679",
}


async def with_a_group(world: WebWorld, **changes: str) -> dict[str, str]:
    group = next(iter(world.team.agents[0].workgroup_ids))
    return {**CAMPAIGN, "group": str(group), **changes}


async def test_a_campaign_is_made_in_the_browser(admin: Browser, world: WebWorld) -> None:
    made = await admin.press(path(world, "/campaigns"), **await with_a_group(world))
    assert made.headers["HX-Redirect"] == path(world, "/campaigns?saved=campaign")
    assert "winter-2026" in await admin.page(path(world, "/campaigns"))
    (settings,) = [one for one in world.campaigns.settings() if one.name == "winter-2026"]
    assert settings.caller_ids == ["03-1234-5678", "03-1234-5679"]
    assert settings.lines_per_agent == 1.5
    async with world.database.read() as connection:
        subjects = await connection.scalars(
            select(audit_log.c.subject).where(audit_log.c.action == "campaign.create")
        )
        assert subjects.all() == ["campaign:winter-2026"]


async def test_a_campaign_is_called_in_japanese_and_its_file_in_letters(
    admin: Browser, world: WebWorld
) -> None:
    for title in ("2026年秋　新規開拓", "来春の新規開拓", "夏の新規開拓"):
        fields = await with_a_group(world, name=title)
        assert (await admin.press(path(world, "/campaigns"), **fields)).status == 200
    made = {one.name: one.title for one in world.campaigns.settings()}
    assert made["campaign-2026"] == "2026年秋 新規開拓"
    assert made["campaign"] == "来春の新規開拓"
    assert made["campaign-2"] == "夏の新規開拓"
    page = await admin.page(path(world, "/campaigns"))
    assert "2026年秋 新規開拓" in page
    assert "campaign-2026.yaml" in page
    assert "来春の新規開拓" in await admin.page("/campaigns")

    again = await with_a_group(world, name="来春の新規開拓")
    assert (await admin.press(path(world, "/campaigns"), **again)).status == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "秋" * 61},
        {"group": ""},
        {"trunk": "nowhere"},
        {"caller_ids": " "},
        {"caller_ids": "zero"},
        {"lines": "many"},
        {"lines": "11"},
    ],
)
async def test_a_campaign_that_makes_no_sense_is_refused(
    admin: Browser, world: WebWorld, wrong: dict[str, str]
) -> None:
    refused = await admin.press(path(world, "/campaigns"), **await with_a_group(world, **wrong))
    assert refused.status == 409
    assert len(world.campaigns.settings()) == len(world.team.campaigns)


async def test_a_name_is_taken_once(admin: Browser, world: WebWorld) -> None:
    taken = await with_a_group(world, name=world.team.campaigns[0].name)
    assert (await admin.press(path(world, "/campaigns"), **taken)).status == 409


async def test_what_cannot_be_written_is_shown_for_ops(admin: Browser, world: WebWorld) -> None:
    world.campaign_files.error = NotWritable("/etc: Read-only file system", "trunk: <b>\n")
    shown = await admin.press(path(world, "/campaigns"), **await with_a_group(world))
    assert (shown.status, shown.headers["HX-Retarget"]) == (409, "#campaign-yaml")
    text = await shown.text()
    assert "Read-only file system" in text
    assert "trunk: &lt;b&gt;" in text


# --- checklist --------------------------------------------------------------------------


async def test_the_checklist_knows_what_is_there(admin: Browser, world: WebWorld) -> None:
    page = await admin.page("/setup")
    assert "リード：" in page
    assert 'href="/projects/' in page
    empty = await admin.press("/projects", name="空", results="")
    new_id = re.findall(r"\d+", empty.headers["HX-Redirect"])[0]
    page = await admin.page(f"/setup?project={new_id}")
    assert f'class="button primary" href="/projects/{new_id}"' in page  # it has no results yet
    assert f"/imports?project={new_id}" in page


async def test_every_step_leads_to_a_page(admin: Browser, world: WebWorld) -> None:
    for step in Step:
        known = SetupStep(step, StepState.OPEN, 0)
        for project_id in (None, world.team.project_id):
            assert (await admin.get(address(known, project_id))).status == 200


async def test_an_admin_begins_with_the_checklist_until_calls_can_be_made(
    admin: Browser, world: WebWorld
) -> None:
    assert (await admin.get("/")).headers["Location"] == "/campaigns"
    await admin.press(path(world, "/close"))
    assert (await admin.get("/")).headers["Location"] == "/setup"
    await admin.act_as("user")
    assert (await admin.get("/")).headers["Location"] == "/desk"
