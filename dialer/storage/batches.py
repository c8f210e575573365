"""Long lists in statements of bounded size."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

_T = TypeVar("_T")
# A statement takes 32766 parameters at most, on both databases; a row may need several.
_AT_ONCE = 1000


def batches(some: Sequence[_T]) -> Iterator[list[_T]]:
    """`some`, a thousand at a time."""
    for start in range(0, len(some), _AT_ONCE):
        yield list(some[start : start + _AT_ONCE])
