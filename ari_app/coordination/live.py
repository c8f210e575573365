"""Fan-out of "something changed" within this process.

What is told is small ("agent 7 changed"): whoever hears it looks for himself. So a
subscriber that does not keep up loses the oldest news and is told once, by the topic
`REFRESH`, to look at everything anew. Publishing never waits.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from dialer.ports import REFRESH

__all__ = ["QUEUE_LENGTH", "REFRESH", "LocalLiveUpdates", "LocalSubscription"]

Message = tuple[str, dict[str, object]]

QUEUE_LENGTH = 256


class LocalLiveUpdates:
    """Implements `dialer.ports.LiveUpdates`; all calls come from one event loop."""

    def __init__(self, *, queue_length: int = QUEUE_LENGTH) -> None:
        self._queue_length = queue_length
        self._by_topic: dict[str, set[LocalSubscription]] = {}

    def publish(self, topic: str, data: dict[str, object]) -> None:
        """Tells everybody who watches `topic`; `data` must not be changed afterwards."""
        for subscription in self._by_topic.get(topic, ()):
            subscription.put((topic, data))

    def subscribe(self, *topics: str) -> "LocalSubscription":
        """What is published on `topics` from now on."""
        subscription = LocalSubscription(self, topics, self._queue_length)
        for topic in topics:
            self._by_topic.setdefault(topic, set()).add(subscription)
        return subscription

    def refresh_all(self) -> None:
        """Tells every subscriber that news may have been lost."""
        for subscription in {one for many in self._by_topic.values() for one in many}:
            subscription.lose()

    def forget(self, subscription: "LocalSubscription", topics: tuple[str, ...]) -> None:
        """Sends nothing more to it."""
        for topic in topics:
            watching = self._by_topic.get(topic, set())
            watching.discard(subscription)
            if not watching:
                self._by_topic.pop(topic, None)


class LocalSubscription:
    """Implements `dialer.ports.Subscription`; one reader. Iteration ends with `close`."""

    def __init__(
        self, updates: LocalLiveUpdates, topics: tuple[str, ...], queue_length: int
    ) -> None:
        self._updates = updates
        self._topics = topics
        self._waiting: deque[Message] = deque(maxlen=queue_length)
        self._lost = False
        self._closed = False
        self._news = asyncio.Event()

    def put(self, message: Message) -> None:
        self._lost = self._lost or len(self._waiting) == self._waiting.maxlen
        self._waiting.append(message)
        self._news.set()

    def lose(self) -> None:
        self._lost = True
        self._news.set()

    def close(self) -> None:
        """No more news; may be called twice."""
        self._closed = True
        self._waiting.clear()
        self._updates.forget(self, self._topics)
        self._news.set()

    def __aiter__(self) -> AsyncIterator[Message]:
        return self

    async def __anext__(self) -> Message:
        while not self._closed:
            if self._lost:
                self._lost = False
                return REFRESH, {}
            if self._waiting:
                return self._waiting.popleft()
            self._news.clear()
            await self._news.wait()
        raise StopAsyncIteration
