"""Templates rendered into a run folder: complete, private, and safe against smuggled lines."""

import stat
from pathlib import Path

import jinja2
import pytest

from ari_app.runtime import carrier_plan
from ari_app.runtime.carrier import Agent
from ari_app.runtime.errors import DiskFull, FolderUnwritable, folder_fault
from ari_app.runtime.pbx import addresses_seen_as
from ari_app.runtime.render import (
    TEMPLATES,
    kept_secret,
    private_folder,
    render_folders,
    write_private,
)

PATHS = {
    "run_folder": "/run/kakeru",
    "socket_folder": "/run/kakeru",
    "modules_folder": "/usr/lib/asterisk/modules",
    "data_folder": "/usr/share/asterisk",
    "modules": ("chan_pjsip", "pbx_config"),
    "sip_host": "127.0.0.1",
    "sip_port": 5060,
    "browser_phones": False,
    "rtp_first": 10000,
    "rtp_last": 10099,
}
PBX = PATHS | {
    "browser_phones": True,
    "seen_as": {"192.0.2.10": "203.0.113.5"},
    "http_host": "127.0.0.1",
    "http_port": 8088,
    "ari_username": "kakeru",
    "ari_password": "secret",
    "user_agent": "Kakeru",
    "external_address": "",
    "local_networks": (),
}
CARRIER = PATHS | {
    "pbx_host": "127.0.0.1",
    "pbx_port": 5060,
    "agents": [Agent("sato", "one"), Agent("ito", "two", voice=1)],
    "instant": False,
    "sounds": "/cache/speech",
    "plan": carrier_plan.plan(seed=3),
}


def render_pbx(target: Path, **changes: object) -> Path:
    render_folders((TEMPLATES / "common", TEMPLATES), target, PBX | changes)
    return target


def render_carrier(target: Path, **changes: object) -> Path:
    render_folders((TEMPLATES / "common", TEMPLATES / "carrier"), target, CARRIER | changes)
    return target


def test_every_file_is_readable_for_this_user_alone(tmp_path: Path) -> None:
    files = list(render_pbx(tmp_path / "etc").iterdir())
    assert {"asterisk.conf", "ari.conf", "pjsip.conf", "extensions.conf"} <= {f.name for f in files}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_everything_binds_where_it_is_told(tmp_path: Path) -> None:
    etc = render_pbx(tmp_path / "etc")
    assert "bindaddr = 127.0.0.1\nbindport = 8088" in (etc / "http.conf").read_text()
    assert (etc / "pjsip.conf").read_text().count("bind = 127.0.0.1:5060") == 2


def test_browsers_outside_are_told_the_address_that_they_reach(tmp_path: Path) -> None:
    behind_nat = (render_pbx(tmp_path / "behind-nat") / "rtp.conf").read_text()
    assert "icesupport = yes" in behind_nat
    assert "[ice_host_candidates]\n192.0.2.10 => 203.0.113.5,include_local_address" in behind_nat
    plain = (render_pbx(tmp_path / "plain", seen_as={}) / "rtp.conf").read_text()
    assert "ice_host_candidates" not in plain
    assert "icesupport = no" in (render_carrier(tmp_path / "carrier") / "rtp.conf").read_text()


@pytest.mark.parametrize("name", ["", "pbx.example.jp", "192.0.2.300"])
def test_a_name_is_no_address_for_a_browser(name: str) -> None:
    assert addresses_seen_as(name) == {}


def test_the_address_that_leads_outside_is_the_one_that_is_seen() -> None:
    assert addresses_seen_as("127.0.0.9") == {"127.0.0.1": "127.0.0.9"}


def test_modules_are_listed_not_searched(tmp_path: Path) -> None:
    text = (render_pbx(tmp_path / "etc") / "modules.conf").read_text()
    assert "autoload = no" in text
    assert "load = chan_pjsip.so\nload = pbx_config.so" in text


def test_an_outside_address_is_told_to_phones(tmp_path: Path) -> None:
    etc = render_pbx(
        tmp_path / "etc", external_address="203.0.113.5", local_networks=("10.0.0.0/8",)
    )
    text = (etc / "pjsip.conf").read_text()
    assert text.count("external_media_address = 203.0.113.5") == 2
    assert text.count("local_net = 10.0.0.0/8") == 2
    assert "external" not in (render_pbx(tmp_path / "other") / "pjsip.conf").read_text()


def test_the_carriers_dialplan_has_every_ending(tmp_path: Path) -> None:
    text = (render_carrier(tmp_path / "etc") / "extensions.conf").read_text()
    assert all(f"\nexten => {digits:02d},1," in text for digits in range(100))
    busy = text[text.index("exten => 84,1") : text.index("exten => 85,1")]
    assert "Ringing()" in busy
    assert "PJSIPHangup(486)" in busy


def test_the_carriers_agents_have_extension_account_and_registration(tmp_path: Path) -> None:
    etc = render_carrier(tmp_path / "etc")
    assert "exten => agent-ito,1,Answer" in (etc / "extensions.conf").read_text()
    pjsip = (etc / "pjsip.conf").read_text()
    assert "client_uri = sip:ito@127.0.0.1:5060" in pjsip
    assert "password = two" in pjsip


def test_an_instant_carrier_answers_without_ringing(tmp_path: Path) -> None:
    text = (render_carrier(tmp_path / "etc", instant=True) / "extensions.conf").read_text()
    network = text[text.index("[network]") : text.index("[people]")]
    assert "Answer(,i)" in network
    assert "Ringing" not in network


def test_a_missing_value_is_an_error(tmp_path: Path) -> None:
    values = {key: value for key, value in CARRIER.items() if key != "agents"}
    with pytest.raises(jinja2.UndefinedError, match="agents"):
        render_folders((TEMPLATES / "common", TEMPLATES / "carrier"), tmp_path / "etc", values)
    assert not (tmp_path / "etc").exists()


@pytest.mark.parametrize("value", ["a\n[b]", "a;b", "a\rb"])
def test_a_value_cannot_smuggle_lines_or_comments(tmp_path: Path, value: str) -> None:
    with pytest.raises(ValueError, match="cannot stand"):
        render_pbx(tmp_path / "etc", ari_password=value)


@pytest.mark.parametrize("account", ["", "a b", "sato]", "x\ny", "佐藤"])
def test_account_names_are_plain(account: str) -> None:
    with pytest.raises(ValueError, match="SIP account"):
        Agent(account, "secret")


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "ari"
    secret = kept_secret(file)
    assert len(secret) >= 40
    assert kept_secret(file) == secret
    assert kept_secret(tmp_path / "other") != secret
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderUnwritable, match="file"):
        private_folder(tmp_path / "file" / "sub")
    with pytest.raises(FolderUnwritable):
        write_private(tmp_path / "none" / "x", "text")


def test_a_full_disk_is_told_apart() -> None:
    fault = folder_fault(Path("/var/kakeru"), OSError(28, "No space left on device"))
    assert isinstance(fault, DiskFull)
    assert "/var/kakeru" in str(fault)
