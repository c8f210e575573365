"""Kakeru's Asterisk, the simulated carrier and an ARI client, for tests of these parts."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ari_app.ari import accounts, api
from ari_app.ari.connection import AriConnection
from ari_app.ari.events import AriEvent, ChannelDestroyed, ChannelStateChange, StasisStart
from ari_app.runtime.carrier import Carrier
from ari_app.runtime.pbx import Pbx, PbxSettings

Event = TypeVar("Event", bound=AriEvent)
TRUNK = accounts.Trunk("sim", "127.0.0.1", qualify_seconds=0)


@dataclass(slots=True)
class Call:
    """What was seen of one call. Times in seconds since the originate, None if it never was."""

    rang: float | None = None
    answered: float | None = None
    ended: float | None = None
    cause: int | None = None
    sip_status: int | None = None


class Rig:
    """Both Asterisks running, the trunk pushed, and every event kept."""

    def __init__(self, pbx: Pbx, carrier: Carrier, ari: AriConnection) -> None:
        self.pbx = pbx
        self.carrier = carrier
        self.ari = ari
        self.events: list[AriEvent] = []
        self._news = asyncio.Event()

    async def listen(self) -> None:
        async for event in self.ari.events():
            self.events.append(event)
            self._news.set()

    async def wait_for(
        self, kind: type[Event], matches: Callable[[Event], bool], *, seconds: float
    ) -> Event:
        """The first event of this kind that matches, past ones included."""
        async with asyncio.timeout(seconds):
            while True:
                for event in self.events:
                    if isinstance(event, kind) and matches(event):
                        return event
                self._news.clear()
                await self._news.wait()

    async def originate(
        self,
        number: str,
        *,
        ring_seconds: int = 9,
        message: str = "none",
        deadman: int = 0,
        recording: str = "",
    ) -> str:
        """Call a customer as the dialler does; the channel's id."""
        channel_id = f"c-{uuid.uuid4().hex}"
        request = api.originate(
            endpoint=f"PJSIP/{number}@{TRUNK.endpoint}",
            channel_id=channel_id,
            context="kakeru-customer",
            ring_seconds=ring_seconds,
            variables={
                "KAKERU_MESSAGE": message,
                "KAKERU_DEADMAN": str(deadman),
                "KAKERU_RECORDING": recording,
            },
        )
        await self.ari.send(request)
        return channel_id

    async def originate_agent(self, account: str) -> str:
        """Ring an agent's phone; the channel's id."""
        channel_id = f"a-{uuid.uuid4().hex}"
        request = api.originate(
            endpoint=f"PJSIP/{account}",
            channel_id=channel_id,
            context="kakeru-agent",
            ring_seconds=5,
        )
        await self.ari.send(request)
        return channel_id

    async def in_stasis(self, channel_id: str, *, seconds: float) -> StasisStart:
        return await self.wait_for(
            StasisStart, lambda event: event.channel.id == channel_id, seconds=seconds
        )

    async def destroyed(self, channel_id: str, *, seconds: float) -> ChannelDestroyed:
        return await self.wait_for(
            ChannelDestroyed, lambda event: event.channel.id == channel_id, seconds=seconds
        )

    async def call(
        self, number: str, *, seconds: float, hang_up_after: float | None = None
    ) -> Call:
        """One call to its end; `hang_up_after` seconds of conversation we hang up."""
        channel_id = await self.originate(number)
        if hang_up_after is not None:
            await self.in_stasis(channel_id, seconds=seconds)
            await asyncio.sleep(hang_up_after)
            await self.ari.send(api.hang_up(channel_id))
        end = await self.destroyed(channel_id, seconds=seconds)
        return self._seen(channel_id, end)

    async def registered(self, *accounts_wanted: str, seconds: float = 10) -> None:
        """Wait until these phones have registered."""
        async with asyncio.timeout(seconds):
            while await self.carrier.registered_agents() != sorted(accounts_wanted):
                await asyncio.sleep(0.1)

    def _seen(self, channel_id: str, end: ChannelDestroyed) -> Call:
        start = end.channel.created
        call = Call(cause=end.cause, sip_status=end.sip_status)
        call.ended = (end.time - start).total_seconds()
        for event in self.events:
            if isinstance(event, ChannelStateChange) and event.channel.id == channel_id:
                at = (event.time - start).total_seconds()
                if event.channel.state == "Ringing":
                    call.rang = at
                elif event.channel.state == "Up":
                    call.answered = at
        return call


@asynccontextmanager
async def carrier_rig(
    folder: Path,
    *,
    agents: Sequence[tuple[str, str]] = (),
    instant: bool = False,
    seed: int = 0,
    application: str = "kakeru",
) -> AsyncIterator[Rig]:
    """Starts everything, and stops it at the end."""
    pbx = Pbx(PbxSettings.on_free_ports(folder / "pbx"), die_with_parent=True)
    await pbx.start()
    carrier = Carrier(
        folder / "carrier",
        pbx_sip_address=pbx.sip_address,
        agents=agents,
        instant=instant,
        seed=seed,
    )
    await carrier.start()
    ari = AriConnection(
        url=pbx.ari_url,
        username=pbx.settings.ari_username,
        password=pbx.ari_password,
        application=application,
        event_types=None,
    )
    rig = Rig(pbx, carrier, ari)
    listening = asyncio.create_task(rig.listen())
    try:
        async with ari:
            await ari.wait_connected(seconds=5)
            trunk = accounts.Trunk("sim", "127.0.0.1", carrier.sip_port, qualify_seconds=0)
            await accounts.push(ari, accounts.add_trunk(trunk))
            await ari.subscribe(f"endpoint:PJSIP/{TRUNK.endpoint}")
            yield rig
            assert carrier.errors() == []
            assert pbx.errors() == []
    finally:
        listening.cancel()
        await carrier.stop()
        await pbx.stop()
