"""Leads out: what the table shows, as rows that an import takes in again.

The columns are called so that an import knows them by their names. Leads are read some
at a time, so that a list of any length needs the same memory.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, cast, func, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_export_contacts import ContactColumn, contact_cells, contact_columns
from dialer.lead_rows import LeadRow, contact_points_of, lead_rows
from dialer.lead_table import TableRequest, every_lead
from dialer.rules.custom_field import CustomField, FieldKind, Value
from dialer.rules.phone_number import national_format
from dialer.storage.engine import Database
from dialer.storage.tables import leads
from dialer.users import Language

MOST_EXTRA = 200  # columns that nobody mapped when they came in

Part = Literal["extra", "contacts", "custom", "progress", "basic"]


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A column: what part of a lead it is, which one of it, and what it is called."""

    part: Part
    key: str
    name: str
    contact: ContactColumn | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """In which language columns are called; `progress` adds what came of the calls so far."""

    language: Language
    progress: bool = False


_BASIC: Mapping[str, tuple[str, str]] = {
    "name": ("リード名", "Company"),
    "name_kana": ("リード名カナ", "Company (kana)"),
    "contact_person": ("担当者名", "Contact person"),
    "postal_code": ("郵便番号", "Postal code"),
    "prefecture": ("都道府県", "Prefecture"),
    "city": ("市区町村", "City"),
    "building": ("建物名", "Building"),
    "email": ("メールアドレス", "E-mail"),
    "website": ("URL", "URL"),
    "notes": ("備考", "Notes"),
}
_PROGRESS: Mapping[str, tuple[str, str]] = {
    "stage": ("ステージ", "Stage"),
    "attempts": ("架電回数", "Attempts"),
    "last_attempt_at": ("最終架電日時", "Last attempt"),
    "last_result": ("最終結果", "Last result"),
    "boxed_by": ("マイボックス", "MyBox"),
}
_YES = {"ja": ("はい", "いいえ"), "en": ("yes", "no")}


async def export_columns(
    connection: AsyncConnection, request: TableRequest, wanted: Wanted
) -> list[ExportColumn]:
    """The columns that all leads of the project need together."""
    place = 0 if wanted.language == "ja" else 1
    columns = [ExportColumn("basic", key, names[place]) for key, names in _BASIC.items()]
    columns += [
        ExportColumn("contacts", one.about, one.name, one)
        for one in await contact_columns(connection, request.project_id, wanted.language)
    ]
    custom = (request.custom or {}).values()
    columns += [ExportColumn("custom", field.key, field.name) for field in custom]
    if wanted.progress:
        columns += [ExportColumn("progress", key, said[place]) for key, said in _PROGRESS.items()]
    named = {one.name for one in columns}
    extra = await _extra_names(connection, request.project_id)
    return columns + [ExportColumn("extra", one, one) for one in extra if one not in named]


async def export_rows(
    database: Database,
    request: TableRequest,
    columns: Sequence[ExportColumn],
    wanted: Wanted,
    *,
    at_once: int = 500,
) -> AsyncIterator[list[list[str]]]:
    """The leads that the table shows, in its order, some at a time, a cell for each column."""
    async for lot in every_lead(database, request, at_once=at_once):
        async with database.read() as connection:
            points = await contact_points_of(connection, [lead.id for lead in lot])
            shown: Sequence[LeadRow] = ()
            if wanted.progress:
                shown = await lead_rows(connection, lot, request.viewer, request.now)
        progress = {row.id: row for row in shown}
        yield [
            _cells(lead, points.get(lead.id, []), progress.get(lead.id), columns, request, wanted)
            for lead in lot
        ]


def _cells(
    lead: Row[Any],
    points: Sequence[Row[Any]],
    progress: LeadRow | None,
    columns: Sequence[ExportColumn],
    request: TableRequest,
    wanted: Wanted,
) -> list[str]:
    of_contacts = [one.contact for one in columns if one.contact is not None]
    contacts = iter(contact_cells(points, of_contacts, wanted.language))
    cells = []
    for one in columns:
        match one.part:
            case "basic":
                cells.append(str(lead._mapping[one.key]))
            case "contacts":
                cells.append(next(contacts))
            case "custom":
                field = (request.custom or {})[int(one.key)]
                cells.append(custom_cell(field, lead.custom.get(one.key), wanted.language))
            case "progress":
                cells.append(_progress(progress, one.key, request))
            case "extra":
                cells.append(str(lead.extra.get(one.key, "")))
    return cells


def custom_cell(field: CustomField, value: Value | None, language: Language) -> str:
    """A custom value as people write it, and as an import reads it."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return "、".join(value)
    match field.kind:
        case FieldKind.CHECK_BOX:
            return _YES[language][0 if value == "1" else 1]
        case FieldKind.PHONE:
            return national_format(value)
        case FieldKind.DATE_TIME:
            return value.replace("T", " ")
    return value


def _progress(row: LeadRow | None, key: str, request: TableRequest) -> str:
    if row is None:
        return ""
    if key == "last_attempt_at":
        if row.last_attempt_at is None:
            return ""
        local = row.last_attempt_at.astimezone(ZoneInfo(request.time_zone))
        return local.strftime("%Y-%m-%d %H:%M")
    return str(getattr(row, key))


# --- columns ------------------------------------------------------------------------------


async def _extra_names(connection: AsyncConnection, project_id: int) -> list[str]:
    rows = await connection.execute(_extra_of(connection, project_id).limit(MOST_EXTRA))
    return sorted(rows.scalars())


def _extra_of(connection: AsyncConnection, project_id: int) -> Select[Any]:
    """The names of columns that nobody mapped."""
    if connection.dialect.name == "sqlite":
        names = func.json_each(leads.c.extra).table_valued("key")
        each = leads.join(names, true())
        return (
            select(names.c.key).select_from(each).distinct().where(leads.c.project_id == project_id)
        )
    keys = func.jsonb_object_keys(cast(leads.c.extra, JSONB)).label("key")
    return select(keys).distinct().where(leads.c.project_id == project_id)
