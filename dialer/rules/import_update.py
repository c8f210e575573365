"""How a row changes a lead that is there, and what has to be said about it afterwards."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from dialer.rules.custom_field import Value
from dialer.rules.import_fate import Fate
from dialer.rules.lead_numbers import ContactDraft
from dialer.rules.lead_row import LeadDraft
from dialer.rules.search_text import lead_key

TEXTS = (
    "name",
    "name_kana",
    "contact_person",
    "postal_code",
    "prefecture",
    "city",
    "building",
    "email",
    "website",
    "notes",
)
_PLACE = frozenset({"postal_code", "prefecture", "city", "building"})
_LONGEST_NOTE = 200


@dataclass(frozen=True, slots=True)
class Record:
    """A lead as far as a list can say or change it."""

    texts: Mapping[str, str]  # by `TEXTS`
    extra: Mapping[str, str]
    custom: Mapping[str, Value]  # by field id
    contacts: tuple[ContactDraft, ...]

    @property
    def search_key(self) -> str:
        """What ``leads.search_key`` has to be."""
        return lead_key(
            name=self.texts["name"],
            name_kana=self.texts["name_kana"],
            contact_person=self.texts["contact_person"],
            email=self.texts["email"],
        )

    @property
    def callable_numbers(self) -> tuple[str, ...]:
        """The E.164 numbers that a person can be called on: no fax."""
        return tuple(c.e164 for c in self.contacts if c.e164 is not None and c.kind != "fax")


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of `Record` that changed, as a line of ``lead_changes`` tells it."""

    field: str
    old: str
    new: str


def record_of(draft: LeadDraft) -> Record:
    """The lead that the row alone makes."""
    return Record(
        texts={name: getattr(draft, name) for name in TEXTS},
        extra=draft.extra,
        custom=draft.custom,
        contacts=draft.contacts,
    )


def updated(lead: Record, row: LeadDraft, how: Fate) -> Record:
    """`lead` after the row: `Fate.FILL`, `Fate.OVERWRITE` or `Fate.CONTACT`.

    Numbers are only ever added; a row says which it knows, not that others are wrong. An
    address is filled as a whole or not at all: half of each would be nobody's.
    """
    contacts = _with_new_contacts(lead, row, named=how is Fate.CONTACT)
    if how is Fate.CONTACT:
        return replace(lead, contacts=contacts)
    over = how is Fate.OVERWRITE
    has_place = any(lead.texts[name] for name in _PLACE)
    texts = {
        name: (
            said
            if (said := getattr(row, name))
            and (over or (not lead.texts[name] and not (has_place and name in _PLACE)))
            else lead.texts[name]
        )
        for name in TEXTS
    }
    return Record(
        texts=texts,
        extra={**lead.extra, **row.extra} if over else {**row.extra, **lead.extra},
        custom={**lead.custom, **row.custom} if over else {**row.custom, **lead.custom},
        contacts=contacts,
    )


def differences(
    before: Record, after: Record, extra_text: Callable[[Mapping[str, str]], str]
) -> list[Difference]:
    """What changed, contacts aside, in the order of the fields; `extra_text` writes all extra."""
    found = [
        Difference(name, before.texts[name], after.texts[name])
        for name in TEXTS
        if before.texts[name] != after.texts[name]
    ]
    if before.extra != after.extra:
        found.append(Difference("extra", extra_text(before.extra), extra_text(after.extra)))
    for field_id in dict.fromkeys([*before.custom, *after.custom]):
        old, new = before.custom.get(field_id), after.custom.get(field_id)
        if old != new:
            found.append(Difference(f"custom:{field_id}", value_text(old), value_text(new)))
    return found


def value_text(value: Value | None) -> str:
    """A custom value as one text; the choices of a multiple one stand on a line each."""
    if value is None:
        return ""
    return "\n".join(value) if isinstance(value, list) else value


def _with_new_contacts(lead: Record, row: LeadDraft, *, named: bool) -> tuple[ContactDraft, ...]:
    """`named`: a new contact says whose it is, where it says nothing yet."""
    contacts = list(lead.contacts)
    known = {_reached_by(contact) for contact in contacts}
    position = max((contact.position for contact in contacts), default=-1)
    who = _who(lead, row) if named else ""
    for contact in row.contacts:
        if _reached_by(contact) in known:
            continue
        known.add(_reached_by(contact))
        position += 1
        contacts.append(replace(contact, position=position, note=contact.note or who))
    return tuple(contacts)


def _reached_by(contact: ContactDraft) -> tuple[bool, str]:
    return contact.kind == "fax", contact.e164 or contact.raw


def _who(lead: Record, row: LeadDraft) -> str:
    names = (row.contact_person, row.name)
    mine: Sequence[str] = (lead.texts["contact_person"], lead.texts["name"])
    return next((name for name in names if name and name not in mine), "")[:_LONGEST_NOTE]
