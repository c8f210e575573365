"""A telephone network with its Asterisk, in virtual time, and dialer.ports.Telephony on it.

`PhoneNetwork` outlives the controllers that use it: customers ring, answer and talk by plan,
and the dialplan looks after them while nobody is connected. `FakeTelephony` is one
controller's connection; what happens while it is down is lost to it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime

from dialer.messages import (
    AgentLegAnswered,
    AgentLegFailed,
    AgentLegGone,
    CallId,
    ConnectCustomer,
    ConnectFailed,
    CustomerAnswered,
    CustomerConnected,
    CustomerGone,
    CustomerReleased,
    CustomerRinging,
    DialCustomer,
    HangUpAgent,
    HangUpCustomer,
    LegId,
    NoticeEnded,
    OpenAgentLeg,
    OpenCustomerLeg,
    OpenLegs,
    OriginateFailed,
    PauseRecording,
    PlayAbandonedMessage,
    PlayNotice,
    RecordingPaused,
    RecordingResumed,
    ResumeRecording,
    RingAgent,
    TelephonyCommand,
    TelephonyDown,
    TelephonyEvent,
    TelephonyUp,
)
from tests.fakes.clock import FakeClock
from tests.fakes.recordings import FakeRecordings

DEAD_MAN_SECONDS = 15.0
MESSAGE_SECONDS = 8.0
NOTICE_SECONDS = 4.0
_REQUEST_SECONDS = 0.005
_NORMAL, _NO_ANSWER = 16, 19  # Q.850


@dataclass(frozen=True, slots=True)
class Customer:
    """What a called person does; seconds after dialling. None: never."""

    rings: float | None = 1.0
    answers: float | None = 5.0
    refuses: float | None = None
    cause: int = 17
    """Q.850, of a refusal."""
    patience: float = 60.0
    """Seconds after which he hangs up, counted from his answer."""


@dataclass(frozen=True, slots=True)
class AgentPhone:
    """What an agent's phone does, in seconds. Without an answer it rings out."""

    answers: float | None = 0.5
    refuses: float = 15.0


@dataclass(slots=True)
class CustomerLeg:
    command: DialCustomer
    plan: Customer
    answered: bool = False
    joined_to: LegId | None = None
    was_joined: bool = False
    released: bool = False
    paused: bool = False
    timers: list[asyncio.TimerHandle] = field(default_factory=list)


@dataclass(slots=True)
class AgentLeg:
    account: str
    answered: bool = False
    timers: list[asyncio.TimerHandle] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Dial:
    at: datetime
    call_id: CallId
    e164: str
    trunk: str


class PhoneNetwork:
    """Asterisk and everybody behind it. `dials` is the whole history, `wrongs` what may not be."""

    def __init__(self, customer: Callable[[str, int], Customer]) -> None:
        self.customer = customer
        """What the person with this number does at his nth call, counted from 1."""
        self.phones: dict[str, AgentPhone] = {}
        self.recordings = FakeRecordings()
        self.clock = FakeClock()
        self.dials: list[Dial] = []
        self.wrongs: list[str] = []
        self.heard_message: set[CallId] = set()
        self.talked: dict[CallId, list[str]] = {}
        """The accounts of the agents whom each customer was joined with."""
        self.customers: dict[CallId, CustomerLeg] = {}
        self.agents: dict[LegId, AgentLeg] = {}
        self.busiest: dict[str, int] = {}
        """The most channels that were ever open on a trunk."""
        self.connection: FakeTelephony | None = None
        self.notice_is_heard = True

    # --- requests -------------------------------------------------------------------------

    def handle(self, command: TelephonyCommand) -> None:
        match command:
            case DialCustomer():
                self._dial(command)
            case RingAgent(leg_id=leg_id, account=account):
                self._ring(leg_id, account)
            case PlayNotice(call_id=call_id):
                self._later(NOTICE_SECONDS, lambda: self._notice_ended(call_id))
            case ConnectCustomer(call_id=call_id, leg_id=leg_id, recorded=recorded):
                self._connect(call_id, leg_id, recorded=recorded)
            case PauseRecording(call_id=call_id):
                self._pause(call_id, paused=True)
            case ResumeRecording(call_id=call_id):
                self._pause(call_id, paused=False)
            case PlayAbandonedMessage(call_id=call_id):
                self._release(call_id)
            case HangUpCustomer(call_id=call_id):
                self.customer_gone(call_id, _NORMAL)
            case HangUpAgent(leg_id=leg_id):
                self.agent_gone(leg_id)

    def legs(self) -> OpenLegs:
        return OpenLegs(
            tuple(
                OpenCustomerLeg(call_id, leg.answered, leg.joined_to, leg.released, leg.paused)
                for call_id, leg in self.customers.items()
            ),
            tuple(OpenAgentLeg(leg_id, leg.answered) for leg_id, leg in self.agents.items()),
        )

    # --- customers ------------------------------------------------------------------------

    def _dial(self, command: DialCustomer) -> None:
        call_id, number = command.call_id, command.e164
        if any(dial.call_id == call_id for dial in self.dials):
            self.wrongs.append(f"call {call_id} was dialled twice")
        if any(leg.command.e164 == number for leg in self.customers.values()):
            self.wrongs.append(f"{number} was called while a call to it was open")
        self.dials.append(Dial(self.clock.now(), call_id, number, command.trunk))
        attempt = sum(dial.e164 == number for dial in self.dials)
        leg = CustomerLeg(command, self.customer(number, attempt))
        self.customers[call_id] = leg
        open_now = sum(one.command.trunk == command.trunk for one in self.customers.values())
        self.busiest[command.trunk] = max(open_now, self.busiest.get(command.trunk, 0))
        plan = leg.plan
        self._after(leg, plan.rings, lambda: self._tell(CustomerRinging(call_id, self.now())))
        self._after(leg, plan.answers, lambda: self._answer(call_id))
        self._after(leg, plan.refuses, lambda: self.customer_gone(call_id, plan.cause))
        limit = float(command.ring_timeout_seconds)
        self._after(leg, limit, lambda: self._ring_limit(call_id))

    def _ring_limit(self, call_id: CallId) -> None:
        if not self.customers[call_id].answered:
            self.customer_gone(call_id, _NO_ANSWER)

    def _answer(self, call_id: CallId) -> None:
        leg = self.customers[call_id]
        leg.answered = True
        self._after(leg, leg.plan.patience, lambda: self.customer_gone(call_id, _NORMAL))
        if self.connection is None:
            self._release(call_id)
            return
        self._after(leg, DEAD_MAN_SECONDS, lambda: self._dead_man(call_id))
        self._tell(CustomerAnswered(call_id, self.now()))

    def _dead_man(self, call_id: CallId) -> None:
        if not self.customers[call_id].was_joined:
            self._release(call_id)
            self._tell(CustomerReleased(call_id, self.now()))

    def _release(self, call_id: CallId) -> None:
        leg = self.customers.get(call_id)
        if leg is None or leg.released:
            return
        leg.released = True
        self.heard_message.add(call_id)
        self._after(leg, MESSAGE_SECONDS, lambda: self.customer_gone(call_id, _NORMAL))

    def _notice_ended(self, call_id: CallId) -> None:
        if call_id in self.customers:
            self._tell(NoticeEnded(call_id, self.notice_is_heard, self.now()))

    def _connect(self, call_id: CallId, leg_id: LegId, *, recorded: bool) -> None:
        customer, agent = self.customers.get(call_id), self.agents.get(leg_id)
        if customer is None or agent is None or customer.released or not agent.answered:
            self._tell(ConnectFailed(call_id, leg_id, "a leg is gone", self.now()))
            return
        if any(one.joined_to == leg_id for one in self.customers.values()):
            self.wrongs.append(f"{agent.account} talks with two customers at once")
        customer.joined_to, customer.was_joined = leg_id, True
        self.talked.setdefault(call_id, []).append(agent.account)
        if recorded:
            self.recordings.began.setdefault(call_id, self.now())
        self._tell(CustomerConnected(call_id, leg_id, self.now()))

    def _pause(self, call_id: CallId, *, paused: bool) -> None:
        customer = self.customers.get(call_id)
        if customer is None or customer.joined_to is None:
            return
        customer.paused = paused
        event = RecordingPaused if paused else RecordingResumed
        self._tell(event(call_id, self.now()))

    def customer_gone(self, call_id: CallId, cause: int) -> None:
        leg = self.customers.pop(call_id, None)
        if leg is None:
            return
        _cancel(leg.timers)
        if call_id in self.recordings.began:
            self.recordings.ended.setdefault(call_id, self.now())
        self._tell(CustomerGone(call_id, cause, self.now()))

    # --- agents ---------------------------------------------------------------------------

    def _ring(self, leg_id: LegId, account: str) -> None:
        leg = self.agents[leg_id] = AgentLeg(account)
        phone = self.phones.get(account, AgentPhone())
        if phone.answers is None:
            leg.timers.append(
                self._later(phone.refuses, lambda: self.agent_gone(leg_id, _NO_ANSWER))
            )
        else:
            leg.timers.append(self._later(phone.answers, lambda: self._agent_answers(leg_id)))

    def _agent_answers(self, leg_id: LegId) -> None:
        self.agents[leg_id].answered = True
        self._tell(AgentLegAnswered(leg_id, self.now()))

    def agent_gone(self, leg_id: LegId, cause: int = _NORMAL) -> None:
        leg = self.agents.pop(leg_id, None)
        if leg is None:
            return
        _cancel(leg.timers)
        for call_id, customer in self.customers.items():
            if customer.joined_to == leg_id:
                customer.joined_to = None
                self.recordings.ended[call_id] = self.now()
        self._tell(AgentLegGone(leg_id, cause, self.now()))

    def lose_phone(self, account: str) -> None:
        """The agent's phone, or his network, dies."""
        for leg_id in [one for one, leg in self.agents.items() if leg.account == account]:
            self.agent_gone(leg_id, 27)

    # --- all of it ------------------------------------------------------------------------

    def crash(self) -> None:
        """Asterisk dies, and every leg with it; nobody is told."""
        self.disconnect("Asterisk has ended")
        for call_id in list(self.customers):
            self.customer_gone(call_id, 0)
        for leg_id in list(self.agents):
            self.agent_gone(leg_id)

    def disconnect(self, reason: str = "the connection broke") -> None:
        if self.connection is not None:
            self.connection.tell(TelephonyDown(reason, self.now()))
            self.connection = None

    def connect(self, telephony: "FakeTelephony") -> None:
        self.connection = telephony
        telephony.tell(TelephonyUp(self.now()))

    def now(self) -> datetime:
        return self.clock.now()

    def _tell(self, event: TelephonyEvent) -> None:
        if self.connection is not None:
            self.connection.tell(event)

    def _after(self, leg: CustomerLeg, seconds: float | None, action: Callable[[], None]) -> None:
        if seconds is not None:
            leg.timers.append(self._later(seconds, action))

    def _later(self, seconds: float, action: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, action)


class FakeTelephony:
    """One controller's way to the network."""

    def __init__(self, network: PhoneNetwork) -> None:
        self._network = network
        self._queue: asyncio.Queue[TelephonyEvent] = asyncio.Queue()
        self._dead = False
        self.lost_events: Callable[[TelephonyEvent], bool] = lambda event: False
        """Events that never arrive although the connection stands."""

    async def run(self) -> None:
        """Connects, and stays until cancelled."""
        if self._network.connection is None:
            self._network.connect(self)
        await asyncio.Event().wait()

    async def events(self) -> AsyncIterator[TelephonyEvent]:
        while True:
            yield await self._queue.get()

    def tell(self, event: TelephonyEvent) -> None:
        if not self.lost_events(event):
            self._queue.put_nowait(event)

    def send(self, command: TelephonyCommand) -> None:
        if self._dead:
            return
        if self._network.connection is self:
            asyncio.get_running_loop().call_later(_REQUEST_SECONDS, self._network.handle, command)
            return
        now = self._network.now()
        match command:
            case DialCustomer(call_id=call_id):
                self.tell(OriginateFailed(call_id, "not connected", now))
            case RingAgent(leg_id=leg_id):
                self.tell(AgentLegFailed(leg_id, "not connected", now))
            case ConnectCustomer(call_id=call_id, leg_id=leg_id):
                self.tell(ConnectFailed(call_id, leg_id, "not connected", now))

    async def open_legs(self) -> OpenLegs:
        await asyncio.sleep(_REQUEST_SECONDS)
        if self._network.connection is not self:
            raise ConnectionError("not connected")
        legs = self._network.legs()
        await asyncio.sleep(_REQUEST_SECONDS)
        return legs

    def kill(self) -> None:
        """Its program is no more: it neither says nor hears anything."""
        self._dead = True
        if self._network.connection is self:
            self._network.connection = None


def _cancel(timers: list[asyncio.TimerHandle]) -> None:
    for timer in timers:
        timer.cancel()
