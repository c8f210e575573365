"""A worker that is killed at any moment: another goes on, and each row is a lead exactly once."""

import asyncio
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from ari_app.import_worker import WorkerSettings
from dialer import projects
from dialer.lead_imports import jobs, leases, whole, write
from dialer.lead_imports.work import work_on
from dialer.lead_imports.workshop import Workshop
from dialer.rules.import_choices import ImportState
from dialer.rules.list_shape import ListLimits
from dialer.storage.engine import Database
from dialer.storage.tables import contact_points, lead_import_notes, leads
from tests.small_world import NOON

ROWS = 6000
REFUSED = 60
KILLS = 3


@pytest.fixture
async def shop(database: Database, tmp_path: Path) -> Workshop:
    async with database.write() as connection:
        await projects.create_project(connection, name="光回線", now=NOON)
    return Workshop(database, tmp_path / "imports", lambda: datetime.now(UTC))


async def started(url: str, shop: Workshop, holder: str) -> Process:
    told = WorkerSettings(
        database_url=url,
        folder=str(shop.folder),
        holder=holder,
        log_file=str(shop.folder.parent / "imports.log"),
        limits=asdict(ListLimits()),
        keep_files_days=30,
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ari_app.import_worker", stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None
    process.stdin.write(told.as_line())
    await process.stdin.drain()
    return process


async def killed_now_and_then(
    url: str, shop: Workshop, import_id: int, chance: random.Random
) -> jobs.ImportJob:
    """Workers are killed after some of the rows; the last one is left alone."""
    for life in range(KILLS):
        holder = f"worker-{life}"
        process = await started(url, shop, holder)
        wanted = chance.randrange(1, ROWS * (life + 1) // (KILLS + 1))
        while (job := await now(shop, import_id)).at_work and job.done_rows < wanted:
            await asyncio.sleep(0.01)
        await asyncio.sleep(chance.random() * 0.1)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await leases.end_all_of(shop.database, holder)
    return await work_on(shop, "the last", import_id)


async def now(shop: Workshop, import_id: int) -> jobs.ImportJob:
    async with shop.database.read() as connection:
        return await jobs.import_by_id(connection, import_id)


async def counted(shop: Workshop) -> tuple[int, int, int, int]:
    """Leads, different names, contact points, and notes on refused rows."""
    async with shop.database.read() as connection:
        names = func.count(func.distinct(leads.c.name))
        of_leads = (await connection.execute(select(func.count(), names).select_from(leads))).one()
        points = await connection.scalar(select(func.count()).select_from(contact_points))
        notes = await connection.scalar(
            select(func.count()).select_from(lead_import_notes).where(lead_import_notes.c.refused)
        )
        return of_leads[0], of_leads[1], points or 0, notes or 0


async def test_each_row_is_one_lead_however_often_a_worker_is_killed(
    database_url: str, shop: Workshop, tmp_path: Path
) -> None:
    chance = random.Random(4)
    file = tmp_path / "list.csv"
    file.write_text(
        "会社名,電話番号,携帯番号\n"
        + "".join(
            f"会社{n},{'なし' if n % 100 == 7 else f'03-6200-{n:04}'},"
            f"{'' if n % 100 == 7 else f'090-6200-{n:04}'}\n"
            for n in range(ROWS)
        ),
        encoding="utf-8",
    )
    import_id, _ = await whole.look_at(shop, file, project="光回線")

    async with shop.database.write() as connection:
        await jobs.begin_check(connection, import_id)
    checked = await killed_now_and_then(database_url, shop, import_id, chance)
    assert (checked.state, checked.refused) == (ImportState.CHECKED, REFUSED)
    assert await counted(shop) == (0, 0, 0, REFUSED)

    async with shop.database.write() as connection:
        await jobs.begin_import(connection, import_id, now=NOON)
    done = await killed_now_and_then(database_url, shop, import_id, chance)
    good = ROWS - REFUSED
    assert (done.state, done.created, done.refused) == (ImportState.DONE, good, REFUSED)
    assert await counted(shop) == (good, good, 2 * good, REFUSED)

    async with shop.database.write() as connection:
        await jobs.begin_undo(connection, import_id, now=NOON)
    undone = await killed_now_and_then(database_url, shop, import_id, chance)
    assert undone.state is ImportState.UNDONE
    assert await counted(shop) == (0, 0, 0, REFUSED)


async def test_a_worker_whose_lease_is_gone_writes_nothing(shop: Workshop, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("会社名,電話番号\n日の出,03-6200-0001\n", encoding="utf-8")
    import_id, _ = await whole.look_at(shop, file, project="光回線")
    await whole.check(shop, import_id)
    async with shop.database.write() as connection:
        await jobs.begin_import(connection, import_id, now=NOON)
    assert await leases.take(shop.database, import_id, "another", shop.now()) is not None

    assert (await work_on(shop, "slow", import_id)).state is ImportState.IMPORTING
    with pytest.raises(leases.LeaseLost):
        async with shop.database.write() as connection:
            await leases.keep(connection, leases.Lease(import_id, "slow"), shop.now())
    assert (await counted(shop))[0] == 0


@pytest.mark.parametrize(
    ("take_back", "state", "left"),
    [(False, ImportState.CANCELLED, 1000), (True, ImportState.UNDONE, 0)],
)
async def test_a_stopped_import_keeps_what_is_in_or_takes_it_back(
    shop: Workshop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    take_back: bool,
    state: ImportState,
    left: int,
) -> None:
    file = tmp_path / "list.csv"
    rows = "".join(f"会社{n},03-6200-{n:04}\n" for n in range(2500))
    file.write_text(f"会社名,電話番号\n{rows}", encoding="utf-8")
    import_id, _ = await whole.look_at(shop, file, project="光回線")
    await whole.check(shop, import_id)
    write_batch = write.write_batch

    async def write_and_stop(*args: Any) -> None:
        await write_batch(*args)
        async with shop.database.write() as connection:
            await jobs.cancel(connection, import_id, now=NOON, take_back=take_back)

    monkeypatch.setattr(write, "write_batch", write_and_stop)
    job = await whole.write(shop, import_id)

    assert job.state is state
    assert (await counted(shop))[0] == left
