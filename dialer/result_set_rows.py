"""What all edits of result sets share: the set's lock, its names, the line of the audit log."""

from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.result_set_errors import BadName, UnknownResultSet
from dialer.rules.search_text import fold
from dialer.storage.tables import result_sets

LONGEST_NAME = 100  # of a category, a result and a stage
LONGEST_SET_NAME = 200
COLOURS = ("grey", "green", "teal", "blue", "violet", "amber", "orange", "rose", "red", "brown")


async def lock_set(connection: AsyncConnection, set_id: int) -> None:
    """Nobody else edits the set until the transaction ends. Raises UnknownResultSet."""
    found = await connection.scalar(
        select(result_sets.c.id).where(result_sets.c.id == set_id).with_for_update()
    )
    if found is None:
        raise UnknownResultSet(f"there is no result set {set_id}")


async def set_name(connection: AsyncConnection, set_id: int) -> str:
    """Raises UnknownResultSet."""
    name: str | None = await connection.scalar(
        select(result_sets.c.name).where(result_sets.c.id == set_id)
    )
    if name is None:
        raise UnknownResultSet(f"there is no result set {set_id}")
    return name


def clean_name(name: str, longest: int = LONGEST_NAME) -> str:
    """Without spaces too many. Raises BadName."""
    name = " ".join(name.split())
    if not fold(name) or len(name) > longest:
        raise BadName(f"a name has 1 to {longest} characters")
    return name


def known_colour(colour: str) -> str:
    """One of `COLOURS`; grey for any other."""
    return colour if colour in COLOURS else COLOURS[0]


async def change_row(
    connection: AsyncConnection, table: Table, row_id: int, **values: object
) -> None:
    """Writes these columns of one row."""
    await connection.execute(update(table).where(table.c.id == row_id).values(values))
