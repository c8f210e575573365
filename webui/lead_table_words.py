"""The words of the lead table: its columns, states, and what a filter asks for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from dialer.lead_choices import LeadChoices
from dialer.rules.custom_field import CustomField, FieldKind
from dialer.rules.lead_filter import (
    NO_STAGE,
    Days,
    FieldFilter,
    Filled,
    LeadFilter,
    LeadState,
    parts_of,
)
from webui.formats import calendar
from webui.lead_address import LeadAddress
from webui.translations import Words, marked

COLUMNS: Mapping[str, str] = {
    "number": marked("Number"),
    "area": marked("Area"),
    "stage": marked("Stage"),
    "attempts": marked("Attempts"),
    "last_action": marked("Last action"),
    "state": marked("State"),
    "contact_person": marked("Contact person"),
    "email": marked("E-mail"),
    "postal_code": marked("Postal code"),
    "next_attempt": marked("Next attempt"),
    "callback": marked("Callback"),
    "created": marked("Added on"),
}
# Columns by which the table can be sorted, with the order's name.
SORTED_BY: Mapping[str, str] = {
    "area": "area",
    "stage": "stage",
    "attempts": "attempts",
    "last_action": "tried",
    "callback": "callback",
    "created": "imported",
}
RIGHT = frozenset({"attempts"})
STATES: Mapping[LeadState, str] = {
    LeadState.CALLABLE: marked("Can be called"),
    LeadState.WAITING: marked("Waiting for the next attempt"),
    LeadState.CALLBACK: marked("Callback agreed"),
    LeadState.FINISHED: marked("Finished"),
    LeadState.BOXED: marked("In a MyBox"),
    LeadState.PROHIBITED: marked("Prohibited"),
}
STATE_COLOURS: Mapping[LeadState, str] = {
    LeadState.CALLABLE: "green",
    LeadState.WAITING: "amber",
    LeadState.CALLBACK: "teal",
    LeadState.FINISHED: "grey",
    LeadState.BOXED: "violet",
    LeadState.PROHIBITED: "red",
}


@dataclass(frozen=True, slots=True)
class ColumnHead:
    """A column as its heading says it; `sort` is the key of its order, empty for none."""

    key: str
    label: str
    sort: str
    right: bool = False
    field: CustomField | None = None


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that the filter asks for, and the query of the address without it."""

    label: str
    text: str
    rest: str


def column_heads(
    keys: Sequence[str], custom: Mapping[int, CustomField], _: Words
) -> list[ColumnHead]:
    """The headings of these columns in their order."""
    return [_head(key, custom, _) for key in keys]


def _head(key: str, custom: Mapping[int, CustomField], _: Words) -> ColumnHead:
    if key in COLUMNS:
        return ColumnHead(key, _(COLUMNS[key]), SORTED_BY.get(key, ""), key in RIGHT)
    field = custom[int(key[1:])]
    sort = "" if field.kind is FieldKind.MULTIPLE_CHOICE else key
    return ColumnHead(key, field.name, sort, field.kind is FieldKind.NUMBER, field)


def chips_of(address: LeadAddress, choices: LeadChoices, _: Words) -> list[Chip]:
    """What the filter asks for, one by one."""
    return [
        Chip(*_said(name, alone, choices, _), address.query(replace(address.view, filter=rest)))
        for name, alone, rest in parts_of(address.view.filter)
    ]


def _said(name: str, wanted: LeadFilter, choices: LeadChoices, _: Words) -> tuple[str, str]:
    """The label and the text of one thing that is asked for."""
    match name:
        case "text":
            return _("Search"), wanted.text
        case "states":
            return _("State"), _list(_(STATES[one]) for one in wanted.states)
        case "stages":
            known = {one.id: one.name for one in choices.stages} | {NO_STAGE: _("No stage")}
            return _("Stage"), _list(known.get(one, f"#{one}") for one in wanted.stages)
        case "prefectures":
            return _("Prefecture"), _list(iter(wanted.prefectures))
        case "city":
            return _("City"), wanted.city
        case "results":
            return _("Result"), _results(wanted, choices, _)
        case "tried":
            return _("Last attempt"), _days(wanted.tried, _)
        case "attempts":
            least, most = wanted.attempts_least, wanted.attempts_most
            return _("Attempts"), _range(_text(least), _text(most))
        case "holder":
            return _("MyBox"), _user(wanted.holder, choices)
        case "created":
            return _("Added on"), _days(wanted.created, _)
        case "import_id":
            named = {one.id: one.file_name for one in choices.imports}
            return _("Import"), named.get(wanted.import_id or 0, f"#{wanted.import_id}")
    (field,) = wanted.fields
    return choices.fields[field.field_id].name, _field(field, choices.fields[field.field_id], _)


def _results(wanted: LeadFilter, choices: LeadChoices, _: Words) -> str:
    names = {one.id: one.name for one in choices.results}
    said = [_list(names.get(one, f"#{one}") for one in wanted.results)]
    if wanted.acted_by is not None:
        said.append(_user(wanted.acted_by, choices))
    if wanted.acted:
        said.append(_days(wanted.acted, _))
    return " · ".join(filter(None, said))


def _field(wanted: FieldFilter, field: CustomField, _: Words) -> str:
    if wanted.filled is Filled.NO:
        return _("empty")
    if wanted.filled is Filled.YES:
        return _("not empty")
    if wanted.any_of and field.kind is FieldKind.CHECK_BOX:
        return _list(_("Yes") if one == "1" else _("No") for one in wanted.any_of)
    if wanted.any_of:
        return _list(iter(wanted.any_of))
    if wanted.least or wanted.most:
        is_number = field.kind is FieldKind.NUMBER
        ends = (wanted.least, wanted.most)
        return _range(*(one if is_number else calendar(one, _.language) for one in ends))
    said = []
    if wanted.begins:
        said.append(_("begins with “%(text)s”", text=wanted.begins))
    if wanted.contains:
        said.append(_("contains “%(text)s”", text=wanted.contains))
    return " · ".join(said)


def _user(user_id: int | None, choices: LeadChoices) -> str:
    return next((one.name for one in choices.users if one.id == user_id), f"#{user_id}")


def _days(days: Days, _: Words) -> str:
    return _range(_day(days.since, _), _day(days.until, _))


def _day(day: date | None, _: Words) -> str:
    return calendar(day.isoformat(), _.language) if day else ""


def _range(least: str, most: str) -> str:
    return least if least == most else f"{least} – {most}".strip()


def _text(value: int | None) -> str:
    return "" if value is None else str(value)


def _list(names: Iterator[str]) -> str:
    return ", ".join(names)
