"""What exists is documented, what is documented exists, and nothing foreign is in the tree."""

import importlib
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from dialer.campaign import Settings
from tests.checkout import PACKAGES, ROOT, files_with_ending, name_of, project_files

GUIDES = files_with_ending(".md")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
LOCK_FILES = [
    ROOT / "requirements.lock",
    ROOT / "scripts" / "node.lock",
    ROOT / "package-lock.json",
]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def everything_documented() -> str:
    return "\n".join(text_of(path) for path in GUIDES)


# --- Commands, settings, targets --------------------------------------------------------------


def make_targets() -> list[str]:
    return re.findall(r"^([a-z][a-z-]*):[^#\n]*## ", text_of(ROOT / "Makefile"), re.MULTILINE)


def test_every_make_target_is_documented() -> None:
    manual = text_of(ROOT / "README.md") + text_of(ROOT / "CONTRIBUTING.md")
    assert make_targets()
    assert not [target for target in make_targets() if f"make {target}" not in manual]


def test_every_documented_make_target_exists() -> None:
    named = set(re.findall(r"`make ([a-z][a-z-]*)", everything_documented()))
    assert named <= set(make_targets())


def settings_models() -> set[type[Settings]]:
    """Every model that YAML is read into."""
    if importlib.util.find_spec("ari_app.settings"):
        importlib.import_module("ari_app.settings")
    found: set[type[Settings]] = set()
    waiting = [Settings]
    while waiting:
        children = waiting.pop().__subclasses__()
        waiting += children
        found.update(child for child in children if child.__module__.split(".")[0] in PACKAGES)
    return found


def test_every_setting_is_documented() -> None:
    manual = text_of(ROOT / "docs" / "settings.md")
    fields = {name for model in settings_models() for name in model.model_fields}
    assert fields
    assert not {name for name in fields if f"`{name}`" not in manual}


def commands() -> dict[str, set[str]]:
    """Every command by its full name, as `kakeru lead import`, with its options."""
    if not importlib.util.find_spec("ari_app.cli"):
        return {}
    found: dict[str, set[str]] = {}
    app = importlib.import_module("ari_app.cli").app
    waiting: list[tuple[str, Any]] = [("kakeru", typer.main.get_command(app))]
    while waiting:
        name, command = waiting.pop()
        if isinstance(command, TyperGroup):
            waiting += [(f"{name} {part}", child) for part, child in command.commands.items()]
        else:
            words = (word for option in command.params for word in option.opts)
            found[name] = {word for word in words if word.startswith("--")}
    return found


def section_of(name: str) -> str:
    """What the manual says about one command: from its heading to the next."""
    manual = text_of(ROOT / "docs" / "commands.md")
    _, heading, rest = manual.partition(f"\n## {name}\n")
    return rest.partition("\n## ")[0] if heading else ""


def test_every_command_is_documented_with_all_its_options() -> None:
    missing = []
    for name, options in commands().items():
        manual = section_of(name)
        missing += [] if manual else [name]
        missing += [f"{name} {option}" for option in options if f"`{option}" not in manual]
    assert not missing


def test_every_documented_command_exists() -> None:
    documented = set(re.findall(r"^## (kakeru .+)$", text_of(ROOT / "docs" / "commands.md"), re.M))
    assert not commands() or documented == set(commands())


# --- Decisions --------------------------------------------------------------------------------


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("path", DECISIONS, ids=name_of)
def test_a_decision_is_listed_and_has_every_section(path: Path) -> None:
    assert f"]({path.name})" in text_of(path.parent / "README.md")
    headings = re.findall(r"^## (.+)$", text_of(path), re.MULTILINE)
    assert headings[:3] == ["Context", "Decision", "Consequences"]


# --- Links ------------------------------------------------------------------------------------


def relative_links(path: Path) -> Iterator[tuple[str, str]]:
    """The targets and anchors of a guide's links to other files of the project."""
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text_of(path), flags=re.DOTALL)
    for link in re.findall(r"!?\[[^\]]*\]\(([^)\s]+)\)", prose):
        if not re.match(r"[a-z]+:", link):
            target, _, anchor = link.partition("#")
            yield target, anchor


def anchors_of(path: Path) -> set[str]:
    """The names that headings get in a rendered page: lower case, blanks as dashes."""
    headings = re.findall(r"^#+ (.+)$", text_of(path), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in kept}


@pytest.mark.parametrize("path", GUIDES, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    for target, anchor in relative_links(path):
        found = (path.parent / target).resolve() if target else path
        if not found.exists() or (anchor and anchor not in anchors_of(found)):
            broken.append(f"{target}#{anchor}")
    assert not broken


# --- What must not be in the tree --------------------------------------------------------------


@pytest.mark.parametrize("path", LOCK_FILES, ids=name_of)
def test_lock_files_name_no_address(path: Path) -> None:
    addresses = re.findall(
        r"\w+://|--find-links|--(?:extra-)?index-url|\"resolved\"", text_of(path)
    )
    assert not addresses


def test_every_locked_library_has_hashes() -> None:
    for path in LOCK_FILES[:2]:
        for entry in re.split(r"\n(?=[\w.-]+==)", text_of(path))[1:]:
            assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_no_file_names_a_folder_of_one_machine() -> None:
    private = re.compile("/(?:" + "|".join(("work", "root", "home/[a-z]+")) + ")/")
    found = []
    for path in project_files():
        try:
            found += [f"{name_of(path)}: {hit}" for hit in private.findall(text_of(path))]
        except UnicodeDecodeError:
            continue  # a picture or a sample in another encoding
    assert not found
