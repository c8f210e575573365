"""What people are told and what the gate does are one, in every world, on both databases."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings

from dialer.claiming import ClaimedCall, claim_lead
from dialer.messages import UserId
from dialer.rules.eligibility import Actor, Allowed, Refusal, Refused, may_call, owner_of
from dialer.rules.explanation import allowed_from
from dialer.storage.engine import Database
from dialer.why import explain, past_decisions
from tests.integration.claiming_world_rows import build
from tests.integration.claiming_worlds import (
    ACTORS,
    NOON,
    WORKGROUPS,
    World,
    actor_in,
    answer,
    facts,
    request,
    worlds,
)

# Each example fills the test's own database anew.
one_database = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@one_database
@given(worlds(), ACTORS)
async def test_the_explanation_is_the_rules_answer_and_what_a_claim_does(
    database: Database, world: World, user: UserId | None
) -> None:
    async with database.write() as connection:
        _, ids = await build(connection, world)
    for place, lead_id in enumerate(ids):
        async with database.read() as connection:
            told = await explain(connection, lead_id, request(user), NOON)
        assert told is not None
        assert told.decision == answer(world, place, user)
        claimed = await claim_lead(database, request(user), lead_id, NOON)
        if isinstance(claimed, ClaimedCall):
            assert told.decision == Allowed()
            async with database.read() as connection:
                (past,) = (await past_decisions(connection, lead_id))[:1]
            assert past.decision["attempts"] == told.facts.attempts
            return  # its open call is not in the world
        assert told.decision == claimed


@one_database
@given(worlds(), ACTORS)
async def test_each_verdict_comes_with_the_facts_that_made_it(
    database: Database, world: World, user: UserId | None
) -> None:
    async with database.write() as connection:
        _, ids = await build(connection, world)
    for place, lead_id in enumerate(ids):
        async with database.read() as connection:
            told = await explain(connection, lead_id, request(user), NOON)
        assert told is not None
        assert [verdict.rule for verdict in told.rules] == list(Refusal)
        refusals = [verdict.refused for verdict in told.rules if verdict.refused]
        assert told.decision == (refusals[0] if refusals else Allowed())
        refused = {refusal.reason for refusal in refusals}
        seen, true = told.facts, facts(world, place)
        callback = seen.callback
        assert {
            Refusal.PROHIBITED: any(one.binds for one in seen.prohibitions),
            Refusal.BOXED: any(box.binds for box in seen.boxes),
            Refusal.LEAD_DELETED: seen.deleted_at is not None,
            Refusal.PROJECT_CLOSED: seen.project_closed_at is not None,
            Refusal.NOT_ASSIGNED: not seen.assigned,
            Refusal.OUTSIDE_HOURS: not seen.hours.is_open,
            Refusal.CALLBACK_NOT_DUE: bool(callback and callback.due_at > NOON),
            Refusal.CALLBACK_OF_ANOTHER: bool(callback and callback.user_id not in (None, user)),
            Refusal.FINISHED: seen.finished_at is not None,
            Refusal.ATTEMPTS_USED: seen.attempts >= seen.max_attempts,
            Refusal.IN_CALL: seen.open_call is not None,
            Refusal.NUMBER_KIND: bool(true.telephone_kinds)
            and not any(number.callable for number in seen.numbers),
        } == {
            reason: reason in refused
            for reason in Refusal
            if reason
            not in (
                Refusal.OTHER_PROJECT,
                Refusal.WAITING,
                Refusal.ABANDONED_REST,
                Refusal.NO_NUMBER,
            )
        }
        assert (told.lead.project_id != 1) == (Refusal.OTHER_PROJECT in refused)
        assert seen.next_attempt_at == true.next_attempt_at
        assert seen.abandoned_at == true.abandoned_at


@given(worlds(), ACTORS)
def test_the_time_that_is_told_is_the_first_at_which_the_gate_opens(
    world: World, user: UserId | None
) -> None:
    actor = actor_in(world, user)
    for place in range(len(world.leads)):
        known = facts(world, place)
        at = allowed_from(known, actor, NOON)
        if at is None:
            verdict = may_call(known, actor, NOON + timedelta(days=30))
            assert isinstance(verdict, Refused)
            continue
        assert may_call(known, actor, at) == Allowed()
        if at > NOON:
            just_before = may_call(known, actor, at - timedelta(microseconds=1))
            assert isinstance(just_before, Refused)


@one_database
@given(worlds())
async def test_what_is_called_for_its_owner_only_is_told_so(
    database: Database, world: World
) -> None:
    async with database.write() as connection:
        _, ids = await build(connection, world)
    for place, lead_id in enumerate(ids):
        async with database.read() as connection:
            told = await explain(connection, lead_id, request(), NOON)
        assert told is not None
        owner = owner_of(facts(world, place))
        assert told.for_owner_only == (
            told.decision != Allowed()
            and owner is not None
            and may_call(facts(world, place), held_for(world, owner), NOON) == Allowed()
        )


def held_for(world: World, owner: UserId) -> Actor:
    """The owner, held for the campaign's call: all of his workgroups count."""
    actor = actor_in(world, owner)
    return replace(actor, workgroup_ids=actor.workgroup_ids | set(WORKGROUPS[owner]))
