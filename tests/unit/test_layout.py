"""The house keeps its shape: what the import contracts in pyproject.toml cannot say."""

import ast
from pathlib import Path

import pytest

from tests.checkout import (
    PACKAGES,
    ROOT,
    files_with_ending,
    imported_modules,
    name_of,
    parse,
)

LINE_LIMIT = 450
MAY_BE_LONGER: dict[str, str] = {}  # file: why it reads better in one piece

# What a decision may be computed with. Anything that reads a clock, a file, a network or chance
# is missing on purpose: facts, `now` and seeds are passed in.
RULES_MAY_IMPORT = {
    "__future__",
    "bisect",
    "collections",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "itertools",
    "math",
    "operator",
    "re",
    "statistics",
    "string",
    "typing",
    "unicodedata",
    "uuid",
    "zoneinfo",
    "holidays",
    "phonenumbers",
}
READS_A_CLOCK_OR_CHANCE = {"now", "utcnow", "today", "uuid1", "uuid4", "getnode"}

# Events, commands and other words that rules speak in; as pure as they are (tested below).
RULES_SPEAK_IN = {"dialer.messages"}

RULES = files_with_ending(".py", below="dialer/rules")
PURE_FILES = [*RULES, ROOT / "dialer" / "messages.py"]
PYTHON_FILES = files_with_ending(".py")
PACKAGE_FILES = [path for package in PACKAGES for path in files_with_ending(".py", below=package)]


@pytest.mark.parametrize("path", PURE_FILES, ids=name_of)
def test_a_rule_imports_only_what_is_pure(path: Path) -> None:
    foreign = {
        module
        for module in imported_modules(parse(path))
        if module.split(".")[0] not in RULES_MAY_IMPORT
        and module not in RULES_SPEAK_IN
        and not module.startswith("dialer.rules")
    }
    assert not foreign


@pytest.mark.parametrize("path", PURE_FILES, ids=name_of)
def test_a_rule_is_told_the_time(path: Path) -> None:
    called = {
        node.func.attr
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not called & READS_A_CLOCK_OR_CHANCE


@pytest.mark.parametrize("path", PURE_FILES, ids=name_of)
def test_a_rule_never_waits(path: Path) -> None:
    waits = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    assert not [node for node in ast.walk(parse(path)) if isinstance(node, waits)]


@pytest.mark.parametrize("path", files_with_ending(".py", below="dialer"), ids=name_of)
def test_the_business_knows_no_http_and_no_audio(path: Path) -> None:
    outside = {"aiohttp", "jinja2", "soundfile", "soxr", "wave", "socket", "http", "urllib"}
    assert not {module.split(".")[0] for module in imported_modules(parse(path))} & outside


def test_files_stay_short() -> None:
    lengths = {
        name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in PYTHON_FILES
    }
    too_long = {
        name: lines
        for name, lines in lengths.items()
        if lines > LINE_LIMIT and name not in MAY_BE_LONGER
    }
    assert not too_long


def test_exceptions_to_the_length_are_still_needed() -> None:
    gone = {name for name in MAY_BE_LONGER if not (ROOT / name).exists()}
    assert not gone


@pytest.mark.parametrize("path", PACKAGE_FILES, ids=name_of)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(parse(path))
