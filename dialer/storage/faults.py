"""What keeps the database from serving: said by SQLite in result codes, by PostgreSQL in states."""

import sqlite3
from enum import StrEnum

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

# A server that is starting or stopping refuses the connection in asyncpg's own words.
DATABASE_ERRORS: tuple[type[Exception], ...] = (
    SQLAlchemyError,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)

_SQLITE_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
# lock_not_available, query_canceled (a statement's time limit), deadlock, serialization
_POSTGRES_LOCKED = {"55P03", "57014", "40P01", "40001"}
_POSTGRES_RESOURCES = "53"
_POSTGRES_TOO_MANY_CONNECTIONS = "53300"


class DatabaseFault(StrEnum):
    DOWN = "down"  # cannot be reached, or fails in another way
    LOCKED = "locked"
    FULL = "full"


def fault_of(error: BaseException) -> DatabaseFault:
    """What an error of `DATABASE_ERRORS` says about the database."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the primary one
        if code in _SQLITE_LOCKED:
            return DatabaseFault.LOCKED
        return DatabaseFault.FULL if code == sqlite3.SQLITE_FULL else DatabaseFault.DOWN
    state = str(getattr(cause, "sqlstate", None) or "")
    if state in _POSTGRES_LOCKED:
        return DatabaseFault.LOCKED
    if state.startswith(_POSTGRES_RESOURCES) and state != _POSTGRES_TOO_MANY_CONNECTIONS:
        return DatabaseFault.FULL
    return DatabaseFault.DOWN
