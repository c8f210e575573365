"""Column types, and an order, that SQLite and PostgreSQL understand alike."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC.

    SQLite drops the zone of a time, so it is put back on reading; a naive time
    is refused on writing, because nobody can tell what it means.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        stored: datetime = value
        return stored.replace(tzinfo=UTC) if stored.tzinfo is None else stored.astimezone(UTC)


class NullsFirst(FunctionElement[Any]):
    """A column of an index in which nothing sorts before everything.

    SQLite always does so, and refuses to be told; PostgreSQL has to be.
    """

    inherit_cache = True


@compiles(NullsFirst)
def _nulls_first(element: NullsFirst, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    return column if compiler.dialect.name == "sqlite" else f"{column} ASC NULLS FIRST"


class MillisecondsBetween(FunctionElement[int]):
    """Whole milliseconds from one time to another; NULL when one of them is."""

    type = BigInteger()
    inherit_cache = True


@compiles(MillisecondsBetween)
def _milliseconds_between(
    element: MillisecondsBetween, compiler: SQLCompiler, **options: Any
) -> str:
    first, last = (compiler.process(one, **options) for one in element.clauses)
    if compiler.dialect.name == "sqlite":
        return f"CAST(round((julianday({last}) - julianday({first})) * 86400000) AS INTEGER)"
    # In the words in which PostgreSQL repeats it, so that an index of it is known again.
    return f"((EXTRACT(epoch FROM {last} - {first}) * 1000::numeric)::bigint)"


class LastDigits(FunctionElement[str]):
    """The last four characters of a number in E.164."""

    type = String()
    inherit_cache = True


@compiles(LastDigits)
def _last_digits(element: LastDigits, compiler: SQLCompiler, **options: Any) -> str:
    number = compiler.process(element.clauses, **options)
    if compiler.dialect.name == "sqlite":
        return f"substr({number}, -4)"
    # In the words in which PostgreSQL repeats it, so that an index of it is known again.
    return f'"right"({number}::text, 4)'
