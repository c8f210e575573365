"""ようこそ: where a link leads. Somebody who was invited sets his own password here.

The link's token stands in the address once: it moves into the session at once, so that it is
in no history, no log and no Referer of the pages that follow. Looking at the page uses up
nothing; a program that previews links does no harm.
"""

from aiohttp import web
from aiohttp_session import get_session

from dialer import user_links
from dialer.user_links import LinkOver, LinkPurpose, OpenLink
from webui.pages.login import first_page
from webui.people_words import ERRORS, people_refusal
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import may_act_as_admin, sign_in
from webui.translations import known_language

_TOKEN = "welcome"


async def exchange(request: web.Request) -> web.Response:
    session = await get_session(request)
    session[_TOKEN] = request.match_info["token"]
    return web.Response(
        status=303, headers={"Location": "/welcome", "Referrer-Policy": "no-referrer"}
    )


async def page(request: web.Request) -> web.Response:
    link = await _link(request)
    return _form(request, link, status=200 if link else 410)


async def set_password(request: web.Request) -> web.Response:
    form, given = await request.post(), services(request)
    link = await _link(request)
    if link is None:
        return _form(request, None, status=410)
    password = str(form.get("password", ""))
    login, name = str(form.get("login", "")), str(form.get("name", ""))
    said = words_for(request)
    if password != str(form.get("again", "")):
        return _form(request, link, said("The two passwords are not the same."), login, name)
    try:
        async with given.database.write() as connection:
            user = await user_links.use_link(
                connection,
                token=await _token(request),
                password=password,
                language=known_language(said.language),
                login=login,
                name=name,
                now=given.clock.now(),
            )
    except ERRORS as error:
        return _form(request, link, people_refusal(error, said), login, name)
    if user.has_second_factor:  # a new password alone lets nobody in
        (await get_session(request)).pop(_TOKEN, None)
        raise web.HTTPSeeOther("/login")
    await sign_in(request, user)
    begins = link.purpose is LinkPurpose.FIRST and may_act_as_admin(request, user)
    raise web.HTTPSeeOther("/setup" if begins else await first_page(request, user))


async def _link(request: web.Request) -> OpenLink | None:
    given = services(request)
    async with given.database.read() as connection:
        try:
            return await user_links.open_link(
                connection, token=await _token(request), now=given.clock.now()
            )
        except LinkOver:
            return None


async def _token(request: web.Request) -> str:
    return str((await get_session(request)).get(_TOKEN, ""))


def _form(
    request: web.Request,
    link: OpenLink | None,
    refused: str = "",
    login: str = "",
    name: str = "",
    *,
    status: int | None = None,
) -> web.Response:
    context = {
        "link": link,
        "is_first": link is not None and link.purpose is LinkPurpose.FIRST,
        "is_reset": link is not None and link.purpose is LinkPurpose.RESET,
        "refused": refused,
        "login": login,
        "name": name,
    }
    response = render(request, "welcome.html", context, status=status or (409 if refused else 200))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
