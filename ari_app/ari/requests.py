"""Requests as values, their form on the wire, and the book of those without a reply yet.

REST over WebSocket (Asterisk 20.14 / 22.4 and later): a request is one text message on the events
socket, its reply comes as an event of type `RESTResponse` with the same `request_id`. Asterisk
works through the requests of one socket one after another, in the order sent.
"""

from asyncio import AbstractEventLoop, Future
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import orjson

from ari_app.ari.errors import AriError, ProtocolError, RequestTimeout, refusal
from ari_app.ari.events import JsonObject
from ari_app.ari.metrics import ConnectionMetrics

Result = TypeVar("Result")

QueryValue = str | int | float | bool
OnFailure = Callable[[AriError], None]


def ignore_body(_body: Any) -> None:
    """For requests whose reply says nothing that we need: it is not even decoded."""


@dataclass(frozen=True, slots=True)
class AriRequest(Generic[Result]):
    """One ARI request.

    `uri` has no leading slash and its parts are percent-encoded; `read` makes the typed result of
    the decoded reply body.
    """

    method: str
    uri: str
    read: Callable[[Any], Result]
    query: Mapping[str, QueryValue] = field(default_factory=dict)
    body: JsonObject | None = None


def encode(request: AriRequest[Any], request_id: str) -> bytes:
    """The request as the text message that Asterisk reads."""
    message: dict[str, Any] = {
        "type": "RESTRequest",
        "request_id": request_id,
        "method": request.method,
        "uri": request.uri,
    }
    if request.query:
        message["query_strings"] = [
            {"name": name, "value": _query_text(value)} for name, value in request.query.items()
        ]
    if request.body is not None:
        message["content_type"] = "application/json"
        message["message_body"] = orjson.dumps(request.body).decode()
    return orjson.dumps(message)


def _query_text(value: QueryValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@dataclass(slots=True)
class _Waiting:
    request: AriRequest[Any]
    on_result: Callable[[Any], None] | None
    on_failure: OnFailure
    sent_at: float
    give_up_at: float


class PendingRequests:
    """Requests that wait for their reply; each ends in exactly one call of a callback.

    Callbacks run from the event loop, never inside the reader, so that one that fails cannot stop
    the reading.
    """

    def __init__(self, *, loop: AbstractEventLoop, metrics: ConnectionMetrics) -> None:
        self._loop = loop
        self._metrics = metrics
        self._waiting: dict[str, _Waiting] = {}
        self._last_id = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(
        self,
        request: AriRequest[Any],
        *,
        on_result: Callable[[Any], None] | None,
        on_failure: OnFailure,
        seconds: float,
    ) -> str:
        """Book a request and return its id."""
        self._last_id += 1
        request_id = str(self._last_id)
        now = self._loop.time()
        self._waiting[request_id] = _Waiting(request, on_result, on_failure, now, now + seconds)
        return request_id

    def settle(self, response: JsonObject) -> None:
        """Hand a `RESTResponse` to whoever waits for it; late ones are only counted."""
        waiting = self._waiting.pop(response.get("request_id", ""), None)
        if waiting is None:
            self._metrics.late_replies.inc()
            return
        status = response["status_code"]
        self._metrics.replied(status, self._loop.time() - waiting.sent_at)
        if not 200 <= status < 300:
            self._loop.call_soon(waiting.on_failure, _refusal(waiting.request, status, response))
        elif waiting.on_result is not None:
            try:
                result = _result(waiting.request, response)
            except ProtocolError as error:
                self._loop.call_soon(waiting.on_failure, error)
            else:
                self._loop.call_soon(waiting.on_result, result)

    def expire(self) -> None:
        """Fail every request whose time is over."""
        now = self._loop.time()
        late = [key for key, waiting in self._waiting.items() if waiting.give_up_at <= now]
        for key in late:
            waiting = self._waiting.pop(key)
            self._metrics.replied("timeout", now - waiting.sent_at)
            error = RequestTimeout(
                method=waiting.request.method,
                uri=waiting.request.uri,
                seconds=waiting.give_up_at - waiting.sent_at,
            )
            self._loop.call_soon(waiting.on_failure, error)

    def fail_all(self, make_error: Callable[[str], AriError]) -> None:
        """Fail all of them; `make_error` gets the words `METHOD uri`."""
        now = self._loop.time()
        abandoned, self._waiting = self._waiting, {}
        for waiting in abandoned.values():
            self._metrics.replied("lost", now - waiting.sent_at)
            error = make_error(f"{waiting.request.method} {waiting.request.uri}")
            self._loop.call_soon(waiting.on_failure, error)


def _result(request: AriRequest[Any], response: JsonObject) -> Any:
    if request.read is ignore_body:
        return None
    text = response.get("message_body")
    try:
        return request.read(orjson.loads(text) if text else None)
    except (KeyError, TypeError, ValueError) as error:
        raise ProtocolError(
            f"cannot read the reply to {request.method} {request.uri}: {error!r}"
        ) from error


def _refusal(request: AriRequest[Any], status: int, response: JsonObject) -> AriError:
    return refusal(
        method=request.method, uri=request.uri, status=status, message=refusal_text(response)
    )


def refusal_text(response: JsonObject) -> str:
    """Asterisk's words in an error reply: `message` or `error` of the body, else the phrase."""
    phrase = str(response.get("reason_phrase", ""))
    try:
        body = orjson.loads(response.get("message_body") or "null")
    except orjson.JSONDecodeError:
        return phrase
    if not isinstance(body, dict):
        return phrase
    return str(body.get("message") or body.get("error") or phrase)


def set_result(future: "Future[Any]", result: Any) -> None:
    """Settle a future unless its waiter has given up."""
    if not future.done():
        future.set_result(result)


def set_failure(future: "Future[Any]", error: AriError) -> None:
    """Fail a future unless its waiter has given up."""
    if not future.done():
        future.set_exception(error)


DEFAULT_REQUEST_SECONDS: Final = 5.0
