"""What happens to an agent, and what follows from it."""

from dataclasses import dataclass

from dialer.messages import (
    AgentLegAnswered,
    AgentLegFailed,
    AgentLegGone,
    CallId,
    HangUpAgent,
    LegId,
)

# --- events ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GoReady:
    new_leg: LegId  # used when the phone must be rung


@dataclass(frozen=True, slots=True)
class GoAway:
    reason: str


@dataclass(frozen=True, slots=True)
class LogOut:
    pass


@dataclass(frozen=True, slots=True)
class Reserve:
    call_id: CallId
    result_required: bool
    new_leg: LegId


@dataclass(frozen=True, slots=True)
class Hold:
    """Keeps him for a call that is yet to be taken; his phone is rung where it must be."""

    new_leg: LegId


@dataclass(frozen=True, slots=True)
class HoldFor:
    """The call is taken, and rings soon."""

    call_id: CallId
    result_required: bool


@dataclass(frozen=True, slots=True)
class LetGo:
    """There is no call to be taken."""

    new_leg: LegId


@dataclass(frozen=True, slots=True)
class Join:
    """The customer has answered whom he is held for."""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class CallConnected:
    call_id: CallId


@dataclass(frozen=True, slots=True)
class FoundOnCall:
    """After an absence of ours this leg is found joined with a customer."""

    call_id: CallId
    leg_id: LegId
    result_required: bool


@dataclass(frozen=True, slots=True)
class CallOver:
    call_id: CallId
    talked: bool
    new_leg: LegId


@dataclass(frozen=True, slots=True)
class ResultSaved:
    call_id: CallId
    new_leg: LegId


@dataclass(frozen=True, slots=True)
class AfterCallWorkExpired:
    call_id: CallId
    new_leg: LegId


Event = (
    GoReady
    | GoAway
    | LogOut
    | Reserve
    | Hold
    | HoldFor
    | LetGo
    | Join
    | CallConnected
    | FoundOnCall
    | CallOver
    | ResultSaved
    | AfterCallWorkExpired
    | AgentLegAnswered
    | AgentLegGone
    | AgentLegFailed
)


# --- commands -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RingPhone:
    leg_id: LegId


@dataclass(frozen=True, slots=True)
class JoinCall:
    """The reserved agent's leg is open: the call may be joined with it."""

    call_id: CallId
    leg_id: LegId


@dataclass(frozen=True, slots=True)
class GiveBackCall:
    """The reserved agent cannot take the call after all."""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class StartAfterCallTimer:
    call_id: CallId


Command = RingPhone | HangUpAgent | JoinCall | GiveBackCall | StartAfterCallTimer
