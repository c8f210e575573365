"""What a controller needs to know to run; written to a file, it starts one in another process."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

from ari_app.ari.accounts import Trunk
from ari_app.ari.connection import AriConnection
from ari_app.ari.state import ConnectionTimes
from ari_app.clock import SystemClock
from ari_app.controller import Controller, build_controller
from ari_app.coordination.live import LocalLiveUpdates
from ari_app.sip_accounts import SipAccounts, sip_websocket
from ari_app.telephony import APPLICATION, AsteriskTelephony, TrunkAddress
from dialer.campaign import CampaignSettings
from dialer.campaign_runner import TrunkLines
from dialer.recording_keeper import WhenReady
from dialer.rules.pacing import StartBudget
from dialer.rules.phone_number import national_digits
from dialer.storage.engine import open_database
from recordings.store import LocalRecordingStore

CALLS_PER_SECOND = 50.0


class Blueprint(BaseModel):
    """`trunks`: SIP ports on loopback by name. `message` and `notice`: sound files without their
    ending; the notice is that of the campaigns that have one."""

    database_url: str
    ari_url: str
    ari_password: str
    recordings: Path
    message: Path
    notice: Path | None = None
    trunks: dict[str, int]
    campaigns: list[CampaignSettings]


@dataclass(frozen=True, slots=True)
class Running:
    """A controller at work."""

    controller: Controller
    ari: AriConnection
    live: LocalLiveUpdates
    store: LocalRecordingStore
    accounts: SipAccounts


@asynccontextmanager
async def running(
    blueprint: Blueprint, *, when_recorded: Sequence[WhenReady] = ()
) -> AsyncIterator[Running]:
    """Builds and starts the controller; it may still be waiting for Asterisk."""
    database = open_database(blueprint.database_url)
    ari = AriConnection(
        url=blueprint.ari_url,
        username="kakeru",
        password=blueprint.ari_password,
        application=APPLICATION,
        times=ConnectionTimes(authentication_retry=0.5),
    )
    trunks = [Trunk(name, "127.0.0.1", port) for name, port in blueprint.trunks.items()]
    accounts = SipAccounts(ari, database, trunks, browser_phones=sip_websocket(blueprint.ari_url))
    for trunk in trunks:
        await ari.subscribe(f"endpoint:PJSIP/{trunk.endpoint}")
    live = LocalLiveUpdates()
    store = LocalRecordingStore(blueprint.recordings)
    now = datetime.now(UTC)
    controller = build_controller(
        telephony=AsteriskTelephony(
            ari,
            {trunk.name: TrunkAddress(trunk.endpoint, national_digits) for trunk in trunks},
            {campaign.name: blueprint.message for campaign in blueprint.campaigns},
            {
                campaign.name: blueprint.notice
                for campaign in blueprint.campaigns
                if campaign.has_notice and blueprint.notice is not None
            },
        ),
        database=database,
        clock=SystemClock(),
        live=live,
        recordings=store,
        campaigns=blueprint.campaigns,
        trunks={
            trunk.name: TrunkLines(100, StartBudget(CALLS_PER_SECOND, 1.0, now)) for trunk in trunks
        },
        when_recorded=when_recorded,
    )
    keeping = asyncio.create_task(accounts.keep_in_step())
    await ari.start()
    await controller.start()
    try:
        yield Running(controller, ari, live, store, accounts)
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await controller.stop()
        await ari.close()
        await database.close()
