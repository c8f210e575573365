"""The raw baseline: originate, hang up, and nothing else, on one bare WebSocket.

No code of ours but this loop: what Asterisk and one Python process can do at best.
"""

import base64
import time
from uuid import uuid4

import orjson
from aiohttp import ClientSession, ClientWebSocketResponse

from ari_app.ari.events import EVENTS_FOR_CALLS

APPLICATION = "bare"


async def calls_per_second(
    *, ari_url: str, username: str, password: str, endpoint: str, calls: int, at_once: int
) -> float:
    """Calls a second over `calls` calls, `at_once` of them in flight."""
    token = base64.b64encode(f"{username}:{password}".encode()).decode()
    async with (
        ClientSession(headers={"Authorization": f"Basic {token}"}) as session,
        session.ws_connect(f"{ari_url}/events", params={"app": APPLICATION}) as socket,
    ):
        return await _Loop(socket, endpoint, calls).run(at_once)


class _Loop:
    def __init__(self, socket: "ClientWebSocketResponse[bool]", endpoint: str, calls: int) -> None:
        self._socket = socket
        self._endpoint = endpoint
        self._to_start = calls
        self._to_end = calls

    async def run(self, at_once: int) -> float:
        allowed = [{"type": each} for each in (*EVENTS_FOR_CALLS, "RESTResponse")]
        await self._send("PUT", f"applications/{APPLICATION}/eventFilter", {"allowed": allowed})
        started = time.perf_counter()
        for _ in range(at_once):
            await self._originate()
        calls = self._to_end
        while self._to_end:
            await self._take(orjson.loads((await self._socket.receive()).data))
        return calls / (time.perf_counter() - started)

    async def _take(self, event: dict[str, object]) -> None:
        channel = event.get("channel")
        channel_id = channel.get("id") if isinstance(channel, dict) else None
        match event["type"]:
            case "StasisStart":
                await self._send("DELETE", f"channels/{channel_id}")
            case "ChannelDestroyed":
                self._to_end -= 1
                await self._originate()
            case "RESTResponse" if int(str(event["status_code"])) >= 400:
                raise RuntimeError(f"Asterisk refused: {event}")

    async def _originate(self) -> None:
        if self._to_start == 0:
            return
        self._to_start -= 1
        body = {
            "endpoint": self._endpoint,
            "app": APPLICATION,
            "channelId": f"x-{uuid4().hex}",
            "timeout": 30,
        }
        await self._send("POST", "channels", body)

    async def _send(self, method: str, uri: str, body: object = None) -> None:
        message: dict[str, object] = {
            "type": "RESTRequest",
            "request_id": uuid4().hex,
            "method": method,
            "uri": uri,
        }
        if body is not None:
            message["content_type"] = "application/json"
            message["message_body"] = orjson.dumps(body).decode()
        await self._socket.send_str(orjson.dumps(message).decode())
