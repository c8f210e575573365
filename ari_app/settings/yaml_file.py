"""A YAML file as plain values, each with the line it stands on.

The values are taken from the parser's nodes by YAML 1.2's core rules: ``22:30`` and
``no`` are text, as people mean them. A file of settings needs no tags, no merge keys
and no anchors that go round in circles, so those are errors.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from ari_app.settings.problems import Problem

Step = str | int
Place = tuple[Step, ...]

_MAX_BYTES = 1_000_000
_MAX_VALUES = 50_000
_MAX_DEPTH = 20
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(slots=True)
class YamlFile:
    """What a file holds: `values`, and for each key or item its line and its text.

    `origins` names where a value came from that does not stand in the file.
    """

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[Place, int] = field(default_factory=dict)
    texts: dict[Place, str] = field(default_factory=dict)
    origins: dict[Place, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line_of(self, place: Place) -> int:
        """The line of a value, or of what holds it where it is missing."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def complain(self, place: Place, message: str) -> None:
        """Notes that what stands at `place` is wrong."""
        origin = self.origins.get(place)
        where, line = (origin, 0) if origin else (self.name, self.line_of(place))
        self.problems.append(Problem(where, line, key_of(place), message))


def key_of(place: Place) -> str:
    """A place in dotted form: ``("a", 0, "b")`` is ``a[0].b``."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def read_yaml(path: Path, name: str | None = None) -> YamlFile:
    """Reads a mapping from `path`; what is wrong stands in the result's `problems`.

    `name` is how the file is called in them, by default its path.
    """
    file = YamlFile(name or str(path))
    text = _read_text(path, file)
    root = _parse(text, file) if text is not None else None
    if root is not None:
        values = _Builder(file).value(root, ())
        if isinstance(values, dict):
            file.values = values
        elif not file.problems:
            file.complain((), f"must be keys with values, not {kind_of(values)}")
    return file


def kind_of(value: object) -> str:
    """What a value is, in the words of the person who wrote it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {shortened(value)!r}"
        case list():
            return "a list"
        case _:
            return "keys with values"


def shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _read_text(path: Path, file: YamlFile) -> str | None:
    try:
        with path.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        problem = (
            "there is no such file; run this in Kakeru's folder, or name your settings with "
            "--config FILE (docs/settings.md tells what they hold)"
        )
        file.problems.append(Problem(file.name, 0, "", problem))
        return None
    except OSError as error:
        file.problems.append(Problem(file.name, 0, "", f"cannot be read: {error.strerror}"))
        return None
    if len(content) > _MAX_BYTES:
        file.complain((), f"is larger than {_MAX_BYTES // 1_000_000} MB: not a settings file")
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = f"is not UTF-8 (byte {content[error.start]:#04x}); save the file as UTF-8"
        file.problems.append(Problem(file.name, line, "", problem))
        return None


def _parse(text: str, file: YamlFile) -> Node | None:
    try:
        root: Node | None = YAML(typ="rt", pure=True).compose(text)
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problem = f"a character that YAML does not allow: {error.character!r}"
        file.problems.append(Problem(file.name, line, "", problem))
        return None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        file.problems.append(Problem(file.name, line, "", f"YAML syntax: {_reason(error)}"))
        return None
    except RecursionError:
        file.complain((), f"is nested more than {_MAX_DEPTH} deep")
        return None
    except (YAMLError, ValueError) as error:
        file.complain((), f"YAML syntax: {str(error).partition(chr(10))[0]}")
        return None
    if root is None:
        file.complain((), "is empty")
    return root


def _reason(error: MarkedYAMLError) -> str:
    problem = (error.problem or "cannot be understood").strip()
    if "\\t" in problem or "'\t'" in problem:
        return "a tab stands where blanks must be; indent with blanks"
    if error.context and error.context_mark:
        return f"{problem} ({error.context.strip()} of line {error.context_mark.line + 1})"
    return problem


class _Builder:
    """Turns nodes into values and notes where each stands."""

    def __init__(self, file: YamlFile) -> None:
        self._file = file
        self._open: set[int] = set()
        self._count = 0

    def value(self, node: Node, place: Place) -> Any:
        self._file.lines.setdefault(place, node.start_mark.line + 1)
        self._count += 1
        if id(node) in self._open or self._count > _MAX_VALUES:
            if self._count <= _MAX_VALUES + 1:
                self._file.complain(place, "repeats itself through an alias (*) without end")
            return None
        if len(place) > _MAX_DEPTH:
            self._file.complain(place[:1], f"is nested more than {_MAX_DEPTH} deep")
            return None
        if node.tag is not None and not node.tag.startswith("tag:yaml.org,2002:"):
            self._file.complain(place, f"the tag {node.tag} is not understood; leave it out")
        self._open.add(id(node))
        try:
            match node:
                case MappingNode():
                    return self._mapping(node, place)
                case SequenceNode():
                    return [
                        self.value(item, (*place, index)) for index, item in enumerate(node.value)
                    ]
                case ScalarNode():
                    return self._scalar(node, place)
        finally:
            self._open.discard(id(node))
        return None

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._file.lines[place] = key_node.start_mark.line + 1
                self._file.complain(place, "a key must be one word, not a list or keys")
                continue
            key = str(key_node.value)
            inner = (*place, key)
            line = key_node.start_mark.line + 1
            if key in values:
                first = self._file.lines[inner]
                problem = f"stands twice; the first is on line {first}"
                self._file.problems.append(Problem(self._file.name, line, key_of(inner), problem))
                continue
            self._file.lines[inner] = line
            values[key] = self.value(value_node, inner)
        return values

    def _scalar(self, node: ScalarNode, place: Place) -> Any:
        text = str(node.value)
        if not text.isprintable() and any("\ud800" <= char <= "\udfff" for char in text):
            self._file.complain(place, "half a character (a surrogate) is not text")
            return None
        self._file.texts[place] = text
        if node.style not in (None, ""):
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text) and len(text) <= 18:
            return int(text)
        if _NUMBER.fullmatch(text):
            return float(text)
        return text
