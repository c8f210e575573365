"""A small SIP peer on loopback that a test moves by hand: the far end of a trunk.

It answers nothing by itself. A test waits for the call to a number and then lets it ring, answers,
refuses or hangs up. It sends no audio. Only as much of RFC 3261 as Asterisk needs on loopback,
where no packet is lost.
"""

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

Address = tuple[str, int]


@dataclass(slots=True)
class SipCall:
    """One INVITE as it came."""

    number: str
    uri: str
    headers: dict[str, list[str]]
    source: Address
    to_tag: str
    answered: bool = False
    ended: bool = False
    ended_by_asterisk: asyncio.Event = field(default_factory=asyncio.Event)

    def header(self, name: str) -> str:
        """The first value of a header, by its long name in lower case; empty if missing."""
        return self.headers.get(name, [""])[0]


class SipPeer(asyncio.DatagramProtocol):
    """The peer; make one with `sip_peer()`.

    `on_call` may be set to act at once on every call, as a carrier would.
    """

    def __init__(self, rtp_port: int) -> None:
        self.calls: dict[str, SipCall] = {}
        self.on_call: Callable[[SipCall], None] | None = None
        self.port = 0
        self._rtp_port = rtp_port
        self._by_call_id: dict[str, SipCall] = {}
        self._news = asyncio.Event()
        self._counter = itertools.count(1)
        self._transport: asyncio.DatagramTransport | None = None

    async def call_to(self, number: str, *, seconds: float = 5.0) -> SipCall:
        """The call to `number`, waiting for it if it has not come yet."""
        async with asyncio.timeout(seconds):
            while number not in self.calls:
                self._news.clear()
                await self._news.wait()
        return self.calls[number]

    def ring(self, call: SipCall) -> None:
        """180 Ringing."""
        self._respond(call, "180 Ringing")

    def early_media(self, call: SipCall) -> None:
        """183 with audio."""
        self._respond(call, "183 Session Progress", sdp=self._sdp())

    def answer(self, call: SipCall) -> None:
        """200 OK."""
        call.answered = True
        self._respond(call, "200 OK", sdp=self._sdp())

    def refuse(self, call: SipCall, status: str = "486 Busy Here") -> None:
        """A final answer that is not 2xx."""
        call.ended = True
        self._respond(call, status)

    def hang_up(self, call: SipCall) -> None:
        """BYE."""
        call.ended = True
        contact = call.header("contact").partition("<")[2].partition(">")[0] or call.uri
        branch = f"z9hG4bK-peer-{next(self._counter)}"
        self._send(
            f"BYE {contact} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch={branch}\r\n"
            f"From: {call.header('to')};tag={call.to_tag}\r\n"
            f"To: {call.header('from')}\r\n"
            f"Call-ID: {call.header('call-id')}\r\n"
            "CSeq: 1 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            call.source,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = self._transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        head = data.decode("utf-8", errors="replace").partition("\r\n\r\n")[0]
        first, *lines = head.split("\r\n")
        if first.startswith("SIP/2.0"):
            return
        method, uri, _version = first.split(" ", 2)
        headers = _headers(lines)
        if method == "INVITE":
            self._invited(uri, headers, addr)
        elif method == "CANCEL":
            self._cancelled(headers, addr)
        elif method == "BYE":
            self._said_bye(headers, addr)
        elif method != "ACK":
            self._send(_response("200 OK", headers, "peer"), addr)

    def _invited(self, uri: str, headers: dict[str, list[str]], source: Address) -> None:
        call_id = headers["call-id"][0]
        if call_id in self._by_call_id:
            return
        number = uri.removeprefix("sip:").partition("@")[0].partition(";")[0]
        call = SipCall(number, uri, headers, source, f"peer-{next(self._counter)}")
        self.calls[number] = self._by_call_id[call_id] = call
        self._send(_response("100 Trying", headers, None), source)
        self._news.set()
        if self.on_call is not None:
            self.on_call(call)

    def _cancelled(self, headers: dict[str, list[str]], source: Address) -> None:
        self._send(_response("200 OK", headers, "peer"), source)
        call = self._by_call_id.get(headers["call-id"][0])
        if call is not None and not call.ended:
            call.ended_by_asterisk.set()
            self.refuse(call, "487 Request Terminated")

    def _said_bye(self, headers: dict[str, list[str]], source: Address) -> None:
        self._send(_response("200 OK", headers, None), source)
        call = self._by_call_id.get(headers["call-id"][0])
        if call is not None:
            call.ended = True
            call.ended_by_asterisk.set()

    def _respond(self, call: SipCall, status: str, *, sdp: str = "") -> None:
        contact = f"<sip:{call.number}@127.0.0.1:{self.port}>"
        message = _response(status, call.headers, call.to_tag, contact=contact, sdp=sdp)
        self._send(message, call.source)

    def _sdp(self) -> str:
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self._rtp_port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n"
        )

    def _send(self, message: str, to: Address) -> None:
        assert self._transport is not None
        self._transport.sendto(message.encode(), to)


def _headers(lines: list[str]) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), []).append(value.strip())
    return headers


def _response(
    status: str,
    headers: dict[str, list[str]],
    to_tag: str | None,
    *,
    contact: str = "",
    sdp: str = "",
) -> str:
    to = headers["to"][0]
    if to_tag is not None and ";tag=" not in to:
        to = f"{to};tag={to_tag}"
    lines = [f"SIP/2.0 {status}"]
    lines += [f"Via: {via}" for via in headers["via"]]
    lines += [f"Record-Route: {route}" for route in headers.get("record-route", [])]
    lines += [
        f"From: {headers['from'][0]}",
        f"To: {to}",
        f"Call-ID: {headers['call-id'][0]}",
        f"CSeq: {headers['cseq'][0]}",
    ]
    if contact:
        lines.append(f"Contact: {contact}")
    if sdp:
        lines.append("Content-Type: application/sdp")
    lines.append(f"Content-Length: {len(sdp)}")
    return "\r\n".join(lines) + f"\r\n\r\n{sdp}"


@asynccontextmanager
async def sip_peer() -> AsyncIterator[SipPeer]:
    """A peer on a free port of loopback."""
    # Asterisk sends audio somewhere; a bound socket keeps ICMP errors away.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtp:
        rtp.bind(("127.0.0.1", 0))
        loop = asyncio.get_running_loop()
        transport, peer = await loop.create_datagram_endpoint(
            lambda: SipPeer(rtp.getsockname()[1]), local_addr=("127.0.0.1", 0)
        )
        try:
            yield peer
        finally:
            transport.close()
