"""The connection to one Asterisk: events in, requests out, over one WebSocket that comes back.

Life of a connection: open the socket → put the event filter → run the set-up hooks (push SIP
accounts) → put the subscriptions → `Connected` enters the stream → events and requests flow →
the socket ends → open requests fail with `ConnectionLost`, `Disconnected` enters the stream →
wait a little → open the socket …

Asterisk keeps calls and bridges while nobody is connected, but does not replay what happened
meanwhile; it forgets the event filter with the socket, and pushed accounts with its process.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import structlog
from aiohttp import ClientWebSocketResponse
from prometheus_client import CollectorRegistry

from ari_app.ari import api
from ari_app.ari.errors import (
    ApplicationTaken,
    AriError,
    AuthenticationFailed,
    ConnectionLost,
    NotConnected,
    RequestRefused,
    SetUpFailed,
)
from ari_app.ari.events import (
    EVENTS_FOR_CALLS,
    AriEvent,
    Connected,
    Disconnected,
    JsonObject,
)
from ari_app.ari.http import AriHttp
from ari_app.ari.link import Link
from ari_app.ari.metrics import AriMetrics
from ari_app.ari.requests import (
    AriRequest,
    OnFailure,
    PendingRequests,
    QueryValue,
    encode,
    set_failure,
    set_result,
)
from ari_app.ari.state import ConnectionState, ConnectionTimes, state_after
from ari_app.ari.stream import EventStream

__all__ = ["AriConnection", "ConnectionState", "ConnectionTimes", "SetUpHook"]

Result = TypeVar("Result")

_EXPIRY_STEP: Final = 0.2
_STABLE_SECONDS: Final = 2.0

_log = structlog.get_logger(__name__)


SetUpHook = Callable[["AriConnection"], Awaitable[None]]


class AriConnection:
    """One Stasis application on one Asterisk.

    `url` is the address up to and with `/ari`; `event_types` the filter, None for all events.

        async with AriConnection(url=…, username=…, password=…, application="kakeru") as ari:
            async for event in ari.events():
                ...
    """

    def __init__(
        self,
        *,
        url: str,
        username: str,
        password: str,
        application: str,
        node: str = "asterisk",
        event_types: tuple[str, ...] | None = EVENTS_FOR_CALLS,
        times: ConnectionTimes | None = None,
        metrics: AriMetrics | None = None,
    ) -> None:
        self._times = times or ConnectionTimes()
        self._url = url.rstrip("/")
        self._http = AriHttp(
            url=url,
            username=username,
            password=password,
            connect_seconds=self._times.connect,
            heartbeat=self._times.heartbeat,
        )
        self.application = application
        self.node = node
        self._event_types = event_types
        self._metrics = (metrics or AriMetrics(CollectorRegistry())).of_node(node)
        self._hooks: list[SetUpHook] = []
        self._subscriptions: dict[str, None] = {}

        self._state = ConnectionState.DISCONNECTED
        self._problem: AriError | None = None
        self._state_changed = asyncio.Event()
        self._stream = EventStream(self._metrics)
        self._pending = PendingRequests(loop=asyncio.get_running_loop(), metrics=self._metrics)
        self._metrics.watch(
            queued_events=lambda: len(self._stream), open_requests=lambda: len(self._pending)
        )
        self._link: Link | None = None
        self._held_back: list[tuple[JsonObject, bytes]] | None = None
        self._main: asyncio.Task[None] | None = None
        self._connected_at: float | None = None
        self._resumed = asyncio.Event()

    # Life ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to connect, in the background; returns at once."""
        self._main = asyncio.create_task(self._run(), name=f"ari-{self.node}")
        self._main.add_done_callback(self._ended)

    async def close(self) -> None:
        """Close the socket; the event stream ends after what is queued. Calls go on in Asterisk."""
        if self._main is not None:
            self._main.cancel()
            await asyncio.gather(self._main, return_exceptions=True)
        await self._http.close()
        self._set_state(ConnectionState.CLOSED, None)
        self._stream.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def state(self) -> ConnectionState:
        """Where the connection stands."""
        return self._state

    @property
    def problem(self) -> AriError | None:
        """Why it is not connected; None while it is."""
        return self._problem

    async def wait_connected(self, *, seconds: float) -> None:
        """Wait until connected.

        Raises AuthenticationFailed as soon as Asterisk refuses the password, and NotConnected
        with the last reason when the time is over or the connection was closed.
        """
        try:
            async with asyncio.timeout(seconds):
                while self._state is not ConnectionState.CONNECTED:
                    if isinstance(self._problem, AuthenticationFailed):
                        raise self._problem
                    if self._state is ConnectionState.CLOSED:
                        raise NotConnected("the connection to Asterisk was closed")
                    self._state_changed.clear()
                    await self._state_changed.wait()
        except TimeoutError:
            reason = self._problem or f"no answer from {self._url}"
            raise NotConnected(f"not connected to Asterisk after {seconds:g} s: {reason}") from None

    def resume(self) -> None:
        """Take the application back after another client took it over (state `replaced`).

        Not done by itself: two controllers would take it from each other for ever.
        """
        self._resumed.set()

    def on_connect(self, hook: SetUpHook) -> None:
        """Run `hook` at each connect, before subscriptions and `Connected`.

        Here SIP accounts are pushed. Requests sent by the hook work; if it raises an AriError the
        socket is closed and tried again.
        """
        self._hooks.append(hook)

    # Events -------------------------------------------------------------------------------------

    def events(self) -> AsyncIterator[AriEvent]:
        """All events in order, `Connected` and `Disconnected` among them; for one reader."""
        return self._stream.events()

    async def subscribe(self, event_source: str) -> None:
        """Subscribe to `endpoint:PJSIP/NAME`, `deviceState:NAME` …, now and at each connect.

        While not connected it is only remembered. Raises RequestRefused if the source does not
        exist; it is remembered all the same.
        """
        self._subscriptions[event_source] = None
        if self._state is ConnectionState.CONNECTED:
            await self.send(api.subscribe(self.application, event_source))

    async def unsubscribe(self, event_source: str) -> None:
        """Undo `subscribe`."""
        self._subscriptions.pop(event_source, None)
        if self._state is ConnectionState.CONNECTED:
            await self.send(api.unsubscribe(self.application, event_source))

    # Requests -----------------------------------------------------------------------------------

    async def send(self, request: AriRequest[Result], *, seconds: float | None = None) -> Result:
        """Send a request and wait for its result.

        Raises NotConnected, ConnectionLost, RequestTimeout, ProtocolError or a RequestRefused.
        """
        if self._link is None:
            raise self._not_connected()
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._write(
            request,
            on_result=functools.partial(set_result, future),
            on_failure=functools.partial(set_failure, future),
            seconds=seconds,
        )
        return await future

    def send_soon(
        self,
        request: AriRequest[Result],
        *,
        on_failure: OnFailure,
        on_result: Callable[[Result], None] | None = None,
        seconds: float | None = None,
    ) -> None:
        """Send a request without waiting; exactly one callback tells how it ended.

        Requests leave in the order of the calls. Callbacks run from the event loop, after this
        function has returned, also when there is no connection.
        """
        if self._link is None:
            asyncio.get_running_loop().call_soon(on_failure, self._not_connected())
            return
        self._write(request, on_result=on_result, on_failure=on_failure, seconds=seconds)

    async def send_request(
        self,
        method: str,
        uri: str,
        *,
        query: Mapping[str, QueryValue] | None = None,
        body: JsonObject | None = None,
        seconds: float | None = None,
    ) -> Any:
        """Like `send`, for a resource that has no function in `api`; gives the decoded body."""
        request: AriRequest[Any] = AriRequest(method, uri, _as_it_is, query or {}, body)
        return await self.send(request, seconds=seconds)

    async def http_get(self, uri: str, *, seconds: float | None = None) -> bytes:
        """The body of a GET over HTTP, for files, which the socket refuses with 406.

        Raises AuthenticationFailed, ConnectionLost or a RequestRefused.
        """
        return await self._http.get(uri, seconds=seconds or self._times.request)

    def _write(
        self,
        request: AriRequest[Any],
        *,
        on_result: Callable[[Any], None] | None,
        on_failure: OnFailure,
        seconds: float | None,
    ) -> None:
        assert self._link is not None
        request_id = self._pending.add(
            request,
            on_result=on_result,
            on_failure=on_failure,
            seconds=self._times.request if seconds is None else seconds,
        )
        self._link.send(encode(request, request_id))

    def _not_connected(self) -> NotConnected:
        reason = f": {self._problem}" if self._problem else ""
        return NotConnected(f"no connection to Asterisk at {self._url}{reason}")

    # Connecting, serving, and again -------------------------------------------------------------

    async def _run(self) -> None:
        failures = short_lives = 0
        while True:
            lifetime = await self._live_once(attempt=failures + 1)
            if lifetime is None:
                failures += 1
            else:
                # The first retry is quick, but a connection that keeps breaking is not hammered.
                short_lives = 0 if lifetime >= _STABLE_SECONDS else short_lives + 1
                failures = max(1, short_lives)
            await self._pause(failures)

    def _ended(self, main: "asyncio.Task[None]") -> None:
        """Only `close` ends it; anything else is a mistake in here and must not pass in silence."""
        error = None if main.cancelled() else main.exception()
        if error is not None:
            _log.error("ari_connection_failed", node=self.node, exc_info=error)
            self._set_state(ConnectionState.CLOSED, SetUpFailed(repr(error)))
            self._stream.close()

    async def _live_once(self, *, attempt: int) -> float | None:
        """Connect and serve to the end; the seconds it stood, None if it never did."""
        self._connected_at = None
        self._set_state(ConnectionState.CONNECTING, self._problem)
        try:
            socket = await self._http.open_socket(self.application)
            await self._serve(socket, attempt=attempt)
        except AriError as error:
            self._report(error)
        return self._seconds_connected()

    def _seconds_connected(self) -> float | None:
        if self._connected_at is None:
            return None
        return asyncio.get_running_loop().time() - self._connected_at

    async def _pause(self, failures: int) -> None:
        if self._state is ConnectionState.REPLACED:
            self._resumed.clear()
            await self._resumed.wait()
        elif self._state is ConnectionState.AUTHENTICATION_FAILED:
            await asyncio.sleep(self._times.authentication_retry)
        else:
            await asyncio.sleep(self._times.backoff.seconds(failures))

    async def _serve(self, socket: "ClientWebSocketResponse[Any]", *, attempt: int) -> None:
        """Use one socket to its end, which is always raised as an AriError."""
        self._link = Link(socket, on_message=self._receive, metrics=self._metrics)
        self._held_back = []
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._link.run(), name="ari-link")
                tasks.create_task(self._expire(), name="ari-expiry")
                tasks.create_task(self._set_up(attempt), name="ari-set-up")
        except ExceptionGroup as group:
            raise _one_error(group) from group
        finally:
            self._link = None
            self._metrics.connected.set(0)
            self._release_held_back()
            self._pending.fail_all(
                lambda what: ConnectionLost(f"the connection ended before the reply to {what}")
            )

    async def _set_up(self, attempt: int) -> None:
        if self._event_types is not None:
            await self.send(api.filter_events(self.application, self._event_types))
        for hook in self._hooks:
            await hook(self)
        for event_source in list(self._subscriptions):
            await self._resubscribe(event_source)
        self._metrics.connects.inc()
        self._metrics.connected.set(1)
        self._connected_at = asyncio.get_running_loop().time()
        self._set_state(ConnectionState.CONNECTED, None)
        _log.info("ari_connected", node=self.node, url=self._url, attempt=attempt)
        self._stream.put(Connected(datetime.now(UTC), attempt))
        self._release_held_back()

    async def _resubscribe(self, event_source: str) -> None:
        try:
            await self.send(api.subscribe(self.application, event_source))
        except RequestRefused as error:
            # An endpoint that is gone from the settings must not keep everybody else waiting.
            _log.warning("ari_subscription_refused", source=event_source, error=str(error))

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(_EXPIRY_STEP)
            self._pending.expire()

    def _receive(self, message: JsonObject, raw: bytes) -> None:
        """Take one message off the socket. The only work done while reading: keep it short."""
        kind = message.get("type")
        if kind == "RESTResponse":
            self._pending.settle(message)
            return
        if self._held_back is not None:
            self._held_back.append((message, raw))
        else:
            self._stream.put_message(message, raw)
        if kind == "ApplicationReplaced":
            raise ApplicationTaken(self.application)

    def _release_held_back(self) -> None:
        """Events that came during the set-up follow `Connected`."""
        held_back, self._held_back = self._held_back or [], None
        for message, raw in held_back:
            self._stream.put_message(message, raw)

    def _report(self, error: AriError) -> None:
        news = self._problem is None or str(self._problem) != str(error)
        self._set_state(state_after(error), error)
        if news:
            _log.warning("ari_disconnected", node=self.node, reason=str(error))
            self._stream.put(Disconnected(datetime.now(UTC), str(error)))

    def _set_state(self, state: ConnectionState, problem: AriError | None) -> None:
        self._state = state
        self._problem = problem
        self._state_changed.set()


def _one_error(group: ExceptionGroup[Exception]) -> AriError:
    """The error that ended a socket; a mistake in a set-up hook is reported, not hidden."""
    first = group.exceptions[0]
    if isinstance(first, ExceptionGroup):
        return _one_error(first)
    if isinstance(first, AriError):
        return first
    _log.error("ari_set_up_failed", exc_info=first)
    return SetUpFailed(f"setting the connection up failed: {first!r}")


def _as_it_is(body: Any) -> Any:
    return body
