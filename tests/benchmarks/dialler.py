"""Calls a second through the whole dialler, as a ratio to a bare ARI loop.

Both do the same with Asterisk: originate to a carrier that answers at once, hang up, see the end.
The dialler does it with everything around it: a running campaign that paces by its ready agents,
claiming from the database, both state machines, the floor, and the history written to the end.
Its agents have no phones here: being joined is replaced by hanging up, so that Asterisk's work is
the same in both.
"""

import argparse
import asyncio
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import structlog
import uvloop
from sqlalchemy import func, insert, select

from ari_app.ari.accounts import Trunk
from ari_app.ari.connection import AriConnection
from ari_app.clock import SystemClock
from ari_app.controller import Controller, build_controller
from ari_app.coordination.live import LocalLiveUpdates
from ari_app.runtime.carrier import Carrier
from ari_app.runtime.pbx import Pbx, PbxSettings
from ari_app.sip_accounts import SipAccounts
from ari_app.telephony import APPLICATION, AsteriskTelephony, TrunkAddress
from dialer import lanes, projects, users, workgroups
from dialer.call_sessions import Session
from dialer.campaign import CampaignSettings, HoursSettings
from dialer.campaign_runner import TrunkLines
from dialer.messages import (
    ConnectCustomer,
    CustomerConnected,
    HangUpCustomer,
    LegId,
    TelephonyCommand,
    UserId,
)
from dialer.rules.agent_state import Agent, AgentState, PhoneMode
from dialer.rules.call_state import Phase
from dialer.rules.calling_hours import WEEKDAYS
from dialer.rules.lane import Lane
from dialer.rules.pacing import StartBudget
from dialer.storage import migrate
from dialer.storage.engine import Database, open_database
from dialer.storage.tables import calls, contact_points, leads
from recordings.store import LocalRecordingStore
from tests.benchmarks import _bare_ari as bare_ari

AT_ONCE = 60
NO_LIMIT = 100_000


class HangUpInsteadOfJoining(AsteriskTelephony):
    """The same Asterisk, but a customer who would be joined with an agent is hung up."""

    def send(self, command: TelephonyCommand) -> None:
        if isinstance(command, ConnectCustomer):
            self._put(CustomerConnected(command.call_id, command.leg_id, datetime.now(UTC)))
            super().send(HangUpCustomer(command.call_id))
        else:
            super().send(command)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer calls")
    quick = parser.parse_args().quick
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    print(json.dumps(uvloop.run(measure(calls_wanted=1500 if quick else 6000))))


async def measure(*, calls_wanted: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="kakeru-bench-") as name:
        folder = Path(name)
        pbx = Pbx(PbxSettings.on_free_ports(folder / "pbx"), die_with_parent=True)
        await pbx.start()
        carrier = Carrier(folder / "carrier", pbx_sip_address=pbx.sip_address, instant=True)
        await carrier.start()
        try:
            return await _compare(folder, pbx, carrier, calls_wanted)
        finally:
            await carrier.stop()
            await pbx.stop()


async def _compare(folder: Path, pbx: Pbx, carrier: Carrier, calls_wanted: int) -> dict[str, float]:
    database = await _fill(folder, calls_wanted)
    host, _, port = carrier.sip_address.rpartition(":")
    trunk = Trunk("bench", host, int(port), qualify_seconds=0)
    ari = AriConnection(
        url=pbx.ari_url,
        username=pbx.settings.ari_username,
        password=pbx.ari_password,
        application=APPLICATION,
    )
    SipAccounts(ari, database, [trunk])
    await ari.subscribe(f"endpoint:PJSIP/{trunk.endpoint}")
    telephony = HangUpInsteadOfJoining(
        ari,
        {"bench": TrunkAddress(trunk.endpoint, lambda e164: e164)},
        {"bench": folder / "nothing"},
    )
    controller = build_controller(
        telephony=telephony,
        database=database,
        clock=SystemClock(),
        live=LocalLiveUpdates(),
        recordings=LocalRecordingStore(folder / "recordings"),
        campaigns=[_campaign()],
        trunks={"bench": TrunkLines(NO_LIMIT, StartBudget(NO_LIMIT, NO_LIMIT, datetime.now(UTC)))},
    )
    await ari.start()
    await ari.wait_connected(seconds=10)
    endpoint = f"PJSIP/+81312345678@{trunk.endpoint}"

    async def bare() -> float:
        return await bare_ari.calls_per_second(
            ari_url=pbx.ari_url,
            username=pbx.settings.ari_username,
            password=pbx.ari_password,
            endpoint=endpoint,
            calls=calls_wanted,
            at_once=AT_ONCE,
        )

    before = await bare()
    whole = await _dial_all(controller, database, calls_wanted)
    await ari.close()
    after = await bare()
    await database.close()
    baseline = (before + after) / 2
    return {
        "calls": calls_wanted,
        "bare_calls_per_second": round(baseline, 1),
        "dialler_calls_per_second": round(whole, 1),
        "calls_per_second_ratio": round(whole / baseline, 3),
    }


def _campaign() -> CampaignSettings:
    return CampaignSettings(
        name="bench",
        project="bench",
        workgroups=["bench"],
        trunk="bench",
        caller_ids=["0312345678"],
        after_call_work_seconds=0,
        record=False,
        hours=HoursSettings(weekdays=dict.fromkeys(WEEKDAYS, "00:00-24:00")),
    )


async def _fill(folder: Path, number_of_leads: int) -> Database:
    url = f"sqlite:///{folder / 'kakeru.db'}"
    await migrate.upgrade(url)
    database = open_database(url)
    now = datetime.now(UTC)
    async with database.write() as connection:
        group = await workgroups.create_workgroup(connection, name="bench", now=now)
        project = await projects.create_project(
            connection, name="bench", result_required=False, now=now
        )
        agents = [
            await users.create_user(
                connection,
                login=f"agent{number}",
                name=f"Agent {number}",
                password="only for this run",
                may_administer=False,
                may_call=True,
                workgroups=[group.id],
                phone_account=f"agent{number}",
                phone_password="only for this run",
                phone_mode="held",
                now=now,
            )
            for number in range(AT_ONCE)
        ]
        await projects.assign_users(
            connection, project_id=project.id, user_ids=[agent.id for agent in agents], now=now
        )
        common = {
            "project_id": project.id,
            "lane_id": await lanes.lane_id_of(connection, project.id, Lane()),
            "created_at": now,
        }
        await connection.execute(
            insert(leads),
            [{**common, "id": n, "name": f"リード{n}"} for n in range(1, number_of_leads + 1)],
        )
        await connection.execute(
            insert(contact_points),
            [
                {
                    "lead_id": n,
                    "kind": "phone",
                    "position": 0,
                    "raw": str(n),
                    "e164": f"+813{n:08d}",
                    "number_kind": "fixed",
                }
                for n in range(1, number_of_leads + 1)
            ],
        )
    return database


async def _dial_all(controller: Controller, database: Database, calls_wanted: int) -> float:
    await controller.start()
    now = datetime.now(UTC)
    agents = [
        Agent(UserId(n), PhoneMode.HELD, now, AgentState.READY, leg_id=_leg(), leg_answered=True)
        for n in range(1, AT_ONCE + 1)
    ]
    await controller.floor.take_up(agents, {})
    all_ended = asyncio.Event()
    left = calls_wanted

    def count(session: Session) -> None:
        nonlocal left
        left -= session.state.phase is Phase.ENDED
        if left == 0:
            all_ended.set()

    controller.calls.on_change(count)
    started = time.perf_counter()
    await controller.campaigns.start("bench", by=1)
    await all_ended.wait()
    await controller.journal.flushed()
    seconds = time.perf_counter() - started
    await controller.stop()
    written = await _ended(database)
    if written != calls_wanted:
        raise RuntimeError(f"{calls_wanted} calls were made, but {written} are in the history")
    return calls_wanted / seconds


def _leg() -> LegId:
    return LegId(uuid4())


async def _ended(database: Database) -> int:
    async with database.read() as connection:
        wanted = select(func.count()).select_from(calls).where(calls.c.ended_at.is_not(None))
        return (await connection.execute(wanted)).scalar_one()


if __name__ == "__main__":
    main()
