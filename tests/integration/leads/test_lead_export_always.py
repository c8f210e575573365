"""Whatever a lead holds that a person can type: an import of its export gives it back."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from dialer import custom_fields, projects
from dialer.custom_fields import FieldDraft
from dialer.lead_contacts import ContactForm
from dialer.lead_creating import create_lead
from dialer.lead_export import Wanted, export_columns, export_rows
from dialer.lead_table import TableRequest
from dialer.rules.custom_field import FieldKind
from dialer.rules.import_choices import ImportChoices, InProject
from dialer.rules.phone_number import national_format
from dialer.storage.engine import Database, open_database
from dialer.storage.tables import contact_points, leads
from dialer.storage.tables import projects as projects_table
from dialer.users import User, list_users
from tests.lists import import_now
from tests.small_world import NOON, build_small_world
from webui.csv_download import csv_text
from webui.xlsx_download import XlsxFile

CHOICES = ("製造", "IT・通信", "=飲食", "-他", "甲 乙")
KINDS = tuple(FieldKind)
BASIC = (
    *("name", "name_kana", "contact_person", "postal_code", "prefecture", "city", "building"),
    *("email", "website", "notes", "extra", "custom"),
)
Work = Callable[[Database, User], Awaitable[None]]
_numbers = count(1)

# Letters of all kinds, with those before which spreadsheets and lists stumble more often.
LETTERS = st.one_of(
    st.sampled_from("=+-@'\"、,;|\t ①㈱髙﨑𠮷😀～〜－ーﾊﾟ０09A"),
    st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Cf", "Zl", "Zp")),
)
LINE = st.text(LETTERS.filter(lambda sign: sign != "\t"), max_size=12)
LINES = st.lists(LINE, max_size=3).map("\n".join)
ODD = st.sampled_from(
    ["=SUM(A1)", "+81商会", "-のれん-", "@ホーム", "'引用'", "'=1", '"', "001", "1e5"]
)
TEXT = st.one_of(LINE, ODD)
DATES = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(str)
VALUES: dict[Any, st.SearchStrategy[list[str]]] = {
    FieldKind.TEXT: TEXT.map(lambda one: [one]),
    FieldKind.LONG_TEXT: st.one_of(LINES, ODD).map(lambda one: [one]),
    FieldKind.NUMBER: st.one_of(
        st.integers(-(10**12), 10**12).map(str), st.decimals(-999, 999, places=3).map(str)
    ).map(lambda one: [one]),
    FieldKind.DATE: DATES.map(lambda one: [one]),
    FieldKind.DATE_TIME: st.tuples(DATES, st.times()).map(lambda one: [f"{one[0]}T{one[1]:%H:%M}"]),
    FieldKind.SINGLE_CHOICE: st.sampled_from(CHOICES).map(lambda one: [one]),
    FieldKind.MULTIPLE_CHOICE: st.lists(st.sampled_from(CHOICES), unique=True, max_size=4),
    FieldKind.CHECK_BOX: st.sampled_from([["yes"], ["no"], []]),
    FieldKind.URL: st.sampled_from([["https://例え.jp/?a=1,2"], ["http://a.jp/=x"]]),
    FieldKind.PHONE: st.sampled_from([["090-1111-2222"], ["+1 808 555 1234"]]),
    FieldKind.EMAIL: st.sampled_from([["=a@example.jp"], ["a+b@example.jp"]]),
}
# A prefecture and a city are filled in from a postal code, so each is drawn with its own.
PLACES = st.sampled_from(
    [
        {},
        {"postal_code": "160-0004", "prefecture": "東京都", "city": "新宿区四谷1-2"},
        {"prefecture": "大阪府"},
        {"prefecture": "北海道", "city": "札幌市"},
        {"city": "=1丁目"},
    ]
)
KINDS_OF_CONTACT: dict[str, tuple[str, ...]] = {
    "mobile": ("090-1234-{0:04}", "０８０（１２３４）{0:04}", "0120-44-{0:04}"),
    "phone": ("03-5254-{0:04}", "0352541{0:03}", "+81 6 6131 {0:04}", "090-9999-{0:04}"),
    "fax": ("03-5255-{0:04}",),
    "other": ("受付 {0}", "050-3333-{0:04}"),
    "email": ("{0}@example.jp",),
    "line": ("@line{0}",),
}
MAIN = ("mobile", "090-1111-{0:04}", "", "")  # so that the row has a number to call
ABOUT = st.one_of(st.just(""), LINE.map(lambda text: " ".join(text.split())), st.just("内線12"))
CONTACT = st.sampled_from(sorted(KINDS_OF_CONTACT)).flatmap(
    lambda kind: st.tuples(st.just(kind), st.sampled_from(KINDS_OF_CONTACT[kind]), ABOUT, ABOUT)
)
LEADS = st.fixed_dictionaries(
    {
        "name": TEXT.filter(lambda name: any(sign.isalnum() and sign != "ー" for sign in name)),
        "name_kana": st.sampled_from(["", "スズキ", "ｶﾌﾞｼｷ"]),
        "contact_person": TEXT,
        "building": TEXT,
        "place": PLACES,
        "contacts": st.lists(CONTACT, max_size=4),
        "email": st.sampled_from(["", "+info@example.jp"]),
        "website": st.sampled_from(["", "https://a.jp"]),
        "notes": st.one_of(LINES, ODD),
        "custom": st.fixed_dictionaries({}, optional=VALUES),
    }
)


def test_every_kind_of_field_is_tried() -> None:
    assert set(VALUES) == set(FieldKind)


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(some=st.lists(LEADS, min_size=1, max_size=4), kind=st.sampled_from(["csv", "xlsx"]))
def test_an_import_of_an_export_is_the_identity(
    world_of: Callable[[Work], None], some: list[dict[str, Any]], kind: str
) -> None:
    world_of(lambda database, admin: _out_and_in(database, admin, some, kind))


async def _out_and_in(
    database: Database, admin: User, some: list[dict[str, Any]], kind: str
) -> None:
    number = next(_numbers)
    made, again = f"元{number}", f"先{number}"
    async with database.write() as connection:
        (set_id,) = [one.id for one in await custom_fields.list_sets(connection)]
        ids = [
            (await projects.create_project(connection, name=name, now=NOON)).id
            for name in (made, again)
        ]
        await connection.execute(
            update(projects_table)
            .where(projects_table.c.id.in_(ids))
            .values(custom_field_set_id=set_id)
        )
        fields = await custom_fields.fields_by_id(connection, ids[0])
        for place, lead in enumerate(some):
            basic = {name: text for name, text in lead.items() if isinstance(text, str)}
            texts = {name: [text] for name, text in {**basic, **lead["place"]}.items()}
            for field in fields.values():
                texts[f"custom:{field.id}"] = lead["custom"].get(field.kind, [])
            contacts = [
                ContactForm(kind, raw.format(10 * place + at), label, note)
                for at, (kind, raw, label, note) in enumerate([*lead["contacts"], MAIN])
            ]
            await create_lead(
                connection, project_id=ids[0], texts=texts, contacts=contacts, by=admin, now=NOON
            )
    asked, wanted = TableRequest(ids[0], admin, NOON, custom=fields), Wanted("ja")
    async with database.read() as connection:
        columns = await export_columns(connection, asked, wanted)
    rows = [row async for lot in export_rows(database, asked, columns, wanted) for row in lot]
    header = [column.name for column in columns]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"leads.{kind}"
        if kind == "csv":
            path.write_bytes(("\ufeff" + csv_text([header, *rows])).encode())
        else:
            book = XlsxFile("リード", header)
            book.add(rows)
            with path.open("wb") as file:
                book.save(file)
        await import_now(
            database, path, project=again, choices=ImportChoices(in_project=InProject.CREATE)
        )
    assert await _leads_of(database, ids[1]) == await _leads_of(database, ids[0])


async def _leads_of(database: Database, project_id: int) -> list[tuple[Any, ...]]:
    """A row for each contact point, with its number as people see it."""
    basic = [leads.c[name] for name in BASIC]
    point = [contact_points.c[name] for name in ("position", "kind", "label", "note", "e164")]
    query = (
        select(contact_points.c.raw, *point, *basic)
        .join(contact_points, contact_points.c.lead_id == leads.c.id)
        .where(leads.c.project_id == project_id)
        .order_by(leads.c.id, contact_points.c.position)
    )
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    return [(national_format(row.e164) if row.e164 else row.raw, *row[1:]) for row in rows]


@pytest.fixture
def world_of(database_url: str) -> Callable[[Work], None]:
    """Runs something on a loop of its own; each example has projects of its own."""

    async def with_database(work: Work | None) -> None:
        database = open_database(database_url)
        try:
            async with database.write() as connection:
                if work is None:
                    await _set_up(connection)
                    return
                admin = await _admin(connection)
            await work(database, admin)
        finally:
            await database.close()

    asyncio.run(with_database(None))
    return lambda work: asyncio.run(with_database(work))


async def _set_up(connection: Any) -> None:
    await build_small_world(connection)
    set_id = await custom_fields.create_set(connection, name="営業", now=NOON)
    for kind in KINDS:
        choices = CHOICES if kind in (FieldKind.SINGLE_CHOICE, FieldKind.MULTIPLE_CHOICE) else ()
        draft = FieldDraft(f"項目{kind.value}", kind, choices=choices)
        await custom_fields.add_field(connection, set_id, draft, now=NOON)


async def _admin(connection: Any) -> User:
    return next(one for one in await list_users(connection) if one.may_administer)
