"""`kakeru demo`: the whole product on a throw-away installation, with nobody's phone ringing.

A real Asterisk calls an imported list through the simulated carrier; three
simulated agents with registered SIP phones talk and save results; the web pages
show it live.
"""

import asyncio
import json
import random
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
import uvloop
from rich.console import Console

from ari_app.bootstrap import Kakeru, running
from ari_app.demo_agents import DemoAgent
from ari_app.demo_installation import CAMPAIGN, TRUNK, DemoPeople, demo_settings, fill
from ari_app.demo_report import DemoReport, demo_report
from ari_app.demo_screen import DemoScreen, Snapshot, show_report
from ari_app.runtime.carrier import Carrier
from ari_app.signals import stop_on_signals
from dialer.call_sessions import Session
from dialer.messages import HangUpCustomer
from dialer.rules.call_state import Phase

log = structlog.get_logger(__name__)

_LOOK_EVERY_SECONDS = 0.25
_REGISTRATION_SECONDS = 20.0
_LAST_CALLS_SECONDS = 150.0
_HANG_UP_SECONDS = 3.0


class DemoFailed(Exception):
    """The demo could not go on; the message says why."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """`calls`: stop after so many finished calls; None: until Ctrl-C."""

    calls: int | None = None
    json_file: Path | None = None
    port: int | None = None
    seed: int = 1
    keep: bool = False


def run_demo(options: DemoOptions, console: Console) -> int:
    """Runs the demo; the exit code is 0 only if all went well.

    Raises RuntimeFault, StorageError and AriError, as `ari_app.bootstrap.running` does, and
    DemoFailed.
    """
    folder = Path(tempfile.mkdtemp(prefix="kakeru-demo-"))
    try:
        return uvloop.run(_demo(options, folder, console))
    finally:
        if options.keep:
            console.print(f"Kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


async def _demo(options: DemoOptions, folder: Path, console: Console) -> int:
    stop = stop_on_signals()
    started = time.monotonic()
    settings = demo_settings(folder, web_port=options.port, call_limit=options.calls)
    console.print("Setting up a throw-away installation: 200 leads, 3 agents, a carrier")
    people = await fill(settings, options.seed)
    async with running(
        settings, say=lambda step: console.print(f"  · {step}"), die_with_parent=True
    ) as kakeru:
        carrier = Carrier(
            folder / "run" / "carrier",
            pbx_sip_address=f"127.0.0.1:{settings.asterisk.sip_port}",
            sip_port=settings.trunks[TRUNK].port,
            agents=people.phones,
            seed=options.seed,
        )
        console.print("  · simulated carrier and three phones")
        await carrier.start()
        try:
            await _registered(carrier, len(people.phones))
            _introduce(console, kakeru, people)
            await _campaign(options, kakeru, people, stop, console)
            report = await _report(kakeru, time.monotonic() - started)
        finally:
            await carrier.stop()
    return _conclude(options, report, console)


async def _registered(carrier: Carrier, phones: int) -> None:
    try:
        async with asyncio.timeout(_REGISTRATION_SECONDS):
            while len(await carrier.registered_agents()) < phones:
                await asyncio.sleep(_LOOK_EVERY_SECONDS)
    except TimeoutError:
        raise DemoFailed("the agents' phones could not register within 20 s") from None


def _introduce(console: Console, kakeru: Kakeru, people: DemoPeople) -> None:
    logins = ", ".join(agent.login for agent in people.agents)
    console.print()
    console.print(f"  [bold]{kakeru.address}[/bold]")
    console.print(f"  log in as [bold]{people.admin.login}[/bold] (supervisor), {logins}")
    console.print(f"  password  [bold]{people.password}[/bold]", highlight=False)
    console.print("  Ctrl-C stops everything.")
    console.print()


async def _campaign(
    options: DemoOptions,
    kakeru: Kakeru,
    people: DemoPeople,
    stop: asyncio.Event,
    console: Console,
) -> None:
    """Lets the agents work and the campaign dial until the calls are made or somebody stops it."""
    outcomes: Counter[str] = Counter()

    def count(session: Session) -> None:
        if session.state.phase is Phase.ENDED and session.state.outcome is not None:
            outcomes[session.state.outcome] += 1

    controller = kakeru.controller
    controller.calls.on_change(count)
    await controller.campaigns.start(CAMPAIGN, by=people.admin.id)
    working = [asyncio.create_task(agent.work()) for agent in _agents(options, kakeru, people)]
    try:
        with DemoScreen(console) as screen:
            while not stop.is_set() and not _all_made(options, outcomes):
                _raise_if_ended(working)
                screen.show(
                    Snapshot(
                        outcomes=outcomes,
                        campaign=controller.campaigns.live(CAMPAIGN),
                        agents=tuple(controller.floor.agents()),
                        wanted=options.calls,
                    )
                )
                await asyncio.sleep(_LOOK_EVERY_SECONDS)
            await controller.campaigns.stop(CAMPAIGN, by=people.admin.id)
            await _last_calls(kakeru, stop)
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)


def _agents(options: DemoOptions, kakeru: Kakeru, people: DemoPeople) -> list[DemoAgent]:
    # A prohibition, or a lead in somebody's box, would make the demo's own calls look forbidden.
    for_nobody_else = ("prohibit", "mybox")
    results = tuple(result for result in people.results if result.effect not in for_nobody_else)
    return [
        DemoAgent(
            user_id=agent.id,
            login=agent.login,
            password=people.password,
            address=kakeru.address,
            floor=kakeru.controller.floor,
            results=results,
            rng=random.Random(f"{options.seed}:{agent.login}"),
        )
        for agent in people.agents
    ]


def _all_made(options: DemoOptions, outcomes: Counter[str]) -> bool:
    return options.calls is not None and outcomes.total() >= options.calls


def _raise_if_ended(working: list[asyncio.Task[None]]) -> None:
    for task in working:
        if task.done():
            task.result()


async def _last_calls(kakeru: Kakeru, stop: asyncio.Event) -> None:
    """Conversations end by themselves; if somebody is in a hurry they are hung up."""
    controller = kakeru.controller
    deadline = time.monotonic() + _LAST_CALLS_SECONDS
    while controller.calls.states() and time.monotonic() < deadline:
        if stop.is_set():
            for call in controller.calls.states():
                controller.telephony.send(HangUpCustomer(call.call_id))
            deadline = min(deadline, time.monotonic() + _HANG_UP_SECONDS)
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


async def _report(kakeru: Kakeru, seconds: float) -> DemoReport:
    controller = kakeru.controller
    await controller.journal.flushed()
    await controller.keeper.idle()
    campaign = controller.campaigns.campaign(CAMPAIGN)
    if campaign is None:
        raise DemoFailed("the demo's campaign could not be loaded")
    async with kakeru.database.read() as connection:
        return await demo_report(connection, campaign.claim_request, datetime.now(UTC), seconds)


def _conclude(options: DemoOptions, report: DemoReport, console: Console) -> int:
    show_report(console, report)
    if options.json_file is not None:
        options.json_file.write_text(
            json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )
    problems = report.problems(options.calls)
    for problem in problems:
        console.print(f"[red]not well:[/red] {problem}")
    return 1 if problems else 0
