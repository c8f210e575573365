"""Lists in pages that stay fast however far one turns: by key, never by offset."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

PAGE_SIZE = 50
LARGEST_PAGE = 500

T = TypeVar("T")
Row = TypeVar("Row")
KeyPart = str | int | datetime | UUID


class BadPageKey(ValueError):
    """The key of a page was not made by this program, or belongs to another list."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list; `next_key` asks for those after them, None when there are none."""

    rows: tuple[T, ...]
    next_key: str | None


def page_of(
    found: Sequence[Row], *, limit: int, key: Callable[[Row], tuple[KeyPart, ...]]
) -> Page[Row]:
    """The first `limit` of `found`; one more row than that tells that there is a next page."""
    rows = tuple(found[:limit])
    return Page(rows, encode_key(*key(rows[-1])) if len(found) > limit else None)


def bounded(limit: int) -> int:
    """`limit` rows, at least one and at most `LARGEST_PAGE`."""
    return max(1, min(limit, LARGEST_PAGE))


def encode_key(*parts: KeyPart) -> str:
    """A key that can stand in a URL."""
    written = [_written(part) for part in parts]
    packed = json.dumps(written, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode_key(text: str, *kinds: type[KeyPart]) -> tuple[Any, ...]:
    """The parts of a key, which must be of these `kinds`. Raises BadPageKey."""
    try:
        written = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError) as error:
        raise BadPageKey(f"not a page key: {text!r}") from error
    if not isinstance(written, list) or len(written) != len(kinds):
        raise BadPageKey(f"the key of another list: {text!r}")
    return tuple(_read(part, kind, text) for part, kind in zip(written, kinds, strict=True))


_READ: dict[type, Callable[[str], KeyPart]] = {datetime: datetime.fromisoformat, UUID: UUID}


def _written(part: KeyPart) -> str | int:
    if isinstance(part, datetime):
        return part.isoformat()
    return str(part) if isinstance(part, UUID) else part


def _read(part: object, kind: type[KeyPart], text: str) -> KeyPart:
    if kind in _READ and isinstance(part, str):
        try:
            read = _READ[kind](part)
        except ValueError as error:
            raise BadPageKey(f"not a page key: {text!r}") from error
        if not isinstance(read, datetime) or read.tzinfo is not None:
            return read
    elif isinstance(part, str | int) and type(part) is kind and _fits(part):
        return part
    raise BadPageKey(f"the key of another list: {text!r}")


def _fits(part: str | int) -> bool:
    """Whether a database takes it: 64 bits."""
    return isinstance(part, str) or -(2**63) <= part < 2**63
