"""What is here and what is wrong with it: the findings that `kakeru doctor` prints."""

import os
import platform
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ari_app.runtime import ports, programs
from ari_app.runtime.apt_sources import debian_suite, machine_sources, os_release, own_release
from ari_app.runtime.debian_packages import cache_folder
from ari_app.runtime.errors import RuntimeFault
from ari_app.runtime.ports import Transport

ENOUGH_FREE_BYTES = 2 * 1024**3


class State(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` says what to do unless it is ok."""

    state: State
    subject: str
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """An address that Kakeru's configuration wants to listen on, and what for."""

    host: str
    port: int
    transport: Transport
    purpose: str


# What each part is for; all but Asterisk are needed only by some installations.
_PARTS: Mapping[str, str] = {
    "asterisk": "makes the calls",
    "espeak-ng": "speaks prompts, and the people of the simulated carrier",
    "sipp": "for tests",
    "postgresql": "for tests; a server of yours can be used by its URL",
    "redis": "for tests; a server of yours can be used by its URL",
    "chromium": "for tests of the pages",
}


def collect(addresses: Iterable[Address] = ()) -> list[Finding]:
    """Look at everything; nothing is fetched or changed. Takes about a second."""
    return [
        _python(),
        *(_part(name, purpose) for name, purpose in _PARTS.items()),
        _package_sources(),
        _cache(),
        _disk(cache_folder()),
        *(_address(address) for address in addresses),
    ]


def is_well(findings: Iterable[Finding]) -> bool:
    """Whether nothing is bad."""
    return all(finding.state is not State.BAD for finding in findings)


def render(findings: Sequence[Finding]) -> str:
    """The findings as text for a terminal, each with its remedy below it."""
    width = max((len(finding.subject) for finding in findings), default=0)
    lines: list[str] = []
    for finding in findings:
        lines.append(f"{finding.state:<4}  {finding.subject:<{width}}  {finding.text}")
        if finding.remedy:
            lines.append(f"{'':<4}  {'':<{width}}  -> {finding.remedy}")
    return "\n".join(lines)


def _python() -> Finding:
    return Finding(State.OK, "python", f"{platform.python_version()} ({sys.executable})")


def _part(name: str, purpose: str) -> Finding:
    try:
        program = programs.present(name)
        if program is None:
            return _absent(name, purpose)
        text = f"{program.version}, {program.origin}, {program.argv_prefix[-1]}"
        if name == "asterisk":
            folder = programs.asterisk_modules(program)
            text += f", {len(list(folder.glob('*.so')))} modules in {folder}"
    except RuntimeFault as fault:
        return Finding(State.BAD, name, "cannot be used", str(fault))
    return Finding(State.OK, name, text)


def _absent(name: str, purpose: str) -> Finding:
    return Finding(
        State.WARN,
        name,
        f"not here yet ({purpose})",
        f"It is fetched when needed; to do that now: "
        f"python3 ari_app/runtime/debian_packages.py fetch {name}",
    )


def _package_sources() -> Finding:
    subject = "packages"
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return Finding(
            State.WARN,
            subject,
            "no apt on this machine, so nothing can be fetched",
            "Install the parts above by the means of this system.",
        )
    release = os_release()
    try:
        sources = machine_sources()
        own = own_release(sources, release.get("VERSION_CODENAME", ""))
        newer = debian_suite(sources, "testing", distribution=release.get("ID", ""))
    except RuntimeFault as fault:
        return Finding(State.WARN, subject, "some parts could not be fetched", str(fault))
    return Finding(State.OK, subject, f"{own[0].uri} {own[0].suite}; {newer.uri} {newer.suite}")


def _cache() -> Finding:
    folder = cache_folder()
    if not folder.exists():
        return Finding(State.OK, "cache", f"{folder} (empty)")
    if not os.access(folder, os.W_OK):
        return Finding(
            State.BAD,
            "cache",
            f"{folder} cannot be written",
            "Give this user the right to write there, or set KAKERU_CACHE to another folder.",
        )
    return Finding(State.OK, "cache", f"{folder}, {_bytes(_size(folder))}")


def _disk(folder: Path) -> Finding:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    text = f"{_bytes(free)} free at {existing}"
    if free < ENOUGH_FREE_BYTES:
        remedy = (
            f"Free some space: {_bytes(ENOUGH_FREE_BYTES)} are wanted for parts and recordings."
        )
        return Finding(State.WARN, "disk", text, remedy)
    return Finding(State.OK, "disk", text)


def _address(address: Address) -> Finding:
    subject = f"port {address.port}/{address.transport}"
    where = f"{address.host} for {address.purpose}"
    if ports.is_free(address.host, address.port, address.transport):
        return Finding(State.OK, subject, f"{where}: free")
    holder = ports.holder_of(address.port, address.transport)
    who = f"process {holder.pid} ({holder.name})" if holder else "another process"
    return Finding(
        State.WARN,
        subject,
        f"{where}: held by {who}",
        "If that is not a running Kakeru, stop it or choose another port in the configuration.",
    )


def _size(folder: Path) -> int:
    total = 0
    for parent, _, files in os.walk(folder):
        for name in files:
            file = Path(parent) / name
            if not file.is_symlink():
                total += file.stat().st_size
    return total


def _bytes(count: int) -> str:
    return f"{count / 1024**3:.1f} GiB" if count >= 1024**3 else f"{count / 1024**2:.0f} MiB"
