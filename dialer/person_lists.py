"""Uploaded lists, as long as they are kept, that tell something of a person who is to be erased.

Such a list is deleted as a whole: what it was for is in the database, and a row cannot be cut out
of somebody else's spreadsheet without making another file of it.
"""

import asyncio
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from dialer.lead_file_errors import LeadFileError
from dialer.list_reading.opening import open_list
from dialer.person_data import ids_of_person
from dialer.rules.import_choices import AT_WORK
from dialer.rules.list_shape import ListLimits
from dialer.rules.phone_number import national_digits
from dialer.storage.engine import Database
from dialer.storage.tables import lead_imports, leads


@dataclass(frozen=True, slots=True)
class PersonsList:
    """A list that a lead of his came from, or with his number in some row."""

    import_id: int
    file_name: str
    path: Path
    at_work: bool


async def lists_with_person(database: Database, folder: Path, e164: str) -> list[PersonsList]:
    """Reads every list that lies in `folder`: some seconds for each million of rows."""
    async with database.read() as connection:
        lead_ids, _ = await ids_of_person(connection, e164)
        came_from = set(
            await connection.scalars(select(leads.c.import_id).where(leads.c.id.in_(lead_ids)))
        )
        rows = await connection.execute(
            select(lead_imports).where(lead_imports.c.stored_as != "").order_by(lead_imports.c.id)
        )
        known = [
            PersonsList(row.id, row.file_name, folder / row.stored_as, row.state in AT_WORK)
            for row in rows
        ]
    return [
        one
        for one in known
        if one.path.is_file()
        if one.import_id in came_from or await asyncio.to_thread(has_number, one.path, e164)
    ]


def has_number(path: Path, e164: str) -> bool:
    """Whether a row has the digits of the number, in any writing, also parted over its cells.

    The leading zero may be missing, as spreadsheets like to lose it.
    """
    digits = national_digits(e164).lstrip("+0")
    return any(digits in _digits(cells) for cells in _rows(path))


def _digits(cells: Sequence[str]) -> str:
    text = unicodedata.normalize("NFKC", "".join(cells))
    return "".join(sign for sign in text if sign.isdecimal())


def _rows(path: Path) -> Iterator[Sequence[str]]:
    """What can be read of it as a list; of a file that is none, its lines."""
    try:
        with open_list(path, path.name, ListLimits()) as source:
            for sheet in source.sheets:
                with closing(source.rows(sheet.name)) as rows:
                    yield from (cells for _, cells in rows)
    except LeadFileError:
        with path.open("rb") as file:
            for line in file:
                yield (line.replace(b"\0", b"").decode("ascii", "ignore"),)
