"""The floor as others see it: agents, their calls, counts, and what it refuses."""

from dataclasses import dataclass
from datetime import datetime

from dialer.messages import CallId, UserId
from dialer.rules.agent_state import AgentState, PhoneMode
from dialer.rules.eligibility import Refusal
from dialer.rules.retry import RetryRules


class FloorError(Exception):
    """What the agent asked for is not possible now; `message_key` is the reason's name."""

    message_key = "floor_error"


class NotAnAgent(FloorError):
    message_key = "not_an_agent"


class NoPhone(FloorError):
    message_key = "no_phone"


class NotOnACall(FloorError):
    message_key = "not_on_a_call"


class ResultRequired(FloorError):
    message_key = "result_required"


class CannotDial(FloorError):
    """By hand, now; `message_key` says why not."""

    def __init__(self, message_key: str) -> None:
        super().__init__(message_key)
        self.message_key = message_key


@dataclass(frozen=True, slots=True)
class AgentCall:
    """The call that an agent is on, or whose result is due."""

    call_id: CallId
    lead_id: int
    e164: str
    campaign: str
    project_id: int
    after_call_work_seconds: int
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    notice: Refusal | None = None  # what was decided about the lead since somebody answered
    retries: RetryRules | None = None  # of the campaign; None: no file describes it any more


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent as pages show him."""

    user_id: UserId
    name: str
    state: AgentState
    since: datetime
    away_reason: str
    away_wish: str | None
    phone_mode: PhoneMode
    workgroup_ids: frozenset[int]
    call: AgentCall | None
    ringing: bool = False  # reserved for a call that nobody has answered yet


@dataclass(frozen=True, slots=True)
class FloorCount:
    """Agents of one campaign by state; `logged_in` leaves out away and offline."""

    logged_in: int
    by_state: dict[AgentState, int]

    @property
    def ready(self) -> int:
        return self[AgentState.READY]

    def __getitem__(self, state: AgentState) -> int:
        return self.by_state.get(state, 0)
