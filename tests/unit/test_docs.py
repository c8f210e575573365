"""What exists is documented, what is documented exists, and nothing foreign is in the tree."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkout import ROOT, files_with_ending, name_of, project_files

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
