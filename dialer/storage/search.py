"""Looking for what people typed, with their characters taken as they are."""

from typing import Any

from sqlalchemy import Boolean, Column, ColumnElement, and_, or_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from dialer.rules.search_text import LAST_DIGITS, digits_of, fold, number_beginning, terms_of
from dialer.storage.types import LastDigits


def contains(text: str, *columns: Column[str]) -> ColumnElement[bool]:
    """Every word of `text`, in some spelling, in one of the columns.

    Reads each row that the other conditions leave: use it within a project or a time.
    """
    return and_(
        true(),
        *(
            or_(
                *(
                    column.icontains(spelling, autoescape=True)
                    for column in columns
                    for spelling in spellings
                )
            )
            for spellings in terms_of(text)
        ),
    )


def begins_with(number: Column[str], beginning: str) -> ColumnElement[bool]:
    """A column of E.164 numbers begins with these digits; its index answers it."""
    after_every_digit = chr(ord("9") + 1)
    return and_(number >= beginning, number < beginning + after_every_digit)


def ends_with(number: Column[str], end: str) -> ColumnElement[bool]:
    """A column of E.164 numbers ends with these digits, `LAST_DIGITS` at least; an index of the
    last ones answers it."""
    return and_(LastDigits(number) == end[-LAST_DIGITS:], number.endswith(end))


def has_digits(number: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """An E.164 number holds what was typed, in any writing: 03-52 only where it begins so."""
    digits = digits_of(text)
    if not digits:
        return HasPart(number, fold(text))
    beginning = number_beginning(text, shortest=1)
    if not digits.startswith("0") or beginning is None:
        return HasPart(number, digits)
    return or_(HasPart(number, digits), HasPart(number, beginning))


class HasPart(FunctionElement[bool]):
    """Whether a text contains another, character by character.

    Said as each database is quicker to answer: SQLite a fifth of the time of LIKE,
    PostgreSQL half of that of strpos.
    """

    type = Boolean()
    inherit_cache = True

    def __init__(self, text: ColumnElement[str], part: str) -> None:
        escaped = part.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        super().__init__(text, part, f"%{escaped}%")


@compiles(HasPart)
def _has_part(element: HasPart, compiler: SQLCompiler, **options: Any) -> str:
    text, part, pattern = element.clauses
    # What is not said must not be processed either: its parameter would be sent.
    if compiler.dialect.name == "sqlite":
        said = [compiler.process(one, **options) for one in (text, part)]
        return f"instr({said[0]}, {said[1]}) > 0"
    said = [compiler.process(one, **options) for one in (text, pattern)]
    return f"{said[0]} LIKE {said[1]}"


class BesideIndex(FunctionElement[Any]):
    """A value that is looked at row by row, though an index knows it.

    SQLite, which has no idea how many rows a value leaves, would otherwise leave the index in
    whose order a list is read for it. PostgreSQL knows, and is told nothing.
    """

    inherit_cache = True

    def __init__(self, value: ColumnElement[Any]) -> None:
        super().__init__(value)
        self.type = value.type


@compiles(BesideIndex)
def _beside_index(element: BesideIndex, compiler: SQLCompiler, **options: Any) -> str:
    said = compiler.process(element.clauses, **options)
    return f"+{said}" if compiler.dialect.name == "sqlite" else said
