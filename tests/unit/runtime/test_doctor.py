"""The doctor's findings."""

import socket
from pathlib import Path

import pytest

from ari_app import doctor
from ari_app.doctor import Address, Finding, State


def test_a_taken_port_is_found_with_its_holder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAKERU_CACHE", str(tmp_path))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        findings = doctor.collect([Address("127.0.0.1", port, "udp", "SIP")])
    subjects = [finding.subject for finding in findings]
    assert subjects[:2] == ["python", "asterisk"]
    taken = findings[-1]
    assert (taken.state, taken.subject) == (State.WARN, f"port {port}/udp")
    assert "process" in taken.text
    assert all(finding.remedy for finding in findings if finding.state is not State.OK)


def test_an_old_asterisk_that_was_named_is_bad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "asterisk"
    old.write_text("#!/bin/sh\necho Asterisk 18.10.0\n")
    old.chmod(0o755)
    monkeypatch.setenv("KAKERU_ASTERISK", str(old))
    findings = doctor.collect()
    (asterisk,) = [finding for finding in findings if finding.subject == "asterisk"]
    assert asterisk.state is State.BAD
    assert "18.10.0" in asterisk.remedy
    assert not doctor.is_well(findings)


def test_findings_as_text_carry_their_remedy_below() -> None:
    text = doctor.render(
        [
            Finding(State.OK, "python", "3.11.2"),
            Finding(State.WARN, "disk", "1 GiB free", "Free some space."),
        ]
    )
    assert text.splitlines() == [
        "ok    python  3.11.2",
        "warn  disk    1 GiB free",
        "              -> Free some space.",
    ]
