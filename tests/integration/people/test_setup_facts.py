"""What the checklist is told about an installation and about one project."""

import pytest

from dialer import project_changes, users
from dialer.campaign import CampaignSettings
from dialer.campaign_state import ensure_campaign, set_state
from dialer.rules.setup_checklist import SetupFacts
from dialer.setup_facts import setup_facts
from dialer.storage.engine import Database
from tests.small_world import NOON, SmallWorld, add_lead, build_small_world


def campaign(*workgroups: str) -> CampaignSettings:
    return CampaignSettings(
        name="autumn",
        project="光回線",
        workgroups=list(workgroups),
        trunk="carrier",
        caller_ids=["0312345678"],
    )


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        world = await build_small_world(connection)
        await ensure_campaign(
            connection, name="autumn", project_id=world.project_id, named="光回線", now=NOON
        )
        return world


async def asked(
    database: Database,
    *some: CampaignSettings,
    project_id: int | None = None,
    ready: tuple[int, ...] = (),
) -> SetupFacts:
    async with database.read() as connection:
        return await setup_facts(
            connection, campaigns=some, trunks=1, ready_user_ids=ready, project_id=project_id
        )


async def test_nothing_is_there_at_first(database: Database) -> None:
    assert await asked(database) == SetupFacts(trunks=1)


async def test_what_is_there_is_counted(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        await add_lead(connection, world.project_id, "+81352540001")
        await add_lead(connection, world.project_id, "+81990123456", number_kind="premium")
        await add_lead(connection, world.other_project_id, "+81352540002")
        await project_changes.set_script(connection, world.project_id, "もしもし", now=NOON)
        await set_state(connection, name="autumn", state="running", now=NOON)
    facts = await asked(
        database,
        campaign("東京"),
        project_id=world.project_id,
        ready=(world.suzuki.id, world.takahashi.id),
    )
    assert facts == SetupFacts(
        workgroups=2,
        callers=4,
        callers_with_phone=4,
        result_sets=1,
        custom_fields=0,
        projects=1,
        members=3,
        matching_members=2,  # Sato and Suzuki; Tanaka is in Osaka
        leads=2,
        callable_leads=1,
        scripts=1,
        trunks=1,
        campaigns=1,
        running_campaigns=1,
        agents_ready=1,  # Takahashi is not in the project
    )
    everywhere = await asked(database, campaign("東京"))
    assert (everywhere.projects, everywhere.leads) == (2, 3)


async def test_an_admin_without_a_workgroup_is_nobody_who_calls(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        await users.create_user(
            connection,
            login="first",
            name="最初の管理者",
            password="correct horse battery",
            may_administer=True,
            may_call=True,
            now=NOON,
        )
    facts = await asked(database)
    assert (facts.callers, facts.callers_with_phone) == (4, 4)


async def test_of_another_project_its_own_counts(database: Database, world: SmallWorld) -> None:
    facts = await asked(database, campaign("東京"), project_id=world.other_project_id)
    assert (facts.members, facts.leads, facts.campaigns, facts.result_sets) == (0, 0, 0, 0)


async def test_a_campaign_of_another_workgroup_matches_nobody(
    database: Database, world: SmallWorld
) -> None:
    facts = await asked(database, campaign("名古屋"), project_id=world.project_id)
    assert (facts.members, facts.matching_members) == (3, 0)


async def test_a_closed_project_is_not_there_any_more(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        await project_changes.close_project(connection, world.project_id, now=NOON)
    facts = await asked(database, campaign("東京"))
    assert (facts.projects, facts.campaigns, facts.members) == (1, 0, 0)
