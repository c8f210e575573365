"""What the network's words mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.hangup_cause import CallOutcome, outcome_of_unanswered

NETWORKS_OUTCOMES = {
    CallOutcome.NO_ANSWER,
    CallOutcome.BUSY,
    CallOutcome.REJECTED,
    CallOutcome.UNREACHABLE,
    CallOutcome.CONGESTION,
    CallOutcome.REFUSED,
    CallOutcome.FAILED,
}


@pytest.mark.parametrize("cause", range(128))
def test_every_cause_of_the_standard_has_an_outcome(cause: int) -> None:
    assert outcome_of_unanswered(cause) in NETWORKS_OUTCOMES


@pytest.mark.parametrize(
    ("cause", "meaning", "outcome"),
    [
        (0, "unknown, or not told", CallOutcome.NO_ANSWER),
        (1, "unallocated number", CallOutcome.UNREACHABLE),
        (3, "no route to destination", CallOutcome.UNREACHABLE),
        (8, "operator determined barring", CallOutcome.REFUSED),
        (16, "normal clearing", CallOutcome.NO_ANSWER),
        (17, "user busy", CallOutcome.BUSY),
        (18, "no user responding", CallOutcome.NO_ANSWER),
        (19, "no answer from user", CallOutcome.NO_ANSWER),
        (20, "subscriber absent", CallOutcome.UNREACHABLE),
        (21, "call rejected", CallOutcome.REJECTED),
        (22, "number changed", CallOutcome.UNREACHABLE),
        (27, "destination out of order", CallOutcome.UNREACHABLE),
        (28, "invalid number format", CallOutcome.UNREACHABLE),
        (34, "no circuit available", CallOutcome.CONGESTION),
        (38, "network out of order", CallOutcome.CONGESTION),
        (42, "switching equipment congestion", CallOutcome.CONGESTION),
        (57, "bearer capability not authorized", CallOutcome.REFUSED),
        (102, "recovery on timer expiry", CallOutcome.NO_ANSWER),
        (111, "protocol error", CallOutcome.FAILED),
        (127, "interworking, unspecified", CallOutcome.FAILED),
    ],
)
def test_a_cause_means(cause: int, meaning: str, outcome: CallOutcome) -> None:
    assert outcome_of_unanswered(cause) is outcome, meaning


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (403, CallOutcome.REFUSED),
        (404, CallOutcome.UNREACHABLE),
        (408, CallOutcome.NO_ANSWER),
        (410, CallOutcome.UNREACHABLE),
        (480, CallOutcome.NO_ANSWER),
        (484, CallOutcome.UNREACHABLE),
        (486, CallOutcome.BUSY),
        (487, CallOutcome.NO_ANSWER),
        (488, CallOutcome.FAILED),
        (500, CallOutcome.CONGESTION),
        (503, CallOutcome.CONGESTION),
        (600, CallOutcome.BUSY),
        (603, CallOutcome.REJECTED),
        (604, CallOutcome.UNREACHABLE),
        (607, CallOutcome.REJECTED),
    ],
)
def test_the_sip_answer_is_the_better_witness(status: int, outcome: CallOutcome) -> None:
    """Asterisk gives 38 for several SIP answers that mean different things."""
    for cause in (16, 21, 38):
        assert outcome_of_unanswered(cause, status) is outcome


@given(st.integers(0, 127), st.integers(100, 699) | st.none())
def test_there_is_always_an_answer(cause: int, status: int | None) -> None:
    assert outcome_of_unanswered(cause, status) in NETWORKS_OUTCOMES


@given(st.integers(0, 127))
def test_an_unknown_sip_status_leaves_the_word_to_the_cause(cause: int) -> None:
    assert outcome_of_unanswered(cause, 699) is outcome_of_unanswered(cause)
