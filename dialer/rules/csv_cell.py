"""Cells that a spreadsheet shows as they are."""

# What makes a spreadsheet take a cell for a formula, or a tab or line end that leads to one.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def csv_cell(text: str) -> str:
    """`text`, with an apostrophe before it when a spreadsheet would calculate it."""
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text


def text_of_cell(cell: str) -> str:
    """What `csv_cell` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA_SIGNS) else cell
