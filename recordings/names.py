"""The names of finished recordings.

    2026/11/24/013005-<call>.flac            of the form, at its day (UTC)
    2026/11/24/013005-<call>.flac.2026a.enc  encrypted with the key 2026a

They sort by time, tell the call's id and never a phone number. Every form of a recording has a
name of its own, so that making another form never touches the one that the catalogue names.
"""

import re
from pathlib import PurePosixPath
from uuid import UUID

from recordings.codec import SUFFIXES

_NAME = re.compile(r"\d{4}/\d\d/\d\d/\d{6}-([0-9a-f]{32})\.(wav|flac|opus)(?:\.([\w-]+)\.enc)?")


def stem_of(path: str) -> str:
    """What the names of all forms of a recording begin with, its dot included."""
    pure = PurePosixPath(path)
    return f"{pure.parent}/{pure.name.partition('.')[0]}."


def name_in(path: str, form: str, key_name: str | None) -> str:
    """Of the same recording in another form."""
    sealed = "" if key_name is None else f".{key_name}.enc"
    return f"{stem_of(path).removesuffix('.')}{SUFFIXES[form]}{sealed}"


def call_of(path: str) -> UUID | None:
    """Whose recording it is; None for a name that is none of ours."""
    match = _NAME.fullmatch(path)
    return UUID(hex=match[1]) if match else None


def form_of(path: str) -> tuple[str, str | None] | None:
    """Format and key that the name tells; None for a name that is none of ours."""
    match = _NAME.fullmatch(path)
    return (match[2], match[3]) if match else None
