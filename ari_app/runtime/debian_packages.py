"""Programs from Debian packages, unpacked privately: no root, nothing outside the cache.

Standard library only, and runnable by path before any virtual environment exists:

    python3 ari_app/runtime/debian_packages.py fetch asterisk espeak-ng
    python3 ari_app/runtime/debian_packages.py where asterisk

How: apt, with state and cache folders of its own and an empty status file, finds and downloads a
package with all that it depends on (signatures checked, mirror and keyring as on this machine);
`dpkg-deb -x` unpacks each into one folder, which is renamed into place when it is complete. See
docs/decisions/0004-private-asterisk-runtime.md.
"""

import argparse
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

if __package__ in (None, ""):  # run by path: make the checkout importable instead of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from ari_app.runtime.apt_sources import (
    Source,
    debian_suite,
    machine_sources,
    os_release,
    own_release,
    source_line,
)
from ari_app.runtime.errors import FetchFailed, PartUnavailable, RuntimeFault, folder_fault
from ari_app.runtime.progress import Progress

OWN_RELEASE = "own"


@dataclass(frozen=True, slots=True)
class Part:
    """A thing that can be fetched: Debian packages and the suites to try, in this order.

    `own_loader`: programs run through the unpacked dynamic loader, so that they may come from a
    newer Debian than the machine; otherwise they must match the machine's C library, which is then
    left out of the part. `without`: more packages, by the start of their names, that are
    depended on but not needed to run.
    """

    name: str
    packages: tuple[str, ...]
    suites: tuple[str, ...] = (OWN_RELEASE,)
    own_loader: bool = False
    without: tuple[str, ...] = ()


PARTS = {
    part.name: part
    for part in (
        Part(
            "asterisk",
            ("asterisk", "asterisk-modules"),
            suites=("testing", "unstable"),
            own_loader=True,
        ),
        Part("sipp", ("sip-tester",)),
        Part("espeak-ng", ("espeak-ng",)),
        Part(
            "postgresql", ("postgresql",), without=("libllvm", "libz3", "postgresql-client-common_")
        ),
        Part("redis", ("redis-server",)),
        Part(
            "chromium",
            # With fonts that show both languages well on a machine that has none.
            ("chromium", "fonts-inter", "fonts-morisawa-bizud-gothic"),
            without=("adwaita-icon-theme_", "libgl1-mesa-dri_", "libllvm", "libperl", "libz3"),
        ),
        Part("python3-pip-whl", ("python3-pip-whl", "python3-setuptools-whl")),
    )
}

_C_LIBRARY = ("libc6_", "libc-bin_", "libc-l10n_", "locales_")
# What packages need to be installed and started by a system, which is not done with them here.
_FOR_INSTALLING = (
    "adduser_",
    "debconf_",
    "dpkg_",
    "init-system-helpers_",
    "perl",
    "systemd",
    "tar_",
)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A fetched part: where it lies, from which suite, and the version of each package."""

    part: Part
    root: Path
    suite: str
    versions: dict[str, str]

    @property
    def version(self) -> str:
        """The version of the part's first package."""
        return self.versions.get(self.part.packages[0], "")


def cache_folder() -> Path:
    """Where fetched things lie: $KAKERU_CACHE, else kakeru in the user's cache folder."""
    chosen = os.environ.get("KAKERU_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "kakeru"


def unpacked(name: str) -> Unpacked | None:
    """The part if it has been fetched before."""
    part = PARTS[name]
    root = cache_folder() / "parts" / name
    try:
        note = json.loads((root / "part.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise PartUnavailable(
            f"{root}: cannot be read ({error}). Delete this folder; it is fetched again."
        ) from error
    if note.get("packages") != list(part.packages):  # fetched by an older Kakeru
        return None
    return Unpacked(part=part, root=root, suite=note["suite"], versions=note["versions"])


def fetch(name: str, progress: Progress | None = None) -> Unpacked:
    """The part, downloaded and unpacked if that has not been done before.

    Processes that fetch at the same time wait for each other. Raises a RuntimeFault.
    """
    done = unpacked(name)
    if done is not None:
        return done
    progress = progress or Progress()
    with _exclusive(progress):
        done = unpacked(name)  # another process may have done it while this one waited
        if done is not None:
            return done
        return _fetch(PARTS[name], progress)


def _fetch(part: Part, progress: Progress) -> Unpacked:
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise PartUnavailable(
                f"{part.name}: cannot be fetched, because this machine has no {tool} (it is no "
                f"Debian). Install {part.name} by the means of this system."
            )
    *first, last = part.suites
    for suite in first:
        try:
            return _fetch_from(part, suite, progress)
        except FetchFailed as error:
            progress.say(f"{part.name}: not from {suite}: {error}")
    return _fetch_from(part, last, progress)


def _fetch_from(part: Part, suite: str, progress: Progress) -> Unpacked:
    started = time.monotonic()
    release = os_release()
    sources = machine_sources()
    if suite == OWN_RELEASE:
        chosen = own_release(sources, release.get("VERSION_CODENAME", ""))
    else:
        chosen = [debian_suite(sources, suite, distribution=release.get("ID", ""))]
    apt = _Apt.prepare(cache_folder() / "apt" / suite, chosen)
    apt.update(f"{part.name}: package lists", progress)
    debs = apt.download(part.packages, f"{part.name}: download", progress)
    unwanted = (*_FOR_INSTALLING, *part.without, *(() if part.own_loader else _C_LIBRARY))
    debs = [deb for deb in debs if not deb.name.startswith(unwanted)]
    result = _unpack(part, suite, debs, progress)
    shutil.rmtree(apt.folder / "cache", ignore_errors=True)  # the packages are not needed again
    progress.say(f"{part.name} {result.version} is ready ({time.monotonic() - started:.0f} s)")
    return result


@dataclass(frozen=True, slots=True)
class _Apt:
    """apt with folders of its own; only keys, proxies and such are the machine's."""

    folder: Path

    @classmethod
    def prepare(cls, folder: Path, sources: Sequence[Source]) -> "_Apt":
        try:
            for sub in ("lists/partial", "cache/archives/partial"):
                (folder / sub).mkdir(parents=True, exist_ok=True)
            (folder / "status").write_text("", encoding="ascii")
            lines = [source_line(source, key_folder=folder) for source in sources]
            (folder / "sources.list").write_text("\n".join(lines) + "\n", encoding="ascii")
            (folder / "apt.conf").write_text(_APT_CONF.format(folder=folder), encoding="utf-8")
        except OSError as error:
            raise folder_fault(folder, error) from error
        return cls(folder)

    def update(self, label: str, progress: Progress) -> None:
        """Read the package lists, unless that was done within the hour."""
        stamp = self.folder / "lists" / "stamp"
        wanted = (self.folder / "sources.list").read_text(encoding="ascii")
        fresh = (
            stamp.is_file()
            and time.time() - stamp.stat().st_mtime < 3600
            and stamp.read_text(encoding="ascii") == wanted
        )
        if not fresh:
            self._run(("update",), label, progress)
            stamp.write_text(wanted, encoding="ascii")

    def download(self, packages: Sequence[str], label: str, progress: Progress) -> list[Path]:
        """Download `packages` and all that they depend on; the files, sorted by name."""
        shutil.rmtree(self.folder / "cache" / "archives", ignore_errors=True)
        (self.folder / "cache" / "archives" / "partial").mkdir(parents=True)
        self._run(("-y", "--download-only", "install", *packages), label, progress)
        return sorted((self.folder / "cache" / "archives").glob("*.deb"))

    def _run(self, arguments: Sequence[str], label: str, progress: Progress) -> None:
        reader, writer = os.pipe()
        command = ["apt-get", "-q", "-c", str(self.folder / "apt.conf")]
        command += ["-o", f"APT::Status-Fd={writer}", *arguments]
        log = self.folder / "apt.log"
        with progress.step(label) as step, log.open("wb") as output:
            with subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(writer,),
                env={**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"},
            ) as apt:
                os.close(writer)
                with os.fdopen(reader, encoding="utf-8", errors="replace") as lines:
                    for line in lines:  # dlstatus:NUMBER:PERCENT:TEXT
                        kind, *fields = line.rstrip("\n").split(":", 3)
                        if kind == "dlstatus" and len(fields) == 3:
                            step.percent(float(fields[1]))
            if apt.returncode != 0:
                raise FetchFailed(_apt_complaint(log.read_text("utf-8", errors="replace")))


_APT_CONF = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear Acquire::IndexTargets::deb::DEP-11;
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferences "-";
Dir::Etc::preferencesparts "-";
Dir::State "{folder}";
Dir::State::Lists "{folder}/lists";
Dir::State::status "{folder}/status";
Dir::State::extended_states "{folder}/extended_states";
Dir::Cache "{folder}/cache";
Dir::Cache::archives "{folder}/cache/archives";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Dir::Log "{folder}";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
"""


def _apt_complaint(log: str) -> str:
    lines = [line for line in log.splitlines() if line.startswith(("E:", "W:"))]
    said = "\n  ".join(lines[-6:] or log.splitlines()[-6:])
    remedy = "Check that the package mirror named in /etc/apt can be reached."
    if "NO_PUBKEY" in log or "not signed" in log:
        remedy = "Install the newest package debian-archive-keyring: a signing key is missing."
    elif "No space left" in log or "enough free space" in log:
        remedy = "Free some disk space, or set KAKERU_CACHE to a folder on a larger disk."
    return f"apt could not fetch the packages:\n  {said}\n{remedy}"


def _unpack(part: Part, suite: str, debs: Sequence[Path], progress: Progress) -> Unpacked:
    parts = cache_folder() / "parts"
    final = parts / part.name
    temporary = parts / f".{part.name}.{os.getpid()}"
    try:
        parts.mkdir(parents=True, exist_ok=True)
        for left_over in (*parts.glob(f".{part.name}.*"), final):
            if left_over.exists():
                shutil.rmtree(left_over)
        temporary.mkdir()
        with progress.step(f"{part.name}: unpack") as step:
            for done, deb in enumerate(debs):
                subprocess.run(
                    ["dpkg-deb", "-x", str(deb), str(temporary)],
                    check=True,
                    capture_output=True,
                    text=True,
                )
                step.percent(100 * (done + 1) / len(debs))
        versions = dict(deb.name.split("_")[:2] for deb in debs)
        versions = {name: version.replace("%3a", ":") for name, version in versions.items()}
        note = {"packages": part.packages, "suite": suite, "versions": versions}
        (temporary / "part.json").write_text(json.dumps(note, indent=1), encoding="utf-8")
        temporary.rename(final)
    except subprocess.CalledProcessError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if "No space left" in error.stderr:
            raise folder_fault(parts, OSError(28, "No space left on device")) from error
        raise FetchFailed(f"dpkg-deb could not unpack: {error.stderr.strip()}") from error
    except OSError as error:
        raise folder_fault(parts, error) from error
    return Unpacked(part=part, root=final, suite=suite, versions=versions)


@contextmanager
def _exclusive(progress: Progress) -> Iterator[None]:
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a")
    except OSError as error:
        raise folder_fault(folder, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress.step("another process is fetching programs: waiting") as step:
                while not _try_lock(lock.fileno()):
                    step.tick()
                    time.sleep(0.2)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: `fetch NAME…` or `where NAME`; 0, or 1 after a message on stderr."""
    parser = argparse.ArgumentParser(description="Fetch programs from Debian packages, privately.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command, text in (("fetch", "fetch what is missing"), ("where", "print the folder of")):
        sub = commands.add_parser(command, help=text)
        sub.add_argument("names", nargs="+", choices=sorted(PARTS), metavar="NAME")
    options = parser.parse_args(arguments)
    try:
        for name in options.names:
            found = fetch(name) if options.command == "fetch" else unpacked(name)
            if options.command == "where":
                if found is None:
                    print(f"{name}: not fetched yet", file=sys.stderr)
                    return 1
                print(found.root)
    except RuntimeFault as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
