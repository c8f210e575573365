"""One way to open Redis, so that a dead connection is noticed the same way everywhere."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

_PING_EVERY_SECONDS = 10
_ANSWER_WITHIN_SECONDS = 5.0
_RETRIES = 2


def open_redis(url: str) -> Redis:
    """`url` is ``redis://[USER:PASSWORD@]HOST:PORT/DB`` or ``rediss://`` or ``unix://PATH``.

    Nothing is connected yet. Close it with ``await redis.aclose()``. Raises ValueError
    when the URL means nothing.
    """
    client: Redis = Redis.from_url(
        url,
        health_check_interval=_PING_EVERY_SECONDS,
        socket_timeout=_ANSWER_WITHIN_SECONDS,
        socket_connect_timeout=_ANSWER_WITHIN_SECONDS,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), _RETRIES),
    )
    return client
