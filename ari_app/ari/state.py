"""Where a connection stands, and its time limits."""

from dataclasses import dataclass, field
from enum import StrEnum

from ari_app.ari.backoff import Backoff
from ari_app.ari.errors import ApplicationTaken, AriError, AuthenticationFailed
from ari_app.ari.requests import DEFAULT_REQUEST_SECONDS


class ConnectionState(StrEnum):
    """Where the connection stands, for health pages and `doctor`."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    AUTHENTICATION_FAILED = "authentication_failed"
    REPLACED = "replaced"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ConnectionTimes:
    """Time limits, in seconds."""

    request: float = DEFAULT_REQUEST_SECONDS
    connect: float = 5.0
    heartbeat: float = 10.0
    """A ping after this long without data; without an answer for half of it the socket is dead."""
    authentication_retry: float = 5.0
    backoff: Backoff = field(default_factory=Backoff)


def state_after(error: AriError) -> ConnectionState:
    """The state that an error leaves the connection in."""
    if isinstance(error, AuthenticationFailed):
        return ConnectionState.AUTHENTICATION_FAILED
    if isinstance(error, ApplicationTaken):
        return ConnectionState.REPLACED
    return ConnectionState.DISCONNECTED
