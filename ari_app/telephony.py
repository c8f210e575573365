"""dialer.ports.Telephony on an Asterisk: commands become ARI requests, ARI events become ours.

Legs carry their meaning in the channel's id: ``c-<call>`` is a customer,
``a-<leg>`` an agent, and ``b-<leg>`` is the bridge in which that agent waits for
customers. So an event needs no look-up here, and a restart loses nothing.

Customers are originated into the dialplan (asterisk/extensions.conf), which
says something sensible when this program is away. Their channels are seen
before they enter Stasis because the application subscribes to the trunks.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from ari_app.ari import api
from ari_app.ari.connection import AriConnection
from ari_app.ari.errors import (
    AriError,
    Conflict,
    ConnectionLost,
    NotConnected,
    NotFound,
    RequestTimeout,
)
from ari_app.ari.events import (
    AriEvent,
    Channel,
    ChannelDestroyed,
    ChannelEnteredBridge,
    ChannelStateChange,
    Connected,
    Disconnected,
    PlaybackFinished,
    StasisStart,
)
from ari_app.leg_ids import (
    agent_bridge,
    agent_channel,
    agent_of,
    customer_channel,
    customer_of,
    id_of,
    notice_of,
    notice_playback,
)
from ari_app.recording_watch import RecordingWatch
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

log = structlog.get_logger(__name__)

APPLICATION: Final = "kakeru"

# Seconds that an answered customer waits for this program before the dialplan
# takes over: more than any answer-to-agent limit, less than patience.
DEAD_MAN_SECONDS: Final = 15

_MESSAGE: Final = "kakeru-message"  # in asterisk/extensions.conf
_RECORD: Final = "kakeru-record"
_LIVE: Final = "kakeru-live"
_PAUSE: Final = "kakeru-pause"
_AGAIN_SECONDS: Final = 0.15
_MOST_TRIES: Final = 5
LONGEST_NOTICE_SECONDS: Final = 20
"""Of the notice that a conversation is recorded: nobody listens longer before he is joined."""
_LIST_SECONDS: Final = 30.0
_NORMAL_CLEARING: Final = 16  # Q.850


@dataclass(frozen=True, slots=True)
class TrunkAddress:
    """How numbers are dialled on a trunk: its endpoint, and the form it wants them in."""

    endpoint: str
    dialled: Callable[[str], str]


class AsteriskTelephony:
    """One Asterisk. `trunks` by name; `messages` and `notices` are sound files, without ending, by
    campaign: for whom no agent was free, and for who is about to be recorded."""

    def __init__(
        self,
        ari: AriConnection,
        trunks: Mapping[str, TrunkAddress],
        messages: Mapping[str, Path],
        notices: Mapping[str, Path] | None = None,
    ) -> None:
        self._ari = ari
        self._trunks = trunks
        self._messages = messages
        self._notices = notices or {}
        self._noticed: set[CallId] = set()  # who listens to a notice now
        self._watch = RecordingWatch(ari)
        self._queue: asyncio.Queue[TelephonyEvent] = asyncio.Queue()
        self._tell_joining: Callable[[CallId], None] = lambda _: None

    def on_joining(self, listener: Callable[[CallId], None]) -> None:
        """`listener` is told of each customer who is about to be joined, first time or not."""
        self._tell_joining = listener

    # --- events -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Translates Asterisk's events until the connection is closed; start it as a task."""
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(self._watch.run(), name="recording watch")
            async for event in self._ari.events():
                self._translate(event)
            watching.cancel()

    async def events(self) -> AsyncIterator[TelephonyEvent]:
        while True:
            yield await self._queue.get()

    def _translate(self, event: AriEvent) -> None:
        match event:
            case StasisStart(channel=channel, args=args):
                self._entered(channel, args, event.time)
            case ChannelEnteredBridge(channel=channel, bridge=bridge):
                call_id, leg_id = customer_of(channel.id), id_of(bridge.id, "b-")
                if call_id and leg_id:
                    self._put(CustomerConnected(call_id, LegId(leg_id), event.time))
            case PlaybackFinished(playback_id=playback_id, state=state):
                if call_id := notice_of(playback_id):
                    self._noticed.discard(call_id)
                    self._put(NoticeEnded(call_id, state == "done", event.time))
            case ChannelStateChange(channel=channel) if channel.state == "Ringing":
                if call_id := customer_of(channel.id):
                    self._put(CustomerRinging(call_id, event.time))
            case ChannelDestroyed(channel=channel, cause=cause, sip_status=sip_status):
                self._watch.ended(channel.id)
                if call_id := customer_of(channel.id):
                    self._noticed.discard(call_id)
                    answered = channel.state == "Up"
                    self._put(
                        CustomerGone(call_id, cause, event.time, sip_status, answered=answered)
                    )
                elif leg_id := agent_of(channel.id):
                    self._destroy_bridge(leg_id)
                    self._put(AgentLegGone(leg_id, cause, event.time))
            case Connected():
                self._put(TelephonyUp(event.time))
            case Disconnected(reason=reason):
                self._put(TelephonyDown(reason, event.time))

    def _entered(self, channel: Channel, args: tuple[str, ...], at: datetime) -> None:
        """A channel came under our control; its dialplan says for what."""
        match args:
            case ("customer",):
                if call_id := customer_of(channel.id):
                    self._put(CustomerAnswered(call_id, at))
            case ("connect", agent):
                call_id, leg_id = customer_of(channel.id), agent_of(agent)
                if call_id and leg_id:
                    self._watch.begun(channel.id, agent)
                    self._tell_joining(call_id)
                    self._put(RecordingResumed(call_id, at))
                    self._join(call_id, leg_id)
            case ("paused", agent):
                call_id, leg_id = customer_of(channel.id), agent_of(agent)
                if call_id and leg_id:
                    self._watch.ended(channel.id)
                    self._put(RecordingPaused(call_id, at))
                    self._join(call_id, leg_id)
            case ("agent",):
                if leg_id := agent_of(channel.id):
                    self._give_bridge(leg_id)
            case ("live", stream):
                self._ari.send_soon(
                    api.continue_in_dialplan(channel.id, context=_LIVE, extension=stream),
                    on_failure=_unless_gone,
                )
            case _:
                log.warning("unknown channel in the application", channel=channel.id, args=args)

    def _put(self, event: TelephonyEvent) -> None:
        self._queue.put_nowait(event)

    # --- commands -----------------------------------------------------------------------------

    def send(self, command: TelephonyCommand) -> None:
        match command:
            case DialCustomer():
                self._dial(command)
            case RingAgent():
                self._ring(command)
            case PlayNotice(call_id=call_id, campaign=campaign):
                self._play_notice(call_id, self._notices[campaign])
            case ConnectCustomer(call_id=call_id, leg_id=leg_id, recorded=True):
                self._ari.send_soon(
                    api.continue_in_dialplan(
                        customer_channel(call_id),
                        context=_RECORD,
                        extension=agent_channel(leg_id),
                    ),
                    on_failure=partial(self._connect_failed, call_id, leg_id),
                )
            case ConnectCustomer(call_id=call_id, leg_id=leg_id):
                self._join(call_id, leg_id)
            case PauseRecording(call_id=call_id, leg_id=leg_id):
                # Or it might be begun again in the meantime.
                self._watch.ended(customer_channel(call_id))
                self._go_through(_PAUSE, call_id, leg_id)
            case ResumeRecording(call_id=call_id, leg_id=leg_id):
                self._go_through(_RECORD, call_id, leg_id)
            case PlayAbandonedMessage(call_id=call_id):
                if call_id in self._noticed:
                    # He would leave our hands only when the notice is over.
                    self._ari.send_soon(
                        api.stop_playing(notice_playback(call_id)), on_failure=_unless_gone
                    )
                self._ari.send_soon(
                    api.continue_in_dialplan(customer_channel(call_id), context=_MESSAGE),
                    on_failure=_unless_gone,
                )
            case HangUpCustomer(call_id=call_id):
                self._hang_up(customer_channel(call_id))
            case HangUpAgent(leg_id=leg_id):
                self._hang_up(agent_channel(leg_id))

    def _dial(self, command: DialCustomer) -> None:
        trunk = self._trunks[command.trunk]
        self._ari.send_soon(
            api.originate(
                endpoint=f"PJSIP/{trunk.dialled(command.e164)}@{trunk.endpoint}",
                channel_id=customer_channel(command.call_id),
                context="kakeru-customer",
                ring_seconds=command.ring_timeout_seconds,
                caller_id=command.caller_id,
                variables={
                    "KAKERU_RECORDING": command.recording_path,
                    "KAKERU_MESSAGE": str(self._messages[command.campaign]),
                    "KAKERU_DEADMAN": str(DEAD_MAN_SECONDS),
                },
            ),
            on_failure=partial(self._originate_failed, command.call_id),
        )

    def _ring(self, command: RingAgent) -> None:
        self._ari.send_soon(
            api.originate_to_application(
                endpoint=f"PJSIP/{command.account}",
                channel_id=agent_channel(command.leg_id),
                application=APPLICATION,
                arguments="agent",
                ring_seconds=command.ring_timeout_seconds,
                caller_id=f'"{command.label}" <{command.account}>',
            ),
            on_failure=partial(self._leg_failed, command.leg_id),
        )

    def _give_bridge(self, leg_id: LegId) -> None:
        """The agent answered: his own bridge, in which he waits for customers."""
        self._ari.send_soon(
            api.create_bridge(agent_bridge(leg_id)), on_failure=partial(self._no_bridge, leg_id)
        )
        self._ari.send_soon(
            api.add_to_bridge(agent_bridge(leg_id), agent_channel(leg_id)),
            on_result=lambda _: self._put(AgentLegAnswered(leg_id, _now())),
            on_failure=partial(self._leg_unusable, leg_id),
        )

    def _play_notice(self, call_id: CallId, sound: Path) -> None:
        customer = customer_channel(call_id)
        self._noticed.add(call_id)
        self._set_dead_man(customer, LONGEST_NOTICE_SECONDS + DEAD_MAN_SECONDS)
        self._ari.send_soon(
            api.play(customer, media=f"sound:{sound}", playback_id=notice_playback(call_id)),
            on_failure=partial(self._notice_failed, call_id),
        )

    def _notice_failed(self, call_id: CallId, error: AriError) -> None:
        self._noticed.discard(call_id)
        log.error("notice of recording not played", call_id=str(call_id), error=str(error))
        self._put(NoticeEnded(call_id, heard=False, at=_now()))

    def _go_through(self, context: str, call_id: CallId, leg_id: LegId, tries: int = 1) -> None:
        """Sends a customer in conversation through a place of the dialplan and back."""

        def again(error: AriError) -> None:
            if isinstance(error, Conflict) and tries < _MOST_TRIES:
                # He is in the dialplan just now, where his recording is begun again.
                asyncio.get_running_loop().call_later(
                    _AGAIN_SECONDS, self._go_through, context, call_id, leg_id, tries + 1
                )
                return
            _unless_gone(error)
            if context == _PAUSE:
                self._watch.begun(customer_channel(call_id), agent_channel(leg_id))

        self._ari.send_soon(
            api.continue_in_dialplan(
                customer_channel(call_id), context=context, extension=agent_channel(leg_id)
            ),
            on_failure=again,
        )

    def _join(self, call_id: CallId, leg_id: LegId) -> None:
        customer = customer_channel(call_id)
        self._ari.send_soon(
            api.add_to_bridge(agent_bridge(leg_id), customer),
            on_failure=partial(self._join_failed, call_id, leg_id),
        )
        # In one breath with the joining: no crash of ours may come between them, or the
        # dead-man timer would cut a live conversation.
        self._set_dead_man(customer, 0)

    def _join_failed(self, call_id: CallId, leg_id: LegId, error: AriError) -> None:
        self._set_dead_man(customer_channel(call_id), DEAD_MAN_SECONDS)
        self._connect_failed(call_id, leg_id, error)

    def _set_dead_man(self, channel: str, seconds: int) -> None:
        """The dialplan takes the customer over after that long; 0: never."""
        self._ari.send_soon(
            api.set_variable(channel, "TIMEOUT(absolute)", str(seconds)), on_failure=_unless_gone
        )

    def _hang_up(self, channel: str) -> None:
        self._ari.send_soon(api.hang_up(channel, cause=_NORMAL_CLEARING), on_failure=_unless_gone)

    def _destroy_bridge(self, leg_id: LegId) -> None:
        self._ari.send_soon(api.destroy_bridge(agent_bridge(leg_id)), on_failure=_unless_gone)

    # --- failures -----------------------------------------------------------------------------

    def _originate_failed(self, call_id: CallId, error: AriError) -> None:
        if isinstance(error, ConnectionLost | RequestTimeout):
            # It may ring: comparing with Asterisk's channels will tell.
            log.warning("no word on an originate", call_id=str(call_id), error=str(error))
            return
        log.error("originate refused", call_id=str(call_id), error=str(error))
        self._put(OriginateFailed(call_id, str(error), _now()))

    def _connect_failed(self, call_id: CallId, leg_id: LegId, error: AriError) -> None:
        self._put(ConnectFailed(call_id, leg_id, str(error), _now()))

    def _leg_failed(self, leg_id: LegId, error: AriError) -> None:
        log.warning("agent's phone cannot be rung", leg_id=str(leg_id), error=str(error))
        self._put(AgentLegFailed(leg_id, str(error), _now()))

    def _no_bridge(self, leg_id: LegId, error: AriError) -> None:
        # It is there already when a comparison finds the leg while its bridge is being made.
        if not isinstance(error, Conflict):
            self._leg_unusable(leg_id, error)

    def _leg_unusable(self, leg_id: LegId, error: AriError) -> None:
        self._hang_up(agent_channel(leg_id))
        self._leg_failed(leg_id, error)

    # --- looking ------------------------------------------------------------------------------

    async def open_legs(self) -> OpenLegs:
        try:
            channels, bridges = await asyncio.gather(
                self._ari.send(api.list_channels(), seconds=_LIST_SECONDS),
                self._ari.send(api.list_bridges(), seconds=_LIST_SECONDS),
            )
        except AriError as error:
            raise ConnectionError(str(error)) from error
        joined: dict[str, LegId] = {}
        for bridge in bridges:
            leg_id = id_of(bridge.id, "b-")
            if leg_id is None:
                continue
            if not bridge.channel_ids:
                self._destroy_bridge(LegId(leg_id))
            elif agent_channel(LegId(leg_id)) in bridge.channel_ids:
                joined |= dict.fromkeys(bridge.channel_ids, LegId(leg_id))
        customers: list[OpenCustomerLeg] = []
        agents: list[OpenAgentLeg] = []
        for channel in channels:
            answered = channel.state == "Up"
            if call_id := customer_of(channel.id):
                released = channel.context == _MESSAGE
                if channel.context == _RECORD and channel.id in joined:
                    self._watch.begun(channel.id, agent_channel(joined[channel.id]))
                paused = channel.context == _PAUSE
                customers.append(
                    OpenCustomerLeg(call_id, answered, joined.get(channel.id), released, paused)
                )
            elif leg_id := agent_of(channel.id):
                agents.append(OpenAgentLeg(leg_id, answered and channel.id in joined))
                if answered and channel.id not in joined:
                    self._give_bridge(leg_id)  # answered while we were away
        return OpenLegs(tuple(customers), tuple(agents))


def _unless_gone(error: AriError) -> None:
    """A leg that is already gone is what was wanted; a lost connection is reconciled."""
    if not isinstance(error, NotFound | ConnectionLost | NotConnected):
        log.warning("Asterisk refused", error=str(error))


def _now() -> datetime:
    return datetime.now(UTC)
