"""The lists that people and the dialler read all day walk an index and stop after a page.

The plans are those of the very statements that the use cases send.
"""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import campaign_state, history_list, lanes, lead_table, mybox, prohibitions, why
from dialer.after_calls import calls_with_outcome
from dialer.audit_list import AuditFilter, list_audit
from dialer.claiming import ClaimRequest, claim
from dialer.lead_tabs import InBoxes, Prohibited, Whose
from dialer.prohibition_list import ProhibitionFilter, list_prohibitions
from dialer.rules.custom_field import CustomField, FieldKind
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.history_filter import HistoryFilter
from dialer.rules.lane import Lane
from dialer.rules.lead_filter import Days, FieldFilter, LeadFilter
from dialer.rules.lead_view import LeadView, Sort
from dialer.storage.engine import Database
from dialer.storage.tables import actions, calls, contact_points, leads, mybox_entries
from dialer.storage.tables import prohibitions as prohibitions_table
from tests.integration.claiming_worlds import DAYTIME
from tests.plans import Sent, listening, plan_of, plan_with, reads_whole_tables, sorts, uses
from tests.small_world import NOON, SmallWorld, build_small_world

LEADS = 2_000


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    """A project with some thousand leads and calls, and the database's statistics of them."""
    async with database.write() as connection:
        world = await build_small_world(connection)
        await _add_leads(connection, world)
        spring = await campaign_state.ensure_campaign(
            connection, name="spring", project_id=world.project_id, now=NOON
        )
        await _add_calls(connection, world, [world.campaign_id, *[spring] * 4])
        await connection.execute(text("ANALYZE"))
    return world


@pytest.fixture
async def sent(database: Database) -> AsyncIterator[Sent]:
    with listening(database) as sent:
        yield sent


async def test_leads_of_a_project(database: Database, world: SmallWorld, sent: Sent) -> None:
    request = lead_table.TableRequest(world.project_id, world.suzuki, NOON)
    async with database.read() as connection:
        page = await lead_table.list_leads(connection, request, limit=20)
        for way in ({"after": page.next_key}, {"before": page.next_key}, {"last": True}):
            sent.clear()
            await lead_table.list_leads(connection, request, limit=20, **way)
            plan = await plan_with(database, sent, "ORDER BY leads.id")
            assert uses(plan, "ix_leads_project_id_id", "pk_leads")
            assert not sorts(plan)
    for rest in ("WHERE leads.id IN", "FROM contact_points", "FROM mybox_entries", "FROM actions"):
        assert not reads_whole_tables(await plan_with(database, sent, rest)), rest


async def test_earlier_calls_of_the_leads_whose_calls_have_ended(
    database: Database, world: SmallWorld, sent: Sent
) -> None:
    async with database.read() as connection:
        await calls_with_outcome(connection, range(1, 20), [CallOutcome.BUSY])
    plan = await plan_with(database, sent, "FROM actions")
    assert uses(plan, "ix_actions_lead_id_at")
    assert not reads_whole_tables(plan), plan


async def test_a_lead_found_by_its_number(
    database: Database, world: SmallWorld, sent: Sent
) -> None:
    async with database.read() as connection:
        page = await lead_table.list_leads(connection, _asked(world, text="03-5254-0007"))
    assert len(page.rows) == 1
    assert uses(await plan_with(database, sent, "contact_points.e164 >="), "ix_contact_points_e164")


@pytest.mark.parametrize("way", ["few", "walked"])
async def test_the_lead_table_reads_indexes(
    database: Database,
    world: SmallWorld,
    sent: Sent,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    """What is looked for among the many is found by an index of it, or read in its order."""
    if way == "walked":
        monkeypatch.setattr("dialer.lead_conditions.FEW", -1)
    values = "(custom_values|asked).*PRIMARY KEY|pk_custom_values"
    for asked, sort, index in (
        ({"text": "会社7"}, None, "ix_leads_search|SCAN lead_grams VIRTUAL TABLE INDEX 0:M"),
        ({"text": "社"}, None, "ix_leads_search"),
        ({"prefectures": ("東京都",)}, None, "ix_leads_area"),
        ({"attempts_least": 1}, None, "ix_leads_attempts"),
        ({"created": Days(NOON.replace(year=2030).date())}, None, "ix_leads_created"),
        ({}, Sort("callback"), "ix_leads_callback"),
        ({}, Sort("name", descending=True), "ix_leads_search"),
        ({}, Sort("tried"), "ix_leads_tried"),
        ({"tried": Days(NOON.date(), NOON.date())}, Sort("tried"), "ix_leads_tried"),
        ({"stages": (1,)}, None, "ix_leads_stage"),
        ({}, Sort("f1"), values),
        ({"fields": (FieldFilter(1, least="2026-01-01"),)}, None, values),
        ({"fields": (FieldFilter(2, any_of=("甲",)),)}, None, values),
        ({"fields": (FieldFilter(2, any_of=("甲", "乙")),)}, None, values),
        ({"results": (1,)}, None, "ix_actions_result"),
        ({"holder": 3}, None, "ix_mybox_entries_held"),
    ):
        sent.clear()
        async with database.read() as connection:
            await lead_table.list_leads(connection, _asked(world, sort, **asked), limit=20)
        selects = [one for one in sent.statements if one[0].startswith("SELECT")]
        plans = [await plan_of(database, *statement) for statement in selects]
        assert any(re.search(index, plan) for plan in plans), (asked, plans)
        for plan in plans:
            assert not re.search(r"Seq Scan on (leads|custom_values)\b", plan), (asked, plan)
            # In the order of ids SQLite reads the leads of so few projects themselves.
            sorted_again = "TEMP B-TREE" in plan
            assert not (sorted_again and re.search(r"SCAN leads\b(?! USING)", plan)), (asked, plan)


def _asked(world: SmallWorld, sort: Sort | None = None, **asked: Any) -> lead_table.TableRequest:
    fields = {
        1: CustomField(1, "契約日", FieldKind.DATE),
        2: CustomField(2, "区分", FieldKind.SINGLE_CHOICE, choices=("甲", "乙")),
    }
    view = LeadView(LeadFilter(**asked), sort)
    return lead_table.TableRequest(world.project_id, world.sato, NOON, view=view, custom=fields)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (HistoryFilter(project_id=1), "ix_actions_project_id_at_id"),
        (HistoryFilter(user_id=2), "ix_actions_user_id_at_id"),
        (HistoryFilter(since=NOON + timedelta(minutes=20)), "ix_actions_at_id"),
        (HistoryFilter(outcome=CallOutcome.BUSY), "ix_calls_outcome_claimed_at_id"),
    ],
)
async def test_history(
    database: Database, world: SmallWorld, sent: Sent, wanted: HistoryFilter, index: str
) -> None:
    async with database.read() as connection:
        page = await history_list.list_history(
            connection, wanted=wanted, viewer=world.sato, limit=10
        )
        sent.clear()
        await history_list.list_history(
            connection, wanted=wanted, viewer=world.sato, after=page.next_key, limit=10
        )
    plan = await plan_with(database, sent, "ORDER BY")
    assert uses(plan, index)
    assert not sorts(plan)


async def test_history_of_a_number(database: Database, world: SmallWorld, sent: Sent) -> None:
    async with database.read() as connection:
        await history_list.list_history(
            connection, wanted=HistoryFilter(number="03-5254-0100"), viewer=world.sato
        )
    assert uses(await plan_with(database, sent, "ORDER BY"), "ix_calls_e164_claimed_at")


async def test_the_claim_walks_the_calling_order(
    database: Database, world: SmallWorld, sent: Sent
) -> None:
    request = ClaimRequest(
        campaign_id=world.campaign_id,
        project_id=world.project_id,
        workgroup_ids=(world.tokyo,),
        max_attempts=3,
        hours=DAYTIME,
        trunk="carrier",
        caller_ids=("+81312345678",),
    )
    claimed = await claim(database, request, 5, NOON + timedelta(days=9))
    assert len(claimed.calls) == 5
    plan = await plan_with(database, sent, "ORDER BY leads.priority")
    assert uses(plan, "ix_leads_calling_order")
    assert uses(plan, "ix_callbacks_due", "uq_callbacks_open_lead")
    # Only the few that were found are sorted: the due callbacks, and all of them together.
    assert sorts(plan) <= 2
    assert not reads_whole_tables(plan), plan


async def test_counts_and_prohibitions(database: Database, world: SmallWorld, sent: Sent) -> None:
    async with database.read() as connection:
        since = NOON + timedelta(minutes=LEADS - 200)
        await campaign_state.counts(connection, campaign_id=world.campaign_id, since=since)
        await prohibitions.standing(connection, e164s=["+81352540001"])
        await mybox.holder_of(connection, lead_id=1, now=NOON)
    assert uses(await plan_with(database, sent, "FROM calls"), "ix_calls_campaign_id_claimed_at")
    plan = await plan_with(database, sent, "FROM prohibitions")
    assert uses(plan, "uq_prohibitions_standing", "ix_prohibitions_e164_id")
    plan = await plan_with(database, sent, "FROM mybox_entries")
    assert uses(plan, "uq_mybox_entries_held_lead", "ix_mybox_entries_lead_id")


async def test_why_reads_what_is_known_of_one_lead(
    database: Database, world: SmallWorld, sent: Sent
) -> None:
    request = ClaimRequest(
        campaign_id=world.campaign_id,
        project_id=world.project_id,
        workgroup_ids=(world.tokyo,),
        max_attempts=3,
        hours=DAYTIME,
        trunk="carrier",
        caller_ids=("0312345678",),
    )
    async with database.read() as connection:
        (lead_id,) = (await connection.execute(text("SELECT max(id) FROM leads"))).one()
        sent.clear()
        assert await why.explain(connection, lead_id, request, NOON, viewer=world.suzuki)
        await why.past_decisions(connection, lead_id)
        await why.known_number(connection, "+81352540001", viewer=world.suzuki)
    for statement in list(sent.statements):
        plan = await plan_of(database, *statement)
        assert not reads_whole_tables(plan), f"{statement[0]}\n{plan}"


_STANDING = "ix_mybox_entries_standing"


@pytest.mark.parametrize(
    ("whose", "index"),
    [
        (Whose("user", 3), "ix_mybox_entries_held"),
        (Whose("workgroup", 2), _STANDING),
        (Whose("all"), _STANDING),
    ],
)
async def test_what_is_in_boxes(
    database: Database, world: SmallWorld, sent: Sent, whose: Whose, index: str
) -> None:
    await _some_of_others(database, world)
    async with database.read() as connection:
        request = lead_table.TableRequest(world.project_id, world.sato, NOON, within=InBoxes(whose))
        await lead_table.list_leads(connection, request)
    plan = await plan_with(database, sent, "mybox_entries.id AS value")
    # For so few leads as here PostgreSQL rather reads all that stands.
    assert uses(plan, index) if database.is_sqlite else uses(plan, index, _STANDING)
    # What stands is little of all that ever stood, and is read newest first.
    assert sorts(plan) == 0 or not database.is_sqlite


async def test_leads_that_are_prohibited(database: Database, world: SmallWorld, sent: Sent) -> None:
    await _some_of_others(database, world)
    async with database.read() as connection:
        within = Prohibited(world.tokyo)
        request = lead_table.TableRequest(world.project_id, world.sato, NOON, within=within)
        await lead_table.list_leads(connection, request)
    plan = await plan_with(database, sent, "prohibitions.id AS value")
    assert uses(plan, "ix_contact_points_e164")
    # PostgreSQL merges the numbers of so small a world; leads it reads one by one as well.
    if database.is_sqlite:
        assert uses(plan, "ix_prohibitions_workgroup_id_id")
    else:
        assert re.search(r"using pk_leads on leads .*\n *Index Cond: \(id = ", plan), plan


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (ProhibitionFilter(for_whom=1), "ix_prohibitions_workgroup_id_id"),
        (ProhibitionFilter(state="lifted"), "ix_prohibitions_lifted"),
        (ProhibitionFilter(number="090-0000-0001", state="all"), "ix_prohibitions_e164_id"),
        (ProhibitionFilter(number="090-0000-0001"), "uq_prohibitions_standing"),
    ],
)
async def test_the_list_of_prohibitions(
    database: Database, world: SmallWorld, sent: Sent, wanted: ProhibitionFilter, index: str
) -> None:
    await _some_of_others(database, world)
    async with database.read() as connection:
        await list_prohibitions(connection, viewer=world.sato, wanted=wanted)
    plan = await plan_with(database, sent, "FROM prohibitions")
    assert uses(plan, index, "ix_prohibitions_e164_id" if wanted.number else index)
    # Only the few of a number, or that were lifted, may be sorted.
    assert sorts(plan) <= (0 if wanted.for_whom == 1 else 1)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (AuditFilter(user_id=2), "ix_audit_log_user_id_id"),
        (AuditFilter(subject="lead:17"), "ix_audit_log_subject_id"),
    ],
)
async def test_the_audit_log(
    database: Database, world: SmallWorld, sent: Sent, wanted: AuditFilter, index: str
) -> None:
    async with database.read() as connection:
        await list_audit(connection, viewer=world.sato, wanted=wanted)
    plan = await plan_with(database, sent, "FROM audit_log")
    assert uses(plan, index)
    assert not sorts(plan)


# --- a world ----------------------------------------------------------------------------


async def _add_leads(connection: AsyncConnection, world: SmallWorld) -> None:
    numbers = range(1, LEADS + 1)
    lane_id = await lanes.lane_id_of(connection, world.project_id, Lane())
    lead = {"project_id": world.project_id, "created_at": NOON, "lane_id": lane_id}
    point = {"kind": "phone", "position": 0, "raw": "", "number_kind": "fixed"}
    box = {"user_id": world.suzuki.id, "since": NOON}
    await connection.execute(
        insert(leads),
        [{**lead, "id": n, "name": f"会社{n}", "search_key": f"会社{n}"} for n in numbers],
    )
    await connection.execute(
        insert(contact_points),
        [{**point, "lead_id": number, "e164": f"+8135254{number:04}"} for number in numbers],
    )
    await connection.execute(
        insert(mybox_entries), [{**box, "lead_id": number} for number in numbers if number > 1500]
    )
    await connection.execute(
        insert(prohibitions_table),
        [{"e164": f"+8190{number:08}", "prohibited_at": NOON} for number in numbers],
    )
    await lanes.refresh(connection, [number for number in numbers if number > 1500], NOON)


async def _some_of_others(database: Database, world: SmallWorld) -> None:
    """Few of many: what 大阪 holds, what is prohibited for 東京, and what was lifted."""
    some = {"prohibited_at": NOON, "workgroup_id": world.tokyo}
    held = {"user_id": world.tanaka.id, "since": NOON}
    ended = {"user_id": world.tanaka.id, "since": NOON, "released_at": NOON}
    async with database.write() as connection:
        await connection.execute(
            insert(prohibitions_table),
            [{**some, "e164": f"+8135254{number:04}"} for number in range(1, 40)],
        )
        await connection.execute(
            insert(prohibitions_table),
            [{**some, "e164": f"+8135255{number:04}", "lifted_at": NOON} for number in range(40)],
        )
        await connection.execute(
            insert(mybox_entries), [{**held, "lead_id": number} for number in range(1, 40)]
        )
        await connection.execute(
            insert(mybox_entries), [{**ended, "lead_id": number} for number in range(1, 2000)]
        )
        await connection.execute(text("ANALYZE"))


async def _add_calls(connection: AsyncConnection, world: SmallWorld, campaigns: list[int]) -> None:
    """One of five is 鈴木's, in the team's project and of the first campaign."""
    team = [world.suzuki, *[world.tanaka] * 4]
    projects = [world.project_id, *[world.other_project_id] * 4]
    made = [(uuid4(), number, NOON + timedelta(minutes=number)) for number in range(1, LEADS + 1)]
    await connection.execute(
        insert(actions),
        [
            {
                "id": call_id,
                "kind": "call",
                "at": at,
                "lead_id": number,
                "project_id": projects[number % 5],
                "user_id": team[number % 5].id,
            }
            for call_id, number, at in made
        ],
    )
    await connection.execute(
        insert(calls),
        [
            {
                "id": call_id,
                "campaign_id": campaigns[number % 5],
                "e164": f"+8135254{number:04}",
                "trunk": "carrier",
                "attempt": 1,
                "claimed_at": at,
                "ended_at": at,
                "outcome": CallOutcome.BUSY,
            }
            for call_id, number, at in made
        ],
    )
