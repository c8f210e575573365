"""What the fake Asterisk is made of: channels and bridges, and their form in ARI's messages."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

Json = dict[str, Any]

SIP_STATUS_OF_CAUSE: Final = {1: 404, 17: 486, 18: 408, 19: 480, 20: 480, 21: 603, 28: 484, 34: 503}
DIAL_STATUS_OF_CAUSE: Final = {17: "BUSY", 34: "CONGESTION", 38: "CONGESTION", 20: "CHANUNAVAIL"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What the far end of a call does by itself; times in seconds after the originate.

    None: not by itself, the test does it. `ends_after` counts from the answer.
    """

    rings_after: float | None = None
    answers_after: float | None = None
    refuses_after: float | None = None
    refuses_with: int = 17
    """Q.850 cause."""
    ends_after: float | None = None
    before_reply: bool = False
    """Do what has time 0 before Asterisk replies to the originate."""


@dataclass(slots=True)
class FakeChannel:
    """A channel and what has become of it; stays in `FakeAsterisk.ended` afterwards."""

    id: str
    name: str
    endpoint: str
    """`PJSIP/trunk-main`, `PJSIP/agent-1`."""
    number: str
    dial_string: str
    caller_number: str
    context: str
    extension: str
    priority: int
    variables: dict[str, str]
    stasis_application: str = ""
    """Set if it was originated straight into an application."""
    stasis_arguments: str = ""
    state: str = "Down"
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    application: str = "AppDial2"
    application_data: str = "(Outgoing Line)"
    in_stasis: str = ""
    """The application that controls it now."""
    bridge_id: str = ""
    answered: bool = False
    alive: bool = True
    cause: int | None = None
    heard_message: bool = False
    recordings: list[str] = field(default_factory=list)
    timers: list[asyncio.TimerHandle] = field(default_factory=list)
    deadman: asyncio.TimerHandle | None = None
    ring_limit: asyncio.TimerHandle | None = None

    def snapshot(self) -> Json:
        """The channel in a message."""
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "protocol_id": f"sip-{self.id}",
            "caller": {"name": "", "number": self.caller_number},
            "connected": {"name": "", "number": ""},
            "accountcode": "",
            "dialplan": {
                "context": self.context,
                "exten": self.extension,
                "priority": self.priority,
                "app_name": self.application,
                "app_data": self.application_data,
            },
            "creationtime": as_time(self.created),
            "language": "en",
        }


@dataclass(slots=True)
class FakeBridge:
    """A mixing bridge."""

    id: str
    name: str = ""
    creator: str = ""
    watched: bool = False
    """Whether its creator hears of its end: from the first channel in to a `removeChannel`."""
    channel_ids: list[str] = field(default_factory=list)

    def snapshot(self) -> Json:
        """The bridge in a message."""
        return {
            "id": self.id,
            "technology": "simple_bridge",
            "bridge_type": "mixing",
            "bridge_class": "stasis",
            "creator": "Stasis",
            "name": self.name,
            "channels": list(self.channel_ids),
            "creationtime": as_time(datetime.now(UTC)),
            "video_mode": "talker",
        }


class Refusal(Exception):
    """Reply with an error status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def as_time(moment: datetime) -> str:
    """ARI's form of a time."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"
