"""The machine's own apt sources, read so that Kakeru can fetch packages the way the machine does.

Standard library only: the set-up runs this before any virtual environment exists.
Formats: sources.list(5), both the one-line and the deb822 style.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ari_app.runtime.errors import KeyringMissing, NoDebianSource

ROLLING_SUITES = frozenset({"oldstable", "stable", "testing", "unstable", "sid"})
_POCKETS = ("-updates", "-security", "/updates")
_USELESS_SCHEMES = ("cdrom:", "copy:")


@dataclass(frozen=True, slots=True)
class Source:
    """One place to fetch binary packages from.

    `signed_by` is the text of the option: paths, fingerprints, or a whole key block.
    """

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str = ""

    @property
    def release(self) -> str:
        """The suite without its pocket: `bookworm` for `bookworm-updates`."""
        for pocket in _POCKETS:
            if self.suite.endswith(pocket):
                return self.suite.removesuffix(pocket)
        return self.suite

    @property
    def is_pocket(self) -> bool:
        """Whether this only adds updates to a release found elsewhere."""
        return self.release != self.suite


def machine_sources(etc_apt: Path = Path("/etc/apt")) -> list[Source]:
    """All enabled binary sources of this machine, in the order in which apt reads them."""
    found: list[Source] = []
    parts = etc_apt / "sources.list.d"
    files = [etc_apt / "sources.list", *(sorted(parts.iterdir()) if parts.is_dir() else [])]
    for file in files:
        if file.is_file() and os.access(file, os.R_OK):
            text = file.read_text(encoding="utf-8", errors="replace")
            if file.suffix == ".list":
                found += parse_one_line(text)
            elif file.suffix == ".sources":
                found += parse_deb822(text)
    return found


def parse_one_line(text: str) -> list[Source]:
    """Sources in the style `deb [signed-by=KEYRING] URI SUITE COMPONENT…`."""
    found: list[Source] = []
    for raw in text.splitlines():
        line = raw.partition("#")[0].strip()
        options, rest = _bracketed_options(line)
        words = rest.split()
        if len(words) < 4 or words[0] != "deb" or words[1].startswith(_USELESS_SCHEMES):
            continue
        found.append(
            Source(
                uri=words[1].rstrip("/"),
                suite=words[2],
                components=tuple(words[3:]),
                signed_by=options.get("signed-by", ""),
            )
        )
    return found


def parse_deb822(text: str) -> list[Source]:
    """Sources in the style of `.sources` files; a paragraph yields URIs x Suites of them."""
    found: list[Source] = []
    for fields in _paragraphs(text):
        if fields.get("enabled", "yes").strip().lower() in ("no", "false", "0", "off"):
            continue
        if "deb" not in fields.get("types", "").split():
            continue
        components = tuple(fields.get("components", "").split())
        if not components:  # a flat repository has no releases
            continue
        found += [
            Source(
                uri=uri.rstrip("/"),
                suite=suite,
                components=components,
                signed_by=_unfold(fields.get("signed-by", "")),
            )
            for uri in fields.get("uris", "").split()
            if not uri.startswith(_USELESS_SCHEMES)
            for suite in fields.get("suites", "").split()
        ]
    return found


def own_release(sources: Iterable[Source], codename: str) -> list[Source]:
    """The sources of the release that the machine runs: its archive, updates and security.

    A distribution's archive is told from a vendor's by its component `main`; its other components
    may stand on lines of their own. Raises NoDebianSource if there is none.
    """
    wanted = {codename, *ROLLING_SUITES}
    candidates = [source for source in sources if source.release in wanted]
    archives = {source.uri for source in candidates if "main" in source.components}
    chosen = [source for source in candidates if source.uri in archives]
    if not chosen:
        raise NoDebianSource(
            f"The apt sources of this machine (/etc/apt) name no mirror for its release "
            f"{codename or '(unknown)'}. Add one, or install the needed programs by hand; "
            "`kakeru doctor` lists them."
        )
    return chosen


def debian_suite(
    sources: Iterable[Source],
    suite: str,
    *,
    distribution: str,
    environ: Mapping[str, str] = os.environ,
) -> Source:
    """The source for another suite of Debian (`testing`, `unstable`), on the machine's own mirror.

    `KAKERU_DEBIAN_MIRROR` and `KAKERU_DEBIAN_KEYRING` name them where the machine is not a Debian.
    Raises NoDebianSource or KeyringMissing.
    """
    mirror = environ.get("KAKERU_DEBIAN_MIRROR", "").rstrip("/")
    keyring = environ.get("KAKERU_DEBIAN_KEYRING", "/usr/share/keyrings/debian-archive-keyring.gpg")
    if mirror:
        base = Source(uri=mirror, suite=suite, components=("main",), signed_by=keyring)
    else:
        archives = [
            s
            for s in sources
            if "main" in s.components
            and not s.is_pocket
            and _serves_debian(s, distribution=distribution)
        ]
        if not archives:
            raise NoDebianSource(
                "A new enough Asterisk comes from Debian, and the apt sources of this machine name "
                "no Debian mirror. Install the package debian-archive-keyring and set "
                "KAKERU_DEBIAN_MIRROR to the address of a Debian mirror, or install "
                "Asterisk 22.5 or newer and set KAKERU_ASTERISK to its path."
            )
        base = archives[0]
    for path in base.signed_by.split():
        if path.startswith("/") and not Path(path).is_file():
            raise KeyringMissing(
                f"{path}: the keyring that verifies Debian's packages is not there. "
                "Install the package debian-archive-keyring."
            )
    return replace(base, suite=suite, components=("main",))


def source_line(source: Source, *, key_folder: Path) -> str:
    """`source` in the one-line style; a key block is written to a file in `key_folder`."""
    signed_by = source.signed_by
    if "BEGIN PGP" in signed_by:
        key = key_folder / f"{re.sub(r'[^a-z0-9]+', '-', source.uri.lower())}.asc"
        key.write_text(signed_by + "\n", encoding="ascii", errors="ignore")
        signed_by = str(key)
    option = f"[signed-by={','.join(signed_by.split())}] " if signed_by else ""
    return f"deb {option}{source.uri} {source.suite} {' '.join(source.components)}"


def os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    """The fields of os-release(5), empty where the file is missing."""
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines())
    return {
        key.strip(): value.strip().strip("'\"")
        for key, separator, value in pairs
        if separator and not key.lstrip().startswith("#")
    }


def _serves_debian(source: Source, *, distribution: str) -> bool:
    path = source.uri.partition("://")[2].split("/")
    listed_mirror = distribution == "debian" and source.uri.startswith("mirror+")
    return "debian" in path[1:] or listed_mirror


def _bracketed_options(line: str) -> tuple[dict[str, str], str]:
    match = re.match(r"^(\S+)\s+\[([^\]]*)\]\s+(.*)$", line)
    if not match:
        return {}, line
    pairs = (word.partition("=") for word in match[2].split())
    options = {key.lower(): value.replace(",", " ") for key, _, value in pairs}
    return options, f"{match[1]} {match[3]}"


def _paragraphs(text: str) -> Iterator[dict[str, str]]:
    fields: dict[str, str] = {}
    last = ""
    for line in [*text.splitlines(), ""]:
        if line.startswith("#"):
            continue
        if not line.strip():
            if fields:
                yield fields
            fields, last = {}, ""
        elif line[0] in " \t" and last:
            fields[last] += "\n" + line[1:]
        else:
            key, _, value = line.partition(":")
            last = key.strip().lower()
            fields[last] = value.strip()


def _unfold(value: str) -> str:
    """A folded field as text: ` .` stands for an empty line (deb822(5))."""
    lines = (line.rstrip() for line in value.strip().splitlines())
    return "\n".join("" if line.strip() == "." else line.strip() for line in lines)
