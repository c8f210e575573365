"""The counts of a campaign's card are the rule's answers, in every world, on both databases."""

from collections import Counter

from hypothesis import HealthCheck, given, settings

from dialer import mybox
from dialer.claiming import ClaimRequest
from dialer.held_back import LeadsHeldBack, held_back
from dialer.rules.eligibility import Refusal, refusals
from dialer.rules.explanation import allowed_from
from dialer.storage.engine import Database
from tests.integration.claiming_world_rows import build
from tests.integration.claiming_worlds import NOON, World, actor_in, facts, worlds

# Each example fills the test's own database anew.
one_database = settings(
    max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def counted(database: Database, wanted: ClaimRequest) -> LeadsHeldBack:
    async with database.write() as connection:
        await mybox.end_expired(connection, NOON)
    async with database.read() as connection:
        return await held_back(connection, wanted, NOON)


@one_database
@given(worlds())
async def test_the_counts_by_reason_are_the_rules_counts(database: Database, world: World) -> None:
    async with database.write() as connection:
        wanted, _ = await build(connection, world)
    found = await counted(database, wanted)
    places = in_the_list(world)
    reasons = [counts_under(world, place) for place in places]
    assert found.callable_now == reasons.count(None)
    assert found.by_reason == Counter(reason for reason in reasons if reason)
    assert found.tried == sum(world.leads[place].attempts > 0 for place in places)
    assert found.leads == len(places)


@one_database
@given(worlds())
async def test_the_next_lead_is_expected_when_the_rule_lets_the_first_one_through(
    database: Database, world: World
) -> None:
    async with database.write() as connection:
        wanted, _ = await build(connection, world)
    times = [
        allowed_from(facts(world, place), actor_in(world), NOON) for place in in_the_list(world)
    ]
    later = [at for at in times if at is not None and at > NOON]
    assert (await counted(database, wanted)).next_at == min(later, default=None)


async def test_an_empty_project_holds_nothing_back(database: Database) -> None:
    async with database.write() as connection:
        wanted, _ = await build(connection, World(()))
    assert await counted(database, wanted) == LeadsHeldBack(0, {}, 0, None)


def test_the_largest_reason_comes_first() -> None:
    found = LeadsHeldBack(3, {Refusal.PROHIBITED: 1, Refusal.BOXED: 5, Refusal.WAITING: 5}, 0, None)
    assert [reason for reason, _ in found.largest_first] == [
        Refusal.BOXED,
        Refusal.WAITING,
        Refusal.PROHIBITED,
    ]


def in_the_list(world: World) -> list[int]:
    """The places of the campaign's leads that are not deleted."""
    some = enumerate(world.leads)
    return [place for place, lead in some if lead.project == 1 and not lead.deleted]


def counts_under(world: World, place: int) -> Refusal | None:
    """The first reason; the hours only when there is no other."""
    found = [one.reason for one in refusals(facts(world, place), actor_in(world), NOON)]
    others = [reason for reason in found if reason is not Refusal.OUTSIDE_HOURS]
    return (others or found or [None])[0]
