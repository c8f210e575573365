"""Which encoding a text file is in, found by reading all of it strictly, a piece at a time.

Encodings are tried in a fixed order, UTF-8 and then CP932, and never guessed from
statistics: guessing takes EUC-JP for CP932 and garbles names unnoticed. CP932, not
Shift_JIS: lists contain ①, 髙 and ㈱.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from dialer.lead_file_errors import FileProblem, LeadFileError

PIECE = 1024 * 1024  # bytes
OFFERED = ("utf-8", "cp932", "euc_jp", "utf-16", "iso2022_jp")
"""What a person may choose from; any other that Python knows can be told too."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # Excel's “Unicode text”
_JIS_ESCAPES = (b"\x1b$B", b"\x1b$@", b"\x1b(J")
# Bytes that CP932 does not assign, and what Python's codec makes of them all the same.
_NOT_CP932 = re.compile("[\x80\xa0\uf8f0-\uf8f3]")


def find_encoding(path: Path, file_name: str) -> str:
    """Python's name of the encoding; raises LeadFileError, which names the first bad bytes."""
    head = _head(path)
    if head.startswith(_UTF16):
        check_encoding(path, "utf-16", file_name)
        return "utf-16"
    bad_utf8 = first_bad_byte(path, "utf-8")
    if bad_utf8 is None:
        is_jis = any(escape in head for escape in _JIS_ESCAPES)
        return "iso2022_jp" if is_jis and first_bad_byte(path, "iso2022_jp") is None else "utf-8"
    if head.startswith(codecs.BOM_UTF8) or _is_mostly_utf8(_around(path, bad_utf8)):
        raise LeadFileError(
            FileProblem.DAMAGED_UTF8, file_name, line=_line(path, bad_utf8), byte=bad_utf8
        )
    bad_cp932 = first_bad_byte(path, "cp932")
    if bad_cp932 is not None:
        raise LeadFileError(
            FileProblem.ENCODING,
            file_name,
            utf8_line=_line(path, bad_utf8),
            utf8_byte=bad_utf8,
            cp932_line=_line(path, bad_cp932),
            cp932_byte=bad_cp932,
            looks_like="euc_jp" if could_be_euc_jp(path) else "",
        )
    return "cp932"


def check_encoding(path: Path, encoding: str, file_name: str) -> None:
    """Raises LeadFileError when the file cannot be read as `encoding`."""
    try:
        bad = first_bad_byte(path, encoding)
    except (LookupError, UnicodeError) as error:
        raise LeadFileError(
            FileProblem.UNKNOWN_ENCODING, file_name, encoding=encoding, error=error
        ) from error
    if bad is not None:
        raise LeadFileError(
            FileProblem.BAD_BYTES, file_name, encoding=encoding, line=_line(path, bad), byte=bad
        )


def check_lines(path: Path, file_name: str) -> None:
    """Raises LeadFileError when the file is no lines of text: one would fill the memory."""
    for piece in _pieces(path):
        if len(piece) == PIECE and b"\n" not in piece and b"\r" not in piece:
            raise LeadFileError(FileProblem.NOT_TEXT, file_name)


def first_bad_byte(path: Path, encoding: str) -> int | None:
    """The offset of the first byte that is not `encoding`; None when all of the file is.

    Raises LookupError for an encoding that Python does not know, or that is not of text.
    """
    with path.open(encoding=encoding):
        pass  # Only this tells encodings of text from base64, zlib and the like.
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    checked = re.compile("(?!)") if encoding != "cp932" else _NOT_CP932
    before = 0  # the bytes decoded
    for piece in _pieces(path):
        held = len(decoder.getstate()[0])  # bytes of a character that the last piece cut
        try:
            text = decoder.decode(piece)
        except UnicodeDecodeError as error:
            return max(before - held + error.start, 0)
        if wrong := checked.search(text):
            return max(before - held + len(text[: wrong.start()].encode("cp932")), 0)
        before += len(piece)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return before - len(decoder.getstate()[0])
    return None


def could_be_euc_jp(path: Path) -> bool:
    """All of it can be read as EUC-JP: what CP932 makes of such a file is half-width kana."""
    return first_bad_byte(path, "euc_jp") is None


def _head(path: Path) -> bytes:
    return next(_pieces(path), b"")


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            yield piece


def _around(path: Path, offset: int) -> bytes:
    with path.open("rb") as stream:
        stream.seek(max(offset - PIECE // 2, 0))
        return stream.read(PIECE)


def _is_mostly_utf8(data: bytes) -> bool:
    """Real CP932 read as UTF-8 is nearly all errors; one cut character is not."""
    text = data.decode("utf-8", "replace")
    errors = text.count("\ufffd")
    good = sum(1 for character in text if character > "\x7f") - errors
    return good > 10 * errors


def _line(path: Path, offset: int) -> int:
    lines, seen = 1, 0
    for piece in _pieces(path):
        lines += piece.count(b"\n", 0, max(offset - seen, 0))
        seen += len(piece)
        if seen >= offset:
            break
    return lines
