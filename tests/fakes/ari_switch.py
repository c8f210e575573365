"""The telephone side of the fake Asterisk: calls that ring, answer and end, Kakeru's dialplan.

It follows what Asterisk 22.10 was seen to send. A channel's events reach an application that
controls the channel (it is in Stasis, or was originated with `app=`) and one that subscribed to its
endpoint; both together give the event twice, to the byte.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterable
from typing import Any, Final

from tests.fakes.ari_model import (
    DIAL_STATUS_OF_CAUSE,
    SIP_STATUS_OF_CAUSE,
    FakeBridge,
    FakeChannel,
    Json,
    Plan,
    Refusal,
)

DIALPLAN_APPLICATION: Final = "kakeru"

Emit = Callable[[Json, Iterable[str]], None]
"""Send an event to an application once for each of these event sources it has, `app:NAME` being
the application itself."""


class FakeSwitch:
    """Channels and bridges. Every change makes the events that Asterisk would make."""

    def __init__(self, emit: Emit, has_listener: Callable[[str], bool]) -> None:
        self.channels: dict[str, FakeChannel] = {}
        self.ended: dict[str, FakeChannel] = {}
        self.bridges: dict[str, FakeBridge] = {}
        self.message_seconds = 0.02
        self._emit = emit
        self._has_listener = has_listener
        self._counter = itertools.count()

    # The far end --------------------------------------------------------------------------------

    def ring(self, channel: FakeChannel) -> None:
        """180 from the far end."""
        if channel.alive and channel.state == "Down":
            channel.state = "Ringing"
            self._dial(channel, "RINGING")
            self._tell(channel, "ChannelStateChange")

    def early_media(self, channel: FakeChannel) -> None:
        """183 with audio from the far end: no answer yet."""
        self._dial(channel, "PROGRESS")

    def answer(self, channel: FakeChannel) -> None:
        """200 from the far end: on into the dialplan, or the application."""
        if not channel.alive or channel.answered:
            return
        channel.answered = True
        channel.state = "Up"
        _cancel(channel.ring_limit)
        self._tell(channel, "ChannelStateChange")
        self._dial(channel, "ANSWER")
        if channel.stasis_application:
            arguments = [part for part in channel.stasis_arguments.split(",") if part]
            self._stasis(channel, channel.stasis_application, arguments)
        else:
            self._run_dialplan(channel)

    def hang_up(self, channel: FakeChannel, cause: int = 16) -> None:
        """The far end refuses or, once answered, hangs up."""
        if not channel.alive:
            return
        if channel.answered:
            self._tell(channel, "ChannelHangupRequest")
            self._end(channel, cause)
            return
        sip_status = SIP_STATUS_OF_CAUSE.get(cause)
        more: Json = {"cause": cause}
        if sip_status is not None:
            more["tech_cause"] = sip_status
        self._tell(channel, "ChannelHangupRequest", **more)
        self._dial(channel, DIAL_STATUS_OF_CAUSE.get(cause, "NOANSWER"))
        self._end(channel, cause, sip_status)

    # Requests -----------------------------------------------------------------------------------

    def originate(self, channel: FakeChannel, *, ring_seconds: float) -> None:
        """Start a call. Refused with 409 if a living id begins with this one."""
        if any(living.startswith(channel.id) for living in self.channels):
            raise Refusal(409, "Channel with given unique ID already exists")
        channel.name = f"{channel.endpoint}-{next(self._counter):08x}"
        self.channels[channel.id] = channel
        self._tell(channel, "ChannelCreated")
        self._dial(channel, "")
        if ring_seconds > 0:
            channel.ring_limit = _later(ring_seconds, self._not_answered, channel)

    def follow(self, channel: FakeChannel, plan: Plan) -> None:
        """Let the far end act by itself."""
        steps: list[tuple[float | None, Callable[..., None], tuple[Any, ...]]] = [
            (plan.rings_after, self.ring, (channel,)),
            (plan.answers_after, self._answer_and_end, (channel, plan.ends_after)),
            (plan.refuses_after, self.hang_up, (channel, plan.refuses_with)),
        ]
        for seconds, step, arguments in steps:
            if seconds == 0 and plan.before_reply:
                step(*arguments)
            elif seconds is not None:
                channel.timers.append(_later(seconds, step, *arguments))

    def drop(self, channel: FakeChannel, cause: int | None) -> None:
        """We hang up."""
        self._tell(channel, "ChannelHangupRequest", cause=32, soft=True)
        if not channel.answered:
            self._dial(channel, "NOANSWER")
        self._end(channel, 16 if cause is None else cause)

    def go_on(self, channel: FakeChannel, context: str, extension: str, priority: int) -> None:
        """`continue`: leave Stasis and go on in the dialplan."""
        if not channel.in_stasis:
            raise Refusal(409, "Channel not in Stasis application")
        self._leave_stasis(channel)
        channel.context, channel.extension, channel.priority = context, extension, priority
        self._run_dialplan(channel)

    def set_variable(self, channel: FakeChannel, name: str, value: str) -> None:
        """Set a variable, or the dead-man timer."""
        if name == "TIMEOUT(absolute)":
            self._set_deadman(channel, value)
        else:
            channel.variables[name] = value
            self._tell(channel, "ChannelVarset", variable=name, value=value)

    def play(self, channel: FakeChannel, playback_id: str, media: str) -> None:
        """A prompt, over after `message_seconds`."""
        if not channel.in_stasis:
            raise Refusal(409, "Channel not in Stasis application")
        playback = {
            "id": playback_id,
            "media_uri": media,
            "target_uri": f"channel:{channel.id}",
            "state": "done",
        }
        event = {"type": "PlaybackFinished", "playback": playback}
        sources = (f"app:{channel.in_stasis}",)
        channel.timers.append(_later(self.message_seconds, self._emit, event, sources))

    def create_bridge(self, bridge: FakeBridge) -> None:
        """Create a bridge; 409 if it is there."""
        if bridge.id in self.bridges:
            raise Refusal(409, f"Bridge with id '{bridge.id}' already exists")
        self.bridges[bridge.id] = bridge

    def enter(self, bridge: FakeBridge, channel: FakeChannel) -> None:
        """Put a channel into a bridge."""
        if not channel.in_stasis:
            raise Refusal(422, "Channel not in Stasis application")
        self.leave(channel)
        channel.bridge_id = bridge.id
        bridge.channel_ids.append(channel.id)
        bridge.watched = True
        self._tell_bridge("ChannelEnteredBridge", bridge, channel)

    def leave(self, channel: FakeChannel) -> None:
        """Take a channel out of its bridge, if it is in one."""
        bridge = self.bridges.get(channel.bridge_id)
        if bridge is None:
            return
        channel.bridge_id = ""
        bridge.channel_ids.remove(channel.id)
        self._tell_bridge("ChannelLeftBridge", bridge, channel)

    def destroy_bridge(self, bridge: FakeBridge) -> None:
        """Destroy a bridge; its channels stay in Stasis."""
        for channel_id in list(bridge.channel_ids):
            self.leave(self.channels[channel_id])
        del self.bridges[bridge.id]
        if bridge.watched:
            event = {"type": "BridgeDestroyed", "bridge": bridge.snapshot()}
            self._emit(event, (f"app:{bridge.creator}",))

    def forget_everything(self) -> None:
        """The process dies: nothing is told, everything is gone."""
        for channel in self.channels.values():
            channel.alive = False
            _stop_timers(channel)
        self.channels.clear()
        self.bridges.clear()

    # Dialplan -----------------------------------------------------------------------------------

    def _run_dialplan(self, channel: FakeChannel) -> None:
        """What asterisk/extensions.conf.j2 does."""
        match channel.context:
            case "kakeru-customer":
                self._set_deadman(channel, channel.variables.get("KAKERU_DEADMAN", "0"))
                self._stasis_or_message(channel, ["customer"])
            case "kakeru-record":
                channel.recordings.append(channel.variables.get("KAKERU_RECORDING", ""))
                self._stasis_or_message(channel, ["connect", channel.extension])
            case "kakeru-agent":
                if not self._stasis(channel, DIALPLAN_APPLICATION, ["agent"]):
                    self._end(channel, 16)
            case "kakeru-message":
                self._play_message(channel)
            case _:
                self._end(channel, 0)

    def _stasis_or_message(self, channel: FakeChannel, arguments: list[str]) -> None:
        if not self._stasis(channel, DIALPLAN_APPLICATION, arguments):
            self._play_message(channel)

    def _stasis(self, channel: FakeChannel, application: str, arguments: list[str]) -> bool:
        """Give the channel to an application; False if nobody is connected."""
        if not self._has_listener(application):
            if channel.stasis_application:
                self._end(channel, 16)
            return False
        channel.in_stasis = application
        channel.application = "Stasis"
        channel.application_data = ",".join([application, *arguments])
        event = {"type": "StasisStart", "args": arguments, "channel": channel.snapshot()}
        self._emit(event, (f"app:{application}",))
        return True

    def _leave_stasis(self, channel: FakeChannel) -> None:
        self.leave(channel)
        application, channel.in_stasis = channel.in_stasis, ""
        if application:
            event = {"type": "StasisEnd", "channel": channel.snapshot()}
            self._emit(event, (f"app:{application}",))

    def _play_message(self, channel: FakeChannel) -> None:
        self._set_deadman(channel, "0")
        channel.context = "kakeru-message"
        channel.application = "Playback"
        channel.heard_message = True
        channel.timers.append(_later(self.message_seconds, self._end, channel, 16))

    def _set_deadman(self, channel: FakeChannel, seconds: str) -> None:
        _cancel(channel.deadman)
        channel.deadman = None
        if float(seconds or 0) > 0:
            channel.deadman = _later(float(seconds), self._deadman_rings, channel)

    def _deadman_rings(self, channel: FakeChannel) -> None:
        if channel.alive:
            self._leave_stasis(channel)
            self._play_message(channel)

    def _answer_and_end(self, channel: FakeChannel, ends_after: float | None) -> None:
        self.answer(channel)
        if ends_after is not None and channel.alive:
            channel.timers.append(_later(ends_after, self.hang_up, channel))

    def _not_answered(self, channel: FakeChannel) -> None:
        if channel.alive and not channel.answered:
            if channel.state == "Ringing":
                self._dial(channel, "NOANSWER")
            self._end(channel, 19, 480)

    def _end(self, channel: FakeChannel, cause: int, sip_status: int | None = None) -> None:
        if not channel.alive:
            return
        controlled_by = channel.in_stasis
        self._leave_stasis(channel)
        _stop_timers(channel)
        channel.alive = False
        channel.cause = cause
        del self.channels[channel.id]
        self.ended[channel.id] = channel
        more: Json = {} if sip_status is None else {"tech_cause": sip_status}
        channel.in_stasis = controlled_by
        self._tell(channel, "ChannelDestroyed", cause=cause, cause_txt=f"Cause {cause}", **more)
        channel.in_stasis = ""

    # Events -------------------------------------------------------------------------------------

    def _tell(self, channel: FakeChannel, event_type: str, **more: Any) -> None:
        event = {"type": event_type, **more, "channel": channel.snapshot()}
        self._emit(event, _sources(channel))

    def _tell_bridge(self, event_type: str, bridge: FakeBridge, channel: FakeChannel) -> None:
        event = {"type": event_type, "bridge": bridge.snapshot(), "channel": channel.snapshot()}
        self._emit(event, (f"app:{channel.in_stasis or bridge.creator}",))

    def _dial(self, channel: FakeChannel, status: str) -> None:
        event = {
            "type": "Dial",
            "dialstatus": status,
            "forward": "",
            "dialstring": channel.dial_string,
            "peer": channel.snapshot(),
        }
        self._emit(event, _sources(channel))


def _sources(channel: FakeChannel) -> list[str]:
    controlled_by = channel.in_stasis or channel.stasis_application
    sources = [f"endpoint:{channel.endpoint}", f"channel:{channel.id}"]
    return [f"app:{controlled_by}", *sources] if controlled_by else sources


def _later(seconds: float, step: Callable[..., None], *arguments: Any) -> asyncio.TimerHandle:
    return asyncio.get_running_loop().call_later(seconds, step, *arguments)


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


def _stop_timers(channel: FakeChannel) -> None:
    for timer in (*channel.timers, channel.deadman, channel.ring_limit):
        _cancel(timer)
