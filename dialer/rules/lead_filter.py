"""Which leads the table shows: a filter, and how the address of the page writes it.

Everything that is shown stands in the address, so that a link, the back button, a saved
view and an export all mean the same leads. What an address says and nobody understands
(a field that is gone, a date that is none) is left out.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum

from dialer.rules.custom_field import CustomField, FieldKind, Misfit, read_value

LONGEST_TEXT = 200
MOST_CHOICES = 100
NO_STAGE = 0  # stands for leads without one

Pair = tuple[str, str]
"""A name and a value of an address's query."""


class LeadState(StrEnum):
    """What stands for or against calling a lead."""

    CALLABLE = "callable"  # in play, due, and nothing about its numbers forbids it
    WAITING = "waiting"  # for the time of its next attempt
    CALLBACK = "callback"
    FINISHED = "finished"
    BOXED = "boxed"
    PROHIBITED = "prohibited"


class Filled(StrEnum):
    """Whether there is a value at all."""

    YES = "filled"
    NO = "empty"


@dataclass(frozen=True, slots=True)
class Days:
    """From a day to a day, both included; None is open."""

    since: date | None = None
    until: date | None = None

    def __bool__(self) -> bool:
        return self.since is not None or self.until is not None


@dataclass(frozen=True, slots=True)
class FieldFilter:
    """What a custom field must say. `least` and `most` are values as `Values` keeps them;
    those of a time are days. `any_of` are choices, or ``1`` and ``0`` of a check box."""

    field_id: int
    begins: str = ""
    contains: str = ""
    least: str = ""
    most: str = ""
    any_of: tuple[str, ...] = ()
    filled: Filled | None = None

    def __bool__(self) -> bool:
        return self != FieldFilter(self.field_id)

    @property
    def wants_a_value(self) -> bool:
        """Whether leads without a value are left out."""
        return bool(self) and self.filled is not Filled.NO


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """All of it must hold; of a tuple any. Empty and None do not ask.

    `text` is a phone number in any writing, or its beginning, or else words of the lead's
    names or e-mail. An action with one of `results`, by `acted_by`, within `acted` must be
    one and the same.
    """

    text: str = ""
    prefectures: tuple[str, ...] = ()
    city: str = ""
    stages: tuple[int, ...] = ()
    states: tuple[LeadState, ...] = ()
    results: tuple[int, ...] = ()
    acted_by: int | None = None
    acted: Days = Days()
    tried: Days = Days()  # the last attempt
    created: Days = Days()
    import_id: int | None = None
    attempts_least: int | None = None
    attempts_most: int | None = None
    holder: int | None = None  # of the box
    fields: tuple[FieldFilter, ...] = ()

    def __bool__(self) -> bool:
        return self != LeadFilter()

    @property
    def asks_for_actions(self) -> bool:
        return bool(self.results or self.acted_by or self.acted)


EVERYTHING = LeadFilter()


def read_filter(pairs: Iterable[Pair], custom: Mapping[int, CustomField]) -> LeadFilter:
    """The filter of an address; `custom` are the project's fields by id."""
    said = _Said(pairs)
    return LeadFilter(
        text=said.text("q"),
        prefectures=said.texts("prefecture"),
        city=said.text("city"),
        stages=said.numbers("stage"),
        states=tuple(one for one in LeadState if one in said.texts("state")),
        results=said.numbers("result"),
        acted_by=said.number("by"),
        acted=said.days("acted"),
        tried=said.days("tried"),
        created=said.days("created"),
        import_id=said.number("import"),
        attempts_least=said.number("attempts.min"),
        attempts_most=said.number("attempts.max"),
        holder=said.number("holder"),
        fields=tuple(found for field in custom.values() if (found := _read_field(said, field))),
    )


def write_filter(wanted: LeadFilter) -> list[Pair]:
    """What `read_filter` reads the same filter from."""
    pairs: list[Pair] = []
    pairs += _some("q", [wanted.text])
    pairs += _some("prefecture", wanted.prefectures)
    pairs += _some("city", [wanted.city])
    pairs += _some("stage", wanted.stages)
    pairs += _some("state", wanted.states)
    pairs += _some("result", wanted.results)
    pairs += _some("by", [wanted.acted_by])
    pairs += _days("acted", wanted.acted)
    pairs += _days("tried", wanted.tried)
    pairs += _days("created", wanted.created)
    pairs += _some("import", [wanted.import_id])
    pairs += _some("attempts.min", [wanted.attempts_least])
    pairs += _some("attempts.max", [wanted.attempts_most])
    pairs += _some("holder", [wanted.holder])
    for one in wanted.fields:
        name = f"f{one.field_id}"
        pairs += _some(f"{name}.begins", [one.begins])
        pairs += _some(f"{name}.contains", [one.contains])
        pairs += _some(f"{name}.min", [one.least])
        pairs += _some(f"{name}.max", [one.most])
        pairs += _some(f"{name}.any", one.any_of)
        pairs += _some(f"{name}.is", [one.filled])
    return pairs


def parts_of(wanted: LeadFilter) -> Iterator[tuple[str, LeadFilter, LeadFilter]]:
    """Each thing it asks for: its name (``prefectures``, ``f12``), it alone, and the rest.

    What is said of actions is one thing, ``results``; so are the attempts' bounds.
    """
    for name, together in _TOGETHER.items():
        alone = replace(EVERYTHING, **{one: getattr(wanted, one) for one in together})
        if alone:
            yield name, alone, replace(wanted, **{one: _EMPTY[one] for one in together})
    for field in wanted.fields:
        rest = tuple(one for one in wanted.fields if one is not field)
        yield f"f{field.field_id}", LeadFilter(fields=(field,)), replace(wanted, fields=rest)


_EMPTY = {one.name: getattr(EVERYTHING, one.name) for one in fields(LeadFilter)}
_TOGETHER: Mapping[str, tuple[str, ...]] = {
    "text": ("text",),
    "states": ("states",),
    "stages": ("stages",),
    "prefectures": ("prefectures",),
    "city": ("city",),
    "results": ("results", "acted_by", "acted"),
    "tried": ("tried",),
    "attempts": ("attempts_least", "attempts_most"),
    "holder": ("holder",),
    "created": ("created",),
    "import_id": ("import_id",),
}


# --- custom fields ------------------------------------------------------------------

RANGED = frozenset({FieldKind.NUMBER, FieldKind.DATE, FieldKind.DATE_TIME})
CHOSEN = frozenset({FieldKind.SINGLE_CHOICE, FieldKind.MULTIPLE_CHOICE})


def _read_field(said: "_Said", field: CustomField) -> FieldFilter:
    name = f"f{field.id}"
    filled = next((one for one in Filled if one == said.text(f"{name}.is")), None)
    wanted = FieldFilter(field.id, filled=filled)
    if field.kind in RANGED:
        least, most = (_bound(field, said.text(f"{name}.{end}")) for end in ("min", "max"))
        return replace(wanted, least=least, most=most)
    if field.kind in CHOSEN:
        asked = said.texts(f"{name}.any")
        return replace(wanted, any_of=tuple(one for one in field.choices if one in asked))
    if field.kind is FieldKind.CHECK_BOX:
        asked = said.texts(f"{name}.any")
        return replace(wanted, any_of=tuple(one for one in ("1", "0") if one in asked))
    return replace(
        wanted, begins=said.text(f"{name}.begins"), contains=said.text(f"{name}.contains")
    )


def _bound(field: CustomField, text: str) -> str:
    """A bound as values are kept; of a field of times a day."""
    kind = FieldKind.DATE if field.kind is FieldKind.DATE_TIME else field.kind
    value = read_value(CustomField(field.id, field.name, kind), text)
    return value if isinstance(value, str) and not isinstance(value, Misfit) else ""


# --- addresses ----------------------------------------------------------------------


class _Said:
    """The query of an address, read without trust."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            if clean := " ".join(value.replace("\0", " ").split())[:LONGEST_TEXT].strip():
                self._values.setdefault(name, []).append(clean)

    def text(self, name: str) -> str:
        return next(iter(self._values.get(name, ())), "")

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._values.get(name, ())))[:MOST_CHOICES]

    def number(self, name: str) -> int | None:
        return next(iter(self.numbers(name)), None)

    def numbers(self, name: str) -> tuple[int, ...]:
        return tuple(dict.fromkeys(int(one) for one in self.texts(name) if _is_number(one)))

    def days(self, name: str) -> Days:
        return Days(_a_day(self.text(f"{name}.from")), _a_day(self.text(f"{name}.to")))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16


def _a_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _some(name: str, values: Collection[object] | Sequence[object]) -> list[Pair]:
    return [(name, str(one)) for one in values if one is not None and one != ""]


def _days(name: str, days: Days) -> list[Pair]:
    return _some(f"{name}.from", [days.since]) + _some(f"{name}.to", [days.until])
