"""What campaigns are doing."""

from datetime import timedelta

import pytest

from dialer import campaign_state
from dialer.rules.hangup_cause import CallOutcome
from dialer.storage.engine import Database
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def test_a_new_campaign_is_stopped_and_known_by_its_name(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        again = await campaign_state.ensure_campaign(
            connection, name="autumn", project_id=world.other_project_id, now=NOON
        )
        (row,) = await campaign_state.campaign_rows(connection)
    assert again == row.id == world.campaign_id
    assert (row.state, row.project) == ("stopped", "保険")  # the file names another project now


async def test_who_started_it_is_on_record(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        assert await campaign_state.set_state(
            connection, name="autumn", state="running", by=world.sato, now=NOON
        )
        assert not await campaign_state.set_state(
            connection, name="autumn", state="running", by=world.suzuki, now=NOON
        )
        (row,) = await campaign_state.campaign_rows(connection, viewer=world.suzuki)
        assert await campaign_state.state_of(connection, "autumn") == "running"
        assert await campaign_state.campaign_rows(connection, viewer=world.takahashi) == []
        with pytest.raises(campaign_state.UnknownCampaign, match="winter"):
            await campaign_state.set_state(connection, name="winter", state="paused", now=NOON)
    assert (row.state, row.state_changed_at, row.state_changed_by) == ("running", NOON, "佐藤")


async def test_counts_of_calls(database: Database, world: SmallWorld) -> None:
    outcomes = [
        *[CallOutcome.CONNECTED] * 3,
        CallOutcome.ABANDONED,
        CallOutcome.BUSY,
        *[CallOutcome.NO_ANSWER] * 5,
        None,
    ]
    async with database.write() as connection:
        lead_id = await add_lead(connection, world.project_id, "+81352542287")
        for outcome in outcomes:
            await add_call(connection, world, lead_id, outcome=outcome)
        await add_call(connection, world, lead_id, at=NOON - timedelta(seconds=1))
        counts = await campaign_state.counts(connection, campaign_id=world.campaign_id, since=NOON)
        nothing = await campaign_state.counts(
            connection, campaign_id=world.campaign_id, since=NOON + timedelta(days=1)
        )
    assert (counts.dials, counts.open_calls) == (11, 1)
    assert (counts.connected, counts.abandoned) == (3, 1)
    assert counts.by_outcome[CallOutcome.NO_ANSWER] == 5
    assert counts.connect_rate == pytest.approx(3 / 11)
    assert counts.abandonment_rate == pytest.approx(1 / 4)
    assert (nothing.dials, nothing.by_outcome, nothing.connect_rate) == (0, {}, None)
    assert nothing.abandonment_rate is None
