"""The entries of a lead's timeline in the viewer's words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dialer.history import HistoryRow
from dialer.lead_changes import Change, contact_of
from dialer.lead_timeline import Entry, What
from dialer.rules.custom_field import CustomField, FieldKind
from dialer.rules.lead_fields import CUSTOM
from dialer.rules.phone_number import PhoneNumber, parse_phone_number
from webui import labels
from webui.field_words import custom_text
from webui.formats import Formats, national
from webui.lead_words import FIELDS
from webui.translations import Words, marked

_TITLES: Mapping[What, str] = {
    "changed": marked("Changed"),
    "imported": marked("Came with a list"),
    "boxed": marked("Into MyBox"),
    "handed_over": marked("MyBox handed over"),
    "unboxed": marked("Out of MyBox"),
    "prohibited": marked("Prohibited"),
    "lifted": marked("Prohibition lifted"),
    "callback_set": marked("Callback set"),
    "callback_closed": marked("Callback closed"),
}
_LOOKS: Mapping[What, tuple[str, str]] = {
    "changed": ("pen", "blue"),
    "imported": ("list-in", "brown"),
    "boxed": ("box", "violet"),
    "handed_over": ("box", "violet"),
    "unboxed": ("box", "grey"),
    "prohibited": ("ban", "red"),
    "lifted": ("ban", "grey"),
    "callback_set": ("bell", "teal"),
    "callback_closed": ("bell", "grey"),
}
# Changes of the lead as a whole say what happened by themselves.
_WHOLE: Mapping[str, tuple[str, str, str]] = {
    "created": (marked("Added by hand"), "plus", "green"),
    "deleted": (marked("Deleted"), "trash", "red"),
    "restored": (marked("Restored"), "undo", "green"),
    "project": (marked("Moved to another project"), "move", "orange"),
    "merged": (marked("Merged with a duplicate"), "merge", "orange"),
    "merged_into": (marked("Merged into another lead"), "merge", "orange"),
    "stage": (marked("Stage changed"), "results", "blue"),
}
_ACTION_ICONS = {"call": "phone", "memo": "pen", "email": "mail", "sms": "chat", "visit": "person"}
KINDS: Mapping[str, str] = {
    "": marked("All"),
    "calls": marked("Calls"),
    "notes": marked("Memos"),
    "changes": marked("Changes"),
    "mybox": marked("MyBox"),
    "prohibitions": marked("Prohibitions"),
    "callbacks": marked("Callbacks"),
}


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A field from `old` to `new`; `link` leads to another lead that it is about."""

    label: str
    old: str
    new: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """An entry as it is shown; `day` is the heading under which it stands."""

    day: str
    at: datetime
    icon: str
    colour: str
    title: str
    who: str
    facts: tuple[str, ...]
    note: str
    changes: tuple[ShownChange, ...]
    action: HistoryRow | None


def items(
    entries: Sequence[Entry], fields: Mapping[int, CustomField], fmt: Formats, _: Words
) -> list[Item]:
    """`fields` are the custom fields of the lead's project by id."""
    return [_item(entry, fields, fmt, _) for entry in entries]


def _item(entry: Entry, fields: Mapping[int, CustomField], fmt: Formats, _: Words) -> Item:
    icon, colour, title = _look(entry, _)
    return Item(
        day=fmt.day(entry.at),
        at=entry.at,
        icon=icon,
        colour=colour,
        title=title,
        who=entry.who,
        facts=tuple(_facts(entry, fmt, _)),
        note=entry.action.memo if entry.action else entry.note,
        changes=tuple(_changes(entry.changes, fields, _)),
        action=entry.action,
    )


def _look(entry: Entry, _: Words) -> tuple[str, str, str]:
    row = entry.action
    if row is not None:
        colour = labels.OUTCOME_COLOURS[row.outcome] if row.outcome else "grey"
        return _ACTION_ICONS[row.kind], colour, _(labels.ACTION_KINDS[row.kind])
    kinds = [change.field.partition(":")[0] for change in entry.changes]
    # What comes along with a move or a merge is part of it; a stage is one field among others.
    if kinds and kinds[0] in _WHOLE and (kinds[0] != "stage" or len(kinds) == 1):
        title, icon, colour = _WHOLE[kinds[0]]
        return icon, colour, _(title)
    icon, colour = _LOOKS[entry.what]
    return icon, colour, _(_TITLES[entry.what])


def _facts(entry: Entry, fmt: Formats, _: Words) -> Iterator[str]:
    match entry.what:
        case "action":
            yield from _facts_of_action(entry.action, fmt, _)
        case "imported":
            yield entry.text
        case "changed" if entry.text:
            yield _("List “%(name)s”", name=entry.text)
        case "boxed" | "unboxed":
            yield entry.whom or _("Another user's MyBox")
        case "handed_over" if entry.whom:
            yield f"{entry.of_whom} → {entry.whom}"
        case "handed_over":
            yield _("Another user's MyBox")
        case "prohibited" | "lifted":
            yield entry.text
            yield entry.whom or _("Whole company")
        case "callback_set":
            yield _("Caller: %(name)s", name=entry.whom or _("Anyone"))
        case _other:
            pass
    if entry.until is not None:
        until = fmt.moment(entry.until)
        yield until if entry.what.startswith("callback") else _("Until %(time)s", time=until)


def _facts_of_action(row: HistoryRow | None, fmt: Formats, _: Words) -> Iterator[str]:
    if row is None:
        return
    if row.number:
        yield row.number
    if row.talk_seconds:
        yield _("Talk %(time)s", time=fmt.duration(row.talk_seconds))
    if row.campaign:
        yield fmt.campaign(row.campaign)


def _changes(
    changes: Sequence[Change], fields: Mapping[int, CustomField], _: Words
) -> Iterator[ShownChange]:
    for change in changes:
        kind, _colon, what = change.field.partition(":")
        match kind:
            case "created" | "deleted" | "restored" | "time_zone":
                continue  # the title says it; the zone follows the number
            case "merged" | "merged_into":
                yield ShownChange("", "", change.new, f"/leads/{what}")
            case "contact":
                yield ShownChange(
                    _("Contact point"), _contact(change.old, _), _contact(change.new, _)
                )
            case _other:
                old, new = (
                    _value(change.field, text, fields, _) for text in (change.old, change.new)
                )
                yield ShownChange(_label(change.field, fields, _), old, new)


def _label(field: str, fields: Mapping[int, CustomField], _: Words) -> str:
    if field in FIELDS:
        return _(FIELDS[field])
    if field.startswith(CUSTOM):
        known = _custom(field, fields)
        return known.name if known else _("A field that is gone")
    if field.startswith("extra:"):
        return field.removeprefix("extra:")
    if field == "contact_order":
        return _("Order of the contact points")
    return _("Project") if field == "project" else field


def _value(field: str, text: str, fields: Mapping[int, CustomField], _: Words) -> str:
    """What stood in a field as its page shows it."""
    if field == "contact_order":
        return ", ".join(map(_number, text.split(", ")))
    known = _custom(field, fields)
    if known is None or not text:
        return text
    if known.kind is FieldKind.MULTIPLE_CHOICE:
        return text.replace("\n", "、")  # as lists write them
    return custom_text(known, text, _)


def _custom(field: str, fields: Mapping[int, CustomField]) -> CustomField | None:
    number = field.removeprefix(CUSTOM)
    return fields.get(int(number)) if field.startswith(CUSTOM) and number.isdecimal() else None


def _contact(text: str, _: Words) -> str:
    contact = contact_of(text)
    if contact is None:
        return text
    kind = labels.CONTACT_KINDS.get(contact["kind"])
    shown = contact["raw"] if contact["kind"] in ("email", "line") else _number(contact["raw"])
    parts = (_(kind) if kind else "", contact["label"], shown, contact["note"])
    return " · ".join(part for part in parts if part)


def _number(raw: str) -> str:
    """A number as contact points show it, however it was written."""
    read = parse_phone_number(raw)
    return national(read.e164) if isinstance(read, PhoneNumber) else raw
