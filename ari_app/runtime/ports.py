"""Addresses: free ones, and who holds a taken one. Standard library only."""

import socket
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ari_app.runtime.errors import PortInUse

Transport = Literal["tcp", "udp"]
_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds an address."""

    pid: int
    name: str


def free_port(host: str = "127.0.0.1") -> int:
    """A port that is free for TCP and UDP just now.

    Another process may take it before it is used; a start that meets this fails with PortInUse.
    """
    for _ in range(100):
        with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as tcp:
            tcp.bind((host, 0))
            port: int = tcp.getsockname()[1]
            if is_free(host, port, "udp"):
                return port
    raise PortInUse(f"{host}: no free port was found in 100 tries")


def free_port_range(count: int, host: str = "127.0.0.1") -> tuple[int, int]:
    """First and last of `count` neighbouring UDP ports that are free just now; first is even."""
    for _ in range(200):
        first = free_port(host) & ~1
        if first + count > 65535:
            continue
        if all(is_free(host, port, "udp") for port in range(first, first + count)):
            return first, first + count - 1
    raise PortInUse(f"{host}: no {count} neighbouring free UDP ports were found")


def is_free(host: str, port: int, transport: Transport) -> bool:
    """Whether this process could listen there."""
    with closing(socket.socket(socket.AF_INET, _KINDS[transport])) as probe:
        if transport == "tcp":  # as servers do: left-over connections do not count
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            if transport == "tcp":
                probe.listen(1)
        except OSError:
            return False
    return True


def require_free(host: str, port: int, transport: Transport, *, purpose: str) -> None:
    """Raise PortInUse, naming the holder if it can be seen, unless the address is free."""
    if is_free(host, port, transport):
        return
    holder = holder_of(port, transport)
    who = f"process {holder.pid} ({holder.name})" if holder else "another process"
    raise PortInUse(
        f"{host}:{port}/{transport} for {purpose} cannot be used: {who} holds it, or the address "
        "is not this machine's. Stop that process, or choose another port in the configuration."
    )


def holder_of(port: int, transport: Transport) -> Holder | None:
    """The process that holds `port`, where this user may see it (/proc/net, /proc/*/fd)."""
    wanted = f"{port:04X}"
    inodes: set[str] = set()
    for table in (transport, f"{transport}6"):
        file = Path("/proc/net") / table
        for line in file.read_text("ascii").splitlines()[1:] if file.is_file() else ():
            fields = line.split()
            listening = transport == "udp" or fields[3] == "0A"
            if fields[1].rpartition(":")[2] == wanted and listening:
                inodes.add(f"socket:[{fields[9]}]")
    if not inodes:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended, or belongs to another user
            for descriptor in (process / "fd").iterdir():
                with suppress(FileNotFoundError):
                    if str(descriptor.readlink()) in inodes:
                        name = (process / "comm").read_text("utf-8", "replace").strip()
                        return Holder(pid=int(process.name), name=name)
    return None
