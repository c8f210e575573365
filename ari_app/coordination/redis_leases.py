"""Leases among processes, kept by Redis.

A lease is the key ``kakeru:lease:NAME`` holding its token, set only where it is absent
and with an expiry (``SET NX PX``); renewing and releasing compare the token and act in
one script, so that nobody touches what has gone to another meanwhile.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex

from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.coordination.leases import CoordinationUnavailable, Lease

_RENEW = """
if redis.call('get', KEYS[1]) == ARGV[1] then
    return redis.call('pexpire', KEYS[1], ARGV[2])
end
return 0
"""

_RELEASE = """
if redis.call('get', KEYS[1]) == ARGV[1] then
    return redis.call('del', KEYS[1])
end
return 0
"""


class RedisLeases:
    """Implements `Leases`; the caller opens and closes `redis`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._renew = redis.register_script(_RENEW)
        self._release = redis.register_script(_RELEASE)

    async def acquire(self, name: str, *, seconds: float) -> Lease | None:
        lease = Lease(name, token_hex(16))
        async with _answered(name):
            taken = await self._redis.set(
                _key(name), lease.token, nx=True, px=_milliseconds(seconds)
            )
        return lease if taken else None

    async def renew(self, lease: Lease, *, seconds: float) -> bool:
        async with _answered(lease.name):
            return bool(
                await self._renew(
                    keys=[_key(lease.name)], args=[lease.token, _milliseconds(seconds)]
                )
            )

    async def release(self, lease: Lease) -> bool:
        async with _answered(lease.name):
            return bool(await self._release(keys=[_key(lease.name)], args=[lease.token]))


@asynccontextmanager
async def _answered(name: str) -> AsyncIterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise CoordinationUnavailable(
            f"lease {name}: Redis does not answer ({error}); is it running?"
        ) from error


def _key(name: str) -> str:
    return f"kakeru:lease:{name}"


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
