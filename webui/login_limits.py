"""Slows down guessing: after some failures a login must wait, longer each time."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

FREE_FAILURES = 5
LONGEST_WAIT = timedelta(minutes=15)
_FORGET_AFTER = timedelta(hours=1)
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    last_at: datetime


class LoginLimits:
    """Failed logins by login and network address, in memory.

    The first five failures cost nothing; each further one doubles the wait,
    from one second to a quarter of an hour.
    """

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def wait(self, login: str, address: str, now: datetime) -> timedelta:
        """How long this login from there must still wait; zero when it need not."""
        failures = self._failures.get(_key(login, address))
        if failures is None:
            return timedelta(0)
        return max(timedelta(0), failures.last_at + _delay(failures.count) - now)

    def failed(self, login: str, address: str, now: datetime) -> None:
        key = _key(login, address)
        before = self._failures.pop(key, None)
        remembered = before is not None and now - before.last_at < _FORGET_AFTER
        self._failures[key] = _Failures(before.count + 1 if before and remembered else 1, now)
        while len(self._failures) > _MOST_REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, login: str, address: str) -> None:
        self._failures.pop(_key(login, address), None)


def _key(login: str, address: str) -> tuple[str, str]:
    return login.strip().casefold(), address


def _delay(failures: int) -> timedelta:
    beyond = failures - FREE_FAILURES
    if beyond < 0:
        return timedelta(0)
    return min(timedelta(seconds=2.0 ** min(beyond, 16)), LONGEST_WAIT)
