"""Who may hear a conversation: asked and written down by all that plays it or shows its words."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.hearing import right_to_hear
from dialer.rules.hearing import HearingRight
from webui.forms import field
from webui.services import services
from webui.sessions import viewer

Heard = Literal["recording.play", "recording.download", "transcript.view"]


class RecentlyHeard:
    """Remembers who hears or reads what, so that doing it once is one line in the audit log.

    A browser asks for a recording many times while it plays and seeks.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, int, UUID], datetime] = OrderedDict()

    def is_new(self, what: str, user_id: int, call_id: UUID, now: datetime) -> bool:
        key = what, user_id, call_id
        before = self._known.pop(key, None)
        self._known[key] = now
        while len(self._known) > 10_000:
            self._known.popitem(last=False)
        return before is None or now - before > timedelta(minutes=10)


RECENTLY_HEARD = web.AppKey("recently_heard", RecentlyHeard)


async def require_right(
    request: web.Request, connection: AsyncConnection, call_id: UUID
) -> HearingRight:
    """Why the viewer may hear it. Raises HTTPForbidden when he may not."""
    right = await right_to_hear(connection, call_id=call_id, viewer=viewer(request))
    if right is None:
        raise web.HTTPForbidden
    return right


async def write_down(
    request: web.Request, what: Heard, call_id: UUID, right: HearingRight, **detail: object
) -> None:
    """A line of the audit log, with the right by which it was done; not twice for one hearing."""
    given, user = services(request), viewer(request)
    now = given.clock.now()
    if what != "recording.download" and not request.app[RECENTLY_HEARD].is_new(
        what, user.id, call_id, now
    ):
        return
    async with given.database.write() as connection:
        await audit.record_by(
            connection, what, f"call:{call_id}", user, now, right=right.value, **detail
        )


async def moment_of(request: web.Request, name: str) -> int | None:
    """Milliseconds of a recording that a form names; None where it names none."""
    text = await field(request, name)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else None


def call_id_of(request: web.Request) -> UUID:
    """The call that the path names."""
    return UUID(request.match_info["call_id"])
