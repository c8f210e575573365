"""Reading lists from many hands: what a file is, where its table lies, and its rows.

`inspect_list` looks at a file and says how it will be read; `numbered_rows` reads it, in
constant memory. What a row means is `dialer.rules.lead_row`.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dialer.lead_files import load_lead_file
from dialer.rules.custom_field import CustomField
from dialer.rules.list_shape import ListLimits, ListShape, ReadingChoices

__all__ = ["inspect_list", "numbered_rows"]


def inspect_list(
    path: Path,
    file_name: str,
    choices: ReadingChoices | None = None,
    *,
    fields: Sequence[CustomField] = (),
    remembered: Mapping[str, str] | None = None,
    limits: ListLimits | None = None,
) -> ListShape:
    """How the file at `path`, which people call `file_name`, is built.

    `fields` are the custom fields that a column may hold; `remembered` are targets by
    column name, of earlier lists. Raises LeadFileError for a file that cannot be read;
    a list without a name column is none of them, but its shape has a remark.
    """
    file = load_lead_file(path)
    row = file.header.row
    return ListShape(
        file_name,
        "csv" if file.delimiter else "spreadsheet",
        file.header.columns,
        (row, row),
        row + 1,
        encoding=file.encoding,
        delimiter=file.delimiter,
        sheet=file.sheet,
    )


def numbered_rows(
    path: Path, shape: ListShape, limits: ListLimits | None = None
) -> Iterator[tuple[int, Sequence[str]]]:
    """The data rows of `shape` with their numbers as a spreadsheet shows them.

    Raises LeadFileError, which names the row, for a file that is broken further down.
    """
    file = load_lead_file(path, encoding=shape.encoding or None if shape.kind == "csv" else None)
    yield from file.numbered_rows()
