"""The checkout as data: its files, parsed, for tests about the project itself."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("ari_app", "dialer", "recordings", "webui")


@cache
def project_files() -> tuple[Path, ...]:
    """All files of the project: committed ones and new ones that are not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    names = sorted(set(filter(None, listed.stdout.split("\0"))))
    return tuple(path for name in names if (path := ROOT / name).is_file())


def files_with_ending(ending: str, *, below: str = "") -> list[Path]:
    """The project's files with this ending, in one folder or everywhere."""
    folder = ROOT / below
    return [path for path in project_files() if path.suffix == ending and folder in path.parents]


def parse(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported_modules(tree: ast.Module) -> Iterator[str]:
    """Full names of all modules that a file imports, those inside functions included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


def name_of(path: Path) -> str:
    """A file's path as shown in a failure."""
    return path.relative_to(ROOT).as_posix()
