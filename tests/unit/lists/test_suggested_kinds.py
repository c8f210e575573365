"""What kind of custom field is offered for a column nobody knows, by its cells."""

import pytest

from dialer.rules.cell_content import suggested_kind
from dialer.rules.column_fit import BadCell, bad_cells, field_of
from dialer.rules.custom_field import CustomField, FieldKind, Misfit
from dialer.rules.list_shape import ListColumn


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["12", "340", ""], FieldKind.NUMBER),
        (["1,200", "98", "１０"], FieldKind.NUMBER),
        (["011002", "131016"], FieldKind.TEXT),
        (["1010401067890", "7000020130001"], FieldKind.TEXT),
        (["12", "約百名"], FieldKind.TEXT),
        ([*map(str, range(30)), "約30名"], FieldKind.NUMBER),
        ([*map(str, range(15)), "約30名"], FieldKind.TEXT),
        ([*(str(7010001000000 + n) for n in range(30)), "不明"], FieldKind.TEXT),
        ([*("2026/5/2" for _ in range(30)), "来春"], FieldKind.DATE),
        (["令和8年4月1日", "2026/5/2"], FieldKind.DATE),
        (["はい", "いいえ"], FieldKind.CHECK_BOX),
        (["製造", "小売", "IT"] * 4, FieldKind.SINGLE_CHOICE),
        (["a@example.jp", "b@example.jp"], FieldKind.EMAIL),
        (["一行目\n二行目"], FieldKind.LONG_TEXT),
        (["", ""], FieldKind.TEXT),
    ],
)
def test_the_narrowest_kind_that_nearly_all_cells_fit(cells: list[str], kind: FieldKind) -> None:
    assert suggested_kind(cells) is kind


def test_the_cells_that_do_not_fit_are_named_with_their_rows() -> None:
    column = ListColumn(1, "従業員数", "new:number")
    field = field_of(column, ())
    assert field is not None
    rows = [(5, ("日の出", "12")), (6, ("北斗", "約30名")), (7, ("南雲",)), (9, ("西", "非公開"))]
    assert bad_cells(column, field, rows) == (
        BadCell(6, "約30名", Misfit.NOT_A_NUMBER),
        BadCell(9, "非公開", Misfit.NOT_A_NUMBER),
    )


def test_cells_are_held_against_the_field_that_is_or_would_be() -> None:
    trade = CustomField(4, "業種", FieldKind.SINGLE_CHOICE, choices=("建設", "製造"))
    chosen = ListColumn(0, "業種", "custom:4")
    assert field_of(chosen, (trade,)) is trade
    assert bad_cells(chosen, trade, [(2, ("農業",)), (3, ("建設",))]) == (
        BadCell(2, "農業", Misfit.NOT_A_CHOICE),
    )
    assert field_of(ListColumn(0, "業種", "new:single_choice"), ()) is None
    assert field_of(ListColumn(0, "業種", "name"), ()) is None
    offered = field_of(ListColumn(0, "人数", suggested_kind="number"), ())
    assert offered is not None
    assert offered.kind is FieldKind.NUMBER
