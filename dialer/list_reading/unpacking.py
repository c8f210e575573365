"""Spreadsheets are zip files of XML: opened within limits, and parsed a piece at a time.

A zip file of some kilobytes can unpack to terabytes, and XML can define entities that
grow as fast. The sizes are checked before anything is unpacked, Python's zipfile never
unpacks more than the size that the directory names, and XML with a DOCTYPE is refused.
"""

import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.parsers import expat

from dialer.lead_file_errors import FileProblem, LeadFileError
from dialer.rules.list_shape import ListLimits

_PIECE = 256 * 1024
_MOST_PARTS = 10_000
_NEVER_A_BOMB = 32 * 1024 * 1024  # bytes unpacked, whatever the ratio


# What zipfile raises for a part that is damaged, is not there (KeyError), or needs a
# password (RuntimeError).
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    KeyError,
    ValueError,
    RuntimeError,
)


class NotASpreadsheet(Exception):
    """The file is damaged, or not what it seems; the message says where."""


class Package(zipfile.ZipFile):
    """A zip file that is closed when it says so: zipfile waits for each part being read."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        try:
            super().__init__(self._file)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Gives the file back, even when a part of it was read to the middle only."""
        super().close()
        self._file.close()


def open_package(path: Path, file_name: str, limits: ListLimits) -> zipfile.ZipFile:
    """The zip file. Raises LeadFileError when it would unpack to more than `limits` allow.

    Raises NotASpreadsheet when it is no zip file.
    """
    try:
        package = Package(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise NotASpreadsheet(str(error)) from error
    parts = package.infolist()
    unpacked = sum(part.file_size for part in parts)
    packed = max(path.stat().st_size, 1)
    most = limits.unpacked_bytes
    if unpacked > _NEVER_A_BOMB:
        most = min(most, max(_NEVER_A_BOMB, packed * limits.unpacked_ratio))
    if unpacked > most or len(parts) > _MOST_PARTS:
        package.close()
        raise LeadFileError(
            FileProblem.UNPACKS_TOO_LARGE,
            file_name,
            found=-(-unpacked // 1024**2),
            most=most // 1024**2,
        )
    return package


def pieces_of(package: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The bytes of one part of the package. Raises NotASpreadsheet when it is damaged."""
    try:
        with package.open(part) as stream:
            while piece := stream.read(_PIECE):
                yield piece
    except _DAMAGED as error:
        raise NotASpreadsheet(f"{part}: {error}") from error


class XmlPieces:
    """Feeds XML to handlers by elements' local names; prefixes make no difference."""

    def __init__(
        self,
        start: Callable[[str, Mapping[str, str]], None],
        end: Callable[[str], None],
        text: Callable[[str], None] | None = None,
    ) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = start
        self._parser.EndElementHandler = end
        if text is not None:
            self._parser.CharacterDataHandler = text
        self._parser.StartDoctypeDeclHandler = _refuse_doctype

    def feed(self, piece: bytes, *, last: bool = False) -> None:
        """Raises NotASpreadsheet when it is no XML."""
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError as error:
            raise NotASpreadsheet(f"damaged XML: {error}") from error


def parse(
    pieces: Iterator[bytes],
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None],
    text: Callable[[str], None] | None = None,
) -> None:
    """All of a part at once, for the small ones. Raises NotASpreadsheet."""
    xml = XmlPieces(start, end, text)
    for piece in pieces:
        xml.feed(piece)
    xml.feed(b"", last=True)


def local(name: str) -> str:
    """The name of an element or attribute without its prefix."""
    return name.rpartition(":")[2]


def _refuse_doctype(*_: Any) -> None:
    raise NotASpreadsheet("it holds a DOCTYPE, which no spreadsheet needs")
