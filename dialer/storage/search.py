"""Looking for what people typed, with their characters taken as they are."""

from typing import Any

from sqlalchemy import Boolean, Column, ColumnElement, and_, or_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from dialer.rules.search_text import terms_of


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


class HasPart(FunctionElement[bool]):
    """Whether a text contains another, character by character: cheaper than LIKE on SQLite."""

    type = Boolean()
    inherit_cache = True


@compiles(HasPart)
def _has_part(element: HasPart, compiler: SQLCompiler, **options: Any) -> str:
    name = "instr" if compiler.dialect.name == "sqlite" else "strpos"
    return f"{name}({compiler.process(element.clauses, **options)}) > 0"
