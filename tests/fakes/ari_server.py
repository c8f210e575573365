"""A fake Asterisk with a real ARI: WebSocket, REST over it, and HTTP, on a free port of loopback.

    async with fake_asterisk() as asterisk:
        asterisk.add_trunk("trunk-main")
        asterisk.on_originate = lambda channel: Plan(rings_after=0, answers_after=0.1)
        ari = AriConnection(url=asterisk.url, username=asterisk.username, …)

Calls do what `on_originate` plans, or what the test does: `await asterisk.answer(channel_id)`,
`await asterisk.hang_up(channel_id, cause=17)`. Faults: `drop_socket`, `crash` and `restart`,
`refuse_next`, `mute_replies`, `delay_replies`, another `password`. The dialplan is Kakeru's
(see ari_switch.py). `tests/contract/test_ari_contract.py` holds it against the real Asterisk.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from aiohttp import WSMsgType, encode_basic_auth, web

from tests.fakes.ari_model import FakeChannel, Json, Plan, Refusal, as_time
from tests.fakes.ari_requests import Request, handle
from tests.fakes.ari_switch import FakeSwitch


@dataclass(slots=True)
class FakeApplication:
    """A Stasis application. Subscriptions outlive the socket, the filter does not."""

    name: str
    subscriptions: set[str] = field(default_factory=set)
    allowed: frozenset[str] | None = None
    socket: "FakeSocket | None" = None


class FakeAsterisk:
    """The server and the switch behind it."""

    def __init__(self) -> None:
        self.username = "kakeru"
        self.password = "secret"
        self.on_originate: Callable[[FakeChannel], Plan | None] | None = None
        self.requests: list[Request] = []
        self.mute_replies = False
        self.delay_replies = 0.0
        self.files: dict[str, bytes] = {}
        self.config: dict[tuple[str, str], dict[str, list[str]]] = {}
        self.endpoints: set[str] = set()
        """Endpoints that are simply there, besides the pushed ones."""
        self.registered: set[str] = set()
        self.applications: dict[str, FakeApplication] = {}
        self.switch = FakeSwitch(self._emit, self._has_listener)
        self._refusals: deque[tuple[str, str, Refusal]] = deque()
        self._changed = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._port = 0

    # What a test reads and does -----------------------------------------------------------------

    @property
    def url(self) -> str:
        """The address of ARI."""
        return f"http://127.0.0.1:{self._port}/ari"

    @property
    def channels(self) -> dict[str, FakeChannel]:
        """Living channels by id."""
        return self.switch.channels

    @property
    def ended(self) -> dict[str, FakeChannel]:
        """Channels that are gone, with their `cause`, `heard_message`, `recordings`."""
        return self.switch.ended

    def bridge_of(self, channel_id: str) -> list[str]:
        """The ids of all channels in the same bridge; empty if it is in none."""
        channel = self.channels.get(channel_id)
        bridge = self.switch.bridges.get(channel.bridge_id) if channel else None
        return list(bridge.channel_ids) if bridge else []

    def add_trunk(self, name: str) -> None:
        """An endpoint that can be called, without pushing it."""
        self.endpoints.add(name)

    async def register_phone(self, name: str) -> None:
        """A phone registers; it can be called from now on."""
        self.endpoints.add(name)
        self.registered.add(name)
        self._tell_contact(name, "Reachable")

    async def unregister_phone(self, name: str) -> None:
        """A phone is gone."""
        self.registered.discard(name)
        self._tell_contact(name, "Removed")

    async def channel(self, channel_id: str, *, seconds: float = 5.0) -> FakeChannel:
        """The living channel with this id, waiting for it if it is not there yet."""
        async with asyncio.timeout(seconds):
            while channel_id not in self.channels:
                self._changed.clear()
                await self._changed.wait()
        return self.channels[channel_id]

    async def ring(self, channel_id: str) -> None:
        """The far end rings."""
        self.switch.ring(self.channels[channel_id])

    async def early_media(self, channel_id: str) -> None:
        """The far end sends audio before it answers."""
        self.switch.early_media(self.channels[channel_id])

    async def answer(self, channel_id: str) -> None:
        """The far end answers."""
        self.switch.answer(self.channels[channel_id])

    async def hang_up(self, channel_id: str, *, cause: int = 16) -> None:
        """The far end refuses or hangs up, with a Q.850 cause."""
        self.switch.hang_up(self.channels[channel_id], cause)

    # Faults -------------------------------------------------------------------------------------

    async def drop_socket(self) -> None:
        """Every WebSocket breaks; calls go on, events are lost until somebody comes back."""
        for application in self.applications.values():
            if application.socket is not None:
                application.socket.break_off()
                application.socket = None

    async def crash(self) -> None:
        """The process is killed: calls, bridges, pushed accounts and subscriptions are gone."""
        await self.drop_socket()
        self.switch.forget_everything()
        self.applications.clear()
        self.config.clear()
        await self.stop()

    async def restart(self) -> None:
        """Come up again at the same address."""
        await self.start()

    def refuse_next(self, method: str, uri_start: str, *, status: int, message: str = "No") -> None:
        """Refuse the next request of this kind."""
        self._refusals.append((method, uri_start, Refusal(status, message)))

    # Server -------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_get("/ari/events", self._events)
        app.router.add_route("*", "/ari/{uri:.*}", self._http)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening and cut every connection."""
        await self.drop_socket()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _events(self, request: web.Request) -> web.StreamResponse:
        self._check_login(request)
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        application = self.applications.setdefault(
            request.query["app"], FakeApplication(request.query["app"])
        )
        if application.socket is not None:
            self._send_event(application, {"type": "ApplicationReplaced"})
            application.socket.end_after_outbox()
        application.allowed = None
        assert request.transport is not None
        connection = application.socket = FakeSocket(socket, request.transport)
        try:
            await connection.serve(lambda text: self._answer_request(application, text))
        finally:
            if application.socket is connection:
                application.socket = None
        return socket

    async def _http(self, request: web.Request) -> web.Response:
        self._check_login(request)
        body = await request.read()
        asked = Request(
            request.method,
            request.match_info["uri"],
            dict(request.query),
            orjson.loads(body) if body else None,
        )
        file = self.files.get(asked.uri)
        if file is not None:
            return web.Response(body=file)
        status, result = self._reply_to(asked)
        return web.Response(
            status=status,
            body=b"" if result is None else orjson.dumps(result),
            content_type="application/json",
        )

    def _check_login(self, request: web.Request) -> None:
        expected = encode_basic_auth(self.username, self.password)
        if request.headers.get("Authorization") != expected:
            raise web.HTTPUnauthorized

    def _answer_request(self, application: FakeApplication, text: str) -> None:
        message = orjson.loads(text)
        asked = Request(
            message["method"],
            message["uri"],
            {each["name"]: each["value"] for each in message.get("query_strings", [])},
            orjson.loads(message["message_body"]) if "message_body" in message else None,
        )
        if asked.uri in self.files:
            status, result = 406, None
        else:
            status, result = self._reply_to(asked)
        if self.mute_replies:
            return
        reply: Json = {
            "type": "RESTResponse",
            "transaction_id": "",
            "request_id": message.get("request_id", ""),
            "status_code": status,
            "reason_phrase": "OK" if status < 300 else "Refused",
            "uri": asked.uri,
        }
        if result is not None:
            reply["content_type"] = "application/json"
            reply["message_body"] = orjson.dumps(result).decode()
        if self.delay_replies:
            asyncio.get_running_loop().call_later(
                self.delay_replies, self._send_event, application, reply
            )
        else:
            self._send_event(application, reply)

    def _reply_to(self, asked: Request) -> tuple[int, Any]:
        self.requests.append(asked)
        try:
            self._raise_planned_refusal(asked)
            result = handle(self, asked)
        except Refusal as refusal:
            return refusal.status, {"message": refusal.message}
        finally:
            self._changed.set()
        return (204, None) if result is None else (200, result)

    def _raise_planned_refusal(self, asked: Request) -> None:
        if self._refusals:
            method, uri_start, refusal = self._refusals[0]
            if asked.method == method and asked.uri.startswith(uri_start):
                self._refusals.popleft()
                raise refusal

    # Events -------------------------------------------------------------------------------------

    def _has_listener(self, application_name: str) -> bool:
        application = self.applications.get(application_name)
        return application is not None and application.socket is not None

    def _emit(self, event: Json, sources: Iterable[str]) -> None:
        event["timestamp"] = as_time(datetime.now(UTC))
        for application in self.applications.values():
            known = application.subscriptions | {f"app:{application.name}"}
            for _source in known.intersection(sources):
                self._send_event(application, event)
        self._changed.set()

    def _send_event(self, application: FakeApplication, event: Json) -> None:
        socket = application.socket
        if socket is None:
            return
        if application.allowed is not None and event["type"] not in application.allowed:
            return
        event.setdefault("timestamp", as_time(datetime.now(UTC)))
        event["asterisk_id"] = "00:00:00:00:00:01"
        event["application"] = application.name
        socket.send(orjson.dumps(event).decode())

    def _tell_contact(self, name: str, status: str) -> None:
        event: Json = {
            "type": "ContactStatusChange",
            "endpoint": {
                "technology": "PJSIP",
                "resource": name,
                "state": "online" if name in self.registered else "offline",
                "channel_ids": [],
            },
            "contact_info": {
                "uri": f"sip:{name}@127.0.0.1:5060",
                "contact_status": status,
                "aor": name,
                "roundtrip_usec": "500",
            },
        }
        self._emit(event, (f"endpoint:PJSIP/{name}",))


class FakeSocket:
    """One WebSocket of a client; what is sent to it keeps its order."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self._socket = socket
        self._transport = transport
        self._outbox: deque[str] = deque()
        self._filled = asyncio.Event()
        self._ending = False

    def send(self, text: str) -> None:
        """Queue a message."""
        self._outbox.append(text)
        self._filled.set()

    def end_after_outbox(self) -> None:
        """Close in an orderly way once everything queued is sent."""
        self._ending = True
        self._filled.set()

    def break_off(self) -> None:
        """Cut the TCP connection."""
        self._transport.abort()

    async def serve(self, on_text: Callable[[str], None]) -> None:
        """Read requests and write until the socket ends."""
        writer = asyncio.create_task(self._write())
        try:
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    on_text(message.data)
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _write(self) -> None:
        while True:
            while self._outbox:
                await self._socket.send_str(self._outbox.popleft())
            if self._ending:
                await self._socket.close()
                return
            self._filled.clear()
            await self._filled.wait()


@asynccontextmanager
async def fake_asterisk() -> AsyncIterator[FakeAsterisk]:
    """A running fake Asterisk."""
    asterisk = FakeAsterisk()
    await asterisk.start()
    try:
        yield asterisk
    finally:
        await asterisk.stop()
