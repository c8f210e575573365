"""One WebSocket to Asterisk, from the handshake to its end."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import orjson
import structlog
from aiohttp import (
    ClientConnectionError,
    ClientWebSocketResponse,
    ServerTimeoutError,
    WSCloseCode,
    WSMsgType,
)

from ari_app.ari.errors import ConnectionLost
from ari_app.ari.events import JsonObject
from ari_app.ari.metrics import ConnectionMetrics

_END_OF_SOCKET: Final = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED)

_log = structlog.get_logger(__name__)

OnMessage = Callable[[JsonObject, bytes], None]
"""Called for each message with its decoded form and the bytes as they came; must not block."""


class Link:
    """Reads and writes one socket. What is sent within one turn of the event loop goes together."""

    def __init__(
        self,
        socket: "ClientWebSocketResponse[Any]",
        *,
        on_message: OnMessage,
        metrics: ConnectionMetrics,
    ) -> None:
        self._socket = socket
        self._on_message = on_message
        self._metrics = metrics
        self._outbox: deque[bytes] = deque()
        self._outbox_filled = asyncio.Event()

    def send(self, message: bytes) -> None:
        """Queue a text message; it leaves in this order, as soon as the event loop turns."""
        self._outbox.append(message)
        self._outbox_filled.set()

    async def run(self) -> None:
        """Read and write until the socket ends, which is raised as ConnectionLost.

        What `on_message` raises ends the socket too, in an exception group.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(self._write(), name="ari-writer")
                reason = await self._read()
                writer.cancel()
        finally:
            await self._socket.close()
        raise ConnectionLost(f"lost Asterisk: {reason}")

    async def _read(self) -> str:
        receive = self._socket.receive
        while True:
            message = await receive()
            if message.type is WSMsgType.TEXT:
                self._take(message.data)
            elif message.type in _END_OF_SOCKET or message.type is WSMsgType.ERROR:
                return _closing_words(self._socket)

    def _take(self, raw: bytes) -> None:
        try:
            message = _decode(raw)
        except ValueError as error:
            self._metrics.unreadable.inc()
            _log.warning("ari_message_not_json", error=str(error), start=raw[:200])
            return
        if isinstance(message, dict):
            self._on_message(message, raw)
        else:
            self._metrics.unreadable.inc()
            _log.warning("ari_message_no_object", start=raw[:200])

    async def _write(self) -> None:
        outbox = self._outbox
        send_frame = self._socket.send_frame
        try:
            while True:
                while outbox:
                    await send_frame(outbox.popleft(), WSMsgType.TEXT)
                self._outbox_filled.clear()
                await self._outbox_filled.wait()
        except (ClientConnectionError, ConnectionError) as error:
            # The reader sees the same end and reports it; what was not sent fails with it.
            _log.debug("ari_write_failed", error=repr(error))


def _decode(raw: bytes) -> Any:
    """The decoded message.

    A caller's name may hold bytes that are not UTF-8; an event must not be lost for that.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return orjson.loads(raw.decode("utf-8", errors="replace"))


def _closing_words(socket: "ClientWebSocketResponse[Any]") -> str:
    error = socket.exception()
    if isinstance(error, ServerTimeoutError):
        return f"no sign of life ({error})"
    if socket.close_code in (None, WSCloseCode.ABNORMAL_CLOSURE):
        return "the socket broke without a word"
    return f"Asterisk closed the socket with code {socket.close_code}"
