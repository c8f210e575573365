"""One contract for leases and live updates, in this process and through Redis."""

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from ari_app.coordination import (
    REFRESH,
    CoordinationUnavailable,
    Lease,
    Leases,
    LocalLeases,
    LocalLiveUpdates,
    RedisLeases,
    RedisLiveUpdates,
    open_redis,
)
from ari_app.runtime import programs
from dialer.ports import LiveUpdates, Subscription

BOTH = [
    pytest.param("in-process", id="in-process"),
    pytest.param("redis", id="redis", marks=pytest.mark.real),
]
REDIS_ONLY = [pytest.param("redis", id="redis", marks=pytest.mark.real)]


class RedisServer:
    """A Redis of our own on a Unix socket; it stores nothing."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = programs.redis_server()
        self._process = subprocess.Popen(
            [
                *program.argv_prefix,
                *("--port", "0", "--unixsocket", str(self.socket)),
                *("--save", "", "--appendonly", "no", "--dir", str(self._folder)),
            ],
            env=program.environment(),
            stdout=subprocess.DEVNULL,
        )
        self._wait_until_it_listens()

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self.socket.unlink(missing_ok=True)
            self._process = None

    def _wait_until_it_listens(self) -> None:
        for _ in range(500):
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(self.socket)) == 0:
                    return
            assert self._process is not None
            assert self._process.poll() is None, "redis-server ended by itself"
            try:
                self._process.wait(0.01)
            except subprocess.TimeoutExpired:
                continue
        raise AssertionError("redis-server did not listen within 5 s")


@pytest.fixture(scope="module")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as open_things:
        yield open_things


async def opened(server: RedisServer, stack: AsyncExitStack) -> Redis:
    redis = open_redis(server.url)
    stack.push_async_callback(redis.aclose)
    return redis


# --- leases ----------------------------------------------------------------------------


@pytest.fixture
async def leases(request: pytest.FixtureRequest, stack: AsyncExitStack) -> Leases:
    if request.param == "in-process":
        return LocalLeases()
    redis = await opened(request.getfixturevalue("shared_redis"), stack)
    await redis.flushall()
    return RedisLeases(redis)


@pytest.mark.parametrize("leases", BOTH, indirect=True)
async def test_only_one_holds_a_lease(leases: Leases) -> None:
    answers = await asyncio.gather(
        *(leases.acquire("campaign:autumn", seconds=5) for _ in range(8))
    )
    assert len([lease for lease in answers if lease is not None]) == 1
    assert await leases.acquire("campaign:spring", seconds=5) is not None


@pytest.mark.parametrize("leases", BOTH, indirect=True)
async def test_a_lease_that_was_given_up_can_be_taken_at_once(leases: Leases) -> None:
    first = await held(leases, seconds=5)
    assert await leases.release(first)
    second = await held(leases, seconds=5)
    assert second.token != first.token
    assert not await leases.release(first)
    assert await leases.acquire("campaign:autumn", seconds=5) is None


@pytest.mark.parametrize("leases", BOTH, indirect=True)
async def test_a_lease_ends_by_itself_and_is_lost_to_its_holder(leases: Leases) -> None:
    first = await held(leases, seconds=0.1)
    await asyncio.sleep(0.15)
    assert not await leases.renew(first, seconds=5)
    second = await held(leases, seconds=5)
    assert not await leases.renew(first, seconds=5)
    assert not await leases.release(first)
    assert await leases.renew(second, seconds=5)


@pytest.mark.parametrize("leases", BOTH, indirect=True)
async def test_a_renewed_lease_goes_on(leases: Leases) -> None:
    lease = await held(leases, seconds=0.2)
    for _ in range(4):
        await asyncio.sleep(0.1)
        assert await leases.renew(lease, seconds=0.2)
    assert await leases.acquire("campaign:autumn", seconds=5) is None


async def held(leases: Leases, *, seconds: float) -> Lease:
    lease = await leases.acquire("campaign:autumn", seconds=seconds)
    assert lease is not None
    return lease


async def test_without_redis_nobody_is_told_that_he_holds_a_lease(
    tmp_path: Path, stack: AsyncExitStack
) -> None:
    leases = RedisLeases(await opened(RedisServer(tmp_path), stack))
    with pytest.raises(CoordinationUnavailable, match="is it running"):
        await leases.acquire("campaign:autumn", seconds=5)
    with pytest.raises(CoordinationUnavailable):
        await leases.renew(Lease("campaign:autumn", "x"), seconds=5)
    with pytest.raises(CoordinationUnavailable):
        await leases.release(Lease("campaign:autumn", "x"))


# --- live updates ------------------------------------------------------------------------

Pair = tuple[LiveUpdates, LiveUpdates]


@pytest.fixture
async def ends(request: pytest.FixtureRequest, stack: AsyncExitStack) -> Pair:
    """Where one publishes and where another listens; queues hold four messages."""
    if request.param == "in-process":
        both = LocalLiveUpdates(queue_length=4)
        return both, both
    server = request.getfixturevalue("shared_redis")
    return await joined(server, stack), await joined(server, stack)


async def joined(server: RedisServer, stack: AsyncExitStack) -> RedisLiveUpdates:
    redis = await opened(server, stack)
    updates = await stack.enter_async_context(RedisLiveUpdates(redis, queue_length=4))
    async with asyncio.timeout(5):
        await updates.connected()
    return updates


async def heard(subscription: Subscription, count: int) -> list[tuple[str, dict[str, Any]]]:
    messages: list[tuple[str, dict[str, Any]]] = []
    async with asyncio.timeout(5):
        async for message in subscription:
            messages.append(message)
            if len(messages) == count:
                break
    return messages


@pytest.mark.parametrize("ends", BOTH, indirect=True)
async def test_who_watches_a_topic_hears_it_in_order(ends: Pair) -> None:
    here, there = ends
    subscription = there.subscribe("agent:7", "floor")
    here.publish("agent:7", {"state": "ready"})
    here.publish("agent:8", {"state": "ready"})
    here.publish("floor", {})
    here.publish("agent:7", {"name": "佐藤"})
    assert await heard(subscription, 3) == [
        ("agent:7", {"state": "ready"}),
        ("floor", {}),
        ("agent:7", {"name": "佐藤"}),
    ]
    subscription.close()


@pytest.mark.parametrize("ends", BOTH, indirect=True)
async def test_each_watcher_hears_everything_once_also_where_it_was_published(ends: Pair) -> None:
    here, there = ends
    subscriptions = [here.subscribe("floor"), here.subscribe("floor"), there.subscribe("floor")]
    here.publish("floor", {"n": 1})
    here.publish("floor", {"n": 2})
    for subscription in subscriptions:
        assert await heard(subscription, 2) == [("floor", {"n": 1}), ("floor", {"n": 2})]
        subscription.close()


@pytest.mark.parametrize("ends", BOTH, indirect=True)
async def test_who_is_slow_loses_the_oldest_and_is_told_to_refresh(ends: Pair) -> None:
    here, there = ends
    slow = there.subscribe("floor")
    quick = there.subscribe("done")
    for n in range(10):
        here.publish("floor", {"n": n})
    here.publish("done", {})
    await heard(quick, 1)
    assert await heard(slow, 5) == [
        (REFRESH, {}),
        *(("floor", {"n": n}) for n in range(6, 10)),
    ]
    here.publish("floor", {"n": 10})
    assert await heard(slow, 1) == [("floor", {"n": 10})]


@pytest.mark.parametrize("ends", BOTH, indirect=True)
async def test_a_closed_subscription_ends_even_while_somebody_waits(ends: Pair) -> None:
    here, there = ends
    subscription = there.subscribe("floor")
    waiting = asyncio.create_task(heard(subscription, 1))
    await asyncio.sleep(0.01)
    subscription.close()
    assert await waiting == []
    here.publish("floor", {})
    subscription.close()
    assert await heard(subscription, 1) == []


@pytest.mark.parametrize("ends", BOTH, indirect=True)
async def test_publishing_to_nobody_is_fine(ends: Pair) -> None:
    here, _ = ends
    here.publish("nobody", {})


@pytest.mark.real
async def test_after_an_interruption_everybody_is_told_to_refresh(
    tmp_path: Path, stack: AsyncExitStack
) -> None:
    server = RedisServer(tmp_path)
    server.start()
    stack.callback(server.stop)
    here, there = await joined(server, stack), await joined(server, stack)
    subscription = there.subscribe("floor")
    here.publish("floor", {"n": 1})
    assert await heard(subscription, 1) == [("floor", {"n": 1})]

    server.stop()
    here.publish("floor", {"n": 2})
    await asyncio.sleep(0.3)
    server.start()

    assert (REFRESH, {}) in await heard(subscription, 1)
    async with asyncio.timeout(5):
        await there.connected()
    here.publish("floor", {"n": 3})
    async with asyncio.timeout(5):
        async for message in subscription:
            if message == ("floor", {"n": 3}):
                break


@pytest.mark.real
async def test_without_redis_the_own_process_still_hears(
    tmp_path: Path, stack: AsyncExitStack
) -> None:
    redis = await opened(RedisServer(tmp_path), stack)
    updates = await stack.enter_async_context(RedisLiveUpdates(redis))
    subscription = updates.subscribe("floor")
    for n in range(5000):
        updates.publish("floor", {"n": n})
    assert (await heard(subscription, 257))[-1] == ("floor", {"n": 4999})


@pytest.mark.parametrize("ends", REDIS_ONLY, indirect=True)
async def test_what_others_say_on_the_channel_is_left_alone(
    ends: Pair, shared_redis: RedisServer, stack: AsyncExitStack
) -> None:
    here, there = ends
    subscription = there.subscribe("floor")
    stranger = await opened(shared_redis, stack)
    for noise in (b"\xff", b"{}", b'["x"]', b'["x", "floor", 1]'):
        await stranger.publish("kakeru:live", noise)
    here.publish("floor", {})
    assert await heard(subscription, 1) == [("floor", {})]
