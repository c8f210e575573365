"""What kind of custom field is offered for a column nobody knows, by its cells."""

import pytest

from dialer.rules.cell_content import suggested_kind
from dialer.rules.custom_field import FieldKind


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["12", "340", ""], FieldKind.NUMBER),
        (["1,200", "98", "１０"], FieldKind.NUMBER),
        (["011002", "131016"], FieldKind.TEXT),
        (["1010401067890", "7000020130001"], FieldKind.TEXT),
        (["12", "約百名"], FieldKind.TEXT),
        (["令和8年4月1日", "2026/5/2"], FieldKind.DATE),
        (["はい", "いいえ"], FieldKind.CHECK_BOX),
        (["製造", "小売", "IT"] * 4, FieldKind.SINGLE_CHOICE),
        (["a@example.jp", "b@example.jp"], FieldKind.EMAIL),
        (["一行目\n二行目"], FieldKind.LONG_TEXT),
        (["", ""], FieldKind.TEXT),
    ],
)
def test_the_narrowest_kind_that_fits_all_cells(cells: list[str], kind: FieldKind) -> None:
    assert suggested_kind(cells) is kind
