"""A campaign's file and the database that it names things of."""

import structlog
from structlog.testing import capture_logs

from dialer.campaign import CampaignSettings, ResultRetrySettings, RetrySettings
from dialer.running_campaign import load_campaign
from dialer.storage.engine import Database
from tests.small_world import build_small_world


def autumn(*results: str) -> CampaignSettings:
    twice = ResultRetrySettings(limit=2)
    return CampaignSettings(
        name="autumn",
        project="光回線",
        workgroups=["東京"],
        trunk="carrier",
        caller_ids=["0312345678"],
        retries=RetrySettings(results=dict.fromkeys(results, twice)),
    )


async def test_a_rule_for_a_result_that_does_not_exist_is_told(database: Database) -> None:
    async with database.write() as connection:
        await build_small_world(connection)
    structlog.reset_defaults()  # a simulation may have silenced warnings
    async with database.read() as connection:
        with capture_logs() as told:
            # The last is final: nothing comes after it that a rule could be for.
            campaign = await load_campaign(connection, autumn("検討中", "検討中か", "対象外"))
    assert [(one["log_level"], one["result"]) for one in told] == [
        ("warning", "対象外"),
        ("warning", "検討中か"),
    ]
    assert campaign.retries.results["検討中"].limit == 2
