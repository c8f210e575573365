"""Chromium for tests of the pages: one executable that brings its libraries and fonts along."""

import shlex
from pathlib import Path

from ari_app.runtime import programs
from ari_app.runtime.debian_packages import cache_folder
from ari_app.runtime.programs import Program
from ari_app.runtime.progress import Progress
from ari_app.runtime.render import private_folder, write_private

_FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{cache}</cachedir>
  <alias binding="strong">
    <family>sans-serif</family>
    <prefer><family>Inter</family><family>BIZ UDPGothic</family></prefer>
  </alias>
  <alias binding="strong">
    <family>system-ui</family>
    <prefer><family>Inter</family><family>BIZ UDPGothic</family></prefer>
  </alias>
  <alias binding="strong">
    <family>monospace</family>
    <prefer><family>DejaVu Sans Mono</family><family>BIZ UDGothic</family></prefer>
  </alias>
</fontconfig>
"""


def executable(progress: Progress | None = None) -> Path:
    """A path for Playwright's `executable_path`; fetches Chromium if it has to (about 20 s).

    Raises PartUnavailable, FolderUnwritable or DiskFull.
    """
    program = programs.chromium(progress)
    if program.origin == "system":
        return Path(program.argv_prefix[0])
    folder = private_folder(cache_folder() / "chromium")
    fonts = _FONTS.format(fonts=program.root / "usr/share/fonts", cache=folder / "fontconfig")
    write_private(folder / "fonts.conf", fonts)
    starter = folder / "chromium"
    write_private(starter, _starter(program, fonts=folder / "fonts.conf"))
    starter.chmod(0o700)
    return starter


def _starter(program: Program, *, fonts: Path) -> str:
    settings = {**program.env, "FONTCONFIG_FILE": str(fonts)}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]
    start = " ".join(shlex.quote(word) for word in program.argv_prefix)
    return "\n".join(("#!/bin/sh", *lines, f'exec {start} "$@"', ""))
