from collections.abc import Mapping
from enum import StrEnum
from typing import get_args

import pytest

from dialer.campaign import Mode
from dialer.campaign_state import CampaignState
from dialer.history import HungUpBy, RecordingState
from dialer.rules.agent_state import AgentState
from dialer.rules.eligibility import Refusal
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.history_filter import ActionKind
from dialer.rules.pacing import NotDialling
from webui import labels


@pytest.mark.parametrize(
    ("known", "named"),
    [
        (CallOutcome, labels.OUTCOMES),
        (CallOutcome, labels.OUTCOME_COLOURS),
        (AgentState, labels.AGENT_STATES),
        (AgentState, labels.AGENT_STATES_OF_OTHERS),
        (AgentState, labels.AGENT_STATE_HINTS),
        (NotDialling, labels.NOT_DIALLING),
        (Refusal, labels.REFUSALS),
        (Refusal, labels.REFUSAL_COLOURS),
        (Refusal, labels.RULES),
        (Mode, labels.CAMPAIGN_MODES),
    ],
)
def test_whatever_the_rules_say_has_words(known: type[StrEnum], named: Mapping[str, str]) -> None:
    assert {one.value for one in known} <= set(named)


@pytest.mark.parametrize(
    ("known", "named"),
    [
        (CampaignState, labels.CAMPAIGN_STATES),
        (ActionKind, labels.ACTION_KINDS),
        (RecordingState, labels.RECORDING_STATES),
        (HungUpBy, {"": "", **labels.HUNG_UP_BY}),
    ],
)
def test_whatever_the_history_says_has_words(known: object, named: Mapping[str, str]) -> None:
    assert set(get_args(known)) <= set(named)


def test_a_reason_of_ones_own_stands_for_itself() -> None:
    assert labels.away_reason("lunch") == "Lunch"
    assert labels.away_reason("歯医者") == "歯医者"
