"""The words for custom fields: their types and values, and why a text does not fit."""

from collections.abc import Mapping, Sequence

from dialer.rules.custom_field import CustomField, FieldKind, Misfit
from webui.formats import calendar, national
from webui.translations import Words, marked

FIELD_KINDS: Mapping[str, str] = {
    FieldKind.TEXT: marked("Text"),
    FieldKind.LONG_TEXT: marked("Long text"),
    FieldKind.NUMBER: marked("Number value"),
    FieldKind.DATE: marked("Date"),
    FieldKind.DATE_TIME: marked("Date and time"),
    FieldKind.SINGLE_CHOICE: marked("Single choice"),
    FieldKind.MULTIPLE_CHOICE: marked("Multiple choice"),
    FieldKind.CHECK_BOX: marked("Check box"),
    FieldKind.URL: marked("Web address"),
    FieldKind.PHONE: marked("Phone number"),
    FieldKind.EMAIL: marked("E-mail address"),
}
# The symbols of icons.svg.
KIND_ICONS: Mapping[str, str] = {
    FieldKind.TEXT: "text",
    FieldKind.LONG_TEXT: "long-text",
    FieldKind.NUMBER: "hash",
    FieldKind.DATE: "calendar",
    FieldKind.DATE_TIME: "clock",
    FieldKind.SINGLE_CHOICE: "radio",
    FieldKind.MULTIPLE_CHOICE: "list-checks",
    FieldKind.CHECK_BOX: "check-square",
    FieldKind.URL: "link",
    FieldKind.PHONE: "phone",
    FieldKind.EMAIL: "mail",
}
MISFITS: Mapping[str, str] = {
    Misfit.REQUIRED: marked("This field needs a value."),
    Misfit.NOT_A_NUMBER: marked("This is no number. Write digits, as in 1200 or -0.5."),
    Misfit.NOT_A_DATE: marked("This is no date. Write it as 2026-04-01."),
    Misfit.NOT_A_TIME: marked("This is no date and time. Write it as 2026-04-01 09:30."),
    Misfit.NOT_A_CHOICE: marked("This is not one of the choices."),
    Misfit.NOT_YES_OR_NO: marked("This is neither yes nor no."),
    Misfit.NOT_A_URL: marked("This is no web address. Write it as https://www.example.jp."),
    Misfit.NOT_A_PHONE: marked("This is no phone number that can be called."),
    Misfit.NOT_AN_EMAIL: marked("This is no e-mail address."),
    Misfit.NOT_A_POSTAL_CODE: marked("A postal code has seven digits, as in 160-0004."),
    Misfit.NOT_A_PREFECTURE: marked("This is no prefecture. Write one of the 47, as in 東京都."),
    Misfit.TOO_LONG: marked("This is too long."),
}


def custom_text(field: CustomField, value: str | Sequence[str], _: Words) -> str:
    """A custom value as lists and the change log show it."""
    if not isinstance(value, str):
        return ", ".join(value)
    match field.kind:
        case FieldKind.CHECK_BOX:
            return {"1": _("Yes"), "0": _("No")}.get(value, value)
        case FieldKind.PHONE:
            return national(value)
        case FieldKind.DATE | FieldKind.DATE_TIME:
            return calendar(value, _.language)
        case FieldKind.URL:
            return value.split("://", 1)[-1]
    return value
