"""The real programs that Kakeru runs: the machine's own if good enough, else fetched privately.

Standard library only. A `Program` says how to start it; callers add their arguments:

    program = programs.asterisk()
    subprocess.run([*program.argv_prefix, "-V"], env=program.environment())
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ari_app.runtime.debian_packages import OWN_RELEASE, Unpacked, fetch, unpacked
from ari_app.runtime.errors import PartUnavailable, ProgramTooOld
from ari_app.runtime.progress import Progress

# REST over WebSocket came with 22.4 and outbound ARI WebSockets, whose module res_ari needs, with
# 22.5 (release notes of Asterisk).
ASTERISK_AT_LEAST = (22, 5)
_NEEDED_MODULES = (
    "app_mixmonitor",
    "app_stasis",
    "chan_pjsip",
    "res_ari_asterisk",
    "res_ari_channels",
    "res_pjsip_outbound_registration",
    "res_sorcery_memory",
    "res_websocket_client",
)


@dataclass(frozen=True, slots=True)
class Program:
    """How to start a program.

    `env` is what has to be added to the environment; `origin` is `system` or the Debian suite it
    was fetched from; `root` is the folder that its paths (usr/lib, usr/share) lie below.
    """

    name: str
    argv_prefix: tuple[str, ...]
    version: str
    origin: str
    root: Path = Path("/")
    env: Mapping[str, str] = field(default_factory=dict)

    def environment(self, **more: str) -> dict[str, str]:
        """The whole environment to start it with: this process's, `env`, and `more`."""
        return {**os.environ, **self.env, **more}


def asterisk(progress: Progress | None = None) -> Program:
    """Asterisk, new enough and with the modules needed.

    `KAKERU_ASTERISK` names one to use. Raises ProgramTooOld if that one is not good enough, and
    PartUnavailable if none is there and none can be fetched.
    """
    chosen = os.environ.get("KAKERU_ASTERISK")
    path = chosen or _which("asterisk")
    if path:
        program = _system("asterisk", path, ("-V",))
        lacking = _lacking(program)
        if not lacking:
            return program
        if chosen:
            raise ProgramTooOld(
                f"{path} (KAKERU_ASTERISK): {lacking}. Install Asterisk 22.5 or newer, "
                "or unset KAKERU_ASTERISK to have one fetched."
            )
    return _through_loader(fetch("asterisk", progress), "usr/sbin/asterisk")


def sipp(progress: Progress | None = None) -> Program:
    """SIPp, the SIP test tool."""
    return _own_or_fetched("sipp", "sipp", "usr/bin/sipp", ("-v",), progress)


def espeak_ng(progress: Progress | None = None) -> Program:
    """espeak-ng, which speaks the prompts and the simulated people."""
    program = _own_or_fetched(
        "espeak-ng", "espeak-ng", "usr/bin/espeak-ng", ("--version",), progress
    )
    if program.origin == "system":
        return program
    data = _only(program.root, "usr/lib/*/espeak-ng-data")
    return _with_env(program, ESPEAK_DATA_PATH=str(data.parent))


def redis_server(progress: Progress | None = None) -> Program:
    """The Redis server."""
    return _own_or_fetched(
        "redis", "redis-server", "usr/bin/redis-server", ("--version",), progress
    )


def postgres(progress: Progress | None = None) -> Program:
    """PostgreSQL; `argv_prefix` is the folder of its programs' `postgres`."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: _numbers(p.parts[-3])
    )
    if installed:
        return _system("postgresql", str(installed[-1].with_name("postgres")), ("--version",))
    part = fetch("postgresql", progress)
    return _through_path(part, str(_only(part.root, "usr/lib/postgresql/*/bin/postgres")))


def chromium(progress: Progress | None = None) -> Program:
    """Chromium, for tests of the pages; see ari_app.runtime.chromium for how to start it."""
    installed = _which("chromium") or _which("chromium-browser")
    if installed:
        return _system("chromium", installed, ("--version",))
    part = fetch("chromium", progress)
    return _through_path(part, str(part.root / "usr/lib/chromium/chromium"))


FINDERS: Mapping[str, Callable[[Progress | None], Program]] = {
    "asterisk": asterisk,
    "sipp": sipp,
    "espeak-ng": espeak_ng,
    "postgresql": postgres,
    "redis": redis_server,
    "chromium": chromium,
}


def present(name: str) -> Program | None:
    """The program if it can be had without fetching."""
    executable = {"redis": "redis-server", "postgresql": ""}.get(name, name)
    on_system = bool(executable and _which(executable))
    if name == "postgresql":
        on_system = any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if name == "asterisk" and on_system and not os.environ.get("KAKERU_ASTERISK"):
        on_system = not _lacking(_system("asterisk", _which("asterisk") or "", ("-V",)))
    chosen = name == "asterisk" and "KAKERU_ASTERISK" in os.environ
    if on_system or chosen or unpacked(name) is not None:
        return FINDERS[name](None)
    return None


def asterisk_modules(program: Program) -> Path:
    """The folder of its loadable modules. Raises PartUnavailable."""
    for pattern in ("usr/lib/*/asterisk/modules", "usr/lib*/asterisk/modules"):
        for found in sorted(program.root.glob(pattern)):
            return found
    for local in (program.root / "usr/local/lib/asterisk/modules",):
        if local.is_dir():
            return local
    raise PartUnavailable(f"{program.argv_prefix[-1]}: the folder of its modules was not found")


def asterisk_data(program: Program) -> Path:
    """The folder of its documentation and keys (`astdatadir`). Raises PartUnavailable."""
    for name in ("usr/share/asterisk", "var/lib/asterisk", "usr/local/share/asterisk"):
        if (program.root / name / "documentation").is_dir():
            return program.root / name
    raise PartUnavailable(f"{program.argv_prefix[-1]}: its folder `documentation` was not found")


def library_path(root: Path) -> str:
    """Where the libraries of an unpacked root lie, for LD_LIBRARY_PATH or --library-path."""
    folders = [
        folder
        for pattern in ("usr/lib/*-linux-gnu*", "lib/*-linux-gnu*", "usr/lib", "lib")
        for folder in sorted(root.glob(pattern))
    ]
    private = [
        inner
        for folder in folders
        for name in ("pulseaudio", "blas", "lapack")
        if (inner := folder / name).is_dir()
    ]
    return ":".join(str(folder) for folder in (*folders, *private))


def _own_or_fetched(
    part: str, executable: str, path: str, version: tuple[str, ...], progress: Progress | None
) -> Program:
    installed = _which(executable)
    if installed:
        return _system(part, installed, version)
    found = fetch(part, progress)
    return _through_path(found, str(found.root / path))


def _system(name: str, path: str, arguments: tuple[str, ...]) -> Program:
    try:
        said = subprocess.run(
            [path, *arguments], capture_output=True, text=True, errors="replace", timeout=20
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PartUnavailable(f"{path}: cannot be started ({error})") from error
    match = re.search(r"\d+(\.\d+)+", said.stdout + said.stderr)
    return Program(
        name=name, argv_prefix=(path,), version=match[0] if match else "unknown", origin="system"
    )


def _through_loader(part: Unpacked, path: str) -> Program:
    loaders = [*part.root.glob("usr/lib64/ld-*.so.*"), *part.root.glob("usr/lib/ld-*.so.*")]
    loaders += part.root.glob("usr/lib/*/ld-linux*.so.*")
    if not loaders:
        raise PartUnavailable(f"{part.root}: no dynamic loader in it. Delete it; it comes again.")
    prefix = (str(loaders[0]), "--library-path", library_path(part.root), str(part.root / path))
    return Program(
        name=part.part.name,
        argv_prefix=prefix,
        version=_upstream(part.version),
        origin=f"Debian {part.suite}",
        root=part.root,
    )


def _through_path(part: Unpacked, path: str) -> Program:
    return Program(
        name=part.part.name,
        argv_prefix=(path,),
        version=_upstream(part.version),
        origin="Debian packages" if part.suite == OWN_RELEASE else f"Debian {part.suite}",
        root=part.root,
        env={"LD_LIBRARY_PATH": library_path(part.root)},
    )


def _with_env(program: Program, **more: str) -> Program:
    return Program(
        name=program.name,
        argv_prefix=program.argv_prefix,
        version=program.version,
        origin=program.origin,
        root=program.root,
        env={**program.env, **more},
    )


def _lacking(program: Program) -> str:
    """What makes this Asterisk unfit; empty if nothing."""
    if _numbers(program.version)[:2] < ASTERISK_AT_LEAST:
        return f"it is version {program.version}, and 22.5 or newer is needed"
    modules = asterisk_modules(program)
    missing = [name for name in _NEEDED_MODULES if not (modules / f"{name}.so").is_file()]
    return f"it lacks the modules {', '.join(missing)}" if missing else ""


def _which(name: str) -> str | None:
    path = os.environ.get("PATH", os.defpath)
    return shutil.which(name, path=f"{path}:/usr/local/sbin:/usr/sbin:/usr/games")


def _upstream(version: str) -> str:
    """`22.10.1` of `1:22.10.1+dfsg+~cs6-1`."""
    match = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*)", version)
    return match[1] if match else version


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def _only(root: Path, pattern: str) -> Path:
    for found in sorted(root.glob(pattern), reverse=True):
        return found
    raise PartUnavailable(f"{root}/{pattern}: not found. Delete {root}; it is fetched again.")
