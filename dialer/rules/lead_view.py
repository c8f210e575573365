"""What the lead table shows in all: which leads, in which order, with which columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dialer.rules.custom_field import CustomField, FieldKind
from dialer.rules.lead_filter import EVERYTHING, LeadFilter, Pair, read_filter, write_filter
from dialer.rules.search_text import number_beginning

# Columns that every project has, in the order in which they are offered.
COLUMNS = (
    "number",
    "area",
    "stage",
    "attempts",
    "last_action",
    "state",
    "contact_person",
    "email",
    "postal_code",
    "next_attempt",
    "callback",
    "created",
)
USUAL_COLUMNS = COLUMNS[:6]
MOST_COLUMNS = 30
_SORTS = ("imported", "name", "area", "stage", "attempts", "tried", "callback")


@dataclass(frozen=True, slots=True)
class Sort:
    """`key` is ``imported``, ``name`` (by its kana), ``area`` (from north to south), ``stage``,
    ``attempts``, ``tried`` (the last attempt), ``callback`` or ``f12``."""

    key: str
    descending: bool = False

    @property
    def field_id(self) -> int | None:
        """The custom field that it goes by, if it does."""
        return int(self.key[1:]) if self.key[:1] == "f" else None


@dataclass(frozen=True, slots=True)
class LeadView:
    """`sort` None: as suits the filter, see `order_of`. The lead's name is always shown."""

    filter: LeadFilter = EVERYTHING
    sort: Sort | None = None
    columns: tuple[str, ...] = USUAL_COLUMNS


USUAL_VIEW = LeadView()


def read_view(pairs: Iterable[Pair], custom: Mapping[int, CustomField]) -> LeadView:
    """The view of an address; `custom` are the project's fields by id.

    Parts that mean nothing, as of a field that is gone, are left out.
    """
    known = list(pairs)
    said = dict(reversed(known))
    offered = (*COLUMNS, *(f"f{one}" for one in custom))
    columns = [one for one in said.get("columns", "").split(",") if one in offered]
    return LeadView(
        filter=read_filter(known, custom),
        sort=_read_sort(said.get("sort", ""), custom),
        columns=tuple(dict.fromkeys(columns))[:MOST_COLUMNS] or USUAL_COLUMNS,
    )


def write_view(view: LeadView) -> list[Pair]:
    """What `read_view` reads the same view from; what is usual is not said."""
    pairs = write_filter(view.filter)
    if view.sort is not None:
        pairs.append(("sort", ("-" if view.sort.descending else "") + view.sort.key))
    if view.columns != USUAL_COLUMNS:
        pairs.append(("columns", ",".join(view.columns)))
    return pairs


def order_of(view: LeadView, custom: Mapping[int, CustomField]) -> Sort:
    """The order: the chosen one, or the one in which what is looked for lies together.

    Words are found in the order of names, a range of a custom field in that of its
    values, attempts of some days the latest first, part of a city by area: they are read in
    their order, and a page is complete after a page's rows.
    """
    if view.sort is not None:
        return view.sort
    wanted = view.filter
    if wanted.text and number_beginning(wanted.text) is None:
        return Sort("name")
    # Leads with one exact value lie together already, in the order of import.
    exact = any(field.any_of for field in wanted.fields)
    for field in () if exact else wanted.fields:
        ranged = field.begins or field.contains or field.least or field.most or field.filled
        if ranged and field.wants_a_value and sorts(custom[field.field_id]):
            return Sort(f"f{field.field_id}")
    if wanted.tried:
        return Sort("tried", descending=True)
    if wanted.attempts_least is not None or wanted.attempts_most is not None:
        return Sort("attempts")
    if wanted.created:
        return Sort("created")
    if wanted.city:
        return Sort("area")
    return Sort("imported")


def sorts(field: CustomField) -> bool:
    """Whether leads can be sorted by the field: each has one value at most."""
    return field.kind is not FieldKind.MULTIPLE_CHOICE


def _read_sort(text: str, custom: Mapping[int, CustomField]) -> Sort | None:
    key = text.removeprefix("-")
    fields = [f"f{one.id}" for one in custom.values() if sorts(one)]
    return Sort(key, text.startswith("-")) if key in (*_SORTS, *fields) else None
