"""The gate: who may be called, and the reason why not."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.messages import UserId
from dialer.rules.calling_hours import WEEKDAYS, CallingHours
from dialer.rules.eligibility import (
    ABANDONED_REST,
    CLAUSES,
    Actor,
    Allowed,
    Box,
    LeadFacts,
    OpenCallback,
    Refusal,
    Refused,
    may_call,
    refusals,
)
from dialer.rules.lane import facts_of_lane, lane_of

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)  # midnight in Tokyo
HOURS = CallingHours("Asia/Tokyo", dict.fromkeys(WEEKDAYS, (time(8), time(21))))
SATO, SUZUKI = UserId(1), UserId(2)
TOKYO, OSAKA = 1, 2  # workgroups
CAMPAIGN = Actor(
    user_id=None, project_id=1, workgroup_ids=frozenset({TOKYO}), hours=HOURS, max_attempts=3
)
GOOD = LeadFacts(project_id=1)
LATER = NOON + timedelta(hours=1)

# In the order in which the gate asks: what in the facts, or in the actor, brings each about.
OBSTACLES: dict[Refusal, dict[str, Any]] = {
    Refusal.PROHIBITED: {"prohibited_for": frozenset({TOKYO})},
    Refusal.BOXED: {"boxes": (Box(SATO),)},
    Refusal.OTHER_PROJECT: {"project_id": 2},
    Refusal.LEAD_DELETED: {"deleted": True},
    Refusal.PROJECT_CLOSED: {"project_closed": True},
    Refusal.OUTSIDE_HOURS: {"time_zone": "America/New_York"},
    Refusal.CALLBACK_NOT_DUE: {"callback": OpenCallback(LATER)},
    Refusal.CALLBACK_OF_ANOTHER: {"callback": OpenCallback(NOON, SATO)},
    Refusal.FINISHED: {"finished": True},
    Refusal.ATTEMPTS_USED: {"attempts": 3},
    Refusal.WAITING: {"next_attempt_at": LATER},
    Refusal.ABANDONED_REST: {"abandoned_at": NOON},
    Refusal.IN_CALL: {"in_call": True},
    Refusal.NO_NUMBER: {"telephone_kinds": ()},
    Refusal.NUMBER_KIND: {"telephone_kinds": ("premium", "emergency")},
}


def with_obstacles(*reasons: Refusal) -> LeadFacts:
    facts = GOOD
    for reason in reasons:
        facts = replace(facts, **OBSTACLES[reason])
    return facts


def reason_of(answer: Allowed | Refused) -> Refusal | None:
    return answer.reason if isinstance(answer, Refused) else None


def test_a_lead_without_obstacles_is_called() -> None:
    assert may_call(GOOD, CAMPAIGN, NOON) == Allowed()


def test_there_is_a_clause_for_every_reason() -> None:
    assert list(CLAUSES) == list(Refusal)
    assert set(OBSTACLES) == set(Refusal) - {Refusal.NOT_ASSIGNED}  # a matter of the actor


@pytest.mark.parametrize("reason", OBSTACLES)
def test_each_obstacle_is_named(reason: Refusal) -> None:
    assert reason_of(may_call(with_obstacles(reason), CAMPAIGN, NOON)) is reason


# --- prohibition and MyBox ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("binds", "refused"), [(TOKYO, True), (None, True), (OSAKA, False)], ids=str
)
def test_a_prohibition_binds_its_workgroup_or_the_company(binds: int | None, refused: bool) -> None:
    facts = replace(GOOD, prohibited_for=frozenset({binds}))
    assert (may_call(facts, CAMPAIGN, NOON) == Refused(Refusal.PROHIBITED)) is refused


def test_nothing_opens_a_prohibited_number_not_even_its_holder() -> None:
    facts = with_obstacles(Refusal.PROHIBITED, Refusal.BOXED)
    holder = replace(CAMPAIGN, user_id=SATO)
    assert may_call(facts, holder, NOON) == Refused(Refusal.PROHIBITED)


def test_a_boxed_lead_is_called_for_its_holder_only() -> None:
    boxed = with_obstacles(Refusal.BOXED)
    assert may_call(boxed, replace(CAMPAIGN, user_id=SATO), NOON) == Allowed()
    assert may_call(boxed, replace(CAMPAIGN, user_id=SUZUKI), NOON) == Refused(Refusal.BOXED)


@pytest.mark.parametrize(("groups", "refused"), [({TOKYO}, True), ({OSAKA}, False), ((), False)])
def test_a_box_on_another_lead_of_the_number_binds_the_holders_workgroups(
    groups: set[int], refused: bool
) -> None:
    box = Box(SATO, own=False, holder_workgroups=frozenset(groups))
    facts = replace(GOOD, boxes=(box,))
    assert (may_call(facts, CAMPAIGN, NOON) == Refused(Refusal.BOXED)) is refused
    assert may_call(facts, replace(CAMPAIGN, user_id=SATO), NOON) == Allowed()


# --- the project ------------------------------------------------------------------------------


def test_a_user_who_is_not_assigned_calls_nobody() -> None:
    stranger = replace(CAMPAIGN, user_id=SATO, assigned=False)
    assert may_call(GOOD, stranger, NOON) == Refused(Refusal.NOT_ASSIGNED)


# --- time -------------------------------------------------------------------------------------


def test_at_night_it_says_when_the_day_begins() -> None:
    assert may_call(GOOD, CAMPAIGN, NIGHT) == Refused(
        Refusal.OUTSIDE_HOURS, datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    )


def test_the_hours_are_those_where_the_lead_is() -> None:
    abroad = replace(GOOD, time_zone="America/New_York")
    evening = NOON  # ten in the evening there
    morning = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)  # eight there
    assert may_call(abroad, CAMPAIGN, evening) == Refused(Refusal.OUTSIDE_HOURS, morning)
    assert may_call(abroad, CAMPAIGN, morning) == Allowed()


@pytest.mark.parametrize(
    ("obstacle", "until"),
    [
        (Refusal.WAITING, LATER),
        (Refusal.CALLBACK_NOT_DUE, LATER),
        (Refusal.ABANDONED_REST, NOON + ABANDONED_REST),
    ],
)
def test_what_time_alone_decides_says_until_when(obstacle: Refusal, until: datetime) -> None:
    facts = with_obstacles(obstacle)
    assert may_call(facts, CAMPAIGN, NOON) == Refused(obstacle, until)
    assert may_call(facts, CAMPAIGN, until - timedelta(seconds=1)) == Refused(obstacle, until)
    assert may_call(facts, CAMPAIGN, until) == Allowed()


@pytest.mark.parametrize(
    ("whose", "caller", "allowed"),
    [
        (None, None, True),
        (None, SATO, True),
        (SATO, SATO, True),
        (SATO, SUZUKI, False),
        (SATO, None, False),
    ],
)
def test_a_due_callback_is_for_anyone_or_for_its_user(
    whose: UserId | None, caller: UserId | None, allowed: bool
) -> None:
    facts = replace(GOOD, callback=OpenCallback(NOON, whose))
    answer = may_call(facts, replace(CAMPAIGN, user_id=caller), NOON)
    assert answer == (Allowed() if allowed else Refused(Refusal.CALLBACK_OF_ANOTHER))


def test_an_abandoned_person_may_be_called_again_when_an_agent_is_held_for_it() -> None:
    facts = with_obstacles(Refusal.ABANDONED_REST)
    assert may_call(facts, replace(CAMPAIGN, user_id=SATO), NOON) == Allowed()


# --- numbers ------------------------------------------------------------------------------------


def test_one_number_that_may_be_called_is_enough() -> None:
    facts = replace(GOOD, telephone_kinds=("premium", "mobile"))
    assert may_call(facts, CAMPAIGN, NOON) == Allowed()


# --- the order ----------------------------------------------------------------------------------

# Those that speak of one fact each can stand together; a lead has one callback.
TOGETHER = st.sets(
    st.sampled_from(
        [
            reason
            for reason in OBSTACLES
            if reason not in (Refusal.CALLBACK_OF_ANOTHER, Refusal.NUMBER_KIND)
        ]
    ),
    min_size=1,
)


@given(TOGETHER)
def test_of_several_obstacles_the_first_in_order_is_named_and_all_are_told(
    reasons: set[Refusal],
) -> None:
    facts = with_obstacles(*reasons)
    in_order = [reason for reason in Refusal if reason in reasons]
    assert reason_of(may_call(facts, CAMPAIGN, NOON)) is in_order[0]
    assert [refused.reason for refused in refusals(facts, CAMPAIGN, NOON)] == in_order


# --- lanes --------------------------------------------------------------------------------------

FACTS = st.builds(
    LeadFacts,
    project_id=st.just(1),
    prohibited_for=st.frozensets(st.sampled_from([None, TOKYO, OSAKA])),
    boxes=st.lists(
        st.builds(
            Box,
            holder=st.sampled_from([SATO, SUZUKI]),
            own=st.booleans(),
            holder_workgroups=st.just(frozenset({TOKYO})),
        ),
        max_size=2,
        unique_by=lambda box: box.own,
    ).map(tuple),
    project_closed=st.booleans(),
    time_zone=st.sampled_from(["", "America/New_York"]),
    telephone_kinds=st.lists(st.sampled_from(["fixed", "premium"]), max_size=2).map(tuple),
)


@given(FACTS, st.sampled_from([None, SATO, SUZUKI]))
def test_a_lane_is_judged_as_each_of_its_leads(facts: LeadFacts, user: UserId | None) -> None:
    """What is not in the lane speaks neither for nor against these leads."""
    actor = replace(CAMPAIGN, user_id=user)
    lane = facts_of_lane(
        lane_of(facts),
        project_id=1,
        project_closed=facts.project_closed,
        workgroups={holder: frozenset({TOKYO}) for holder in (SATO, SUZUKI)},
    )
    assert refusals(lane, actor, NOON) == refusals(facts, actor, NOON)
