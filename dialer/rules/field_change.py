"""What becomes of a value when its custom field gets another type, or other choices."""

from collections.abc import Mapping
from dataclasses import replace

from dialer.rules.custom_field import (
    CustomField,
    FieldKind,
    Misfit,
    Value,
    read_input,
    read_value,
)

CHOICE_KINDS = frozenset({FieldKind.SINGLE_CHOICE, FieldKind.MULTIPLE_CHOICE})
_YES_OR_NO = replace(CustomField(0, "", FieldKind.CHECK_BOX))
# Read as yes and no in every language, and by `read_value` again.
_MARKS = {"1": "○", "0": "×"}


def changed_value(
    value: Value,
    old: CustomField,
    new: CustomField,
    *,
    renamed: Mapping[str, str] | None = None,
) -> Value | Misfit:
    """A value of `old` as one of `new`, or why it does not fit.

    `renamed` says what choices are called now. Where both are of one type, a value changes
    only with the name of its choice, and misfits only when its choice is gone.
    """
    if old.kind in CHOICE_KINDS:
        value = _renamed(value, renamed or {})
    if old.kind is new.kind:
        chosen = [] if new.kind not in CHOICE_KINDS else _list(value)
        return value if set(chosen) <= set(new.choices) else Misfit.NOT_A_CHOICE
    if new.kind is FieldKind.MULTIPLE_CHOICE and old.kind is FieldKind.SINGLE_CHOICE:
        return _given(read_input(replace(new, required=False), _list(value)))
    if old.kind is FieldKind.CHECK_BOX and new.kind in CHOICE_KINDS:
        return _same_answer(str(value), new)
    return _given(read_value(replace(new, required=False), written(value, old.kind, new.kind)))


def keeps_values(old: FieldKind, new: FieldKind) -> bool:
    """Whether all values of the one type are values of the other, and sort as they did."""
    if old is FieldKind.TEXT:
        return new is FieldKind.LONG_TEXT
    one_line = {FieldKind.DATE, FieldKind.SINGLE_CHOICE, FieldKind.URL, FieldKind.PHONE}
    return old in one_line | {FieldKind.EMAIL} and new in (FieldKind.TEXT, FieldKind.LONG_TEXT)


def written(value: Value, kind: FieldKind, to: FieldKind = FieldKind.TEXT) -> str:
    """A value as a person would write it into a field of the type `to`."""
    if isinstance(value, list):
        return ("\n" if to is FieldKind.LONG_TEXT else "、").join(value)
    if kind is FieldKind.CHECK_BOX and to in (FieldKind.TEXT, FieldKind.LONG_TEXT):
        return _MARKS[value]
    if kind is FieldKind.DATE_TIME and to is FieldKind.DATE:
        return value.removesuffix("T00:00")  # any other time of day would be lost
    if kind is FieldKind.DATE_TIME and to is not FieldKind.DATE_TIME:
        return value.replace("T", " ")
    return value


def _renamed(value: Value, renamed: Mapping[str, str]) -> Value:
    if isinstance(value, list):
        return [renamed.get(one, one) for one in value]
    return renamed.get(value, value)


def _list(value: Value) -> list[str]:
    return value if isinstance(value, list) else [value]


def _same_answer(value: str, new: CustomField) -> Value | Misfit:
    """The choice that says yes, or no, as the check box does."""
    for choice in new.choices:
        if read_value(_YES_OR_NO, choice) == value:
            return [choice] if new.kind is FieldKind.MULTIPLE_CHOICE else choice
    return Misfit.NOT_A_CHOICE


def _given(value: Value | Misfit | None) -> Value | Misfit:
    """Nothing is left of a value that says nothing in the new type: it does not fit."""
    return Misfit.REQUIRED if value is None else value
