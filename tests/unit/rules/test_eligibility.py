"""The gate: who may be called, and the reason why not."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.messages import UserId
from dialer.rules.calling_hours import WEEKDAYS, CallingHours
from dialer.rules.eligibility import Actor, Allowed, LeadFacts, Refusal, Refused, may_call

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)  # midnight in Tokyo
HOURS = CallingHours("Asia/Tokyo", dict.fromkeys(WEEKDAYS, (time(8), time(21))))
CAMPAIGN = Actor(user_id=None, hours=HOURS, max_attempts=3)
SATO = UserId(1)
GOOD = LeadFacts(
    prohibited=False,
    boxed_by=None,
    deleted=False,
    project_closed=False,
    finished=False,
    attempts=0,
    next_attempt_at=None,
    callable_numbers=1,
    in_call=False,
)

# In the order in which the gate asks.
OBSTACLES: dict[Refusal, dict[str, Any]] = {
    Refusal.PROHIBITED: {"prohibited": True},
    Refusal.BOXED: {"boxed_by": SATO},
    Refusal.LEAD_DELETED: {"deleted": True},
    Refusal.PROJECT_CLOSED: {"project_closed": True},
    Refusal.FINISHED: {"finished": True},
    Refusal.ATTEMPTS_USED: {"attempts": 3},
    Refusal.WAITING: {"next_attempt_at": NOON + timedelta(hours=1)},
    Refusal.NO_NUMBER: {"callable_numbers": 0},
    Refusal.IN_CALL: {"in_call": True},
}


def with_obstacles(*reasons: Refusal) -> LeadFacts:
    facts = GOOD
    for reason in reasons:
        facts = replace(facts, **OBSTACLES[reason])
    return facts


def test_a_lead_without_obstacles_is_called() -> None:
    assert may_call(GOOD, CAMPAIGN, NOON) == Allowed()


@pytest.mark.parametrize("reason", [r for r in OBSTACLES if r is not Refusal.WAITING])
def test_each_obstacle_is_named(reason: Refusal) -> None:
    assert may_call(with_obstacles(reason), CAMPAIGN, NOON) == Refused(reason)


def test_a_lead_that_waits_says_until_when() -> None:
    due = NOON + timedelta(hours=1)
    assert may_call(with_obstacles(Refusal.WAITING), CAMPAIGN, NOON) == Refused(
        Refusal.WAITING, due
    )
    assert may_call(with_obstacles(Refusal.WAITING), CAMPAIGN, due) == Allowed()


def test_at_night_it_says_when_the_day_begins() -> None:
    assert may_call(GOOD, CAMPAIGN, NIGHT) == Refused(
        Refusal.OUTSIDE_HOURS, datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    )


def test_a_boxed_lead_is_called_for_its_holder_only() -> None:
    boxed = with_obstacles(Refusal.BOXED)
    assert may_call(boxed, replace(CAMPAIGN, user_id=SATO), NOON) == Allowed()
    assert may_call(boxed, replace(CAMPAIGN, user_id=UserId(2)), NOON) == Refused(Refusal.BOXED)


def test_nothing_opens_a_prohibited_number_not_even_its_holder() -> None:
    facts = with_obstacles(Refusal.PROHIBITED, Refusal.BOXED)
    holder = replace(CAMPAIGN, user_id=SATO)
    assert may_call(facts, holder, NOON) == Refused(Refusal.PROHIBITED)


@given(st.sets(st.sampled_from(list(OBSTACLES)), min_size=1), st.booleans())
def test_of_several_obstacles_the_first_in_order_is_named(
    reasons: set[Refusal], at_night: bool
) -> None:
    standing = {*reasons, Refusal.OUTSIDE_HOURS} if at_night else reasons
    answer = may_call(with_obstacles(*reasons), CAMPAIGN, NIGHT if at_night else NOON)
    assert isinstance(answer, Refused)
    if at_night and Refusal.WAITING in standing:
        standing = standing - {Refusal.WAITING}  # its time has come by then
    assert answer.reason is next(reason for reason in Refusal if reason in standing)
