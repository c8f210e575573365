"""A network for phones in the browser, also on a machine that has none.

Asterisk offers a browser every address of the machine but loopback. Where there is no other, a test
that is marked `needs_an_address` runs in a network namespace of its own, which has one; anyone may
make such a namespace (user_namespaces(7)), and what is done in it concerns nobody else.
"""

import asyncio
import fcntl
import functools
import os
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

from tests.checkout import ROOT

ADDRESS = "192.0.2.2"  # for documentation (RFC 5737): nobody's
_SET_FLAGS, _SET_ADDRESS = 0x8914, 0x8916  # SIOCSIFFLAGS, SIOCSIFADDR: netdevice(7)
_UP_AND_RUNNING = 0x41
_SECONDS = 180

Test = Callable[[], Awaitable[None]]


def needs_an_address(test: Test) -> Test:
    """Runs the test here if the machine has an address beside loopback, else where there is one."""

    @functools.wraps(test)
    async def run() -> None:
        if has_address():
            await test()
        else:
            file = Path(test.__code__.co_filename).relative_to(ROOT)
            await _run_in_own_network(f"{file}::{test.__name__}")

    return run


def has_address() -> bool:
    """Whether this machine has an IPv4 address that is not loopback."""
    lines = Path("/proc/net/fib_trie").read_text("ascii").splitlines()
    # An address, and below it what it is: `|-- 192.0.2.2`, `/32 host LOCAL`.
    own = (above for above, line in pairwise(lines) if "host LOCAL" in line)
    return any(not line.strip(" |-+").startswith("127.") for line in own)


async def _run_in_own_network(test: str) -> None:
    child = await asyncio.create_subprocess_exec(
        *("unshare", "--map-root-user", "--net", sys.executable, "-m", __name__, test),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(_SECONDS):
        output, _ = await child.communicate()
    assert child.returncode == 0, (
        "this machine has no address beside loopback, and in a network namespace the test failed "
        f"(without user namespaces give it an address):\n{output.decode()[-4000:]}"
    )


def main(test: str) -> None:
    """In the namespace: gives it an address, and becomes the test."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        fcntl.ioctl(asking, _SET_FLAGS, struct.pack("16sh22x", b"lo", _UP_AND_RUNNING))
        address = struct.pack("16sHH4s16x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(ADDRESS))
        fcntl.ioctl(asking, _SET_ADDRESS, address)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test])


if __name__ == "__main__":
    main(sys.argv[1])
