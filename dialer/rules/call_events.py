"""What happens to a call and what follows, as far as the telephony has no word for it."""

from dataclasses import dataclass
from datetime import datetime

from dialer.messages import (
    AgentLegGone,
    CallId,
    ConnectCustomer,
    ConnectFailed,
    CustomerAnswered,
    CustomerConnected,
    CustomerGone,
    CustomerReleased,
    CustomerRinging,
    HangUpCustomer,
    LegId,
    NoticeEnded,
    OriginateFailed,
    PauseRecording,
    PlayAbandonedMessage,
    RecordingPaused,
    RecordingResumed,
    ResumeRecording,
    UserId,
)
from dialer.rules.recording_pause import PauseEnd

# --- events ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AgentFound:
    """The floor has an agent for this call, with an open leg."""

    call_id: CallId
    user_id: UserId
    leg_id: LegId


@dataclass(frozen=True, slots=True)
class FoundTalking:
    """After an absence of ours the customer is found joined with this agent's leg."""

    call_id: CallId
    user_id: UserId
    leg_id: LegId
    at: datetime


@dataclass(frozen=True, slots=True)
class AnswerDeadlinePassed:
    call_id: CallId
    at: datetime


@dataclass(frozen=True, slots=True)
class AgentHangsUp:
    """The agent ends the call, or takes back one that rings with him held for it."""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class CancelUnanswered:
    """The call must not go on ringing; an answered one is not touched."""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class NotDialled:
    """It was taken, but must not be dialled any more; nobody's phone has rung."""

    call_id: CallId
    at: datetime


@dataclass(frozen=True, slots=True)
class PauseWanted:
    """The agent wants what is said now not to be recorded."""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class ResumeWanted:
    """The recording is to go on; `by` says whose wish it is."""

    call_id: CallId
    by: PauseEnd


Event = (
    CustomerRinging
    | CustomerAnswered
    | CustomerConnected
    | CustomerGone
    | OriginateFailed
    | ConnectFailed
    | CustomerReleased
    | AgentLegGone
    | AgentFound
    | FoundTalking
    | AnswerDeadlinePassed
    | AgentHangsUp
    | CancelUnanswered
    | NotDialled
    | PauseWanted
    | ResumeWanted
    | NoticeEnded
    | RecordingPaused
    | RecordingResumed
)


# --- commands -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FindAgent:
    call_id: CallId


@dataclass(frozen=True, slots=True)
class StopFindingAgent:
    call_id: CallId


@dataclass(frozen=True, slots=True)
class GiveNotice:
    """Play the campaign's notice to the customer; he is joined when it is over."""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class StartAnswerTimer:
    call_id: CallId
    seconds: float


@dataclass(frozen=True, slots=True)
class AgentTalks:
    """The agent's state follows: on call."""

    call_id: CallId
    user_id: UserId


@dataclass(frozen=True, slots=True)
class AgentFoundTalking:
    """The agent is on this call, whatever was known of him before."""

    call_id: CallId
    user_id: UserId


@dataclass(frozen=True, slots=True)
class AgentFreed:
    """The agent is done with this call; `talked` tells whether there is after-call work."""

    call_id: CallId
    user_id: UserId
    talked: bool


@dataclass(frozen=True, slots=True)
class CloseCall:
    """Write the end of the call; nothing more will happen to it."""

    call_id: CallId


Command = (
    ConnectCustomer
    | PauseRecording
    | ResumeRecording
    | HangUpCustomer
    | PlayAbandonedMessage
    | FindAgent
    | StopFindingAgent
    | GiveNotice
    | StartAnswerTimer
    | AgentTalks
    | AgentFoundTalking
    | AgentFreed
    | CloseCall
)
