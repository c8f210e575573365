"""The composition root: from settings to a running Kakeru, and back.

The one place that knows all parts: database, Asterisk, ARI, controller and web
pages are built here, started in order and stopped in the reverse one.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from ari_app.ari.accounts import Trunk
from ari_app.ari.connection import AriConnection
from ari_app.ari.metrics import AriMetrics
from ari_app.campaign_files import CampaignFiles
from ari_app.campaign_prompts import CampaignPrompts
from ari_app.clock import SystemClock
from ari_app.controller import Controller, build_controller
from ari_app.coordination import LocalLiveUpdates
from ari_app.health import create_health_app
from ari_app.import_workers import import_workers
from ari_app.live_audio import LiveAudio
from ari_app.live_audio_workers import live_audio_workers
from ari_app.recording_stores import recording_store
from ari_app.recording_workers import keep_when_ready, recording_workers
from ari_app.retention_clock import keep_retention
from ari_app.room_watch import RoomFigures, look, watch_room
from ari_app.runtime import ports
from ari_app.runtime.errors import RuntimeFault
from ari_app.runtime.pbx import Pbx, PbxSettings
from ari_app.secret_keys import kept_secret_box
from ari_app.settings.models import Settings, TrunkSettings
from ari_app.sip_accounts import SipAccounts, sip_websocket
from ari_app.sweep_clock import keep_swept
from ari_app.telephony import APPLICATION, AsteriskTelephony, TrunkAddress
from ari_app.transcription_workers import transcribe_when_ready, transcription_workers
from dialer.campaign_runner import TrunkLines
from dialer.live_words import LiveWords
from dialer.ports import RecordingStore
from dialer.recording_room import RecordingRoom
from dialer.rules.pacing import StartBudget
from dialer.rules.phone_number import national_digits
from dialer.storage import migrate
from dialer.storage.engine import Database, check_database, open_database
from webui.app import create_app
from webui.services import Imports, WebServices, WebSettings

log = structlog.get_logger(__name__)

Say = Callable[[str], None]

_ASTERISK_RESTART_SECONDS = 1.0
_FIRST_CONNECTION_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Kakeru:
    """A running installation. `pbx` is None where Asterisk is somebody else's."""

    settings: Settings
    database: Database
    ari: AriConnection
    controller: Controller
    recordings: RecordingStore
    pbx: Pbx | None
    address: str  # of the web pages


@asynccontextmanager
async def running(
    settings: Settings, *, say: Say, die_with_parent: bool = False
) -> AsyncIterator[Kakeru]:
    """Kakeru at work until the block is left; live calls in Asterisk go on after it.

    `say` is told each step. `die_with_parent`: a managed Asterisk ends with this process.
    Raises RuntimeFault, StorageError, AriError: each says what is wrong and what to do.
    """
    async with AsyncExitStack() as stack:
        for folder in (
            settings.data_folder,
            settings.log_folder,
            settings.recordings_folder,
            settings.imports_folder,
        ):
            private_folder(folder)
        registry = CollectorRegistry()
        say("database")
        database = await _database(settings, stack)
        prompts = CampaignPrompts(settings)
        await prompts.prepare(*settings.campaigns)
        say("Asterisk")
        pbx = await _asterisk(settings, stack, die_with_parent=die_with_parent)
        ari = await _ari(settings, pbx, registry, stack)
        trunks = {name: _trunk(name, trunk) for name, trunk in settings.trunks.items()}
        accounts = SipAccounts(
            ari,
            database,
            list(trunks.values()),
            phone_ping_seconds=settings.asterisk.phone_ping_seconds,
            browser_phones=sip_websocket(pbx.ari_url if pbx else settings.asterisk.ari_url or ""),
        )
        for trunk in trunks.values():
            await ari.subscribe(f"endpoint:PJSIP/{trunk.endpoint}")
        live = LocalLiveUpdates()
        recordings = recording_store(settings)
        stack.push_async_callback(recordings.close)
        room = RecordingRoom(settings.recordings.room_policy)
        look(room, settings.recordings_folder)
        registry.register(RoomFigures(room))
        _background(stack, watch_room(room, settings.recordings_folder, live), "recordings room")
        clock = SystemClock()
        keeping = recording_workers(
            settings, database, lambda call_id: live.publish("history", {"call_id": call_id})
        )
        telephony = AsteriskTelephony(
            ari,
            {
                name: TrunkAddress(trunks[name].endpoint, _DIALLED[trunk.dial_format])
                for name, trunk in settings.trunks.items()
            },
            prompts.messages,
            prompts.notices,
        )
        transcribing = transcription_workers(
            settings, database, lambda call_id: live.publish("history", {"call_id": call_id})
        )
        when_recorded = [
            *keep_when_ready(settings, clock, keeping),
            *transcribe_when_ready(settings, clock, transcribing),
        ]
        controller = build_controller(
            telephony=telephony,
            database=database,
            clock=clock,
            live=live,
            recordings=recordings,
            campaigns=settings.campaigns,
            trunks={
                name: TrunkLines(
                    trunk.max_channels,
                    StartBudget(trunk.max_calls_per_second, 1.0, clock.now()),
                )
                for name, trunk in settings.trunks.items()
            },
            mybox=settings.mybox.policy,
            room=room,
            when_recorded=when_recorded,
        )
        words = LiveWords(database, clock, live)
        hearing = LiveAudio(ari, words, clock, phrases=settings.live_words.watched_phrases)
        telephony.on_joining(hearing.joined_again)
        controller.calls.on_change(hearing.call_changed)
        _background(stack, words.run(), "live words")
        await ari.start()
        await ari.wait_connected(seconds=_FIRST_CONNECTION_SECONDS)
        await controller.start()
        stack.push_async_callback(controller.stop)
        _background(stack, accounts.keep_in_step(), "sip accounts")
        erasing = keep_retention(database, recordings, settings.retention_policies, clock)
        _background(stack, erasing, "retention")

        sweeping = keep_swept(database, recordings, clock, when_recorded)
        _background(stack, sweeping, "sweep of recordings")
        await keeping.start()
        stack.push_async_callback(keeping.stop)
        if transcribing is not None:
            await transcribing.start()
            stack.push_async_callback(transcribing.stop)
        if (listening := live_audio_workers(settings, hearing)) is not None:
            await listening.start()
            stack.push_async_callback(listening.stop)
        imports = import_workers(settings, database, lambda _id: live.publish("imports", {}))
        await imports.start()
        stack.push_async_callback(imports.stop)
        say("web pages")
        services = WebServices(
            database=database,
            floor=controller.floor,
            campaigns=controller.campaigns,
            manual_calls=controller.manual_calls,
            pauses=controller.pauses,
            live=live,
            recordings=recordings,
            imports=Imports(settings.imports_folder, settings.imports.limits, imports),
            campaign_files=CampaignFiles(
                folder=settings.campaign_folder,
                trunks=tuple(trunks),
                prepare=prompts.prepare,
                take_up=controller.campaigns.add,
            ),
            browser_phones=accounts,
            session_key=kept_key(settings.data_folder / "session.key"),
            secrets=kept_secret_box(settings.data_folder / "secrets.key"),
            clock=clock,
            room=room,
            retention=settings.retention_policies,
            live_words=words,
            settings=WebSettings(
                business_name=settings.business_name,
                time_zone=settings.time_zone,
                language=settings.language,
                secure_cookies=settings.cookies_over_https_only,
                session_hours=settings.security.session_hours,
                idle_minutes=settings.security.idle_minutes,
                second_factor_for_admins=settings.security.second_factor_for_admins,
                public_url=settings.web.public_url or "",
                phone_server=f"{settings.asterisk.sip_host}:{settings.asterisk.sip_port}",
                mybox=settings.mybox.policy,
                has_speech_model=settings.model_path is not None,
            ),
        )
        address = await _web(settings, services, stack)
        health = create_health_app(
            database=database, ari=ari, controller=controller, registry=registry
        )
        await _listen(health, settings.health.host, settings.health.port, "monitoring", stack)
        yield Kakeru(settings, database, ari, controller, recordings, pbx, address)


# --- parts ----------------------------------------------------------------------------------


async def _database(settings: Settings, stack: AsyncExitStack) -> Database:
    await migrate.upgrade(settings.database_url)
    database = open_database(settings.database_url)
    stack.push_async_callback(database.close)
    await check_database(database)
    return database


async def _asterisk(
    settings: Settings, stack: AsyncExitStack, *, die_with_parent: bool
) -> Pbx | None:
    """Kakeru's own Asterisk, started or taken over; it is restarted if it dies."""
    own = settings.asterisk
    if own.mode == "external":
        return None
    pbx = Pbx(
        PbxSettings(
            run_folder=settings.run_folder / "asterisk",
            http_port=own.ari_port,
            sip_port=own.sip_port,
            rtp_ports=(own.rtp_ports.first, own.rtp_ports.last),
            sip_host=own.sip_host,
            external_address=own.external_address,
            local_networks=tuple(own.local_networks),
        ),
        die_with_parent=die_with_parent,
    )
    await pbx.start()
    if die_with_parent:
        stack.push_async_callback(pbx.stop)
    _background(stack, _keep_running(pbx), "asterisk")
    return pbx


async def _keep_running(pbx: Pbx) -> None:
    while True:
        status = await pbx.wait()
        log.error("Asterisk has ended; starting it again", status=status, said=pbx.last_words(3))
        await asyncio.sleep(_ASTERISK_RESTART_SECONDS)
        try:
            await pbx.start()
        except RuntimeFault as error:
            log.error("Asterisk does not start; will try again", error=str(error))


async def _ari(
    settings: Settings, pbx: Pbx | None, registry: CollectorRegistry, stack: AsyncExitStack
) -> AriConnection:
    own = settings.asterisk
    if pbx is not None:
        url, username, password = pbx.ari_url, pbx.settings.ari_username, pbx.ari_password
    else:
        url, username = own.ari_url or "", own.ari_username
        password = own.ari_password.get_secret_value() if own.ari_password else ""
    ari = AriConnection(
        url=url,
        username=username,
        password=password,
        application=APPLICATION,
        metrics=AriMetrics(registry),
    )
    stack.push_async_callback(ari.close)
    return ari


def _trunk(name: str, settings: TrunkSettings) -> Trunk:
    return Trunk(
        name=name,
        host=settings.host,
        port=settings.port,
        username=settings.username,
        password=settings.password.get_secret_value(),
        register=settings.registers,
        from_user=settings.from_user,
        from_domain=settings.from_domain,
        transport=settings.transport,
    )


_DIALLED: dict[str, Callable[[str], str]] = {
    "national": national_digits,
    "e164": lambda e164: e164.removeprefix("+"),
    "e164_plus": lambda e164: e164,
}


async def _web(settings: Settings, services: WebServices, stack: AsyncExitStack) -> str:
    own = settings.web
    await _listen(create_app(services), own.host, own.port, "the web pages", stack)
    return own.public_url or f"http://{own.host}:{own.port}"


async def _listen(
    app: web.Application, host: str, port: int, purpose: str, stack: AsyncExitStack
) -> None:
    ports.require_free(host, port, "tcp", purpose=purpose)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, host, port, shutdown_timeout=2).start()


def _background(stack: AsyncExitStack, work: Coroutine[None, None, None], name: str) -> None:
    task = asyncio.create_task(work, name=name)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)


# --- files of the installation --------------------------------------------------------------


def private_folder(folder: Path) -> None:
    """Makes the folder, for this user only. Raises RuntimeFault when that cannot be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "not writable")
    except OSError as error:
        raise RuntimeFault(
            f"{folder}: {error.strerror or error}; choose another data_folder, or free it"
        ) from error


def kept_key(file: Path) -> bytes:
    """32 random bytes, made once and kept in `file`, readable by this user only."""
    try:
        key = file.read_bytes()
    except FileNotFoundError:
        key = token_bytes(32)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as new:
            new.write(key)
    if len(key) != 32:
        raise RuntimeFault(f"{file}: not a key of 32 bytes; delete it, and everyone logs in again")
    return key
