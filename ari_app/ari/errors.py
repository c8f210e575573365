"""What can go wrong between us and Asterisk.

    AriError
    ├── NotConnected              the socket is down; nothing was sent
    ├── ConnectionLost            the socket went down before the reply: the outcome is unknown
    ├── RequestTimeout            no reply in time: the outcome is unknown
    ├── AuthenticationFailed      Asterisk does not accept our user name and password
    ├── ApplicationTaken          another client serves our Stasis application now
    ├── SetUpFailed               connected, but a set-up hook failed
    ├── ProtocolError             a message that is no ARI message, or no ARI at this address
    └── RequestRefused            Asterisk replied with a status that is not 2xx
        ├── BadRequest            400  a parameter is wrong or missing
        ├── NotFound              404  no such channel, bridge, endpoint …
        ├── Conflict              409  id taken (prefix match!), or not in Stasis
        ├── PreconditionFailed    412  the channel is not in the state that this needs
        ├── Unprocessable         422  understood, but cannot be done
        └── ServerFailed          5xx  Asterisk could not do it (an endpoint nobody answers at …)

`NotConnected`, `ConnectionLost` and `RequestTimeout` differ in what the caller may conclude: after
the first nothing happened, after the other two the request may have been carried out.
"""

from typing import Final


class AriError(Exception):
    """Base of everything that this client raises or reports."""


class NotConnected(AriError):
    """There is no connection to Asterisk at the moment; the request was not sent."""


class ConnectionLost(AriError):
    """The connection ended before the reply; whether the request was carried out is unknown."""


class RequestTimeout(AriError):
    """No reply within the time limit; whether the request was carried out is unknown."""

    def __init__(self, *, method: str, uri: str, seconds: float) -> None:
        super().__init__(f"Asterisk did not reply to {method} {uri} within {seconds:g} s")
        self.method = method
        self.uri = uri
        self.seconds = seconds


class AuthenticationFailed(AriError):
    """Asterisk refused our credentials (HTTP 401 or 403 at the handshake)."""

    def __init__(self, *, url: str, username: str) -> None:
        super().__init__(
            f"Asterisk at {url} refuses ARI user {username!r}: the password is wrong or the user"
            " is missing in ari.conf. Compare the ARI secret of this installation with ari.conf."
        )
        self.url = url
        self.username = username


class ApplicationTaken(AriError):
    """Another client connected with our application name; events go there now."""

    def __init__(self, application: str) -> None:
        super().__init__(
            f"another program took over the Stasis application {application!r}:"
            " is a second controller running?"
        )
        self.application = application


class SetUpFailed(AriError):
    """The socket stood, but what a set-up hook does at each connect failed."""


class ProtocolError(AriError):
    """What came back is not ARI: no ARI at this address, or a message that cannot be read."""


class RequestRefused(AriError):
    """Asterisk replied with an error status.

    `status` is the HTTP status code, `message` Asterisk's own words.
    """

    def __init__(self, *, method: str, uri: str, status: int, message: str) -> None:
        super().__init__(f"{method} {uri} was refused: {status} {message}")
        self.method = method
        self.uri = uri
        self.status = status
        self.message = message


class BadRequest(RequestRefused):
    """400: a parameter is wrong or missing."""


class NotFound(RequestRefused):
    """404: the channel, bridge, endpoint or configuration object does not exist (any more)."""


class Conflict(RequestRefused):
    """409: the id is taken, or the channel is not in a Stasis application.

    Asterisk compares a new channel id with the beginning of the living ones: `x-4` conflicts
    with `x-40`.
    """


class PreconditionFailed(RequestRefused):
    """412: the channel is not in the state that this request needs."""


class Unprocessable(RequestRefused):
    """422: understood, but it cannot be done with this object."""


class ServerFailed(RequestRefused):
    """5xx: Asterisk could not do it, for instance because the phone is not registered."""


_BY_STATUS: Final[dict[int, type[RequestRefused]]] = {
    400: BadRequest,
    404: NotFound,
    409: Conflict,
    412: PreconditionFailed,
    422: Unprocessable,
}


def refusal(*, method: str, uri: str, status: int, message: str) -> RequestRefused:
    """The exception for an error status."""
    kind = _BY_STATUS.get(status, ServerFailed if status >= 500 else RequestRefused)
    return kind(method=method, uri=uri, status=status, message=message)
