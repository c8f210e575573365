"""What the header switches: language, light and dark, and the role of an admin."""

from urllib.parse import urlsplit

from aiohttp import web
from aiohttp_session import get_session

from dialer import users
from webui.services import services
from webui.sessions import THEMES, may_act_as_admin, viewer, viewer_or_none
from webui.translations import known_language


async def language(request: web.Request) -> web.Response:
    chosen = known_language((await request.post()).get("language"))
    if chosen is None:
        raise web.HTTPBadRequest
    session = await get_session(request)
    session["language"] = chosen
    if user := viewer_or_none(request):
        async with services(request).database.write() as connection:
            await users.set_language(connection, user_id=user.id, language=chosen)
    raise web.HTTPSeeOther(_back(request))


async def theme(request: web.Request) -> web.Response:
    chosen = (await request.post()).get("theme")
    if chosen not in THEMES:
        raise web.HTTPBadRequest
    session = await get_session(request)
    session["theme"] = chosen
    raise web.HTTPSeeOther(_back(request))


async def role(request: web.Request) -> web.Response:
    """An admin who wants to call acts as a user, and back."""
    chosen = (await request.post()).get("role")
    if chosen not in ("admin", "user"):
        raise web.HTTPBadRequest
    if not viewer(request).may_administer:
        raise web.HTTPForbidden
    if chosen == "admin" and not may_act_as_admin(request, viewer(request)):
        raise web.HTTPSeeOther("/account")
    session = await get_session(request)
    session["role"] = chosen
    raise web.HTTPSeeOther("/desk" if chosen == "user" else "/campaigns")


def _back(request: web.Request) -> str:
    """The page that asked; only its path counts, so it cannot lead anywhere else."""
    parts = urlsplit(request.headers.get("Referer", ""))
    if not parts.path.startswith("/") or parts.path.startswith("//"):
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
