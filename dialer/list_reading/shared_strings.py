"""The texts of an xlsx file, which its cells name by number; many of them are kept on disk."""

import tempfile
from array import array
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Protocol, cast

from dialer.list_reading.unpacking import XmlPieces, local

IN_MEMORY_BYTES = 16 * 1024 * 1024  # of XML
CACHED = 50_000  # texts


class SharedStrings(Protocol):
    """The texts by number."""

    def __getitem__(self, number: int) -> str: ...

    def close(self) -> None: ...


class StringsInMemory:
    """All of them in a list."""

    def __init__(self, strings: Iterator[str]) -> None:
        self._strings = list(strings)

    def __getitem__(self, number: int) -> str:
        return self._strings[number]

    def close(self) -> None:
        self._strings.clear()


class StringsOnDisk:
    """In a file without a name, found by their offsets: eight bytes of memory for each."""

    def __init__(self, strings: Iterator[str]) -> None:
        # Closed with the workbook.
        self._file = cast("BinaryIO", tempfile.TemporaryFile(prefix="kakeru-strings-"))  # noqa: SIM115
        self._ends = array("Q", [0])
        self._cache: dict[int, str] = {}
        end = 0
        for text in strings:
            end += self._file.write(text.encode("utf-8", "surrogatepass"))
            self._ends.append(end)

    def __getitem__(self, number: int) -> str:
        if (known := self._cache.get(number)) is not None:
            return known
        if not 0 <= number < len(self._ends) - 1:
            raise IndexError(number)
        start, end = self._ends[number], self._ends[number + 1]
        self._file.seek(start)
        text = self._file.read(end - start).decode("utf-8", "surrogatepass")
        if len(self._cache) >= CACHED:
            self._cache.clear()
        self._cache[number] = text
        return text

    def close(self) -> None:
        self._file.close()


def shared_strings(pieces: Iterator[bytes], size: int) -> SharedStrings:
    """The texts of ``sharedStrings.xml``, whose XML takes `size` bytes.

    Raises NotASpreadsheet.
    """
    strings = _strings(pieces)
    return StringsInMemory(strings) if size <= IN_MEMORY_BYTES else StringsOnDisk(strings)


def _strings(pieces: Iterator[bytes]) -> Iterator[str]:
    done: list[str] = []
    parts: list[str] = []
    state = {"text": False, "phonetic": 0}

    def start(name: str, attributes: Mapping[str, str]) -> None:
        match local(name):
            case "si":
                parts.clear()
            case "rPh":  # フリガナ over the text, not a part of it
                state["phonetic"] += 1
            case "t":
                state["text"] = not state["phonetic"]

    def end(name: str) -> None:
        match local(name):
            case "si":
                done.append("".join(parts))
            case "rPh":
                state["phonetic"] -= 1
            case "t":
                state["text"] = False

    def text(data: str) -> None:
        if state["text"]:
            parts.append(data)

    xml = XmlPieces(start, end, text)
    for piece in pieces:
        xml.feed(piece)
        yield from done
        done.clear()
    xml.feed(b"", last=True)
    yield from done
