"""The machine's apt sources, in every style that Debian and Ubuntu write them."""

from pathlib import Path

import pytest

from ari_app.runtime.apt_sources import (
    Source,
    debian_suite,
    machine_sources,
    os_release,
    own_release,
    parse_deb822,
    parse_one_line,
    source_line,
)
from ari_app.runtime.errors import KeyringMissing, NoDebianSource

MIRROR = "http://mirror.example/debian"
KEY_BLOCK = """\
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEYCQjIxYJKwYBBAHaRw8B
 =abcd
 -----END PGP PUBLIC KEY BLOCK-----
"""


def test_one_line_with_and_without_options() -> None:
    text = """
    # deb http://mirror.example/debian old main
    deb http://mirror.example/debian/ bookworm main contrib # the archive
    deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] https://mirror.example/x y main
    deb-src http://mirror.example/debian bookworm main
    deb cdrom:[Debian]/ bookworm main
    deb http://flat.example/repository ./
    """
    assert parse_one_line(text) == [
        Source(MIRROR, "bookworm", ("main", "contrib")),
        Source("https://mirror.example/x", "y", ("main",), "/usr/share/keyrings/a.gpg"),
    ]


def test_deb822_paragraphs_are_uris_times_suites() -> None:
    text = """\
Types: deb deb-src
URIs: http://mirror.example/debian
# a comment inside
Suites: bookworm bookworm-updates
Components: main non-free
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb-src
URIs: http://mirror.example/debian
Suites: bookworm
Components: main
"""
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    assert parse_deb822(text) == [
        Source(MIRROR, "bookworm", ("main", "non-free"), keyring),
        Source(MIRROR, "bookworm-updates", ("main", "non-free"), keyring),
    ]


def test_a_key_block_is_unfolded_and_written_beside_the_lists(tmp_path: Path) -> None:
    text = f"Types: deb\nURIs: {MIRROR}\nSuites: bookworm\nComponents: main\n{KEY_BLOCK}"
    (source,) = parse_deb822(text)
    assert "\n\nmDMEYCQjIxYJKwYBBAHaRw8B\n" in source.signed_by
    line = source_line(source, key_folder=tmp_path)
    (key,) = tmp_path.iterdir()
    assert line == f"deb [signed-by={key}] {MIRROR} bookworm main"
    assert key.read_text().startswith("-----BEGIN PGP")


def test_several_keyrings_become_one_option(tmp_path: Path) -> None:
    source = Source(MIRROR, "bookworm", ("main",), "/a.gpg /b.gpg")
    assert source_line(source, key_folder=tmp_path).startswith("deb [signed-by=/a.gpg,/b.gpg] ")


def test_the_machines_files_are_read_in_order(tmp_path: Path) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text(f"deb {MIRROR} bookworm main\n")
    (parts / "b.list").write_text("deb http://b.example/debian bookworm main\n")
    (parts / "a.sources").write_text(
        "Types: deb\nURIs: http://a.example/debian\nSuites: bookworm\nComponents: main\n"
    )
    (parts / "c.list.save").write_text("deb http://c.example/debian bookworm main\n")
    found = [source.uri for source in machine_sources(tmp_path)]
    assert found == [MIRROR, "http://a.example/debian", "http://b.example/debian"]


def test_a_machine_without_sources_has_none(tmp_path: Path) -> None:
    assert machine_sources(tmp_path) == []


def test_the_own_release_is_archive_updates_and_security_without_third_parties() -> None:
    mine = [
        Source(MIRROR, "bookworm", ("main",)),
        Source(MIRROR, "bookworm-updates", ("main",)),
        Source("http://mirror.example/debian-security", "bookworm-security", ("main",)),
    ]
    others = [
        Source("http://vendor.example/linux/debian", "bookworm", ("stable",)),
        Source("http://vendor.example/apt", "nodistro", ("main",)),
        Source(MIRROR, "bookworm-backports", ("main",)),
    ]
    assert own_release([*others, *mine], "bookworm") == mine


def test_components_on_lines_of_their_own_belong_to_the_release() -> None:
    ubuntu = parse_one_line(
        """
        deb http://archive.example/ubuntu jammy main restricted
        deb http://archive.example/ubuntu jammy universe
        deb http://archive.example/ubuntu jammy-updates universe
        deb http://vendor.example/ppa jammy stable
        """
    )
    assert own_release(ubuntu, "jammy") == ubuntu[:3]


def test_a_machine_on_testing_names_its_suite_by_alias() -> None:
    source = Source(MIRROR, "testing", ("main",))
    assert own_release([source], "forky") == [source]


def test_no_source_for_the_own_release_says_what_to_do() -> None:
    with pytest.raises(NoDebianSource, match="bookworm"):
        own_release([], "bookworm")


def test_another_suite_comes_from_the_archive_not_from_security(tmp_path: Path) -> None:
    keyring = tmp_path / "keyring.gpg"
    keyring.touch()
    sources = [
        Source("http://mirror.example/debian-security", "bookworm-security", ("main",)),
        Source(MIRROR, "bookworm", ("main", "contrib"), str(keyring)),
    ]
    found = debian_suite(sources, "testing", distribution="debian", environ={})
    assert found == Source(MIRROR, "testing", ("main",), str(keyring))


def test_old_security_suites_are_pockets() -> None:
    assert Source(MIRROR, "bullseye/updates", ("main",)).is_pocket


def test_a_list_of_mirrors_counts_on_debian_only() -> None:
    listed = Source("mirror+file:/etc/apt/mirrors/list", "bookworm", ("main",))
    assert debian_suite([listed], "testing", distribution="debian", environ={}).uri == listed.uri
    with pytest.raises(NoDebianSource):
        debian_suite([listed], "testing", distribution="ubuntu", environ={})


def test_ubuntu_without_a_debian_mirror_is_told_what_to_install() -> None:
    ubuntu = Source("http://archive.example/ubuntu", "noble", ("main", "universe"))
    with pytest.raises(NoDebianSource, match=r"debian-archive-keyring.*KAKERU_DEBIAN_MIRROR"):
        debian_suite([ubuntu], "testing", distribution="ubuntu", environ={})


def test_a_named_mirror_needs_its_keyring(tmp_path: Path) -> None:
    missing = tmp_path / "none.gpg"
    environ = {"KAKERU_DEBIAN_MIRROR": MIRROR + "/", "KAKERU_DEBIAN_KEYRING": str(missing)}
    with pytest.raises(KeyringMissing, match=r"none\.gpg.*debian-archive-keyring"):
        debian_suite([], "testing", distribution="ubuntu", environ=environ)
    missing.touch()
    found = debian_suite([], "testing", distribution="ubuntu", environ=environ)
    assert found == Source(MIRROR, "testing", ("main",), str(missing))


def test_os_release_with_and_without_quotes(tmp_path: Path) -> None:
    file = tmp_path / "os-release"
    file.write_text("# x=y\nID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12\"\nVERSION_ID='12'\n")
    assert os_release(file) == {
        "ID": "debian",
        "PRETTY_NAME": "Debian GNU/Linux 12",
        "VERSION_ID": "12",
    }
    assert os_release(tmp_path / "none") == {}
