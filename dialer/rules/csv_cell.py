"""Cells that a spreadsheet shows as they are."""

# What makes a spreadsheet take a cell for a formula, or a tab or line end that leads to one.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def csv_cell(text: str) -> str:
    """`text`, with an apostrophe before it when a spreadsheet would calculate it.

    So has one that looks as if that had been done to it, so that every text comes back.
    """
    return f"'{text}" if _is_formula(text.lstrip("'")) else text


def text_of_cell(cell: str) -> str:
    """What `csv_cell` was given."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell.lstrip("'")) else cell


def _is_formula(text: str) -> bool:
    return text.startswith(_FORMULA_SIGNS)
