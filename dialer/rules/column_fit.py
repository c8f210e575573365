"""Which cells of a column do not fit the custom field that is to hold it.

The row of such a cell is refused, so it is said before anything is read as a whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dialer.rules.custom_field import CustomField, FieldKind, Misfit, read_value
from dialer.rules.field_change import CHOICE_KINDS
from dialer.rules.list_shape import ListColumn

NEW = "new:"  # before the kind of a field that is to be made from the column


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that does not fit: its row as a spreadsheet shows it, and what stands there."""

    row: int
    text: str
    why: Misfit


def field_of(column: ListColumn, fields: Sequence[CustomField]) -> CustomField | None:
    """The custom field that holds the column, or would if the offered kind were chosen.

    None where a choice is to be made of what the column holds: everything fits that.
    """
    if column.custom_id is not None:
        return next((field for field in fields if field.id == column.custom_id), None)
    kind = column.target.removeprefix(NEW) if column.target.startswith(NEW) else ""
    kind = kind or (column.suggested_kind if column.target == "extra" else "")
    if not kind or FieldKind(kind) in CHOICE_KINDS:
        return None
    return CustomField(0, column.name, FieldKind(kind))


def bad_cells(
    column: ListColumn, field: CustomField, rows: Sequence[tuple[int, Sequence[str]]]
) -> tuple[BadCell, ...]:
    """Those of the column that `field` cannot hold; `rows` have their numbers."""
    found = []
    for number, cells in rows:
        text = cells[column.index] if column.index < len(cells) else ""
        value = read_value(field, text) if text.strip() else None
        if isinstance(value, Misfit):
            found.append(BadCell(number, text.strip(), value))
    return tuple(found)
