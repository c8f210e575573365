"""The file name of a campaign that people call as they like."""

import re
import unicodedata
from collections.abc import Collection

_LONGEST = 60


def file_name_for(title: str, taken: Collection[str]) -> str:
    """A free name in a-z, 0-9 and - for a campaign called `title`.

    What stands in Latin letters is kept; kanji have no one reading that a file could be named
    by, so ``秋の新規開拓 2026`` becomes ``campaign-2026``, and the next one ``campaign-2026-2``.
    `taken` are names that are in use, in any case: file systems differ there.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", title)).lower()
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    words = re.findall(r"[a-z0-9]+", plain)
    if not any(word[0].isalpha() for word in words):
        words.insert(0, "campaign")
    base = "-".join(words)[: _LONGEST - 4].strip("-")
    used = {name.lower() for name in taken}
    number = 1
    while (name := base if number == 1 else f"{base}-{number}") in used:
        number += 1
    return name
