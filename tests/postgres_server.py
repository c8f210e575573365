"""A throw-away PostgreSQL for a test run, reached only through a socket in its own folder."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from ari_app.runtime import programs

_SECONDS_TO_START = 20
# A database that is thrown away need not survive a power cut.
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass(slots=True)
class PostgresServer:
    """`folder` holds the socket and the data."""

    folder: Path
    _command: Sequence[str | Path]
    _options: Mapping[str, Any]
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it takes connections."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, cwd=self.folder, **self._options
            )
        _await_ready(self._process, self.folder)

    def stop(self) -> None:
        """Ends it with all its connections; the data stays."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=_SECONDS_TO_START)
            self._process = None

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    async def fresh(self, template: str) -> str:
        """The URL of a new database that is a copy of `template`."""
        name = f"test_{secrets.token_hex(6)}"
        await self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    async def run(self, statement: str) -> None:
        """Runs a statement outside of any transaction."""
        connection = await asyncpg.connect(
            host=str(self.folder), user="postgres", database="postgres"
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def postgres_server(*settings: str, durable: bool = False) -> Iterator[PostgresServer]:
    """Starts one, in under two seconds, and stops it at the end.

    `settings` are like ``shared_buffers=1GB``. A `durable` one writes as a real one does, for
    measurements. PostgreSQL refuses to run as root, so then it runs as nobody.
    """
    program = programs.postgres()
    binaries = Path(program.argv_prefix[-1]).parent
    folder = Path(tempfile.mkdtemp(prefix="kakeru-postgres-"))
    who = _unprivileged(folder)
    data = folder / "data"
    options: dict[str, Any] = {"env": program.environment(LC_ALL="C.UTF-8"), **who}
    chosen = [*(() if durable else _FAST), "max_connections=60", *settings]
    options_of_server = [word for setting in chosen for word in ("-c", setting)]
    server = PostgresServer(
        folder,
        [binaries / "postgres", "-D", data, "-k", folder, "-h", "", *options_of_server],
        options,
    )
    try:
        subprocess.run(
            [binaries / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "-N"],
            check=True,
            capture_output=True,
            cwd=folder,
            **options,
        )
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _unprivileged(folder: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _await_ready(server: subprocess.Popen[bytes], folder: Path) -> None:
    ready = folder / "data" / "postmaster.pid"
    until = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < until and server.poll() is None:
        if ready.exists() and ready.read_text().strip().endswith("ready"):
            return
        time.sleep(0.02)
    raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}")
