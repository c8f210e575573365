"""The change log tells values as the page shows them."""

from datetime import UTC, datetime

import pytest

from dialer.lead_changes import Change, contact_text
from dialer.lead_timeline import Entry
from dialer.rules.custom_field import CustomField, FieldKind
from webui.formats import Formats
from webui.timeline_words import items
from webui.translations import Language, words

NOW = datetime(2026, 11, 24, 5, 32, tzinfo=UTC)
FIELDS = {
    one.id: one
    for one in (
        CustomField(1, "既契約", FieldKind.CHECK_BOX),
        CustomField(2, "直通", FieldKind.PHONE),
        CustomField(3, "契約日", FieldKind.DATE),
        CustomField(4, "面談", FieldKind.DATE_TIME),
        CustomField(5, "関心", FieldKind.MULTIPLE_CHOICE),
        CustomField(6, "席数", FieldKind.NUMBER),
    )
}


def shown(field: str, text: str, language: Language = "ja") -> str:
    entry = Entry("changed", NOW, changes=(Change(field, text, ""),))
    (item,) = items([entry], FIELDS, Formats(language, "Asia/Tokyo", NOW), words(language))
    return item.changes[0].old


@pytest.mark.parametrize(
    ("field", "text", "japanese", "english"),
    [
        ("custom:1", "1", "はい", "Yes"),
        ("custom:1", "", "", ""),
        ("custom:2", "+81312345678", "03-1234-5678", "03-1234-5678"),
        ("custom:3", "2027-06-01", "2027/06/01", "2027-06-01"),
        ("custom:4", "2026-12-25T14:30", "2026/12/25 14:30", "2026-12-25 14:30"),
        ("custom:5", "光\n電力", "光、電力", "光、電力"),
        ("custom:6", "-5", "-5", "-5"),
        ("custom:99", "1", "1", "1"),
        ("name", "山田", "山田", "山田"),
        ("contact_order", "+81312345678, 090-1234-5678", *["03-1234-5678, 090-1234-5678"] * 2),
    ],
)
def test_a_value_is_told_as_the_page_shows_it(
    field: str, text: str, japanese: str, english: str
) -> None:
    assert shown(field, text) == japanese
    assert shown(field, text, "en") == english


def test_a_number_is_told_as_the_page_shows_it() -> None:
    assert (
        shown("contact:3", contact_text(kind="phone", label="本社", raw="0312345678", note="代"))
        == "電話 · 本社 · 03-1234-5678 · 代"
    )
    line = contact_text(kind="line", label="", raw="0312345678", note="")
    assert shown("contact:3", line).endswith("0312345678")
