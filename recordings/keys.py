"""Keys that recordings are encrypted with: from the environment, by name.

    KAKERU_RECORDING_KEYS="2026b:BASE64,2026a:BASE64"

Each is 32 random bytes in base64. The first encrypts what is new; the others still open what was
encrypted with them. To change keys, put a new one in front and rotate.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field

from recordings.errors import RecordingStoreError

KEYS_VARIABLE = "KAKERU_RECORDING_KEYS"
KEY_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


class BadKeys(ValueError):
    """The variable cannot be read; the message says which entry and how it should look."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """In the order of the variable. Its text shows names, never keys."""

    keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def newest(self) -> str | None:
        """Name of the key for what is new; None without keys."""
        return next(iter(self.keys), None)

    def key(self, name: str) -> bytes:
        """Raises RecordingStoreError for a key that is not there."""
        try:
            return self.keys[name]
        except KeyError:
            raise RecordingStoreError(
                f"recordings: encrypted with the key {name!r}, which is not in {KEYS_VARIABLE}"
            ) from None


def parse_keys(text: str) -> Keyring:
    """The keys of the variable's value; none for an empty one. Raises BadKeys."""
    keys: dict[str, bytes] = {}
    for number, entry in enumerate(filter(None, map(str.strip, text.split(","))), start=1):
        name, colon, encoded = entry.partition(":")
        if not colon or not _NAME.fullmatch(name):
            raise BadKeys(
                f"{KEYS_VARIABLE}: entry {number}: write NAME:KEY, the name of letters, digits, "
                "- and _"
            )
        try:
            key = b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            raise BadKeys(
                f"{KEYS_VARIABLE}: key {name!r}: not {KEY_BYTES} bytes in base64; "
                "make one with: openssl rand -base64 32"
            )
        if name in keys:
            raise BadKeys(f"{KEYS_VARIABLE}: key {name!r} stands there twice")
        keys[name] = key
    return Keyring(keys)
