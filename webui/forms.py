"""Reading what forms say."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Protocol, TypeVar

from aiohttp import web

from dialer.prohibition_list import ForWhom
from webui.sessions import viewer


async def field(request: web.Request, name: str) -> str:
    """A text field without the spaces around it; empty when it was not sent."""
    return str((await request.post()).get(name, "")).strip()


def an_id(text: str) -> int | None:
    """None when it is not the id of anything."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


class _WithId(Protocol):
    @property
    def id(self) -> int: ...


Known = TypeVar("Known", bound=_WithId)


def named_by_path(request: web.Request, part: str, known: Sequence[Known]) -> Known | None:
    """The one whose id is this part of the path; the first where the path has none.

    Raises HTTPNotFound for an id that is not among them.
    """
    if part not in request.match_info:
        return next(iter(known), None)
    wanted = int(request.match_info[part])
    for one in known:
        if one.id == wanted:
            return one
    raise web.HTTPNotFound


def for_whom(text: str) -> ForWhom:
    """``company``, a workgroup's id, or anything else for any."""
    if text == "company":
        return "company"
    number = an_id(text)
    return "any" if number is None else number


async def chosen_workgroups(request: web.Request) -> Collection[int] | None:
    """The form's field ``for``: a workgroup's id, or ``company`` (None).

    Without it a user means all his workgroups, which is the empty list, and an admin the
    company.
    """
    chosen = await field(request, "for")
    if (group := an_id(chosen)) is not None:
        return [group]
    return None if chosen == "company" or viewer(request).acts_as_admin else ()


def a_date(text: str) -> date | None:
    """None when it is not one as date fields write it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
