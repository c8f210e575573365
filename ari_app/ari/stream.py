"""The one ordered stream of events between the socket's reader and the program.

The reader only appends: Asterisk cuts a client off that does not read for
`websocket_write_timeout` (100 ms unless configured). Making typed events of the messages, and
dropping repeats, happens when the program takes them.

**Repeats.** A channel that reaches our application through the dialplan is watched twice: through
its endpoint and, while in Stasis, by itself. Asterisk then sends the same message twice, the same
to the byte. They are dropped here and nowhere else: a message that equals one of the last few
hundred is a repeat. Two true events of one kind differ at least in the time stamp (milliseconds),
the state or the value.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

import structlog

from ari_app.ari.events import AriEvent, JsonObject, OtherEvent, parse_event, parse_time
from ari_app.ari.metrics import ConnectionMetrics

_REMEMBERED: Final = 512
_EVENTS_BETWEEN_PAUSES: Final = 64
_LONG_QUEUE: Final = 10_000

_log = structlog.get_logger(__name__)


class EventStream:
    """A queue with one writer and one reader. It has no limit: losing an event is worse."""

    def __init__(self, metrics: ConnectionMetrics) -> None:
        self._metrics = metrics
        self._queue: deque[AriEvent | JsonObject] = deque()
        self._repeats = RepeatFilter()
        self._filled = asyncio.Event()
        self._closed = False
        self._warn_at = _LONG_QUEUE

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, item: AriEvent | JsonObject) -> None:
        """Append a made-up event, or a message as it came."""
        self._queue.append(item)
        self._filled.set()
        if len(self._queue) >= self._warn_at:
            _log.warning("ari_events_pile_up", queued=len(self._queue))
            self._warn_at *= 2

    def put_message(self, message: JsonObject, raw: bytes) -> None:
        """Append a message from the socket unless it repeats an earlier one."""
        self._metrics.received(message.get("type", "?"))
        if self._repeats.seen(raw):
            self._metrics.duplicates.inc()
        else:
            self.put(message)

    def close(self) -> None:
        """Let the reader end once it has taken what is there."""
        self._closed = True
        self._filled.set()

    async def events(self) -> AsyncIterator[AriEvent]:
        """The events in the order of Asterisk; ends when the stream is closed.

        One reader at a time. It gives way to other tasks now and then even when it never waits.
        """
        queue = self._queue
        taken = 0
        while True:
            while queue:
                yield self._typed(queue.popleft())
                taken += 1
                if taken % _EVENTS_BETWEEN_PAUSES == 0:
                    await asyncio.sleep(0)
            if self._closed:
                return
            self._warn_at = _LONG_QUEUE
            self._filled.clear()
            await self._filled.wait()

    def _typed(self, item: AriEvent | JsonObject) -> AriEvent:
        if isinstance(item, AriEvent):
            return item
        try:
            return parse_event(item)
        except (KeyError, TypeError, ValueError) as error:
            self._metrics.unreadable.inc()
            _log.warning("ari_event_not_understood", error=repr(error), ari_message=dict(item))
            return OtherEvent(parse_time(None), str(item.get("type")), item)


class RepeatFilter:
    """Remembers the last few hundred messages, in two halves so that forgetting is cheap."""

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._half = remembered // 2
        self._recent: set[bytes] = set()
        self._older: set[bytes] = set()

    def seen(self, raw: bytes) -> bool:
        """Whether this message came before; remembers it."""
        if raw in self._recent or raw in self._older:
            return True
        if len(self._recent) >= self._half:
            self._older, self._recent = self._recent, set()
        self._recent.add(raw)
        return False
