"""One Asterisk process with a rendered configuration: start, ask, stop, kill.

Layout of its run folder: `etc/` configuration · `log/` messages.log, errors.log, console.log ·
`var/` its database (registrations) · `spool/` · `asterisk.pid` and `asterisk.ctl`.
"""

import asyncio
import contextlib
import os
import resource
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ari_app.runtime import programs
from ari_app.runtime.errors import StartFailed, folder_fault
from ari_app.runtime.programs import Program
from ari_app.runtime.render import private_folder, render_folders

START_TIMEOUT = 20.0
_SOCKET_PATH_LIMIT = 107  # bytes in sockaddr_un.sun_path, unix(7)
_OPEN_FILES = 16384  # a call needs about eight


class AsteriskProcess:
    """An Asterisk in a process group of its own, so that Ctrl-C in a terminal does not reach it.

    `die_with_parent` ends it when the thread that started it ends (demo and tests); without it,
    calls outlive the controller, and the next start in the same run folder takes the process over.
    """

    def __init__(
        self, name: str, run_folder: Path, program: Program, *, die_with_parent: bool = False
    ) -> None:
        self.name = name
        self.run_folder = run_folder.absolute()
        self.program = program
        self._die_with_parent = die_with_parent
        self._child: asyncio.subprocess.Process | None = None
        self._adopted_pid: int | None = None
        self._killed = False

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        if self._child is not None:
            return self._child.pid if self._child.returncode is None else None
        return self._adopted_pid if self._adopted_pid and _alive(self._adopted_pid) else None

    @property
    def adopted(self) -> bool:
        """Whether it was started by an earlier process and taken over."""
        return self._adopted_pid is not None

    def configure(self, templates: Sequence[Path], values: Mapping[str, object]) -> None:
        """Render the `templates` folders, with `values` and own paths, into the run folder.

        Raises FolderUnwritable or DiskFull.
        """
        private_folder(self.run_folder)
        for sub in ("log", "var", "spool"):
            private_folder(self.run_folder / sub)
        paths = {
            "run_folder": self.run_folder,
            "socket_folder": self._socket_folder(),
            "modules_folder": programs.asterisk_modules(self.program),
            "data_folder": programs.asterisk_data(self.program),
        }
        render_folders(templates, self.run_folder / "etc", {**paths, **values})

    async def launch(self, *, timeout: float = START_TIMEOUT) -> None:
        """Start it and wait until it has fully booted. Raises StartFailed with what it said."""
        self._adopted_pid = None
        for stale in ("errors.log", "messages.log", "console.log"):
            with contextlib.suppress(FileNotFoundError):
                (self.run_folder / "log" / stale).unlink()
        _raise_open_files_limit()
        try:
            console = (self.run_folder / "log" / "console.log").open("wb")
        except OSError as error:
            raise folder_fault(self.run_folder / "log", error) from error
        with console:
            self._child = await asyncio.create_subprocess_exec(
                *self._command("-fn"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env=self.program.environment(),
                cwd=self.run_folder,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(timeout):
                await self._wait_for_control_socket()
                await self.cli("core waitfullybooted")
        except TimeoutError:
            self.kill()
            raise StartFailed(
                f"{self.name}: Asterisk did not answer within {timeout:.0f} s.\n{self.last_words()}"
            ) from None
        except BaseException:
            self.kill()
            raise

    async def running_already(self) -> int | None:
        """The process id of an Asterisk that runs in this run folder."""
        if self._killed:
            await self.wait()
            self._killed = False
        if not self.run_folder.is_dir():
            return None
        try:
            pid = int((self._socket_folder() / "asterisk.pid").read_text("ascii"))
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return None
        return pid if os.fsencode(self._config_file) in command.split(b"\0") else None

    def adopt(self, pid: int) -> None:
        """Take over the process found by `running_already`."""
        self._adopted_pid = pid

    async def cli(self, command: str) -> str:
        """The output of a command of Asterisk's console. Raises StartFailed if it is not there."""
        asking = await asyncio.create_subprocess_exec(
            *self.program.argv_prefix,
            "-C",
            str(self._config_file),
            "-rx",
            command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self.program.environment(),
        )
        try:
            output, _ = await asking.communicate()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                asking.kill()
            raise
        text = output.decode(errors="replace").strip()
        if asking.returncode != 0:
            raise StartFailed(f"{self.name}: Asterisk does not answer `{command}`: {text}")
        return text

    async def stop(self, *, drain: float = 2.0) -> None:
        """Hang up all calls, wait at most `drain` seconds for their ends, and end the process.

        By SIGTERM, not `core stop gracefully`: that one hangs for ever while an ARI application is
        subscribed to an endpoint (Asterisk 22.10). SIGKILL follows if it takes more than 5 s.
        """
        pid = self.pid
        if pid is None:
            return
        with contextlib.suppress(StartFailed, TimeoutError):
            async with asyncio.timeout(drain):
                await self.cli("channel request hangup all")
                while not (await self.cli("core show channels count")).startswith("0 "):
                    await asyncio.sleep(0.05)
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.pid is None:
                break
            _signal(pid, number)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await self.wait()
        self._remove_short_path()

    def kill(self) -> None:
        """End it at once with SIGKILL, as a crash would; `wait` tells when it is gone."""
        if self.pid is not None:
            self._killed = True
            _signal(self.pid, signal.SIGKILL)

    async def wait(self) -> int | None:
        """Wait until it has ended; its exit status where it is known (not of an adopted one)."""
        if self._child is not None:
            return await self._child.wait()
        while self.pid is not None:  # not our child: nothing tells its end
            await asyncio.sleep(0.1)
        return None

    def errors(self) -> list[str]:
        """The lines that it has logged as ERROR since it was started."""
        lines = _lines(self.run_folder / "log" / "errors.log")
        return [line for line in lines if "ERROR[" in line]

    def last_words(self, count: int = 12) -> str:
        """The end of its log, for a message to a person."""
        lines = self.errors() or _lines(self.run_folder / "log" / "console.log")
        return "\n".join(lines[-count:])

    @property
    def _config_file(self) -> Path:
        return self.run_folder / "etc" / "asterisk.conf"

    @property
    def _short_path(self) -> Path:
        return self.run_folder / "short"

    def _command(self, *arguments: str) -> Sequence[str]:
        # setpriv is part of util-linux, which every Debian has; the signal comes from the kernel,
        # so it comes even if this process is killed.
        guard = ("setpriv", "--pdeathsig", "SIGTERM") if self._die_with_parent else ()
        return (*guard, *self.program.argv_prefix, "-C", str(self._config_file), *arguments)

    def _socket_folder(self) -> Path:
        """The run folder, or a short path to it where the control socket's would be too long."""
        if len(os.fsencode(self.run_folder / "asterisk.ctl")) <= _SOCKET_PATH_LIMIT:
            return self.run_folder
        link = self._short_path
        if not link.is_symlink() or not link.readlink().is_dir():
            link.unlink(missing_ok=True)
            link.symlink_to(tempfile.mkdtemp(prefix="kakeru-"))
        return link.readlink()

    def _remove_short_path(self) -> None:
        if self._short_path.is_symlink():
            shutil.rmtree(self._short_path.readlink(), ignore_errors=True)
            self._short_path.unlink()

    async def _wait_for_control_socket(self) -> None:
        control = self._socket_folder() / "asterisk.ctl"
        started = time.time() - 0.1
        while not (control.exists() and control.stat().st_mtime >= started):
            assert self._child is not None
            if self._child.returncode is not None:
                raise StartFailed(
                    f"{self.name}: Asterisk ended by itself (status {self._child.returncode}).\n"
                    f"{self.last_words()}"
                )
            await asyncio.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"  # a zombie has ended


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _raise_open_files_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
