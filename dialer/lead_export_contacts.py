"""Contact points as columns of an export: the numbers, and beside them what is told of them.

Columns that would say nothing more than an import finds by itself are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.rules.contact import KIND_WORDS
from dialer.rules.phone_number import NumberKind, national_format
from dialer.storage.tables import contact_points, leads
from dialer.users import Language

MOST_CONTACTS = 20  # columns for one kind of contact point

About = Literal["number", "kind", "label", "note", "order"]


@dataclass(frozen=True, slots=True)
class ContactColumn:
    """Something about the contact point that is the `number`-th of its `kind`, from 0."""

    about: About
    name: str
    kind: str = ""
    number: int = 0


# The columns in their order, for each kind.
_NAMES: Mapping[str, tuple[str, str]] = {
    "phone": ("電話番号", "Phone"),
    "mobile": ("携帯番号", "Mobile"),
    "fax": ("FAX番号", "Fax"),
    "line": ("LINE ID", "LINE ID"),
    "email": ("連絡先メールアドレス", "Contact e-mail"),
}
_BESIDE: Sequence[tuple[About, tuple[str, str]]] = (
    ("kind", ("の種別", " kind")),
    ("label", ("のラベル", " label")),
    ("note", ("の備考", " note")),
)
_ORDER = ("連絡先の順番", "Contact order")
_KIND_OF_COLUMN = {"other": "phone"}
_RANKS = {kind: rank for rank, kind in enumerate(_NAMES)}


async def contact_columns(
    connection: AsyncConnection, project_id: int, language: Language
) -> list[ContactColumn]:
    """As many numbers of each kind as some lead of the project has, and what is told of them."""
    place = 0 if language == "ja" else 1
    most: dict[str, int] = {}
    told: dict[str, set[About]] = {}
    for row in await connection.execute(_kinds_in(project_id, place)):
        kind = _KIND_OF_COLUMN.get(row.kind, row.kind)
        most[kind] = most.get(kind, 0) + row.number
        given: dict[About, bool] = {"kind": row.odd, "label": row.labelled, "note": row.noted}
        told.setdefault(kind, set()).update(about for about, is_said in given.items() if is_said)
    columns = []
    for kind, names in _NAMES.items():
        if most.get(kind, 0) > 1:
            told[kind].add("label")  # 電話番号2 would be called so
        for number in range(min(most.get(kind, 0), MOST_CONTACTS)):
            name = f"{names[place]}{number + 1 if number else ''}"
            columns.append(ContactColumn("number", name, kind, number))
            columns += [
                ContactColumn(about, f"{name}{ends[place]}", kind, number)
                for about, ends in _BESIDE
                if about in told[kind]
            ]
    if (await connection.execute(_out_of_order(project_id))).first():
        columns.append(ContactColumn("order", _ORDER[place]))
    return columns


def contact_cells(
    points: Sequence[Row[Any]], columns: Sequence[ContactColumn], language: Language
) -> list[str]:
    """The cells of a lead whose contact points these are, in their order."""
    places: dict[tuple[str, int], Row[Any]] = {}
    for point in points:
        kind = _KIND_OF_COLUMN.get(point.kind, point.kind)
        number = sum(known == kind for known, _ in places)
        places[kind, number] = point
    names = {
        (column.kind, column.number): column.name for column in columns if column.about == "number"
    }
    cells = []
    for column in columns:
        found = places.get((column.kind, column.number))
        if column.about == "order":
            cells.append(_order(places, names))
        else:
            cells.append("" if found is None else _cell(found, column.about, language))
    return cells


def _cell(point: Any, about: About, language: Language) -> str:
    match about:
        case "kind":
            words = KIND_WORDS.get(point.kind)
            return words[0 if language == "ja" else 1] if words else ""
        case "label":
            return str(point.label)
        case "note":
            return str(point.note)
    return national_format(point.e164) if point.e164 else str(point.raw)


def _order(places: Mapping[tuple[str, int], Any], names: Mapping[tuple[str, int], str]) -> str:
    """The names of the columns in the order of the contact points, where it is not theirs."""
    if sorted(places, key=lambda place: (_RANKS[place[0]], place[1])) == list(places):
        return ""
    return "、".join(names[place] for place in places if place in names)


# --- the project's ----------------------------------------------------------------------


def _kinds_in(project_id: int, place: int) -> Select[Any]:
    """Each kind, how many of it a lead has at most, and what some of it need beside them."""
    point = contact_points.c
    usual = case({kind: names[place] for kind, names in _NAMES.items()}, value=point.kind)
    of_lead = (
        select(
            point.kind,
            func.count().label("number"),
            _any(point.note != "").label("noted"),
            _any(or_(usual.is_(None), point.label != usual)).label("labelled"),
            _any(_is_odd()).label("odd"),
        )
        .join(leads, leads.c.id == point.lead_id)
        .where(leads.c.project_id == project_id)
        .group_by(point.lead_id, point.kind)
        .subquery()
    )
    found = of_lead.c
    return select(
        found.kind,
        *(func.max(one).label(one.name) for one in found if one is not found.kind),
    ).group_by(found.kind)


def _is_odd() -> ColumnElement[bool]:
    """Of a kind that the number alone does not give away."""
    point = contact_points.c
    is_mobile = point.number_kind == NumberKind.MOBILE
    return or_(
        point.kind == "other",
        and_(point.kind == "phone", is_mobile),
        and_(point.kind == "mobile", point.e164.is_not(None), ~is_mobile),
    )


def _any(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.max(case((condition, 1), else_=0))


def _out_of_order(project_id: int) -> Select[Any]:
    """A lead whose contact points do not stand in the order of the columns."""
    one, other = contact_points.alias("one"), contact_points.alias("other")
    ranks = {kind: _RANKS[_KIND_OF_COLUMN.get(kind, kind)] for kind in (*_NAMES, *_KIND_OF_COLUMN)}
    return (
        select(one.c.id)
        .join(leads, leads.c.id == one.c.lead_id)
        .join(other, other.c.lead_id == one.c.lead_id)
        .where(
            leads.c.project_id == project_id,
            one.c.position < other.c.position,
            case(ranks, value=one.c.kind) > case(ranks, value=other.c.kind),
        )
        .limit(1)
    )
