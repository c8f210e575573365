"""Fan-out of live updates among processes, through one Redis channel.

Whoever is in the publishing process hears at once, Redis or not; the others hear
through the channel ``kakeru:live``. While Redis is away the rest of the system goes on:
news for other processes waits, and everybody is told to refresh when it is back.
"""

import asyncio
from collections import deque
from secrets import token_hex
from typing import Any

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.coordination.live import QUEUE_LENGTH, REFRESH, LocalLiveUpdates, LocalSubscription

CHANNEL = "kakeru:live"
_OUTBOX_LENGTH = 4096
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 10.0
_POLL_SECONDS = 5.0
_CANCEL_AGAIN_SECONDS = 0.1

log = structlog.get_logger(__name__)


class RedisLiveUpdates:
    """Implements `dialer.ports.LiveUpdates`; the caller opens and closes `redis`.

    Use it as an asynchronous context manager: two tasks carry the news while it is open.
    """

    def __init__(self, redis: Redis, *, queue_length: int = QUEUE_LENGTH) -> None:
        self._redis = redis
        self._local = LocalLiveUpdates(queue_length=queue_length)
        self._origin = token_hex(8)
        self._outbox: deque[bytes] = deque()
        self._outgoing = asyncio.Event()
        self._listening = asyncio.Event()
        self._has_listened = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "RedisLiveUpdates":
        self._tasks = [
            asyncio.create_task(self._send(), name="live updates to redis"),
            asyncio.create_task(self._receive(), name="live updates from redis"),
        ]
        for task in self._tasks:
            task.add_done_callback(_tell_if_it_broke)
        return self

    async def __aexit__(self, *exception: object) -> None:
        # redis-py takes a cancellation that comes while it connects for its own and goes on
        # (redis/asyncio/connection.py, `connect`), so asking once is not enough.
        while running := [task for task in self._tasks if not task.done()]:
            for task in running:
                task.cancel()
            await asyncio.wait(running, timeout=_CANCEL_AGAIN_SECONDS)

    async def connected(self) -> None:
        """Returns when news of other processes arrives here."""
        await self._listening.wait()

    def publish(self, topic: str, data: dict[str, object]) -> None:
        """Tells everybody who watches `topic`; `data` must be JSON."""
        self._local.publish(topic, data)
        if len(self._outbox) == _OUTBOX_LENGTH:
            # Redis is away for long: who hears it again has to look at everything anyway.
            self._outbox.clear()
            self._outbox.append(self._packed(REFRESH, {}))
        self._outbox.append(self._packed(topic, data))
        self._outgoing.set()

    def subscribe(self, *topics: str) -> LocalSubscription:
        return self._local.subscribe(*topics)

    async def _send(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            await self._outgoing.wait()
            self._outgoing.clear()
            try:
                while self._outbox:
                    await self._publish_oldest()
                    pause = _FIRST_PAUSE_SECONDS
            except (RedisError, OSError) as error:
                log.warning("live_updates_not_sent", error=str(error), retry_in_seconds=pause)
                self._outgoing.set()
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _publish_oldest(self) -> None:
        packed = self._outbox.popleft()
        try:
            await self._redis.publish(CHANNEL, packed)
        except (RedisError, OSError):
            self._outbox.appendleft(packed)
            raise

    async def _receive(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(CHANNEL)
                    while True:
                        message = await pubsub.get_message(timeout=_POLL_SECONDS)
                        if message is not None:
                            self._take(message)
                            pause = _FIRST_PAUSE_SECONDS
            except (RedisError, OSError) as error:
                self._listening.clear()
                log.warning("live_updates_interrupted", error=str(error), retry_in_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "subscribe":
                # The client reconnects by itself, and then subscribes again: every time but
                # the first, news may have passed while nobody listened.
                if self._has_listened:
                    self._local.refresh_all()
                self._has_listened = True
                self._listening.set()
            case "message":
                self._deliver(message["data"])

    def _deliver(self, packed: bytes | str) -> None:
        news = _unpacked(packed)
        if news is None:
            log.warning("live_update_not_ours", payload=str(packed)[:200])
            return
        origin, topic, data = news
        if origin == self._origin:
            return
        if topic == REFRESH:
            self._local.refresh_all()
        else:
            self._local.publish(topic, data)

    def _packed(self, topic: str, data: dict[str, object]) -> bytes:
        return orjson.dumps([self._origin, topic, data])


def _tell_if_it_broke(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("live_updates_broken", task=task.get_name(), exc_info=error)


def _unpacked(packed: bytes | str) -> tuple[str, str, dict[str, object]] | None:
    try:
        parts = orjson.loads(packed)
    except orjson.JSONDecodeError:
        return None
    match parts:
        case [str(origin), str(topic), dict(data)]:
            return origin, topic, data
    return None
