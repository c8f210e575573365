"""`kakeru serve` starts on a real Asterisk, ends in order, and says why when it cannot."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import pytest

from ari_app.runtime.ports import free_port, free_port_range
from tests.checkout import ROOT

pytestmark = pytest.mark.real


class Installation:
    """A new installation with ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.web_port = free_port()
        self.health_port = free_port()
        first, last = free_port_range(40)
        self.config = folder / "kakeru.yaml"
        self.config.write_text(
            f"""\
business_name: サンプル株式会社
data_folder: var
web: {{port: {self.web_port}}}
health: {{port: {self.health_port}}}
asterisk:
  ari_port: {free_port()}
  sip_port: {free_port()}
  rtp_ports: {{first: {first}, last: {last}}}
trunks: {{main: {{host: 127.0.0.1, port: {free_port()}}}}}
""",
            encoding="utf-8",
        )

    def start(self, *command: str) -> subprocess.Popen[str]:
        # TMPDIR and the like stay; settings come from this folder alone.
        kept = {name: value for name, value in os.environ.items() if name != "KAKERU_CONFIG"}
        return subprocess.Popen(
            [sys.executable, "-m", "ari_app.cli", *command, "--config", str(self.config)],
            cwd=ROOT,
            env={**kept, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str) -> tuple[int, str]:
        """The exit code and all that was said."""
        with self.start(*command) as process:
            out, err = process.communicate(timeout=60)
        assert "Traceback" not in out + err
        return process.returncode, out + err

    @contextmanager
    def serving(self) -> Iterator[subprocess.Popen[str]]:
        with self.start("serve") as process:
            try:
                assert process.stderr is not None
                said = []
                for line in process.stderr:
                    said.append(line)
                    if "Kakeru is at work" in line:
                        break
                else:
                    raise AssertionError("".join(said))
                yield process
            finally:
                process.kill()


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    yield made
    made.run("asterisk", "stop")


def test_it_serves_until_it_is_asked_to_stop_and_its_asterisk_goes_on(
    installation: Installation,
) -> None:
    with installation.serving() as serve:
        address = f"http://127.0.0.1:{installation.web_port}/login"
        with urllib.request.urlopen(address) as page:
            assert page.status == 200
        monitoring = f"http://127.0.0.1:{installation.health_port}"
        with urllib.request.urlopen(f"{monitoring}/readyz") as answer:
            assert json.load(answer) == {"ready": True, "problems": []}
        with urllib.request.urlopen(f"{monitoring}/metrics") as answer:
            assert b'kakeru_ari_connected{node="asterisk"} 1.0' in answer.read()
        code, said = installation.run("serve")
        assert code == 1
        assert f"already running here (process {serve.pid}" in said
        code, said = installation.run("asterisk", "stop")
        assert code == 1

        serve.send_signal(signal.SIGTERM)
        assert serve.wait(15) == 0

    assert (installation.folder / "var/log/kakeru.log").stat().st_size > 0
    with installation.serving() as serve:  # takes Asterisk over
        serve.send_signal(signal.SIGINT)
        assert serve.wait(15) == 0
    code, said = installation.run("asterisk", "stop")
    assert code == 0
    assert "has ended" in said
    assert installation.run("asterisk", "stop") == (0, "Asterisk is not running.\n")


def test_while_nobody_can_log_in_it_shows_how_the_first_admin_comes_in(
    installation: Installation,
) -> None:
    with installation.serving() as serve:
        assert serve.stderr is not None
        lines = iter(serve.stderr.readline, "")
        assert any(line.startswith("──") for line in lines)  # log lines may stand before it
        # In one piece: nothing of the log comes between.
        said = "".join(takewhile(lambda line: not line.startswith("──"), lines))
        assert "become the first administrator" in said
        assert "{" not in said
        link = re.search(rf"http://127\.0\.0\.1:{installation.web_port}/welcome/([\w-]+)", said)
        assert link
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with browser.open(link[0]) as page:
            assert page.url.endswith("/welcome")
            assert 'name="login"' in page.read().decode()
    log = (installation.folder / "var/log/kakeru.log").read_text(encoding="utf-8")
    assert link[1] not in log


def test_a_trunk_whose_name_cannot_be_resolved_does_not_stop_the_others(
    installation: Installation,
) -> None:
    text = installation.config.read_text(encoding="utf-8").replace(
        "trunks: {main:", "trunks: {lost: {host: sip.kakeru.invalid}, main:"
    )
    installation.config.write_text(text, encoding="utf-8")
    with installation.serving():
        address = f"http://127.0.0.1:{installation.web_port}/login"
        with urllib.request.urlopen(address) as page:
            assert page.status == 200
    said = (installation.folder / "var/log/kakeru.log").read_text(encoding="utf-8")
    assert '"trunk":"lost"' in said
    assert "trunk cannot be used" in said


def test_the_simulated_carrier_runs_beside_it_until_it_is_asked_to_stop(
    installation: Installation,
) -> None:
    assert installation.run("db", "upgrade")[0] == 0
    port = free_port()
    with installation.start("carrier", "--port", str(port)) as process:
        assert process.stderr is not None
        assert f"answers at 127.0.0.1:{port}" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0


def test_a_port_in_use_is_named_before_anything_is_started(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", installation.web_port)):
        code, said = installation.run("serve")
    assert code == 1
    assert f"127.0.0.1:{installation.web_port}" in said
    assert "starting" not in said


def test_an_asterisk_that_is_not_there_is_named(installation: Installation) -> None:
    url = f"http://127.0.0.1:{free_port()}/ari"
    text = installation.config.read_text(encoding="utf-8").replace(
        "asterisk:\n", f"asterisk:\n  mode: external\n  ari_url: {url}\n  ari_password: wrong\n"
    )
    installation.config.write_text(text, encoding="utf-8")
    code, said = installation.run("serve")
    assert code == 1
    assert url in said


def test_a_data_folder_that_cannot_be_made_is_named(installation: Installation) -> None:
    text = installation.config.read_text(encoding="utf-8")
    installation.config.write_text(text.replace("data_folder: var", "data_folder: /proc/kakeru"))
    code, said = installation.run("serve")
    assert code == 1
    assert "/proc/kakeru" in said
    installation.config.write_text(text)
