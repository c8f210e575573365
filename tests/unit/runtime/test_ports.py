"""Free and taken addresses."""

import os
import socket

import pytest

from ari_app.runtime import ports
from ari_app.runtime.errors import PortInUse


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_taken_port_is_told_with_its_holder(transport: ports.Transport) -> None:
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", 0))
        if transport == "tcp":
            holder.listen(1)
        port = holder.getsockname()[1]
        assert not ports.is_free("127.0.0.1", port, transport)
        found = ports.holder_of(port, transport)
        assert found is not None
        assert found.pid == os.getpid()
        with pytest.raises(PortInUse, match=rf"127\.0\.0\.1:{port}/{transport} for SIP "):
            ports.require_free("127.0.0.1", port, transport, purpose="SIP")
    assert ports.is_free("127.0.0.1", port, transport)
    ports.require_free("127.0.0.1", port, transport, purpose="SIP")


def test_an_address_that_is_not_this_machines_is_not_free() -> None:
    assert not ports.is_free("192.0.2.1", 5060, "udp")


def test_a_free_port_is_free_for_both_transports() -> None:
    port = ports.free_port()
    assert ports.is_free("127.0.0.1", port, "tcp")
    assert ports.is_free("127.0.0.1", port, "udp")


def test_a_range_starts_at_an_even_port() -> None:
    first, last = ports.free_port_range(20)
    assert first % 2 == 0
    assert last - first == 19
