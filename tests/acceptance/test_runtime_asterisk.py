"""Starting, stopping, killing and taking over the real Asterisk."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import stat
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from ari_app.runtime import ports, programs
from ari_app.runtime.errors import FolderUnwritable, PortInUse, StartFailed
from ari_app.runtime.pbx import Pbx, PbxSettings

pytestmark = pytest.mark.real

# Starts one and then does nothing, as a controller would that is about to be killed.
PARENT = """
import asyncio, sys
from pathlib import Path
from ari_app.runtime.pbx import Pbx, PbxSettings

async def main():
    http, sip, first, last = map(int, sys.argv[2:6])
    settings = PbxSettings(
        run_folder=Path(sys.argv[1]), http_port=http, sip_port=sip, rtp_ports=(first, last)
    )
    pbx = Pbx(settings, die_with_parent=sys.argv[6] == "dies")
    await pbx.start()
    print(pbx.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.fixture
def settings(tmp_path: Path) -> PbxSettings:
    return PbxSettings.on_free_ports(tmp_path / "pbx", rtp_ports=20)


@contextlib.asynccontextmanager
async def running(settings: PbxSettings) -> AsyncIterator[Pbx]:
    pbx = Pbx(settings, die_with_parent=True)
    await pbx.start()
    try:
        yield pbx
    finally:
        await pbx.stop()


async def ping(pbx: Pbx, password: str) -> int:
    """The HTTP status that ARI answers with."""
    login = aiohttp.encode_basic_auth(pbx.settings.ari_username, password)
    async with (
        aiohttp.ClientSession(headers={"Authorization": login}) as session,
        session.get(f"{pbx.ari_url}/asterisk/ping") as response,
    ):
        return response.status


async def test_it_starts_quickly_without_an_error_and_answers(settings: PbxSettings) -> None:
    started = time.monotonic()
    async with running(settings) as pbx:
        assert time.monotonic() - started < 3
        assert pbx.errors() == []
        assert await ping(pbx, pbx.ari_password) == 200
        assert await ping(pbx, "wrong") == 401
        assert "System uptime" in await pbx.cli("core show uptime")
        started = time.monotonic()
        await pbx.stop()
        assert time.monotonic() - started < 3


async def test_no_module_that_is_listed_is_missing(settings: PbxSettings) -> None:
    async with running(settings) as pbx:
        wanted = re.findall(r"(?m)^load = (\S+)", (pbx.run_folder / "etc/modules.conf").read_text())
        shown = await pbx.cli("module show")
        log = (pbx.run_folder / "log" / "messages.log").read_text()
    assert set(wanted) <= set(re.findall(r"(?m)^(\S+\.so) .* Running ", shown))
    assert "WARNING" not in log


async def test_it_listens_on_loopback_only(settings: PbxSettings) -> None:
    async with running(settings) as pbx:
        held = {os.readlink(fd) for fd in Path(f"/proc/{pbx.pid}/fd").iterdir()}
        mine = [
            (table, address, port)
            for table, address, port, inode in listening()
            if f"socket:[{inode}]" in held
            # pjproject's DNS client: two sockets for answers to questions of its own.
            and (table.startswith("tcp") or port == settings.sip_port)
        ]
    assert sorted((table, port) for table, _, port in mine) == sorted(
        [("tcp", settings.http_port), ("tcp", settings.sip_port), ("udp", settings.sip_port)]
    )
    assert {address for _, address, _ in mine} == {"0100007F"}


def listening() -> Iterator[tuple[str, str, int, str]]:
    """Table, address (hexadecimal), port and inode of all listening sockets (proc(5))."""
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            address, _, port = fields[1].rpartition(":")
            if fields[3] in ("0A", "07"):
                yield table, address, int(port, 16), fields[9]


async def test_its_files_are_for_this_user_alone(settings: PbxSettings) -> None:
    async with running(settings) as pbx:
        files = [*(pbx.run_folder / "etc").iterdir(), *(pbx.run_folder / "secrets").iterdir()]
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        assert stat.S_IMODE(pbx.run_folder.stat().st_mode) == 0o700


async def test_a_long_path_is_no_problem(settings: PbxSettings, tmp_path: Path) -> None:
    long = replace(settings, run_folder=tmp_path / ("x" * 60) / ("y" * 60))
    async with running(long) as pbx:
        assert "System uptime" in await pbx.cli("core show uptime")
        link = (pbx.run_folder / "short").readlink()
        assert link.is_dir()
    assert not link.exists()


@pytest.mark.parametrize(("transport", "purpose"), [("tcp", "ARI"), ("tcp", "SIP"), ("udp", "SIP")])
async def test_a_port_in_use_is_named(
    settings: PbxSettings, transport: ports.Transport, purpose: str
) -> None:
    port = settings.http_port if purpose == "ARI" else settings.sip_port
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", port))
        if transport == "tcp":
            holder.listen()
        with pytest.raises(PortInUse, match=rf":{port}/{transport} for {purpose}.*process"):
            await Pbx(settings).start()


async def test_a_folder_that_cannot_be_written_is_named(
    settings: PbxSettings, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderUnwritable, match="file"):
        await Pbx(replace(settings, run_folder=tmp_path / "file" / "pbx")).start()


async def test_a_program_that_ends_by_itself_is_told(settings: PbxSettings) -> None:
    broken = replace(programs.asterisk(), argv_prefix=("sh", "-c", "echo no licence; exit 3", "x"))
    pbx = Pbx(settings, program=broken)
    with pytest.raises(StartFailed, match=r"(?s)ended by itself \(status 3\).*no licence"):
        await pbx.start()


async def test_after_a_crash_it_starts_again_with_the_same_secret(settings: PbxSettings) -> None:
    async with running(settings) as pbx:
        first, secret = pbx.pid, pbx.ari_password
        pbx.kill()
        assert await pbx.wait() == -signal.SIGKILL
        await pbx.start()
        assert pbx.pid not in (None, first)
        assert pbx.ari_password == secret
        assert await ping(pbx, secret) == 200


async def test_kill_and_start_at_once(settings: PbxSettings) -> None:
    async with running(settings) as pbx:
        first = pbx.pid
        pbx.kill()
        await pbx.start()
        assert pbx.pid != first
        assert not pbx.adopted


async def test_calls_outlive_a_killed_controller_and_are_taken_over(settings: PbxSettings) -> None:
    pid = await start_and_kill_parent(settings, "lives")
    pbx = Pbx(settings, die_with_parent=True)
    await pbx.start()
    assert pbx.adopted
    assert pbx.pid == pid
    await pbx.stop()
    assert await pbx.running_already() is None
    async with running(settings) as again:
        assert not again.adopted


async def test_one_left_running_with_other_ports_is_told(settings: PbxSettings) -> None:
    async with running(settings) as pbx:
        other = Pbx(replace(settings, http_port=ports.free_port()))
        with pytest.raises(StartFailed, match=f"Process {pbx.pid} was left running"):
            await other.start()
        assert await ping(pbx, pbx.ari_password) == 200


async def test_in_demo_and_tests_it_dies_with_its_parent(settings: PbxSettings) -> None:
    pid = await start_and_kill_parent(settings, "dies")
    async with asyncio.timeout(5):
        while Path(f"/proc/{pid}").exists():
            await asyncio.sleep(0.05)


async def start_and_kill_parent(settings: PbxSettings, how: str) -> int:
    """Let another process start Asterisk, kill that process; Asterisk's process id."""
    first, last = settings.rtp_ports
    numbers = (settings.http_port, settings.sip_port, first, last)
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", PARENT, str(settings.run_folder), *map(str, numbers), how),
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    return pid
