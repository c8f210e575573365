"""Configuration templates of asterisk/ rendered into a run folder."""

import errno
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2

from ari_app.runtime.errors import folder_fault

TEMPLATES = Path(__file__).resolve().parents[2] / "asterisk"


def render_folders(folders: Sequence[Path], target: Path, values: Mapping[str, object]) -> None:
    """Render every `NAME.j2` of `folders` (not of sub-folders) to `target`/NAME, mode 0600.

    A value that is missing, or that cannot stand in one line of Asterisk's configuration, is an
    error of the caller (jinja2.UndefinedError, ValueError). Raises FolderUnwritable or DiskFull.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # Asterisk's format, not HTML
        keep_trailing_newline=True,
        finalize=_one_line,
    )
    names = sorted({file.name for folder in folders for file in folder.glob("*.j2")})
    rendered = {
        name.removesuffix(".j2"): environment.get_template(name).render(values) for name in names
    }
    private_folder(target)
    for name, text in rendered.items():
        write_private(target / name, text)


def private_folder(folder: Path) -> Path:
    """`folder`; it and its parents are created for this user alone where they are missing.

    Raises FolderUnwritable or DiskFull.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        for each in reversed(missing):
            each.mkdir(mode=0o700, exist_ok=True)
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "it is not a folder")
    except OSError as error:
        raise folder_fault(folder, error) from error
    return folder


def write_private(file: Path, text: str) -> None:
    """Write `file` in one step, readable for this user alone. Raises FolderUnwritable, DiskFull."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        temporary.replace(file)
    except OSError as error:
        raise folder_fault(file.parent, error) from error


def kept_secret(file: Path) -> str:
    """The secret in `file`; made up (32 random bytes) and written there the first time."""
    if file.is_file():
        return file.read_text(encoding="utf-8").strip()
    secret = secrets.token_urlsafe(32)
    private_folder(file.parent)
    write_private(file, secret + "\n")
    return secret


def _one_line(value: object) -> object:
    """A value must not smuggle a line or a comment into a configuration file."""
    if isinstance(value, (str, Path)):
        text = str(value)
        if any(character in text for character in "\n\r;"):
            raise ValueError(f"{text!r} cannot stand in Asterisk's configuration")
    return value
