"""禁止: lists of numbers in and out, and the list of what is and was prohibited."""

import io
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import event

from dialer import prohibitions
from dialer.paging import BadPageKey
from dialer.prohibition_files import NumberList, read_number_list
from dialer.prohibition_import import (
    ListReport,
    ProhibitionImportError,
    RowOutcome,
    lift_list,
    prohibit_list,
    write_report,
)
from dialer.prohibition_list import ForWhom, ProhibitionFilter, all_prohibitions, list_prohibitions
from dialer.storage.engine import Database
from dialer.users import NotAllowed, User
from tests.small_world import NOON, SmallWorld, add_lead, build_small_world

A, B, C = "+81352540001", "+81352540002", "+81352540003"
LIST = "電話番号,理由\n03-5254-0001,断られた\n03-5254-0002,\nなし,\n0352540001,\n"


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


def numbers_in(text: str) -> NumberList:
    return read_number_list(text.encode(), file_name="list.csv")


def outcomes(report: ListReport) -> list[tuple[int, RowOutcome]]:
    return [(line.row, line.outcome) for line in report.lines]


async def reasons(database: Database, *e164s: str) -> dict[str, str]:
    async with database.read() as connection:
        found = await prohibitions.standing(connection, e164s=e164s)
    return {one.e164: one.reason for one in found}


async def test_every_row_of_a_list_is_reported(database: Database, world: SmallWorld) -> None:
    committed: list[str] = []
    report = await prohibit_list(
        database,
        numbers_in(LIST),
        workgroup_ids=[world.tokyo],
        reason="名簿",
        by=world.suzuki,
        now=lambda: NOON,
        on_committed=committed.extend,
    )
    assert outcomes(report) == [
        (2, RowOutcome.ADDED),
        (3, RowOutcome.ADDED),
        (4, RowOutcome.NOT_A_NUMBER),
        (5, RowOutcome.DUPLICATE),
    ]
    assert await reasons(database, A, B) == {A: "断られた", B: "名簿"}
    assert committed == [A, B]


async def test_a_list_may_be_used_again(database: Database, world: SmallWorld) -> None:
    for expected in (RowOutcome.ADDED, RowOutcome.ALREADY_PROHIBITED):
        report = await prohibit_list(
            database, numbers_in(LIST), workgroup_ids=None, by=world.sato, now=lambda: NOON
        )
        assert report.count(expected) == 2


async def test_checking_writes_nothing_and_says_the_same(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        await prohibitions.prohibit(connection, e164s=[A], workgroup_ids=[world.tokyo], now=NOON)
    for groups, added in (([world.tokyo], 1), ([world.tokyo, world.osaka], 2), (None, 2)):
        report = await prohibit_list(
            database, numbers_in(LIST), workgroup_ids=groups, now=lambda: NOON, check_only=True
        )
        assert report.count(RowOutcome.ADDED) == added
        assert report.outcome_text(RowOutcome.ADDED) == "would be prohibited"
    assert list(await reasons(database, A, B)) == [A]


async def test_a_user_brings_a_list_for_his_own_workgroups_only(
    database: Database, world: SmallWorld
) -> None:
    for groups in (None, [world.osaka]):
        with pytest.raises(NotAllowed):
            await prohibit_list(
                database,
                numbers_in(LIST),
                workgroup_ids=groups,
                by=world.suzuki,
                now=lambda: NOON,
            )


async def test_a_list_is_written_a_thousand_to_a_transaction(
    database: Database, world: SmallWorld
) -> None:
    commits: list[int] = []
    told: list[tuple[int, int]] = []
    event.listen(database.engine.sync_engine, "commit", lambda connection: commits.append(1))
    text = "".join(f"090-1234-{number:04}\n" for number in range(2_500))
    report = await prohibit_list(
        database,
        numbers_in(text),
        workgroup_ids=None,
        now=lambda: NOON,
        on_progress=lambda done, total: told.append((done, total)),
    )
    assert report.count(RowOutcome.ADDED) == 2_500
    assert len(commits) == 3
    assert told == [(1_000, 2_500), (2_000, 2_500), (2_500, 2_500)]


async def test_what_was_written_before_the_database_failed_stays(
    database: Database, world: SmallWorld
) -> None:
    def fail(*given: object) -> None:
        raise OSError("disk full")

    def fail_from_now_on(numbers: Sequence[str]) -> None:
        event.listen(database.engine.sync_engine, "before_cursor_execute", fail)

    text = "".join(f"090-1234-{number:04}\n" for number in range(1_001))
    with pytest.raises(ProhibitionImportError, match=r"after 1000 of 1001 numbers.*disk full"):
        await prohibit_list(
            database,
            numbers_in(text),
            workgroup_ids=None,
            now=lambda: NOON,
            on_committed=fail_from_now_on,
        )
    event.remove(database.engine.sync_engine, "before_cursor_execute", fail)
    assert len(await reasons(database, "+819012340000", "+819012341000")) == 1


async def test_lifting_a_list(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        await prohibitions.prohibit(connection, e164s=[A, C], workgroup_ids=None, now=NOON)
        await prohibitions.prohibit(connection, e164s=[B], workgroup_ids=[world.tokyo], now=NOON)
    with pytest.raises(NotAllowed):
        await lift_list(
            database,
            numbers_in(LIST),
            workgroup_id=None,
            reason="期限切れ",
            by=world.suzuki,
            now=lambda: NOON,
        )
    with pytest.raises(prohibitions.NoReason):
        await lift_list(database, numbers_in(LIST), workgroup_id=None, reason=" ", now=lambda: NOON)
    for check_only in (True, False):
        report = await lift_list(
            database,
            numbers_in(LIST),
            workgroup_id=None,
            reason="期限切れ",
            by=world.sato,
            now=lambda: NOON,
            check_only=check_only,
        )
        assert outcomes(report)[:2] == [(2, RowOutcome.LIFTED), (3, RowOutcome.NOT_PROHIBITED)]
    assert set(await reasons(database, A, B, C)) == {B, C}


async def test_the_report_as_csv_calculates_nothing(database: Database, world: SmallWorld) -> None:
    report = await prohibit_list(
        database,
        numbers_in("電話番号\n+81 3-5254-0001\n=1+1\n"),
        workgroup_ids=None,
        now=lambda: NOON,
    )
    stream = io.StringIO()
    write_report(report, stream, "ja")
    assert stream.getvalue().splitlines() == [
        "行,記載,番号,結果,詳細",
        "2,'+81 3-5254-0001,03-5254-0001,禁止しました,",
        "3,'=1+1,,電話番号ではありません,桁数が足りません",
    ]


# --- the list -----------------------------------------------------------------------------


async def listed(
    database: Database,
    viewer: User,
    for_whom: ForWhom = "any",
    number: str = "",
    state: str = "standing",
) -> list[str]:
    wanted = ProhibitionFilter(for_whom, number, state)  # type: ignore[arg-type]
    async with database.read() as connection:
        page = await list_prohibitions(connection, viewer=viewer, wanted=wanted)
    return [f"{row.number} {row.workgroup or '全社'}" for row in page.rows]


async def test_the_list_by_group_number_and_state(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        for e164s, groups in (([A], None), ([A, B], [world.tokyo]), ([C], [world.osaka])):
            await prohibitions.prohibit(
                connection, e164s=e164s, workgroup_ids=groups, by=world.sato, now=NOON
            )
        await prohibitions.lift(
            connection,
            e164=B,
            workgroup_id=world.tokyo,
            reason="本人の希望",
            by=world.sato,
            now=NOON + timedelta(hours=1),
        )
    a, c = "03-5254-0001", "03-5254-0003"
    assert await listed(database, world.sato) == [f"{c} 大阪", f"{a} 東京", f"{a} 全社"]
    assert await listed(database, world.suzuki) == [f"{a} 東京", f"{a} 全社"]
    assert await listed(database, world.suzuki, world.osaka) == []
    assert await listed(database, world.sato, "company") == [f"{a} 全社"]
    assert await listed(database, world.sato, world.osaka) == [f"{c} 大阪"]
    assert await listed(database, world.sato, number="０３（５２５４）０００３") == [f"{c} 大阪"]
    assert await listed(database, world.sato, number="nobody") == []
    assert await listed(database, world.sato, state="lifted") == ["03-5254-0002 東京"]
    assert len(await listed(database, world.sato, state="all")) == 4


async def test_the_list_goes_on_page_by_page(database: Database, world: SmallWorld) -> None:
    numbers = [f"+8190{number:08}" for number in range(1_201)]
    async with database.write() as connection:
        await prohibitions.prohibit(connection, e164s=numbers, workgroup_ids=None, now=NOON)
    seen: list[str] = []
    async with database.read() as connection:
        async for rows in all_prohibitions(database, viewer=world.sato, wanted=ProhibitionFilter()):
            seen += [row.e164 for row in rows]
        with pytest.raises(BadPageKey):
            await list_prohibitions(
                connection, viewer=world.sato, wanted=ProhibitionFilter(), after="x"
            )
    assert sorted(seen) == numbers


async def test_many_leads_at_once(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        some = [await add_lead(connection, world.project_id, number) for number in (A, B)]
        silent = await add_lead(connection, world.project_id)
        report = await prohibitions.prohibit_leads(
            connection, lead_ids=[*some, silent], by=world.suzuki, reason="まとめて", now=NOON
        )
    assert report == prohibitions.ProhibitedLeads((A, B), (silent,))
    assert await reasons(database, A, B) == {A: "まとめて", B: "まとめて"}


async def test_some_numbers_of_a_lead(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        lead = await add_lead(connection, world.project_id, A, B)
        added = await prohibitions.prohibit_lead(
            connection, lead_id=lead, only=[B, C], by=world.suzuki, now=NOON
        )
        with pytest.raises(prohibitions.NoNumber):
            await prohibitions.prohibit_lead(
                connection, lead_id=lead, only=[C], by=world.suzuki, now=NOON
            )
    assert added == [B]
