"""The two Asterisks of the ARI contract, behind one face."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeVar

from ari_app.ari import accounts, api
from ari_app.ari.connection import AriConnection
from ari_app.ari.events import TYPED_EVENTS, AriEvent
from ari_app.ari.requests import AriRequest
from ari_app.ari.state import ConnectionTimes
from ari_app.runtime.pbx import Pbx, PbxSettings
from tests.fakes.ari_model import SIP_STATUS_OF_CAUSE, FakeChannel
from tests.fakes.ari_server import FakeAsterisk, fake_asterisk
from tests.fakes.sip_peer import SipCall, SipPeer, sip_peer

Event = TypeVar("Event", bound=AriEvent)

_CAUSE_OF_SIP_STATUS = {status: cause for cause, status in SIP_STATUS_OF_CAUSE.items()} | {480: 19}


class FarEnd(Protocol):
    """The called party."""

    def ring(self) -> None: ...
    def early_media(self) -> None: ...
    def answer(self) -> None: ...
    def refuse(self, status: str) -> None: ...
    def hang_up(self) -> None: ...
    async def ended(self) -> None:
        """Wait until Asterisk has ended the call."""


class AriRig(ABC):
    """An Asterisk to test against, with a trunk `trunk-main` once `push_trunk` has run."""

    url: str
    password: str
    sip_port: int

    def connection(
        self,
        *,
        password: str | None = None,
        event_types: tuple[str, ...] | None = TYPED_EVENTS,
    ) -> AriConnection:
        """A client; not started."""
        return AriConnection(
            url=self.url,
            username="kakeru",
            password=password or self.password,
            application="kakeru",
            event_types=event_types,
            times=ConnectionTimes(authentication_retry=0.3),
        )

    async def push_trunk(self, ari: AriConnection) -> None:
        """Push `trunk-main`, which leads to the far ends."""
        trunk = accounts.Trunk("main", "127.0.0.1", self.sip_port, qualify_seconds=0)
        await accounts.push(ari, accounts.add_trunk(trunk))

    def originate(
        self,
        channel_id: str,
        *,
        number: str,
        trunk: str = "trunk-main",
        ring_seconds: int = 20,
        deadman_seconds: int = 0,
    ) -> AriRequest[None]:
        """A call to a customer, as the dialler makes it."""
        return api.originate(
            endpoint=f"PJSIP/{number}@{trunk}",
            channel_id=channel_id,
            context="kakeru-customer",
            ring_seconds=ring_seconds,
            caller_id="0312345678",
            variables={
                "KAKERU_RECORDING": f"/tmp/kakeru-contract-{channel_id}.raw",
                "KAKERU_MESSAGE": "none",
                "KAKERU_DEADMAN": str(deadman_seconds),
            },
        )

    def cut(self, ari: AriConnection) -> None:
        """Break the client's socket as a network fault would."""
        link = ari._link
        assert link is not None
        link._socket._response.close()

    @abstractmethod
    async def far_end(self, number: str) -> FarEnd:
        """The called party of the call to `number`, waiting for the call."""

    @abstractmethod
    async def crash(self) -> None:
        """SIGKILL."""

    @abstractmethod
    async def restart(self) -> None:
        """Start it again with the same addresses."""


class Listener:
    """Takes events off a connection and waits for some."""

    def __init__(self, ari: AriConnection) -> None:
        self.all: list[AriEvent] = []
        self._ari = ari
        self._taken: dict[type[AriEvent], int] = {}
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def of(self, kind: type[Event]) -> list[Event]:
        """All events of a kind so far."""
        return [event for event in self.all if isinstance(event, kind)]

    async def next(self, kind: type[Event], *, seconds: float = 5.0) -> Event:
        """The next event of a kind that this method has not given yet."""
        given = self._taken.get(kind, 0)
        try:
            async with asyncio.timeout(seconds):
                while len(self.of(kind)) <= given:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            came = [type(event).__name__ for event in self.all]
            raise AssertionError(f"no {kind.__name__} within {seconds} s; came: {came}") from None
        self._taken[kind] = given + 1
        return self.of(kind)[given]

    async def _listen(self) -> None:
        async for event in self._ari.events():
            self.all.append(event)
            self._news.set()


class _FakeFarEnd:
    def __init__(self, asterisk: FakeAsterisk, channel: FakeChannel) -> None:
        self._switch = asterisk.switch
        self._channel = channel

    def ring(self) -> None:
        self._switch.ring(self._channel)

    def early_media(self) -> None:
        self._switch.early_media(self._channel)

    def answer(self) -> None:
        self._switch.answer(self._channel)

    def refuse(self, status: str) -> None:
        self._switch.hang_up(self._channel, _CAUSE_OF_SIP_STATUS[int(status.split()[0])])

    def hang_up(self) -> None:
        self._switch.hang_up(self._channel)

    async def ended(self) -> None:
        async with asyncio.timeout(5):
            while self._channel.alive:
                await asyncio.sleep(0.01)


class _FakeRig(AriRig):
    def __init__(self, asterisk: FakeAsterisk) -> None:
        self._asterisk = asterisk
        self.url = asterisk.url
        self.password = asterisk.password
        self.sip_port = 5060

    async def far_end(self, number: str) -> FarEnd:
        async with asyncio.timeout(5):
            while True:
                for channel in (*self._asterisk.channels.values(), *self._asterisk.ended.values()):
                    if channel.number == number:
                        return _FakeFarEnd(self._asterisk, channel)
                await asyncio.sleep(0.01)

    async def crash(self) -> None:
        await self._asterisk.crash()

    async def restart(self) -> None:
        await self._asterisk.restart()


class _SipFarEnd:
    def __init__(self, peer: SipPeer, call: SipCall) -> None:
        self._peer = peer
        self._call = call

    def ring(self) -> None:
        self._peer.ring(self._call)

    def early_media(self) -> None:
        self._peer.early_media(self._call)

    def answer(self) -> None:
        self._peer.answer(self._call)

    def refuse(self, status: str) -> None:
        self._peer.refuse(self._call, status)

    def hang_up(self) -> None:
        self._peer.hang_up(self._call)

    async def ended(self) -> None:
        async with asyncio.timeout(5):
            await self._call.ended_by_asterisk.wait()


class _RealRig(AriRig):
    def __init__(self, pbx: Pbx, peer: SipPeer) -> None:
        self._pbx = pbx
        self._peer = peer
        self.url = pbx.ari_url
        self.password = pbx.ari_password
        self.sip_port = peer.port

    async def far_end(self, number: str) -> FarEnd:
        return _SipFarEnd(self._peer, await self._peer.call_to(number))

    async def crash(self) -> None:
        self._pbx.kill()
        await self._pbx.wait()

    async def restart(self) -> None:
        await self._pbx.start()


@asynccontextmanager
async def fake_rig() -> AsyncIterator[AriRig]:
    """The fake Asterisk."""
    async with fake_asterisk() as asterisk:
        yield _FakeRig(asterisk)


@asynccontextmanager
async def real_rig(run_folder: Path) -> AsyncIterator[AriRig]:
    """Kakeru's Asterisk, fetched if need be."""
    pbx = Pbx(PbxSettings.on_free_ports(run_folder, rtp_ports=40), die_with_parent=True)
    async with sip_peer() as peer:
        await pbx.start()
        try:
            yield _RealRig(pbx, peer)
        finally:
            pbx.kill()
            await pbx.wait()
