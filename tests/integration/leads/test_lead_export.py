"""Leads go out as files, and an import of such a file gives the same leads back."""

import csv
import io
import random
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from dialer import custom_fields, projects
from dialer.custom_fields import FieldDraft
from dialer.lead_contacts import ContactForm
from dialer.lead_creating import create_lead
from dialer.lead_export import Wanted, export_columns, export_rows
from dialer.lead_table import TableRequest
from dialer.rules.cp932 import to_cp932
from dialer.rules.custom_field import FieldKind
from dialer.rules.import_choices import ImportChoices, InProject
from dialer.rules.phone_number import national_format
from dialer.storage.engine import Database
from dialer.storage.tables import contact_points, leads
from dialer.storage.tables import projects as projects_table
from dialer.users import User
from tests.lists import import_now, import_text
from tests.small_world import NOON, build_small_world
from webui.csv_download import csv_text
from webui.xlsx_download import XlsxFile

LEADS = 120
CREATE = ImportChoices(in_project=InProject.CREATE)
FIELDS = (
    FieldDraft("業種", FieldKind.SINGLE_CHOICE, choices=("製造", "IT・通信", "飲食")),
    FieldDraft("関心", FieldKind.MULTIPLE_CHOICE, choices=("光回線", "電力", "複合機")),
    FieldDraft("席数", FieldKind.NUMBER),
    FieldDraft("契約日", FieldKind.DATE),
    FieldDraft("面談日時", FieldKind.DATE_TIME),
    FieldDraft("既契約", FieldKind.CHECK_BOX),
    FieldDraft("決裁者の直通", FieldKind.PHONE),
    FieldDraft("ヒアリング", FieldKind.LONG_TEXT),
)
NAMES = (
    "㈱髙﨑商店",
    "=SUM(A1)",
    "+81商会",
    "-のれん-",
    "@ホーム",
    "'引用'",
    '"二重"',
    "甲,乙",
    "①番館",
)
NOTES = ("", "一行目\n二行目", "=1+1", "'=1", "a;b\tc", "😀 𠮷野家", "－－", "〜約〜")
PHONES = ("", "03-{0:04}-1234", "０３（{0:04}）１２３４", "3{0:04}5678", "03-{0:04}-9999 内線12")
BASIC = (
    *("name", "name_kana", "contact_person", "postal_code", "prefecture", "city", "building"),
    *("email", "website", "notes", "extra", "custom"),
)


class Office:
    """A project with leads that came by a list, and others to bring them into again."""

    def __init__(self, admin: User, ids: dict[str, int]) -> None:
        self.admin = admin
        self.ids = ids
        self.custom: dict[int, Any] = {}

    def request(self) -> TableRequest:
        return TableRequest(self.ids["元"], self.admin, NOON, custom=self.custom)


@pytest.fixture
async def office(database: Database) -> Office:
    async with database.write() as connection:
        world = await build_small_world(connection)
        set_id = await custom_fields.create_set(connection, name="営業", now=NOON)
        for draft in FIELDS:
            await custom_fields.add_field(connection, set_id=set_id, draft=draft, now=NOON)
        ids = {
            name: (await projects.create_project(connection, name=name, now=NOON)).id
            for name in ("元", "csv", "cp932", "xlsx")
        }
        await connection.execute(
            update(projects_table)
            .where(projects_table.c.id.in_(ids.values()))
            .values(custom_field_set_id=set_id)
        )
        office = Office(world.sato, ids)
        office.custom = await custom_fields.fields_by_id(connection, ids["元"])
    job = await import_text(database, _list_of_odd_leads(), project="元", choices=CREATE)
    assert job.created == LEADS, job
    return office


def _list_of_odd_leads() -> str:
    """Everything that spreadsheets and imports are known to stumble over, at random."""
    chance = random.Random(11)
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(
        [
            *("会社名", "会社名カナ", "担当者名", "郵便番号", "都道府県", "市区町村", "建物名"),
            *("メールアドレス", "URL", "備考", "電話番号", "電話番号2", "携帯番号", "FAX番号"),
            *(draft.name for draft in FIELDS),
            *("社内コード", "担当支社"),
        ]
    )
    pick = chance.choice
    for number in range(LEADS):
        phones = [pick(PHONES).format(chance.randrange(2000, 9000)) for _ in range(2)]
        mobile = f"090-{chance.randrange(1000, 9999)}-{number:04}"
        writer.writerow(
            [
                *(pick(NAMES), pick(("", "ｶﾌﾞｼｷ", "スズキ")), pick(("", "-様", "髙橋 花子"))),
                *(pick(("", "160-0004")), pick(("", "東京都")), pick(("", "新宿区1-2-3", "-"))),
                *(pick(("", "ビル 3F")), pick(("", "info@example.jp")), pick(("", "https://a.jp"))),
                *(pick(NOTES), *phones, mobile, pick(("", "03-5254-0001"))),
                *(pick(("", "IT・通信", "製造")), pick(("", "光回線、電力", "複合機"))),
                *(
                    pick(("", "-3", "1200.5")),
                    pick(("", "2026-04-01")),
                    pick(("", "2026/4/1 9:30")),
                ),
                *(pick(("", "はい", "×")), pick(("", "090-1111-2222")), pick(NOTES)),
                *(pick(("", "001", "+5", "=A1")), pick(("", "x"))),
            ]
        )
    return stream.getvalue()


async def _leads_of(database: Database, project_id: int) -> list[dict[str, Any]]:
    """What is known of each lead of a project, in order."""
    async with database.read() as connection:
        rows = await connection.execute(
            select(leads).where(leads.c.project_id == project_id).order_by(leads.c.id)
        )
        found = {row.id: {name: getattr(row, name) for name in BASIC} for row in rows}
        for known in found.values():
            known["contacts"] = []
        points = await connection.execute(
            select(contact_points)
            .where(contact_points.c.lead_id.in_(found))
            .order_by(contact_points.c.lead_id, contact_points.c.position)
        )
        for point in points:
            # As people see it: an import keeps what stood in the list, and tells a lost zero.
            shown = national_format(point.e164) if point.e164 else point.raw
            found[point.lead_id]["contacts"].append(
                (point.kind, point.e164, shown, point.label, point.note)
            )
    return list(found.values())


async def _exported(
    database: Database, office: Office, wanted: Wanted
) -> tuple[list[str], list[list[str]]]:
    async with database.read() as connection:
        columns = await export_columns(connection, office.request(), wanted)
    lots = export_rows(database, office.request(), columns, wanted, at_once=50)
    return [column.name for column in columns], [row async for lot in lots for row in lot]


async def test_numbers_go_out_as_the_page_shows_them(database: Database, office: Office) -> None:
    header, rows = await _exported(database, office, Wanted("ja"))
    places = [place for place, name in enumerate(header) if re.fullmatch("電話番号[0-9]*", name)]
    numbers = {row[place] for row in rows for place in places}
    assert len(numbers) > 50
    assert all(re.fullmatch(r"(03-\d{4}-\d{4})?", number) for number in numbers)
    notes = {row[header.index("電話番号の備考")] for row in rows}
    assert notes == {"", "内線12"}


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_contact_points_written_by_hand_come_back_as_they_are(
    database: Database, office: Office, tmp_path: Path, language: Any
) -> None:
    forms = (
        ("mobile", "０９０ー１２３４ー５６７８", "社長", "夕方のみ"),
        ("phone", "090-1234-5679", "", ""),  # a mobile that its writer calls a phone
        ("mobile", "0120-444-113", "", "12"),
        ("fax", "03-5254-2288", "本社", ""),
        ("other", "受付にて", "来訪", "-"),
        ("email", "ＡＢＣ@example.jp", "", ""),
        ("line", "@kakeru", "", ""),
        ("phone", "+1 808 555 1234", "ハワイ", "英語"),
        ("email", "=b@example.jp", "担当", "経理"),
    )
    async with database.write() as connection:
        lead_id = await create_lead(
            connection,
            project_id=office.ids["元"],
            texts={"name": ["手書き商店"], "email": ["info@example.jp"]},
            contacts=[ContactForm(*one) for one in forms],
            by=office.admin,
            now=NOON,
        )
    header, rows = await _exported(database, office, Wanted(language))
    (row,) = [row for row in rows if row[0] == "手書き商店"]
    (tmp_path / "leads.csv").write_bytes(("\ufeff" + csv_text([header, row])).encode())
    await import_now(database, tmp_path / "leads.csv", project="csv", choices=CREATE)
    (after,) = await _leads_of(database, office.ids["csv"])
    before = (await _leads_of(database, office.ids["元"]))[-1]
    assert len(before["contacts"]) == len(forms), lead_id
    assert after == before


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_an_import_of_an_export_gives_the_same_leads(
    database: Database, office: Office, tmp_path: Path, language: Any
) -> None:
    header, rows = await _exported(database, office, Wanted(language))
    before = await _leads_of(database, office.ids["元"])
    assert len(rows) == len(before) == LEADS

    (tmp_path / "leads.csv").write_bytes(("\ufeff" + csv_text([header, *rows])).encode())
    book = XlsxFile("リード", header)
    book.add(rows)
    with (tmp_path / "leads.xlsx").open("wb") as file:
        book.save(file)
    for kind in ("csv", "xlsx"):
        path = tmp_path / f"leads.{kind}"
        job = await import_now(database, path, project=kind, choices=CREATE)
        assert job.created == LEADS
        after = await _leads_of(database, office.ids[kind])
        for one, other in zip(before, after, strict=True):
            assert other == one, kind


async def test_an_export_in_shift_jis_gives_back_all_that_it_can_hold(
    database: Database, office: Office, tmp_path: Path
) -> None:
    header, rows = await _exported(database, office, Wanted("ja"))
    written, missing = to_cp932(csv_text([header, *rows]))
    assert set(missing) == {"😀", "𠮷"}
    (tmp_path / "leads.csv").write_bytes(written)
    await import_now(database, tmp_path / "leads.csv", project="cp932", choices=CREATE)
    after = await _leads_of(database, office.ids["cp932"])
    before = await _leads_of(database, office.ids["元"])
    shown = [known["notes"].replace("😀", "〓").replace("𠮷", "〓") for known in before]
    assert [known["notes"].replace("～", "〜") for known in after] == shown
    for name in ("name", "contact_person", "contacts", "extra"):
        assert [known[name] for known in after] == [known[name] for known in before], name


async def test_no_cell_of_an_export_is_a_formula(database: Database, office: Office) -> None:
    header, rows = await _exported(database, office, Wanted("ja"))
    for row in csv.reader(io.StringIO(csv_text([header, *rows]))):
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


async def test_what_came_of_the_calls_is_added_where_it_is_asked_for(
    database: Database, office: Office
) -> None:
    header, rows = await _exported(database, office, Wanted("ja", progress=True))
    place = header.index("架電回数")
    assert {row[place] for row in rows} == {"0"}
    assert "最終結果" in header
    assert "架電回数" not in (await _exported(database, office, Wanted("ja")))[0]


async def test_a_workbook_goes_on_on_another_sheet(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    book = XlsxFile("リード", ["名前", "番号"], most_rows=3)
    book.add([[f"=会社{number}", f"0{number}"] for number in range(5)])
    with (tmp_path / "book.xlsx").open("wb") as file:
        book.save(file)
    read = load_workbook(tmp_path / "book.xlsx")
    sheets = [[[cell.value for cell in row] for row in sheet] for sheet in read]
    assert read.sheetnames == ["リード", "リード 2", "リード 3"]
    assert [sheet[0] for sheet in sheets] == [["名前", "番号"]] * 3
    assert [row for sheet in sheets for row in sheet[1:]] == [
        [f"=会社{number}", f"0{number}"] for number in range(5)
    ]
    assert {cell.data_type for sheet in read for row in sheet for cell in row} == {"s"}
