"""Secrets that the program must read again lie in the database sealed, not in clear.

AES-256-GCM: the text cannot be read without a key, nor be moved to another place, since each is
sealed for one (``totp:17``). The first key seals; all of them open, so that a new key can be put in
front while the old one still opens what lies there.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12


class CannotOpen(Exception):
    """None of the keys opens it: it was sealed with another, or was changed, or moved."""


@dataclass(frozen=True, slots=True)
class SecretBox:
    """Seals and opens; `keys` have 32 bytes each. Its text shows no key."""

    keys: Sequence[bytes] = field(repr=False)

    def seal(self, secret: bytes, place: str) -> str:
        """Letters, digits, - and _: four for each three bytes of the secret and 28 more."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self.keys[0]).encrypt(nonce, secret, place.encode())
        return urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, place: str) -> bytes:
        """Raises CannotOpen."""
        try:
            whole = urlsafe_b64decode(sealed)
        except ValueError as error:
            raise CannotOpen(f"{place}: no sealed secret") from error
        nonce = _NONCE_BYTES
        for key in self.keys:
            try:
                return AESGCM(key).decrypt(whole[:nonce], whole[nonce:], place.encode())
            except (InvalidTag, ValueError):  # of another key, or no sealed secret at all
                continue
        raise CannotOpen(f"{place}: sealed with a key that is not here")
