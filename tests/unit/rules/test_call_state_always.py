"""What holds for a call whatever happens to it, in whatever order."""

from dataclasses import dataclass, field
from datetime import timedelta
from operator import add

from hypothesis import given
from hypothesis import strategies as st

from dialer.messages import (
    AgentLegGone,
    ConnectCustomer,
    ConnectFailed,
    CustomerAnswered,
    CustomerConnected,
    CustomerGone,
    CustomerReleased,
    CustomerRinging,
    HangUpCustomer,
    OriginateFailed,
    PlayAbandonedMessage,
    RecordingPaused,
    RecordingResumed,
    UserId,
)
from dialer.rules.call_events import (
    AgentFound,
    AgentFoundTalking,
    AgentFreed,
    AgentHangsUp,
    AgentTalks,
    AnswerDeadlinePassed,
    CancelUnanswered,
    CloseCall,
    Command,
    Event,
    FindAgent,
    FoundTalking,
    PauseWanted,
    ResumeWanted,
    StopFindingAgent,
)
from dialer.rules.call_state import CallState, Phase, decide
from dialer.rules.recording_pause import PauseEnd
from tests.unit.rules.calls import CALL, NOON, SATO, SATOS_LEG, SUZUKI, SUZUKIS_LEG, a_call

AGENTS = st.sampled_from([(SATO, SATOS_LEG), (SUZUKI, SUZUKIS_LEG)])
LEGS = st.sampled_from([SATOS_LEG, SUZUKIS_LEG])
GONE = st.builds(CustomerGone, st.just(CALL), st.sampled_from([0, 16, 17, 19]), st.just(NOON))

SEEN: st.SearchStrategy[Event] = st.one_of(
    st.just(CustomerRinging(CALL, NOON)),
    st.just(CustomerAnswered(CALL, NOON)),
    AGENTS.map(lambda agent: AgentFound(CALL, *agent)),
    LEGS.map(lambda leg: CustomerConnected(CALL, leg, NOON)),
    LEGS.map(lambda leg: ConnectFailed(CALL, leg, "gone", NOON)),
    LEGS.map(lambda leg: AgentLegGone(leg, 16, NOON)),
    st.just(AnswerDeadlinePassed(CALL, NOON)),
    st.just(AgentHangsUp(CALL)),
    st.just(CancelUnanswered(CALL)),
    st.just(CustomerReleased(CALL, NOON)),
    st.just(OriginateFailed(CALL, "refused", NOON)),
    st.just(PauseWanted(CALL)),
    st.just(RecordingPaused(CALL, NOON)),
    st.just(ResumeWanted(CALL, PauseEnd.AGENT)),
    st.just(RecordingResumed(CALL, NOON)),
    GONE,
)
FOUND = AGENTS.map(lambda agent: FoundTalking(CALL, *agent, NOON))
# The good way comes often, so that many of the stories reach a conversation.
GOOD_WAY: st.SearchStrategy[list[Event]] = st.sampled_from(
    [
        [CustomerAnswered(CALL, NOON)],
        [CustomerAnswered(CALL, NOON), AgentFound(CALL, SATO, SATOS_LEG)],
        [
            CustomerAnswered(CALL, NOON),
            AgentFound(CALL, SATO, SATOS_LEG),
            CustomerConnected(CALL, SATOS_LEG, NOON),
        ],
        [],
    ]
)
SEEN_STORIES = st.builds(add, GOOD_WAY, st.lists(SEEN, max_size=12))
STORIES = st.builds(add, GOOD_WAY, st.lists(SEEN | FOUND, max_size=12))


@dataclass
class Told:
    """Every state that the call went through, and every command with what led to it."""

    states: list[CallState] = field(default_factory=lambda: [a_call()])
    commands: list[tuple[Event, Command]] = field(default_factory=list)

    def happens(self, event: Event) -> None:
        call, commands = decide(self.states[-1], event, NOON + timedelta(seconds=1))
        self.states.append(call)
        self.commands.extend((event, command) for command in commands)

    def all(self, kind: type[Command]) -> list[Command]:
        return [command for _, command in self.commands if isinstance(command, kind)]


def told(story: list[Event]) -> Told:
    """The story up to its end: the customer's leg always ends some day."""
    happened = Told()
    for event in [*story, CustomerGone(CALL, 16, NOON)]:
        happened.happens(event)
    return happened


@given(STORIES)
def test_an_ended_call_stays_as_it_is(story: list[Event]) -> None:
    states = told(story).states
    ended = [state for state in states if state.phase is Phase.ENDED]
    assert ended
    assert all(state == ended[0] for state in ended)
    assert states[-1] == ended[0]


@given(STORIES)
def test_every_call_is_closed_exactly_once_and_has_an_outcome(story: list[Event]) -> None:
    happened = told(story)
    assert happened.all(CloseCall) == [CloseCall(CALL)]
    assert happened.states[-1].outcome is not None
    assert happened.states[-1].ended_at is not None


@given(SEEN_STORIES)
def test_nobody_is_connected_twice_at_once(story: list[Event]) -> None:
    """Between two joins the first agent was taken off the call."""
    joined: UserId | None = None
    for event, command in told(story).commands:
        if isinstance(command, ConnectCustomer):
            assert joined is None
            assert isinstance(event, AgentFound)
            joined = event.user_id
        elif isinstance(command, AgentFreed) and command.user_id == joined:
            joined = None


@given(SEEN_STORIES)
def test_a_conversation_begins_at_most_once(story: list[Event]) -> None:
    happened = told(story)
    assert len(happened.all(AgentTalks)) <= 1
    begun = {state.connected_at for state in happened.states} - {None}
    assert len(begun) <= 1


@given(STORIES)
def test_every_agent_that_a_call_was_given_is_given_back_exactly_once(story: list[Event]) -> None:
    """An agent who is offered to a call is the call's from then on, until it frees him."""
    held = {SATO: 0, SUZUKI: 0}
    happened = Told()
    for event in [*story, CustomerGone(CALL, 16, NOON)]:
        before, known = happened.states[-1], len(happened.commands)
        happened.happens(event)
        if isinstance(event, AgentFound):
            had_him = before.user_id == event.user_id and before.phase is not Phase.ENDED
            held[event.user_id] += not had_him
        for _, command in happened.commands[known:]:
            if isinstance(command, AgentFoundTalking) and before.user_id != command.user_id:
                held[command.user_id] += 1
            if isinstance(command, AgentFreed):
                held[command.user_id] -= 1
        assert set(held.values()) <= {0, 1}
    assert set(held.values()) == {0}


@given(STORIES)
def test_who_is_abandoned_is_not_talked_to(story: list[Event]) -> None:
    happened = told(story)
    last = happened.states[-1]
    assert not (last.abandoned and last.connected_at)
    assert len(happened.all(PlayAbandonedMessage)) <= 1


@given(STORIES)
def test_nothing_is_wanted_of_a_call_after_its_end(story: list[Event]) -> None:
    happened = Told()
    for event in [*story, CustomerGone(CALL, 16, NOON), *story]:
        if happened.states[-1].phase is Phase.ENDED:
            known = len(happened.commands)
            happened.happens(event)
            assert all(isinstance(c, AgentFreed) for _, c in happened.commands[known:])
        else:
            happened.happens(event)


@given(STORIES)
def test_a_search_for_an_agent_always_ends(story: list[Event]) -> None:
    """By an agent who is found, or by a word to stop."""
    searching = False
    happened = Told()
    for event in [*story, CustomerGone(CALL, 16, NOON)]:
        known = len(happened.commands)
        before = happened.states[-1]
        happened.happens(event)
        if isinstance(event, AgentFound) and before.phase is Phase.WAITING:
            searching = False
        for _, command in happened.commands[known:]:
            if isinstance(command, FindAgent | StopFindingAgent):
                searching = isinstance(command, FindAgent)
    assert not searching


@given(STORIES)
def test_an_answered_person_is_hung_up_on_only_after_a_decision(story: list[Event]) -> None:
    happened = told(story)
    for event, command in happened.commands:
        if isinstance(command, HangUpCustomer):
            assert isinstance(
                event, AgentHangsUp | AgentLegGone | CancelUnanswered | CustomerAnswered
            )


@given(STORIES)
def test_pauses_follow_one_another_and_only_the_last_one_lasts(story: list[Event]) -> None:
    happened = told(story)
    for state in happened.states:
        assert not any(pause.is_open for pause in state.pauses[:-1])
        assert state.paused_at is None or state.connected_at is not None
    assert happened.states[-1].paused_at is None
