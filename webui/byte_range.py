"""Which part of a file a browser asks for (RFC 9110, section 14)."""

import re

_ONE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.IGNORECASE)


class OutOfRange(Exception):
    """Nothing of what was asked for is there."""


def part_of(header: str, size: int) -> tuple[int, int] | None:
    """Start and length in bytes of the part that a `Range` header names; None: the whole.

    Several parts at once, other units and what makes no sense are answered with the whole, as
    the standard allows. Raises OutOfRange.
    """
    asked = _ONE.fullmatch(header.strip())
    if asked is None or asked[1] == asked[2] == "":
        return None
    if not asked[1]:  # the last so many
        start, end = max(0, size - int(asked[2])), size
    else:
        start, end = int(asked[1]), min(int(asked[2] or size) + 1, size)
        if asked[2] and int(asked[2]) < start:
            return None
    if start >= end:
        raise OutOfRange(f"{header} of {size} bytes")
    return start, end - start
