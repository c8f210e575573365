"""Leases and fan-out of live updates: in this process, or through Redis for several.

Both ways keep one contract: ``tests/contract/test_coordination.py``.
"""

from ari_app.coordination.leases import CoordinationUnavailable, Lease, Leases
from ari_app.coordination.live import REFRESH, LocalLiveUpdates
from ari_app.coordination.local_leases import LocalLeases
from ari_app.coordination.redis_client import open_redis
from ari_app.coordination.redis_leases import RedisLeases
from ari_app.coordination.redis_live import RedisLiveUpdates

__all__ = [
    "REFRESH",
    "CoordinationUnavailable",
    "Lease",
    "Leases",
    "LocalLeases",
    "LocalLiveUpdates",
    "RedisLeases",
    "RedisLiveUpdates",
    "open_redis",
]
