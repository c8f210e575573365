"""Text for programs that read Shift_JIS as Windows writes it: code page 932."""

import unicodedata

MISSING = "〓"  # what Japanese printers set for a character that they did not have

# The same signs under another number: Unicode's tables of JIS and Microsoft's differ in them.
_SAME_SIGN = str.maketrans("〜−‖—¢£¬¥", "～－∥―￠￡￢￥")


def to_cp932(text: str) -> tuple[bytes, str]:
    """`text` in code page 932 and the characters that it has not, each shown as `MISSING`."""
    plain = unicodedata.normalize("NFC", text).translate(_SAME_SIGN)
    try:
        return plain.encode("cp932"), ""
    except UnicodeEncodeError:
        missing = "".join(one for one in plain if not _has(one))
        return "".join(one if _has(one) else MISSING for one in plain).encode("cp932"), missing


def _has(character: str) -> bool:
    try:
        character.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
