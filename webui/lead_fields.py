"""A lead's fields as its page shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dialer.lead_detail import LeadDetail
from dialer.rules import prefectures
from dialer.rules.custom_field import CustomField, FieldKind, Value
from dialer.rules.lead_fields import BASIC_FIELDS, CUSTOM, text_of
from webui.lead_words import FIELDS
from webui.translations import Words

_ADDRESS_CUSTOM = "custom-"  # in addresses and ids, where a colon is in the way


@dataclass(frozen=True, slots=True)
class ShownField:
    """`key` names it in addresses; `text` is what stands there, of a stage its id.

    `kind` is a FieldKind, ``stage`` or ``priority``; `stages` are names by id.
    """

    key: str
    label: str
    text: str
    kind: str
    custom: CustomField | None = None
    value: Value | None = None
    stages: Mapping[int, str] | None = None

    @property
    def suggestions(self) -> Sequence[str]:
        """What may stand there, to be chosen while it is typed."""
        return prefectures.NAMES if self.key == "prefecture" else ()

    @property
    def wide(self) -> bool:
        return self.kind == FieldKind.LONG_TEXT


def field_of_key(key: str) -> str:
    """``custom-12`` → ``custom:12``; the others are called the same everywhere."""
    number = key.removeprefix(_ADDRESS_CUSTOM)
    return f"{CUSTOM}{number}" if number != key else key


def basic_field(name: str, text: str, _: Words) -> ShownField:
    kind = BASIC_FIELDS[name].kind if name in BASIC_FIELDS else name
    return ShownField(name, _(FIELDS[name]), text, kind)


def stage_field(text: str, stages: Mapping[int, str], _: Words) -> ShownField:
    kind = "stage"
    return ShownField(kind, _(FIELDS[kind]), text, kind, stages=stages)


def custom_field(field: CustomField, value: Value | None) -> ShownField:
    key = f"{_ADDRESS_CUSTOM}{field.id}"
    return ShownField(key, field.name, text_of(value), field.kind, custom=field, value=value)


def basic_fields(lead: LeadDetail, _: Words) -> list[ShownField]:
    return [basic_field(name, text, _) for name, text in lead.basic.items()]


def calling_fields(lead: LeadDetail, _: Words) -> list[ShownField]:
    """What decides how the lead goes on: its stage, where the project has some; its priority."""
    priority = basic_field("priority", str(lead.priority), _)
    if not lead.stages:
        return [priority]
    names = {stage.id: stage.name for stage in lead.stages}
    return [stage_field(str(lead.stage.id) if lead.stage else "", names, _), priority]


def custom_fields(lead: LeadDetail) -> list[ShownField]:
    return [custom_field(field, value) for field, value in lead.custom]
