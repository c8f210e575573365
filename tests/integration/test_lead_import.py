"""Lists become leads: exactly the rows that can be called, each once."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from dialer import projects
from dialer.lead_imports.jobs import ImportJob
from dialer.lead_imports.problems import as_csv, notes_about, refused_rows
from dialer.rules.import_choices import ImportChoices, InProject
from dialer.rules.lead_problem import RowNote, RowReason
from dialer.storage.engine import Database
from dialer.storage.tables import (
    audit_log,
    contact_points,
    gate_lanes,
    lead_import_notes,
    lead_imports,
    leads,
)
from tests.lists import import_now, import_text
from tests.small_world import NOON, add_lead

SAMPLES = Path(__file__).parent.parent / "samples"
PROJECT = "光回線"


@pytest.fixture
async def project(database: Database) -> int:
    async with database.write() as connection:
        return (await projects.create_project(connection, name=PROJECT, now=NOON)).id


ALL = ImportChoices(in_project=InProject.CREATE)


async def take(database: Database, name: str, **options: Any) -> ImportJob:
    return await import_now(database, SAMPLES / name, project=PROJECT, **options)


async def take_text(database: Database, text: str, **options: Any) -> ImportJob:
    return await import_text(database, text, project=PROJECT, **options)


async def problems(database: Database, job: ImportJob) -> list[tuple[int, RowReason]]:
    """The refused rows with the reason of each."""
    return [
        (row, problem.reason)
        async for some in refused_rows(database, job.id)
        for row, problem in some
    ]


async def rows_with(database: Database, job: ImportJob, what: RowNote) -> list[int]:
    async with database.read() as connection:
        return [one.row for one in await notes_about(connection, job.id, what, "en", most=1000)]


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
    job = await take(database, name)

    expected = expected_rows()
    good = [row for row in expected if row["problem"] is None]
    assert await problems(database, job) == [
        (row["row"], row["problem"]) for row in expected if row["problem"] is not None
    ]
    async with database.read() as connection:
        rows = await connection.execute(
            select(lead_import_notes.c.row, lead_import_notes.c.other_row).where(
                lead_import_notes.c.reason == RowNote.DUPLICATE_IN_FILE
            )
        )
        duplicates = {row.row: row.other_row for row in rows}
    assert duplicates == {
        row["row"]: row["duplicate_of_row"] for row in expected if "duplicate_of_row" in row
    }
    assert job.created == len(good)
    found = await stored(database)
    assert len(found) == len(good)
    for lead, row in zip(found, good, strict=True):
        numbers = {point["label"]: point["e164"] for point in lead["contacts"]}
        assert numbers.get("電話番号") == row["phone"]
        assert numbers.get("携帯番号") == row["mobile"]
        assert lead["project_id"] == project
        assert lead["import_id"] == job.id


async def test_both_encodings_give_the_same_leads(database: Database, project: int) -> None:
    await take(database, "leads_cp932.csv")
    await take(database, "leads_utf8_bom.csv", choices=ALL)

    found = await stored(database)
    half = len(found) // 2
    assert [_content(lead) for lead in found[:half]] == [_content(lead) for lead in found[half:]]
    names = {lead["name"] for lead in found}
    assert {"①商店", "髙島物産", "㈱北斗", "Ｓｋｙ企画 第二事業部"} <= names


async def test_the_spreadsheet_gives_the_leads_of_its_rows(
    database: Database, project: int
) -> None:
    job = await take(database, "leads.xlsx")

    expected = [row for row in expected_rows() if row["row"] <= 101]
    assert [row for row, _ in await problems(database, job)] == [
        row["row"] for row in expected if row["problem"]
    ]
    found = await stored(database)
    assert [lead["contacts"][0]["e164"] or lead["contacts"][1]["e164"] for lead in found] == [
        row["phone"] or row["mobile"] for row in expected if row["problem"] is None
    ]
    restored = await rows_with(database, job, RowNote.ZERO_RESTORED)
    assert 6 in restored
    assert len(restored) == sum(
        point["zero_restored"] for lead in found for point in lead["contacts"]
    )


async def test_title_rows_and_notes_are_no_leads(database: Database, project: int) -> None:
    job = await take(database, "leads_title_rows.csv")

    assert job.created == 48
    assert await problems(database, job) == [
        (9, RowReason.NO_USABLE_PHONE),
        (46, RowReason.NO_USABLE_PHONE),
    ]


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
    job = await take(database, "leads_cp932.csv")

    async with database.read() as connection:
        row = (await connection.execute(select(lead_imports))).one()
        line = (
            await connection.execute(select(audit_log).where(audit_log.c.action == "lead.import"))
        ).one()
    assert (row.id, row.project_id, row.file_name) == (job.id, project, "leads_cp932.csv")
    assert (row.created_at, row.created, row.refused) == (NOON, 199, 4)
    assert line.subject == f"project:{project}"
    assert line.detail == {"import_id": job.id, "file": "leads_cp932.csv"}


async def test_numbers_that_the_project_has_are_reported(database: Database, project: int) -> None:
    row = "会社名,電話番号,FAX\n日の出,{},03-5254-2299\n"
    first = await take_text(database, row.format("03-5254-2287"))
    again = await take_text(database, row.format("03(5254)2287"))
    other = await take_text(database, row.format("03-5254-2288"))
    fax = await take_text(database, row.format("03-5254-2299"))

    notes = [job.summary["notes"] for job in (first, again, other, fax)]
    assert notes == [{}, {RowNote.ALREADY_IN_PROJECT: 1}, {}, {}]
    assert [job.created for job in (first, again, other, fax)] == [1, 0, 1, 1]
    assert again.skipped == 1


async def test_ids_go_on_after_an_import(database: Database, project: int) -> None:
    """The ids that an import takes are not given to anybody else."""
    text = "会社名,電話番号\n日の出,03-5254-2287\n"
    await take_text(database, text)
    async with database.write() as connection:
        await add_lead(connection, project, name="手入力")
    await take_text(database, text, choices=ALL)

    assert len({lead["id"] for lead in await stored(database)}) == 3


async def test_an_unknown_project_names_those_that_exist(database: Database, project: int) -> None:
    with pytest.raises(projects.UnknownProject, match=PROJECT):
        await import_now(database, SAMPLES / "leads_cp932.csv", project="保険")
    assert await count(database, leads, lead_imports) == [0, 0]


async def test_a_list_without_one_usable_row_makes_no_lead(
    database: Database, project: int
) -> None:
    job = await take_text(database, "会社名,電話番号\n日の出,なし\n,03-5254-2287\n\n")

    assert job.created == 0
    assert [reason for _, reason in await problems(database, job)] == [
        RowReason.NO_USABLE_PHONE,
        RowReason.NO_NAME,
    ]
    assert await count(database, leads) == [0]


async def test_a_very_long_text_is_a_problem_and_no_error_of_the_database(
    database: Database, project: int
) -> None:
    job = await take_text(
        database, f"会社名,電話番号\n{'長' * 401},03-5254-2287\n\x01日の\x00出,03-5254-2288\n"
    )

    assert [reason for _, reason in await problems(database, job)] == [RowReason.TOO_LONG]
    assert [lead["name"] for lead in await stored(database)] == ["日の出"]


# --- the file of refused rows ---------------------------------------------------------------


async def test_refused_rows_can_be_corrected_and_imported(database: Database, project: int) -> None:
    job = await take(database, "leads_cp932.csv")
    text = b"".join([piece async for piece in as_csv(database, job, "ja")]).decode("utf-8-sig")

    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0][:2] == ["会社名", "会社名カナ"]
    assert rows[0][-1] == "取り込めなかった理由"
    assert len(rows) == 5
    assert rows[3][3] == "03-1234"
    again = await take_text(database, text.replace("03-1234", "03-6200-0001"))
    assert again.created == 1
    assert "取り込めなかった理由" not in (await stored(database))[-1]["extra"]


async def test_a_formula_in_a_refused_row_comes_back_as_it_was(
    database: Database, project: int
) -> None:
    job = await take_text(database, "会社名,電話番号,備考\n=1+1,なし,+81 3 5254\n")
    text = b"".join([piece async for piece in as_csv(database, job, "en")]).decode("utf-8-sig")
    assert text.splitlines()[1].startswith("'=1+1,なし,'+81 3 5254,")

    await take_text(database, text.replace("なし", "03-5254-2287"))
    lead = (await stored(database))[-1]
    assert (lead["name"], lead["notes"]) == ("=1+1", "+81 3 5254")


async def test_a_character_that_cp932_has_not_is_shown_as_missing(
    database: Database, project: int
) -> None:
    job = await take_text(database, "会社名,電話番号\n☕髙島,なし\n")
    text = b"".join([piece async for piece in as_csv(database, job, "ja", encoding="cp932")])
    assert "〓髙島" in text.decode("cp932")


def _content(lead: dict[str, Any]) -> dict[str, Any]:
    """Everything but ids, and but the dashes: CP932 has only one of the two."""
    own = {"id", "import_id", "contacts"}
    contacts = [
        {key: value for key, value in point.items() if key not in ("id", "lead_id", "raw")}
        for point in lead["contacts"]
    ]
    return {key: value for key, value in lead.items() if key not in own} | {"points": contacts}
