"""Keeping still what stands about a number while somebody is called by it.

A claim believes what it reads about a number until it commits, and a change (a
prohibition, a box) must not commit in between. On PostgreSQL claims hold the
number's lock together and changes hold it alone; on SQLite a write transaction
is the only writer anyway.

Numbers share a thousand locks by their last three digits: a change of a hundred
thousand numbers needs no more, and one of a single number hardly holds up anybody.

Nobody waits in a circle, because everyone who waits takes number locks in
ascending order and then rows of `leads` by ascending id; a claim of many leads
waits for neither and leaves out what is locked.
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Integer, bindparam, cast, func, literal, text
from sqlalchemy.ext.asyncio import AsyncConnection

# Any numbers will do, as long as every version of Kakeru takes the same.
_SPACE = 0x6B61
_BOXES = 0x6B62


async def lock_for_change(connection: AsyncConnection, e164s: Collection[str]) -> None:
    """Waits until no claim relies on these numbers; none will until the transaction ends."""
    await _lock(connection, "pg_advisory_xact_lock", e164s)


async def lock_for_call(connection: AsyncConnection, e164s: Collection[str]) -> None:
    """Waits until nobody changes what stands about these numbers; nobody will until the end."""
    await _lock(connection, "pg_advisory_xact_lock_shared", e164s)


async def lock_some_for_change(
    connection: AsyncConnection, e164s: Collection[str], changing: Collection[str]
) -> None:
    """`lock_for_change` of those in `changing`, `lock_for_call` of the others, in one order.

    Whoever puts new leads beside numbers only needs them still; claims go on meanwhile.
    """
    if connection.dialect.name == "sqlite" or not (e164s or changing):
        return
    alone = {int(e164[-3:]) for e164 in changing}
    together = {int(e164[-3:]) for e164 in e164s} - alone
    await connection.execute(
        text(
            f"SELECT CASE WHEN alone THEN pg_advisory_xact_lock({_SPACE}, one) "
            f"ELSE pg_advisory_xact_lock_shared({_SPACE}, one) END FROM "
            "(SELECT one, alone FROM unnest(CAST(:locks AS integer[]), CAST(:alone AS boolean[])) "
            "AS given(one, alone) ORDER BY one) AS locks"
        ).bindparams(
            locks=sorted(alone | together),
            alone=[one in alone for one in sorted(alone | together)],
        )
    )


def is_still(e164: ColumnElement[str | None]) -> ColumnElement[bool]:
    """Takes the lock for a call without waiting; false while somebody changes the number.

    For PostgreSQL only. Whoever selects this holds the locks of the rows that were selected.
    """
    lock = cast(func.right(e164, 3), Integer)
    return func.pg_try_advisory_xact_lock_shared(literal(_SPACE), lock)


async def lock_box(connection: AsyncConnection, user_id: int) -> None:
    """Waits until nobody else fills this user's MyBox; nobody will until the end.

    Taken after the locks of numbers and before rows, one to a transaction.
    """
    if connection.dialect.name == "sqlite":
        return
    await connection.execute(
        text(f"SELECT pg_advisory_xact_lock({_BOXES}, :box)").bindparams(box=user_id % 2**31)
    )


async def _lock(connection: AsyncConnection, lock: str, e164s: Collection[str]) -> None:
    if connection.dialect.name == "sqlite" or not e164s:
        return
    await connection.execute(
        text(
            f"SELECT {lock}({_SPACE}, one) "
            "FROM (SELECT unnest(CAST(:locks AS integer[])) AS one ORDER BY one) AS locks"
        ).bindparams(bindparam("locks", sorted({int(e164[-3:]) for e164 in e164s})))
    )
