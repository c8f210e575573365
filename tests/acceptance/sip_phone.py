"""A SIP phone that does exactly what a test says, well or badly.

It registers with digest, and each call that comes in runs a script: ring, answer late, hold, send
no audio, refuse, hang up at the worst moment. As the far end of a trunk it is every customer and
the carrier at once: `scripts` has one script for each number.

    async def customer(call: PhoneCall) -> None:
        call.ring()
        await asyncio.sleep(0.2)
        await call.answer()
        await call.ended.wait()

Loopback loses no packets: nothing is sent twice, except that a repeated INVITE gets the last answer
again.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, cast

from tests.acceptance.audio import AudioStream
from tests.acceptance.sip_messages import Message, Offer, audio_address, digest, parse, response

Address = tuple[str, int]
Script = Callable[["PhoneCall"], Awaitable[None]]

_numbers = itertools.count(1)


class PhoneError(Exception):
    """The other side did not do what was waited for."""


@dataclass(slots=True)
class PhoneCall:
    """One call that came in, seen from the phone.

    `ignores_cancel`: it answers a CANCEL but goes on as if nothing had been said. `deaf`: it has
    lost its network and answers nothing any more.
    """

    phone: "SipPhone"
    invite: Message
    source: Address
    audio: AudioStream
    tag: str
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """BYE came, or was sent and answered."""
    ignores_cancel: bool = False
    deaf: bool = False
    final: bool = False
    answered_at: float = 0.0  # time of the event loop
    ended_at: float = 0.0
    _last: Message | None = None
    _sequence: int = 0
    _responses: "asyncio.Queue[Message]" = field(default_factory=asyncio.Queue)

    @property
    def number(self) -> str:
        return self.invite.uri.removeprefix("sip:").partition("@")[0]

    # --- answers to the INVITE ----------------------------------------------------------------

    def respond(self, status: int, reason: str = "As Said", *, sdp: str = "", **more: str) -> None:
        """Any answer; `more` are headers, with _ for -."""
        plain = response(self.invite, status, reason, to_tag=self.tag if status > 100 else "")
        headers = [*plain.headers, ("Contact", self.phone.contact)]
        headers += [(name.replace("_", "-"), value) for name, value in more.items()]
        if sdp:
            headers.append(("Content-Type", "application/sdp"))
        self._last = Message(plain.first_line, headers, sdp)
        self.final = self.final or status >= 200
        self.phone.send(self._last, self.source)

    def ring(self) -> None:
        self.respond(180, "Ringing")

    def progress(self) -> None:
        """183 with audio before the answer."""
        self._open_audio()
        self.respond(183, "Session Progress", sdp=self.offer().text())
        self.start_audio()

    def offer(self, **changed: Any) -> Offer:
        return Offer(**{"port": self.audio.port, **changed})

    async def answer(self, *, wait: bool = True) -> None:
        """200 with audio; returns when it is acknowledged. Raises TimeoutError."""
        self._open_audio()
        self.answered_at = asyncio.get_running_loop().time()
        self.respond(200, "OK", sdp=self.offer().text())
        self.start_audio()
        if wait:
            async with asyncio.timeout(5):
                await self.acknowledged.wait()

    def _open_audio(self) -> None:
        if not self.audio.port:
            self.audio.open()

    def start_audio(self) -> None:
        """Sends audio to where the other side wants it, if that has not begun."""
        to = audio_address(self.invite.body)
        if to and not self.audio.sending:
            self.audio.send_to(*to)

    # --- within the call ------------------------------------------------------------------------

    async def hang_up(self) -> None:
        """BYE, after which the call is over unless the other side knows no call yet (481).

        Raises PhoneError when it is refused in another way.
        """
        status = await self._request("BYE")
        if status == 200:
            self._over()
        elif status != 481:
            raise PhoneError(f"BYE was answered with {status}")

    async def reinvite(self, offer: Offer) -> int:
        """Another INVITE within the call; the status of its answer, which is acknowledged."""
        return await self._request("INVITE", sdp=offer.text())

    async def _request(self, method: str, *, sdp: str = "") -> int:
        self._sequence += 1
        request = self._in_dialog(method, self._sequence, sdp)
        self.phone.send(request, self.source)
        async with asyncio.timeout(5):
            while True:
                answer = await self._responses.get()
                if answer.method == method and answer.status >= 200:
                    break
        if method == "INVITE":
            self.phone.send(self._in_dialog("ACK", self._sequence), self.source)
        return answer.status

    def _in_dialog(self, method: str, sequence: int, sdp: str = "") -> Message:
        contact = self.invite.header("contact").partition("<")[2].partition(">")[0]
        headers = [
            ("Via", f"SIP/2.0/UDP {self.phone.address};branch=z9hG4bK-{next(_numbers)}"),
            ("From", f"{self.invite.header('to')};tag={self.tag}"),
            ("To", self.invite.header("from")),
            ("Call-ID", self.invite.header("call-id")),
            ("CSeq", f"{sequence} {method}"),
            ("Contact", self.phone.contact),
            ("Max-Forwards", "70"),
        ]
        if sdp:
            headers.append(("Content-Type", "application/sdp"))
        return Message(f"{method} {contact} SIP/2.0", headers, sdp)

    # --- what comes from the other side ----------------------------------------------------------

    def happen(self, message: Message) -> None:
        if self.deaf:
            return
        match message.method:
            case _ if message.status:
                self._responses.put_nowait(message)
            case "INVITE":
                self._invited_again(message)
            case "ACK":
                self.acknowledged.set()
            case "CANCEL":
                self.phone.send(response(message, 200, "OK", to_tag=self.tag), self.source)
                self.cancelled.set()
                if not self.final and not self.ignores_cancel:
                    self.respond(487, "Request Terminated")
                    self._over()
            case "BYE":
                self.phone.send(response(message, 200, "OK"), self.source)
                self._over()
            case _:
                self.phone.send(response(message, 200, "OK", to_tag=self.tag), self.source)

    def _invited_again(self, message: Message) -> None:
        if message.header("cseq") == self.invite.header("cseq"):
            if self._last is not None:
                self.phone.send(self._last, self.source)
            return
        plain = response(message, 200, "OK", to_tag=self.tag)
        headers = [*plain.headers, ("Contact", self.phone.contact)]
        headers.append(("Content-Type", "application/sdp"))
        self.phone.send(Message(plain.first_line, headers, self.offer().text()), self.source)

    def _over(self) -> None:
        if not self.ended.is_set():
            self.ended_at = asyncio.get_running_loop().time()
            self.ended.set()


class SipPhone(asyncio.DatagramProtocol):
    """An async context manager: a phone on a free port of loopback.

    `scripts` by number, `script` for all others; the calls that came are in `calls` by number.
    """

    def __init__(
        self,
        script: Script | None = None,
        *,
        hertz: float = 700.0,
        first_sequence: int = 0,
        silent: bool = False,
    ) -> None:
        self.scripts: dict[str, Script] = {}
        self.script = script
        self.hertz = hertz
        self.first_sequence = first_sequence
        self.silent = silent
        self.calls: dict[str, list[PhoneCall]] = {}
        self.errors: list[BaseException] = []
        self.contact_user = "phone"
        self.port = 0
        self._by_id: dict[str, PhoneCall] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None
        self._registered: asyncio.Queue[Message] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for call in self._by_id.values():
            await call.audio.close()
        if self._transport is not None:
            self._transport.close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def contact(self) -> str:
        return f"<sip:{self.contact_user}@{self.address}>"

    async def register(self, server: str, *, account: str, password: str) -> int:
        """Registers at HOST:PORT; the status of the final answer."""
        self.contact_user = account
        tag, call_id = f"r{next(_numbers)}", f"register-{next(_numbers)}-{self.port}"
        authorization = ""
        status = 0
        for sequence in (1, 2):
            headers = [
                ("Via", f"SIP/2.0/UDP {self.address};branch=z9hG4bK-{next(_numbers)}"),
                ("From", f"<sip:{account}@{server}>;tag={tag}"),
                ("To", f"<sip:{account}@{server}>"),
                ("Call-ID", call_id),
                ("CSeq", f"{sequence} REGISTER"),
                ("Contact", self.contact),
                ("Max-Forwards", "70"),
                ("Expires", "300"),
            ]
            if authorization:
                headers.append(("Authorization", authorization))
            host, _, port = server.rpartition(":")
            self.send(Message(f"REGISTER sip:{server} SIP/2.0", headers), (host, int(port)))
            async with asyncio.timeout(5):
                answer = await self._registered.get()
            status = answer.status
            if status != 401:
                break
            authorization = digest(
                answer.header("www-authenticate"),
                method="REGISTER",
                uri=f"sip:{server}",
                username=account,
                password=password,
            )
        return status

    def call_to(self, number: str) -> PhoneCall:
        """The last call to this number. Raises PhoneError when there was none."""
        if number not in self.calls:
            raise PhoneError(f"nobody has called {number}")
        return self.calls[number][-1]

    def send(self, message: Message, to: Address) -> None:
        if self._transport is not None:
            self._transport.sendto(message.encode(), to)

    # --- asyncio ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = self._transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        message = parse(data)
        if message is None:
            return
        if message.status and message.method == "REGISTER":
            self._registered.put_nowait(message)
            return
        call = self._by_id.get(message.header("call-id"))
        if call is not None:
            call.happen(message)
        elif message.status:
            return
        elif message.method == "INVITE":
            self._invited(message, addr)
        else:
            self.send(response(message, 200, "OK", to_tag="phone"), addr)

    def _invited(self, message: Message, source: Address) -> None:
        audio = AudioStream(self.hertz, self.first_sequence, silent=self.silent)
        call = PhoneCall(self, message, source, audio, tag=f"t{next(_numbers)}")
        self._by_id[message.header("call-id")] = call
        self.calls.setdefault(call.number, []).append(call)
        script = self.scripts.get(call.number, self.script)
        if script is None:
            call.respond(404)
            return
        task = asyncio.create_task(self._run(script, call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, script: Script, call: PhoneCall) -> None:
        try:
            await script(call)
        except (PhoneError, TimeoutError, AssertionError) as error:
            self.errors.append(error)
        await call.audio.close()
