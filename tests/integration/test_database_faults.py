"""A database that is locked, full or away: nobody is called, it is said why, and it goes on."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError

from ari_app.coordination import LocalLiveUpdates
from dialer import patient_claims
from dialer.call_journal import CallJournal
from dialer.call_sessions import CallSessions
from dialer.campaign import CampaignSettings
from dialer.campaign_runner import CampaignRunner, TrunkLines
from dialer.claiming import claim
from dialer.floor import Floor
from dialer.messages import (
    AgentLegAnswered,
    CustomerGone,
    DialCustomer,
    OpenLegs,
    RingAgent,
    TelephonyCommand,
)
from dialer.rules.abandonment import AbandonmentLedger
from dialer.rules.pacing import NotDialling, StartBudget
from dialer.running_campaign import RunningCampaign, load_campaign
from dialer.storage.engine import Database, open_database
from dialer.storage.faults import DatabaseFault, fault_of
from dialer.storage.migrate import upgrade
from dialer.storage.tables import calls, users
from tests.fakes.clock import NOON, FakeClock
from tests.fakes.recordings import FakeRecordings
from tests.postgres_server import PostgresServer, postgres_server
from tests.small_world import add_lead, build_small_world

AUTUMN = CampaignSettings(
    name="autumn",
    project="光回線",
    workgroups=["東京"],
    trunk="carrier",
    caller_ids=["0312345678"],
    mode="power",
    lines_per_agent=2.0,
    record=False,
)
LOOKS = 0.4  # seconds, in which a runner that may dial has dialled


class Telephony:
    """Counts originates; agents pick up at once."""

    def __init__(self) -> None:
        self.dialled: list[DialCustomer] = []
        self.floor: Floor | None = None

    def send(self, command: TelephonyCommand) -> None:
        if isinstance(command, DialCustomer):
            self.dialled.append(command)
        elif isinstance(command, RingAgent) and self.floor is not None:
            answered = AgentLegAnswered(command.leg_id, NOON)
            asyncio.get_running_loop().call_soon(self.floor.leg_event, answered)

    async def open_legs(self) -> OpenLegs:
        raise AssertionError

    def events(self) -> object:
        raise AssertionError


@dataclass(slots=True)
class Dialling:
    runner: CampaignRunner
    telephony: Telephony
    calls: CallSessions

    def all_gone(self) -> None:
        """Nobody has answered, and the agent may have the next lines."""
        self.telephony.dialled.clear()
        for call in self.calls.states():
            self.calls.apply(CustomerGone(call.call_id, 17, NOON))

    async def dials(self, count: int) -> None:
        await self.until(lambda: len(self.telephony.dialled) >= count)

    async def says(self, note: NotDialling) -> None:
        await self.until(lambda: self.runner.note is note)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not true():
                await asyncio.sleep(0.02)


async def fill(database: Database) -> RunningCampaign:
    async with database.write() as connection:
        world = await build_small_world(connection)
        for number in range(60):
            await add_lead(connection, world.project_id, f"+81352540{number:03}")
        return await load_campaign(connection, AUTUMN)


@asynccontextmanager
async def dialling(database: Database, campaign: RunningCampaign) -> AsyncIterator[Dialling]:
    """The real runner for one agent, who waits for calls; not started yet."""
    telephony, clock, live = Telephony(), FakeClock(), LocalLiveUpdates()
    sessions = CallSessions(
        telephony=telephony,  # type: ignore[arg-type]
        journal=CallJournal(database, lambda written: None),
        clock=clock,
        recordings=FakeRecordings(),
    )
    floor = Floor(
        database=database,
        telephony=telephony,  # type: ignore[arg-type]
        clock=clock,
        live=live,
        calls=sessions,
    )
    telephony.floor = floor
    async with database.read() as connection:
        suzuki = await connection.scalar(select(users.c.id).where(users.c.login == "suzuki"))
    assert suzuki is not None
    await floor.go_ready(suzuki)
    runner = CampaignRunner(
        campaign=campaign,
        database=database,
        calls=sessions,
        floor=floor,
        clock=clock,
        live=live,
        trunk=TrunkLines(100, StartBudget(50.0, 1.0, clock.now())),
        ledger=AbandonmentLedger(),
    )
    runner.telephony(up=True)
    task = asyncio.create_task(runner.run())
    try:
        yield Dialling(runner, telephony, sessions)
    finally:
        runner.end()
        await task


async def claim_everything(database: Database, campaign: RunningCampaign) -> None:
    while (await claim(database, campaign.claim_request, 1, FakeClock().now())).calls:
        pass


@pytest.fixture
def sqlite(tmp_path: Path, migrated_sqlite: Path) -> Path:
    file = tmp_path / "kakeru.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    return file


async def test_locked_by_another_program_sqlite_waits_and_says_so(
    sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient_claims, "_SAY_SO_AFTER_SECONDS", 0.1)
    database = open_database(f"sqlite:///{sqlite}")
    campaign = await fill(database)
    other = sqlite3.connect(sqlite, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    async with dialling(database, campaign) as at_work:
        await at_work.says(NotDialling.DATABASE_LOCKED)
        assert at_work.telephony.dialled == []
        other.execute("ROLLBACK")
        await at_work.dials(2)
    other.close()
    await database.close()


async def test_a_runner_that_is_ended_meanwhile_does_not_wait_and_dials_nothing(
    sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient_claims, "_SAY_SO_AFTER_SECONDS", 0.1)
    database = open_database(f"sqlite:///{sqlite}")
    campaign = await fill(database)
    other = sqlite3.connect(sqlite, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    async with dialling(database, campaign) as at_work:
        await at_work.says(NotDialling.DATABASE_LOCKED)
    # The runner has ended while the lock stands: only then it is taken away.
    other.execute("ROLLBACK")
    async with database.write() as connection:  # after the claim, which came first
        claimed = await connection.scalar(select(func.count()).select_from(calls))
    await asyncio.sleep(0.05)
    assert claimed
    assert at_work.telephony.dialled == []
    other.close()
    await database.close()


async def test_when_sqlite_gives_up_waiting_the_runner_tries_again(sqlite: Path) -> None:
    database = open_database(f"sqlite:///{sqlite}")
    event.listen(
        database.engine.sync_engine,
        "connect",
        lambda connection, record: connection.execute("PRAGMA busy_timeout=50"),
    )
    campaign = await fill(database)
    other = sqlite3.connect(sqlite, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    async with dialling(database, campaign) as at_work:
        await at_work.says(NotDialling.DATABASE_LOCKED)
        await asyncio.sleep(LOOKS)
        assert at_work.telephony.dialled == []
        other.execute("ROLLBACK")
        await at_work.dials(2)
    other.close()
    await database.close()


async def test_a_full_sqlite_calls_nobody_until_there_is_room(sqlite: Path) -> None:
    database = open_database(f"sqlite:///{sqlite}")
    campaign = await fill(database)
    room = "1073741823"
    event.listen(
        database.engine.sync_engine,
        "connect",
        lambda connection, record: connection.execute(f"PRAGMA max_page_count={room}"),
    )
    async with database.read() as connection:
        room = str(await connection.scalar(text("PRAGMA page_count")))
    await database.engine.dispose()
    with pytest.raises(DBAPIError) as full:
        await claim_everything(database, campaign)
    assert fault_of(full.value) is DatabaseFault.FULL
    async with dialling(database, campaign) as at_work:
        await at_work.says(NotDialling.DATABASE_FULL)
        await asyncio.sleep(LOOKS)
        assert at_work.telephony.dialled == []
        room = "1073741823"
        await database.engine.dispose()
        await at_work.dials(2)
    await database.close()


@pytest.mark.real
async def test_a_full_postgresql_calls_nobody_until_there_is_room(
    postgres: PostgresServer, migrated_postgres: str
) -> None:
    """A full disk, as far as a client can tell: the trigger raises what the server raises then."""
    database = open_database(await postgres.fresh(migrated_postgres))
    campaign = await fill(database)
    async with database.write() as connection:
        await connection.execute(
            text(
                "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
            )
        )
        await connection.execute(
            text(
                "CREATE TRIGGER no_room BEFORE INSERT ON calls "
                "FOR EACH STATEMENT EXECUTE FUNCTION no_room()"
            )
        )
    async with dialling(database, campaign) as at_work:
        await at_work.says(NotDialling.DATABASE_FULL)
        await asyncio.sleep(LOOKS)
        assert at_work.telephony.dialled == []
        async with database.write() as connection:
            await connection.execute(text("DROP TRIGGER no_room ON calls"))
        await at_work.dials(2)
    await database.close()


@pytest.mark.real
async def test_a_table_that_is_locked_on_postgresql_calls_nobody(
    postgres: PostgresServer, migrated_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient_claims, "_SAY_SO_AFTER_SECONDS", 0.1)
    url = await postgres.fresh(migrated_postgres)
    database, other = open_database(url), open_database(url)
    campaign = await fill(database)
    async with dialling(database, campaign) as at_work, other.write() as connection:
        await at_work.dials(2)
        await connection.execute(text("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE"))
        at_work.all_gone()
        await at_work.says(NotDialling.DATABASE_LOCKED)
        await asyncio.sleep(LOOKS)
        assert at_work.telephony.dialled == []
        await connection.rollback()
        await at_work.dials(2)
    await database.close()
    await other.close()


@pytest.mark.real
async def test_while_postgresql_is_stopped_nobody_is_called_and_then_it_goes_on() -> None:
    with postgres_server() as server:
        await server.run("CREATE DATABASE kakeru")
        await upgrade(server.url("kakeru"))
        database = open_database(server.url("kakeru"))
        campaign = await fill(database)
        async with dialling(database, campaign) as at_work:
            await at_work.dials(2)
            server.stop()
            at_work.all_gone()
            await at_work.says(NotDialling.DATABASE_DOWN)
            await asyncio.sleep(LOOKS)
            assert at_work.telephony.dialled == []
            server.start()
            await at_work.dials(2)
        await database.close()
