"""The keys that seal what the database must not tell: in a file of the installation."""

import binascii
import os
from base64 import b64decode, b64encode
from pathlib import Path

from ari_app.runtime.errors import RuntimeFault
from dialer.secret_box import KEY_BYTES, SecretBox

_REMEDY = "each line is a key of 32 bytes in base64: openssl rand -base64 32"


def kept_secret_box(file: Path) -> SecretBox:
    """The box of the keys in `file`, newest first; a first key is made, for this user only.

    Raises RuntimeFault for a file that holds something else.
    """
    try:
        text = file.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        text = b64encode(os.urandom(KEY_BYTES)).decode() + "\n"
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as new:
            new.write(text)
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    keys = [_key(file, number, line) for number, line in lines if line]
    if not keys:
        raise RuntimeFault(f"{file}: holds no key; {_REMEDY}")
    return SecretBox(keys)


def _key(file: Path, number: int, line: str) -> bytes:
    try:
        key = b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise RuntimeFault(f"{file}, line {number}: no key; {_REMEDY}")
    return key
