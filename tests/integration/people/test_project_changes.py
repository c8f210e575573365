"""What an admin changes of a project, and what follows from it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dialer import mybox, project_changes, projects
from dialer.campaign import CampaignSettings, HoursSettings
from dialer.campaign_projects import project_ids
from dialer.campaign_state import ensure_campaign
from dialer.claiming import claim
from dialer.lead_facts import facts_of
from dialer.project_changes import General
from dialer.project_zone import move_to_zone
from dialer.running_campaign import load_campaign
from dialer.storage.engine import Database
from dialer.storage.tables import audit_log, callbacks, gate_lanes, leads
from tests.small_world import NOON, SmallWorld, add_lead, again, build_small_world

AUTUMN = CampaignSettings(
    name="autumn",
    project="光回線",
    workgroups=["東京"],
    trunk="carrier",
    caller_ids=["0312345678"],
    hours=HoursSettings(weekdays=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-20:00")),
)
CLOSED_TODAY = HoursSettings(exceptions={NOON.date(): "closed"})


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def claimed(database: Database) -> int:
    async with database.read() as connection:
        campaign = await load_campaign(connection, AUTUMN)
    return len((await claim(database, campaign.claim_request, 5, NOON)).calls)


async def test_the_settings_of_a_project_are_changed_and_on_record(
    database: Database, world: SmallWorld
) -> None:
    wanted = General("光回線 2027", None, result_required=False, custom_field_set_id=None)
    async with database.write() as connection:
        for _ in range(2):
            await project_changes.set_general(
                connection, world.project_id, wanted, now=NOON, by=world.sato
            )
        project = await projects.project_by_id(connection, world.project_id)
        lines = await connection.scalars(
            select(audit_log.c.detail).where(audit_log.c.action == "project.edit")
        )
        with pytest.raises(projects.NameTaken, match="保険"):
            await project_changes.set_general(
                connection, world.project_id, General("保険", None, False, None), now=NOON
            )
    assert project is not None
    assert (project.name, project.result_set_id, project.result_required) == (
        "光回線 2027",
        None,
        False,
    )
    (detail,) = lines.all()  # the second time nothing changed
    assert detail == {"name": "光回線 2027", "result_set_id": None, "result_required": False}


async def test_the_campaigns_of_a_renamed_project_go_on_until_the_file_names_another(
    database: Database, world: SmallWorld
) -> None:
    renamed = General("回線", None, result_required=True, custom_field_set_id=None)
    async with database.write() as connection:
        await ensure_campaign(
            connection, name="autumn", project_id=world.project_id, named="光回線", now=NOON
        )
        await project_changes.set_general(connection, world.project_id, renamed, now=NOON)
        impostor = await projects.create_project(connection, name="光回線", now=NOON)
        assert await project_ids(connection, [AUTUMN]) == {"autumn": world.project_id}
        moved = AUTUMN.model_copy(update={"project": "保険"})
        assert await project_ids(connection, [moved]) == {"autumn": world.other_project_id}
        new = AUTUMN.model_copy(update={"name": "winter"})
        assert await project_ids(connection, [new]) == {"winter": impostor.id}
        lost = AUTUMN.model_copy(update={"name": "spring", "project": "不明"})
        assert await project_ids(connection, [lost]) == {}


async def test_hours_of_the_project_bind_at_once_and_only_it(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        await add_lead(connection, world.project_id, "+81352540001")
        await project_changes.set_hours(connection, world.project_id, CLOSED_TODAY, now=NOON)
        assert await project_changes.hours_of(connection, world.project_id) == CLOSED_TODAY
        assert await project_changes.hours_of(connection, world.other_project_id) is None
    async with database.read() as connection:
        request = (await load_campaign(connection, AUTUMN)).claim_request
    closed = await claim(database, request, 5, NOON)
    assert closed.calls == ()
    assert closed.opens_at is not None
    assert closed.opens_at.date() == NOON.date() + timedelta(days=1)
    async with database.write() as connection:
        await project_changes.set_hours(connection, world.project_id, None, now=NOON)
    # The request was made while it was closed; the claim asks again.
    assert len((await claim(database, request, 5, NOON)).calls) == 1


async def test_a_closed_project_is_not_called_until_it_is_opened_again(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        await add_lead(connection, world.project_id, "+81352540001")
        assert await project_changes.close_project(
            connection, world.project_id, now=NOON, by=world.sato
        )
        assert not await project_changes.close_project(connection, world.project_id, now=NOON)
        assert [one.name for one in await projects.projects_of(connection, world.sato)] == ["保険"]
        every = await projects.all_projects_of(connection, world.sato)
        assert [one.name for one in every] == ["保険", "光回線"]
        assert (await load_campaign(connection, AUTUMN)).project_closed
    assert await claimed(database) == 0
    async with database.write() as connection:
        assert await project_changes.reopen_project(connection, world.project_id, now=NOON)
        assert not await project_changes.reopen_project(connection, world.project_id, now=NOON)
    assert await claimed(database) == 1


async def test_a_copy_has_the_settings_and_the_users_but_no_leads(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        await add_lead(connection, world.project_id, "+81352540001")
        await project_changes.set_script(connection, world.project_id, "もしもし", now=NOON)
        await project_changes.set_hours(connection, world.project_id, CLOSED_TODAY, now=NOON)
        await project_changes.close_project(connection, world.project_id, now=NOON)
        model = await projects.project_by_id(connection, world.project_id)
        copy = await project_changes.copy_project(
            connection, world.project_id, name="光回線 冬", now=NOON, by=world.sato
        )
        assert model is not None
        assert copy == projects.Project(
            copy.id,
            "光回線 冬",
            model.time_zone,
            model.result_set_id,
            model.result_required,
            "もしもし",
        )
        assert await project_changes.hours_of(connection, copy.id) == CLOSED_TODAY
        assert copy.id in (await again(connection, world.tanaka)).project_ids
        assert copy.id not in (await again(connection, world.takahashi)).project_ids
        of_copy = select(leads.c.id).where(leads.c.project_id == copy.id)
        assert (await connection.execute(of_copy)).all() == []


async def test_a_script_has_an_end(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        with pytest.raises(project_changes.ScriptTooLong, match="20000"):
            await project_changes.set_script(connection, world.project_id, "あ" * 20_001, now=NOON)
        with pytest.raises(projects.UnknownProject, match="99"):
            await project_changes.set_script(connection, 99, "", now=NOON)


async def test_who_holds_leads_of_the_project_stays_until_somebody_takes_them(
    database: Database, world: SmallWorld
) -> None:
    project_id, suzuki = world.project_id, world.suzuki.id
    async with database.write() as connection:
        kept = await add_lead(connection, project_id, "+81352540001")
        await mybox.put(connection, lead_id=kept, user_id=suzuki, now=NOON)
        promised = await add_lead(connection, project_id, "+81352540002")
        await connection.execute(
            callbacks.insert().values(
                lead_id=promised,
                project_id=project_id,
                user_id=suzuki,
                due_at=NOON,
                created_at=NOON,
            )
        )
        with pytest.raises(project_changes.StillHolds) as caught:
            await project_changes.remove_user(connection, project_id, suzuki, now=NOON)
        assert caught.value.held == {suzuki: 1}
        report = await project_changes.release_boxes(
            connection, project_id, suzuki, to_user_id=world.tanaka.id, now=NOON, by=world.sato
        )
        assert (report.done, report.refused) == ((kept,), {})
        assert await project_changes.boxes_in(
            connection, project_id, [suzuki, world.tanaka.id], NOON
        ) == {world.tanaka.id: 1}
        freed = await project_changes.remove_user(
            connection, project_id, suzuki, now=NOON, by=world.sato
        )
        assert freed == 1  # the callback is anybody's now
        assert not await project_changes.remove_user(connection, project_id, suzuki, now=NOON)
        assert project_id not in (await again(connection, world.suzuki)).project_ids
        facts = await facts_of(connection, [promised], NOON)
    callback = facts[promised].facts.callback
    assert callback is not None
    assert callback.user_id is None


async def test_what_the_user_holds_elsewhere_is_his(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        await projects.assign_users(
            connection,
            project_id=world.other_project_id,
            user_ids=[world.suzuki.id],
            now=NOON,
        )
        here = await add_lead(connection, world.project_id, "+81352540001")
        there = await add_lead(connection, world.other_project_id, "+81352540002")
        for lead_id in (here, there):
            await mybox.put(connection, lead_id=lead_id, user_id=world.suzuki.id, now=NOON)
        await project_changes.release_boxes(
            connection, world.project_id, world.suzuki.id, to_user_id=None, now=NOON, by=world.sato
        )
        holders = await mybox.holders_of(connection, lead_ids=[here, there], now=NOON)
    assert set(holders) == {there}


async def test_a_project_that_moves_keeps_every_lead_in_its_own_zone(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        tokyo = await add_lead(connection, world.project_id, "+81352540001")
        new_york = await add_lead(connection, world.project_id, "+12125550123")
        unknown = await add_lead(connection, world.project_id)
        other = await add_lead(connection, world.other_project_id, "+81352540003")
    everywhere = [tokyo, new_york, unknown, other]
    assert await move_to_zone(database, world.project_id, "America/New_York", now=NOON) == 1
    assert await move_to_zone(database, world.project_id, "America/New_York", now=NOON) == 0
    async with database.read() as connection:
        project = await projects.project_by_id(connection, world.project_id)
        known = await facts_of(connection, everywhere, NOON)
        lanes = {
            row.id: row.time_zone
            for row in await connection.execute(
                select(leads.c.id, gate_lanes.c.time_zone).join(
                    gate_lanes, gate_lanes.c.id == leads.c.lane_id
                )
            )
        }
    assert project is not None
    assert project.time_zone == "America/New_York"
    zones = {lead_id: known[lead_id].facts.time_zone for lead_id in everywhere}
    assert zones == {tokyo: "Asia/Tokyo", new_york: "", unknown: "", other: ""}
    assert lanes == zones
    with pytest.raises(projects.UnknownTimeZone, match="Edo"):
        await move_to_zone(database, world.project_id, "Asia/Edo", now=NOON)
