"""Changes that a page's forms ask for: made in one transaction, answered with what came of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, TypeVar

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.users import User
from webui.errors import notice
from webui.rendering import words_for
from webui.services import services
from webui.sessions import viewer
from webui.translations import Words

Made = TypeVar("Made")
Change = Callable[[AsyncConnection], Awaitable[Made]]


class Acting(TypedDict):
    """Who does it and when, as the business asks for it."""

    now: datetime
    by: User


def acting(request: web.Request) -> Acting:
    return {"now": services(request).clock.now(), "by": viewer(request)}


def go_to(path: str) -> web.Response:
    """Sends the browser to another page."""
    return web.Response(status=204, headers={"HX-Redirect": path})


@dataclass(frozen=True, slots=True)
class Changes:
    """How a page answers. One of `errors` is a refusal, and `refusal` has the words for it;
    after a change the parts of the page that wait for `event` load themselves anew."""

    event: str
    errors: tuple[type[Exception], ...]
    refusal: Callable[[Any, Words], str]

    async def make(self, request: web.Request, change: Change[object], words: str) -> web.Response:
        """Answers with a notice of these words."""
        return await self.answer(request, change, lambda _made: self.made(notice(request, words)))

    async def answer(
        self,
        request: web.Request,
        change: Change[Made],
        answer: Callable[[Made], web.Response],
    ) -> web.Response:
        """Answers with what `answer` makes of the change, once it is stored."""
        try:
            async with services(request).database.write() as connection:
                made = await change(connection)
        except self.errors as error:
            return self.refused(request, error)
        return answer(made)

    def made(self, response: web.Response) -> web.Response:
        """The same answer, that tells the page of a change."""
        response.headers["HX-Trigger"] = self.event
        return response

    def refused(self, request: web.Request, error: Exception) -> web.Response:
        return notice(request, self.refusal(error, words_for(request)), status=409)
