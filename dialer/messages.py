"""What is said between the decisions and the world: events in, commands out.

Events come from the telephony (something happened to a leg) or from people
(an agent pressed a key). Commands are what the rules decided. All are values:
they can be compared, logged and replayed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

CallId = NewType("CallId", UUID)  # also names the customer's leg
LegId = NewType("LegId", UUID)  # an agent's leg
UserId = NewType("UserId", int)


# --- events from the telephony ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CustomerRinging:
    call_id: CallId
    at: datetime


@dataclass(frozen=True, slots=True)
class CustomerAnswered:
    """The customer's leg is up and waits to be connected."""

    call_id: CallId
    at: datetime


@dataclass(frozen=True, slots=True)
class CustomerConnected:
    """Customer and agent hear each other."""

    call_id: CallId
    leg_id: LegId
    at: datetime


@dataclass(frozen=True, slots=True)
class CustomerGone:
    """The customer's leg is no more. `cause` is Q.850, `sip_status` the final answer if known.

    `estimated`: it was found missing; `at` is when that was noticed. `answered`: the leg was up,
    even if it ended too soon for `CustomerAnswered`.
    """

    call_id: CallId
    cause: int
    at: datetime
    sip_status: int | None = None
    estimated: bool = False
    answered: bool = False


@dataclass(frozen=True, slots=True)
class AgentLegAnswered:
    leg_id: LegId
    at: datetime


@dataclass(frozen=True, slots=True)
class AgentLegGone:
    leg_id: LegId
    cause: int
    at: datetime


@dataclass(frozen=True, slots=True)
class OriginateFailed:
    """Asterisk did not take the originate; nobody's phone has rung."""

    call_id: CallId
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AgentLegFailed:
    leg_id: LegId
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ConnectFailed:
    """The two legs could not be joined (one of them was already gone, mostly)."""

    call_id: CallId
    leg_id: LegId
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CustomerReleased:
    """Nobody of ours was there in time: the dialplan plays the message and lets him go."""

    call_id: CallId
    at: datetime


@dataclass(frozen=True, slots=True)
class NoticeEnded:
    """The notice that the conversation is recorded is over; `heard`: it was played to its end."""

    call_id: CallId
    heard: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordingPaused:
    """Nothing is recorded from then on; both go on hearing each other."""

    call_id: CallId
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordingResumed:
    """The recording began, at the connection or after a pause."""

    call_id: CallId
    at: datetime


@dataclass(frozen=True, slots=True)
class TelephonyUp:
    """The connection to Asterisk stands (again); legs must be reconciled."""

    at: datetime


@dataclass(frozen=True, slots=True)
class TelephonyDown:
    reason: str
    at: datetime


CallEvent = (
    CustomerRinging
    | CustomerAnswered
    | CustomerConnected
    | CustomerGone
    | OriginateFailed
    | ConnectFailed
    | CustomerReleased
    | NoticeEnded
    | RecordingPaused
    | RecordingResumed
)
AgentLegEvent = AgentLegAnswered | AgentLegGone | AgentLegFailed
TelephonyEvent = CallEvent | AgentLegEvent | TelephonyUp | TelephonyDown


# --- commands to the telephony -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DialCustomer:
    """Ring the customer. The call's row is committed before this is sent."""

    call_id: CallId
    e164: str
    trunk: str
    caller_id: str
    ring_timeout_seconds: int
    recording_path: str  # absolute; empty: not recorded
    campaign: str  # whose message is played when nobody can take the call


@dataclass(frozen=True, slots=True)
class RingAgent:
    """Ring an agent's phone; `label` is shown on it."""

    leg_id: LegId
    account: str
    label: str
    ring_timeout_seconds: int


@dataclass(frozen=True, slots=True)
class ConnectCustomer:
    """Join an answered customer with an agent's leg, recording if the call is recorded."""

    call_id: CallId
    leg_id: LegId
    recorded: bool


@dataclass(frozen=True, slots=True)
class PlayNotice:
    """Tell an answered customer, who is joined afterwards, that the conversation is recorded."""

    call_id: CallId
    campaign: str  # whose notice it is


@dataclass(frozen=True, slots=True)
class PauseRecording:
    """Record nothing more of a conversation until it is resumed; it goes on."""

    call_id: CallId
    leg_id: LegId


@dataclass(frozen=True, slots=True)
class ResumeRecording:
    """Record the conversation again, in the same file."""

    call_id: CallId
    leg_id: LegId


@dataclass(frozen=True, slots=True)
class PlayAbandonedMessage:
    """Tell the customer who called, then hang up."""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class HangUpCustomer:
    call_id: CallId


@dataclass(frozen=True, slots=True)
class HangUpAgent:
    leg_id: LegId


TelephonyCommand = (
    DialCustomer
    | RingAgent
    | PlayNotice
    | ConnectCustomer
    | PauseRecording
    | ResumeRecording
    | PlayAbandonedMessage
    | HangUpCustomer
    | HangUpAgent
)


# --- what lives in Asterisk, for reconciling after an absence ------------------------------


@dataclass(frozen=True, slots=True)
class OpenCustomerLeg:
    """A customer's leg that lives in Asterisk."""

    call_id: CallId
    answered: bool
    joined_to: LegId | None  # the agent's leg in the same bridge
    released: bool = False  # he hears the message and can no longer be connected
    paused: bool = False  # the recording of his conversation


@dataclass(frozen=True, slots=True)
class OpenAgentLeg:
    """An agent's leg that lives in Asterisk."""

    leg_id: LegId
    answered: bool


@dataclass(frozen=True, slots=True)
class OpenLegs:
    """All legs of ours that live in Asterisk."""

    customers: tuple[OpenCustomerLeg, ...]
    agents: tuple[OpenAgentLeg, ...]
