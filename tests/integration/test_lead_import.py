"""Lists become leads: exactly the rows that can be called, or nothing at all."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

from dialer import projects
from dialer.lead_files import load_lead_file, read_lead_file
from dialer.lead_import import (
    ImportReport,
    ImportStep,
    LeadImportError,
    import_leads,
    write_problems,
)
from dialer.rules.lead_problem import RowNote, RowReason
from dialer.storage.engine import Database, open_database
from dialer.storage.tables import audit_log, contact_points, gate_lanes, lead_imports, leads
from tests.small_world import NOON, add_lead

SAMPLES = Path(__file__).parent.parent / "samples"
PROJECT = "光回線"


@pytest.fixture
async def project(database: Database) -> int:
    async with database.write() as connection:
        return (await projects.create_project(connection, name=PROJECT, now=NOON)).id


async def take(database: Database, name: str | Path, **options: Any) -> ImportReport:
    file = load_lead_file(name if isinstance(name, Path) else SAMPLES / name)
    return await import_leads(database, project=PROJECT, file=file, now=NOON, **options)


async def take_text(database: Database, text: str, **options: Any) -> ImportReport:
    file = read_lead_file(text.encode(), file_name="list.csv")
    return await import_leads(database, project=PROJECT, file=file, now=NOON, **options)


async def stored(database: Database) -> list[dict[str, Any]]:
    """All leads in order, each with its contact points in order."""
    async with database.read() as connection:
        rows = (await connection.execute(select(leads).order_by(leads.c.id))).mappings()
        found = [{**row, "contacts": []} for row in rows]
        by_id = {lead["id"]: lead for lead in found}
        points = await connection.execute(
            select(contact_points).order_by(contact_points.c.lead_id, contact_points.c.position)
        )
        for point in points.mappings():
            by_id[point["lead_id"]]["contacts"].append(dict(point))
    return found


async def count(database: Database, *tables: Any) -> list[int]:
    async with database.read() as connection:
        return [
            (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in tables
        ]


def expected_rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(
        (SAMPLES / "expected.json").read_text(encoding="utf-8")
    )["rows"]
    return rows


@pytest.mark.parametrize("name", ["leads_cp932.csv", "leads_utf8_bom.csv"])
async def test_the_sample_is_imported_as_expected(
    database: Database, project: int, name: str
) -> None:
    report = await take(database, name)

    expected = expected_rows()
    good = [row for row in expected if row["problem"] is None]
    assert [(problem.row, str(problem.reason)) for problem in report.refused] == [
        (row["row"], row["problem"]) for row in expected if row["problem"] is not None
    ]
    duplicates = {
        warning.row: warning.other_row
        for warning in report.warnings
        if warning.note is RowNote.DUPLICATE_IN_FILE
    }
    assert duplicates == {
        row["row"]: row["duplicate_of_row"] for row in expected if "duplicate_of_row" in row
    }
    assert report.taken == len(good)
    found = await stored(database)
    assert len(found) == len(good)
    for lead, row in zip(found, good, strict=True):
        numbers = {point["label"]: point["e164"] for point in lead["contacts"]}
        assert numbers.get("電話番号") == row["phone"]
        assert numbers.get("携帯番号") == row["mobile"]
        assert lead["project_id"] == project
        assert lead["import_id"] == report.import_id


async def test_both_encodings_give_the_same_leads(database: Database, project: int) -> None:
    await take(database, "leads_cp932.csv")
    await take(database, "leads_utf8_bom.csv")

    found = await stored(database)
    half = len(found) // 2
    assert [_content(lead) for lead in found[:half]] == [_content(lead) for lead in found[half:]]
    names = {lead["name"] for lead in found}
    assert {"①商店", "髙島物産", "㈱北斗", "Ｓｋｙ企画 第二事業部"} <= names


async def test_the_spreadsheet_gives_the_leads_of_its_rows(
    database: Database, project: int
) -> None:
    report = await take(database, "leads.xlsx")

    expected = [row for row in expected_rows() if row["row"] <= 101]
    assert [problem.row for problem in report.refused] == [
        row["row"] for row in expected if row["problem"]
    ]
    found = await stored(database)
    assert [lead["contacts"][0]["e164"] or lead["contacts"][1]["e164"] for lead in found] == [
        row["phone"] or row["mobile"] for row in expected if row["problem"] is None
    ]
    restored = report.rows_with(RowNote.ZERO_RESTORED)
    assert 6 in restored
    assert len(restored) == sum(
        point["zero_restored"] for lead in found for point in lead["contacts"]
    )


async def test_title_rows_and_notes_are_no_leads(database: Database, project: int) -> None:
    report = await take(database, "leads_title_rows.csv")

    assert report.taken == 48
    assert [(problem.row, problem.reason) for problem in report.refused] == [
        (9, RowReason.NO_USABLE_PHONE),
        (46, RowReason.NO_USABLE_PHONE),
    ]
    assert report.rows_with(RowNote.NOT_A_LEAD) == (55,)


async def test_what_a_row_says_is_on_the_lead(database: Database, project: int) -> None:
    await take(database, "leads_cp932.csv")

    first, second = (await stored(database))[:2]
    assert first["name"] == "Ｓｋｙ企画 第二事業部"
    assert first["name_kana"] == "カブシキガイシャ"
    assert first["contact_person"] == "吉田 大輔"
    assert (first["postal_code"], first["prefecture"], first["city"]) == (
        "812-0011",
        "福岡県",
        "福岡市博多区",
    )
    assert first["notes"] == '折返し希望、"午後"のみ'
    assert first["extra"] == {
        "業種": "製造",
        "従業員数": "12",
        "最終商談日": "令和8年4月1日",
        "DM希望": "○",
    }
    assert first["created_at"] == NOON
    phone, mobile = second["contacts"]
    assert (phone["kind"], phone["position"], phone["raw"], phone["note"]) == (
        "phone",
        0,
        "092-416-7719 内線12",
        "内線12",
    )
    assert (phone["number_kind"], phone["zero_restored"]) == ("fixed", False)
    assert (mobile["kind"], mobile["position"], mobile["number_kind"]) == ("mobile", 1, "mobile")
    assert second["email"] == "info1@example.jp"


async def test_leads_of_other_zones_and_those_never_dialled_stand_apart(
    database: Database, project: int
) -> None:
    text = "会社名,電話番号\nA,03-5254-2287\nB,+1 808 555 1234\nC,0570-012-345\n"
    await take_text(database, text)
    async with database.read() as connection:
        found = await connection.execute(
            select(leads, gate_lanes.c.time_zone.label("lane_zone"), gate_lanes.c.undialable)
            .join(gate_lanes, gate_lanes.c.id == leads.c.lane_id)
            .order_by(leads.c.id)
        )
        stand = [(row.name, row.time_zone, row.lane_zone, row.undialable) for row in found]
    honolulu = "Pacific/Honolulu"
    assert stand == [("A", "", "", ""), ("B", honolulu, honolulu, ""), ("C", "", "", "number_kind")]


async def test_the_zone_of_the_project_is_not_kept(database: Database) -> None:
    async with database.write() as connection:
        await projects.create_project(
            connection, name=PROJECT, time_zone="Pacific/Honolulu", now=NOON
        )
    await take_text(database, "会社名,電話番号\nA,03-5254-2287\nB,+1 808 555 1234\n")
    assert [lead["time_zone"] for lead in await stored(database)] == ["Asia/Tokyo", ""]


async def test_the_import_itself_is_on_record(database: Database, project: int) -> None:
    report = await take(database, "leads_cp932.csv")

    async with database.read() as connection:
        row = (await connection.execute(select(lead_imports))).one()
        line = (
            await connection.execute(select(audit_log).where(audit_log.c.action == "lead.import"))
        ).one()
    assert (row.id, row.project_id, row.file_name) == (report.import_id, project, "leads_cp932.csv")
    assert (row.created_at, row.created, row.refused) == (NOON, 199, 4)
    assert line.subject == f"project:{project}"
    assert line.detail["taken"] == 199


async def test_numbers_that_the_project_has_are_reported(database: Database, project: int) -> None:
    row = "会社名,電話番号,FAX\n日の出,{},03-5254-2299\n"
    first = await take_text(database, row.format("03-5254-2287"))
    again = await take_text(database, row.format("03(5254)2287"))
    other = await take_text(database, row.format("03-5254-2288"))
    fax = await take_text(database, row.format("03-5254-2299"))

    assert first.warnings == other.warnings == fax.warnings == ()
    assert again.rows_with(RowNote.ALREADY_IN_PROJECT) == (2,)
    assert again.taken == 1


async def test_ids_go_on_after_an_import(database: Database, project: int) -> None:
    """The ids that an import takes are not given to anybody else."""
    text = "会社名,電話番号\n日の出,03-5254-2287\n"
    await take_text(database, text)
    async with database.write() as connection:
        await add_lead(connection, project, name="手入力")
    await take_text(database, text)

    assert len({lead["id"] for lead in await stored(database)}) == 3


async def test_progress_is_told_to_the_end(database: Database, project: int) -> None:
    told: list[tuple[ImportStep, int, int]] = []
    await take(database, "leads_cp932.csv", on_progress=lambda *progress: told.append(progress))

    assert told[0] == (ImportStep.CHECKING, 0, 203)
    assert (ImportStep.CHECKING, 203, 203) in told
    assert told[-1] == (ImportStep.WRITING, 199, 199)


# --- nothing at all -----------------------------------------------------------------------


async def test_an_import_that_breaks_off_leaves_nothing(database: Database, project: int) -> None:
    rows = "".join(f"会社{n},03-5254-{n:04}\n" for n in range(2500))

    def break_off(step: ImportStep, done: int, total: int) -> None:
        if step is ImportStep.WRITING and done >= 2000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await take_text(database, "会社名,電話番号\n" + rows, on_progress=break_off)

    assert await count(database, leads, contact_points, lead_imports) == [0, 0, 0]


async def test_an_unknown_project_names_those_that_exist(database: Database, project: int) -> None:
    file = load_lead_file(SAMPLES / "leads_cp932.csv")
    with pytest.raises(projects.UnknownProject, match=PROJECT):
        await import_leads(database, project="保険", file=file, now=NOON)
    assert await count(database, leads, lead_imports) == [0, 0]


async def test_a_list_without_one_usable_row_stores_nothing(
    database: Database, project: int
) -> None:
    report = await take_text(database, "会社名,電話番号\n日の出,なし\n,03-5254-2287\n\n")

    assert (report.taken, report.import_id) == (0, None)
    assert [problem.reason for problem in report.refused] == [
        RowReason.NO_USABLE_PHONE,
        RowReason.NO_NAME,
    ]
    assert await count(database, leads, lead_imports) == [0, 0]


@pytest.mark.parametrize(
    ("fault", "words"),
    [("max_page_count=60", "full"), ("query_only=ON", "readonly")],
)
async def test_a_disk_that_cannot_be_written_stores_nothing(
    tmp_path: Path, migrated_sqlite: Path, fault: str, words: str
) -> None:
    file = tmp_path / "kakeru.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    good = open_database(f"sqlite:///{file}")
    async with good.write() as connection:
        await projects.create_project(connection, name=PROJECT, now=NOON)
    bad = open_database(f"sqlite:///{file}")
    event.listen(
        bad.engine.sync_engine,
        "connect",
        lambda connection, record: connection.execute(f"PRAGMA {fault}").close(),
    )

    with pytest.raises(LeadImportError, match=f"nothing was imported.*{words}"):
        await take(bad, "leads_cp932.csv")

    assert await count(good, leads, contact_points, lead_imports) == [0, 0, 0]
    await bad.close()
    await good.close()


async def test_a_very_long_text_is_a_problem_and_no_error_of_the_database(
    database: Database, project: int
) -> None:
    report = await take_text(
        database, f"会社名,電話番号\n{'長' * 401},03-5254-2287\n\x01日の\x00出,03-5254-2288\n"
    )

    assert [problem.reason for problem in report.refused] == [RowReason.TOO_LONG]
    assert [lead["name"] for lead in await stored(database)] == ["日の出"]


# --- the file of refused rows ---------------------------------------------------------------


async def test_refused_rows_can_be_corrected_and_imported(database: Database, project: int) -> None:
    report = await take(database, "leads_cp932.csv")
    stream = io.StringIO()
    write_problems(report, stream, "ja")

    rows = list(csv.reader(io.StringIO(stream.getvalue(), newline="")))
    assert rows[0][:4] == ["行", "理由", "会社名", "会社名カナ"]
    assert [row[0] for row in rows[1:]] == ["7", "44", "155", "192"]
    assert rows[3][5] == "03-1234"
    corrected = stream.getvalue().replace("03-1234", "03-5254-2287")
    assert (await take_text(database, corrected)).taken == 1


def _content(lead: dict[str, Any]) -> dict[str, Any]:
    """Everything but ids, and but the dashes: CP932 has only one of the two."""
    own = {"id", "import_id", "contacts"}
    contacts = [
        {key: value for key, value in point.items() if key not in ("id", "lead_id", "raw")}
        for point in lead["contacts"]
    ]
    return {key: value for key, value in lead.items() if key not in own} | {"points": contacts}
