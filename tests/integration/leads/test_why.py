"""Who is told what when he asks why a lead is called, or not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dialer import mybox, prohibitions, workgroups
from dialer.campaign import CampaignSettings
from dialer.claiming import ClaimRequest
from dialer.messages import UserId
from dialer.rules.eligibility import Refusal, Refused
from dialer.storage.engine import Database
from dialer.users import User
from dialer.why import Explanation, explain, known_number, past_decisions
from dialer.why_report import report_on_lead
from tests.integration.claiming_worlds import DAYTIME
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world

NUMBER = "+81352542287"


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


def request(world: SmallWorld, user: User | None = None) -> ClaimRequest:
    """The campaign's is Tokyo's and Osaka's."""
    return ClaimRequest(
        campaign_id=world.campaign_id,
        project_id=world.project_id,
        workgroup_ids=(world.tokyo, world.osaka),
        max_attempts=3,
        hours=DAYTIME,
        trunk="carrier",
        caller_ids=("0312345678",),
        for_user=UserId(user.id) if user else None,
    )


async def told_to(
    database: Database, world: SmallWorld, lead_id: int, viewer: User | None
) -> Explanation:
    async with database.read() as connection:
        told = await explain(connection, lead_id, request(world), NOON, viewer=viewer)
    assert told is not None
    return told


async def test_prohibitions_of_other_workgroups_refuse_without_being_named(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        lead_id = await add_lead(connection, world.project_id, NUMBER)
        await prohibitions.prohibit(
            connection, e164s=[NUMBER], workgroup_ids=[world.osaka], reason="電話不要", now=NOON
        )
    for viewer, named in ((world.suzuki, 0), (world.tanaka, 1), (world.sato, 1), (None, 1)):
        told = await told_to(database, world, lead_id, viewer)
        assert told.decision == Refused(Refusal.PROHIBITED)
        assert len(told.facts.prohibitions) == named
        async with database.read() as connection:
            number = await known_number(connection, NUMBER, viewer=viewer)
        assert len(number.prohibitions) == named


async def test_a_prohibition_of_a_workgroup_that_does_not_call_is_shown_but_binds_nobody(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        lead_id = await add_lead(connection, world.project_id, NUMBER)
        nagoya = (await workgroups.create_workgroup(connection, name="名古屋", now=NOON)).id
        await prohibitions.prohibit(connection, e164s=[NUMBER], workgroup_ids=[nagoya], now=NOON)
    told = await told_to(database, world, lead_id, world.sato)
    assert told.allowed
    assert [one.binds for one in told.facts.prohibitions] == [False]


async def test_whose_box_it_is_is_told_to_colleagues_only(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        lead_id = await add_lead(connection, world.project_id, NUMBER)
        other = await add_lead(connection, world.project_id, NUMBER, name="みどり園")
        await mybox.put(connection, lead_id=other, user_id=world.tanaka.id, now=NOON)
    for viewer, holder in ((world.suzuki, ""), (world.tanaka, "田中"), (world.sato, "田中")):
        told = await told_to(database, world, lead_id, viewer)
        assert told.decision == Refused(Refusal.BOXED)
        (box,) = told.facts.boxes
        assert (box.holder, box.lead_id, box.lead, box.binds) == (holder, other, "みどり園", True)


async def test_a_project_that_the_viewer_may_not_see_stays_unnamed(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        hidden = await add_lead(connection, world.other_project_id, NUMBER, name="秘密商店")
        lead_id = await add_lead(connection, world.project_id, NUMBER)
        call_of_other = replace(world, project_id=world.other_project_id)
        await add_call(connection, call_of_other, hidden, e164=NUMBER, outcome=None)
    told = await told_to(database, world, lead_id, world.suzuki)
    assert told.decision == Refused(Refusal.IN_CALL)
    assert told.facts.open_call is not None
    assert told.facts.open_call.campaign == ""
    async with database.read() as connection:
        assert await explain(connection, hidden, request(world), NOON, viewer=world.suzuki) is None
        number = await known_number(connection, NUMBER, viewer=world.suzuki)
        everything = await known_number(connection, NUMBER)
    assert [lead.id for lead in number.leads] == [lead_id]
    assert [lead.id for lead in everything.leads] == [hidden, lead_id]


async def test_a_number_that_very_many_leads_have_shows_some(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        for _ in range(21):
            await add_lead(connection, world.project_id, NUMBER)
        number = await known_number(connection, NUMBER)
    assert (len(number.leads), number.more) == (20, True)


async def test_past_decisions_come_newest_first(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        lead_id = await add_lead(connection, world.project_id, NUMBER)
        for hours in range(22):
            at = NOON - timedelta(hours=hours)
            await add_call(connection, world, lead_id, at=at, e164=NUMBER)
        found = await past_decisions(connection, lead_id)
    assert len(found) == 20
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
    assert found[0].at == NOON


async def test_by_hand_also_what_the_callers_other_workgroups_prohibit_binds(
    database: Database, world: SmallWorld
) -> None:
    tokyos = CampaignSettings(
        name="autumn",
        project="光回線",
        workgroups=["東京"],
        trunk="main",
        caller_ids=["0312345678"],
    )
    async with database.write() as connection:
        lead_id = await add_lead(connection, world.project_id, NUMBER)
        await prohibitions.prohibit(
            connection, e164s=[NUMBER], workgroup_ids=[world.osaka], now=NOON
        )
        for user, allowed in ((None, True), (world.suzuki, True), (world.tanaka, False)):
            report = await report_on_lead(connection, lead_id, [tokyos], NOON, user=user)
            assert report is not None
            (answer,) = report.answers
            assert answer.told is not None
            assert answer.told.allowed == allowed
