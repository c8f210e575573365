"""ログイン: who are you, and where to go from there."""

from math import ceil

from aiohttp import web

from dialer import audit, users
from dialer.users import User
from webui.login_limits import LoginLimits
from webui.rendering import render
from webui.services import services
from webui.sessions import sign_in, sign_out, viewer, viewer_or_none

LIMITS = web.AppKey("login_limits", LoginLimits)


async def home(request: web.Request) -> web.Response:
    raise web.HTTPSeeOther(_first_page(viewer(request)))


async def page(request: web.Request) -> web.Response:
    if user := viewer_or_none(request):
        raise web.HTTPSeeOther(_first_page(user))
    return _form(request)


async def log_in(request: web.Request) -> web.Response:
    form = await request.post()
    login, password = str(form.get("login", "")).strip(), str(form.get("password", ""))
    address = request.remote or ""
    limits, given = request.app[LIMITS], services(request)
    if wait := limits.wait(login, address, given.clock.now()):
        return _form(request, login=login, wait_seconds=ceil(wait.total_seconds()))
    # Counted before the slow check, so that many guesses at once gain nothing.
    limits.failed(login, address, given.clock.now())
    async with given.database.read() as connection:
        user = await users.verify_login(connection, login=login, password=password)
    async with given.database.write() as connection:
        await audit.record(
            connection,
            user_id=user.id if user else None,
            action="login" if user else "login.failed",
            subject=f"login:{login[:100]}",
            now=given.clock.now(),
        )
    if user is None:
        return _form(request, login=login, failed=True)
    limits.succeeded(login, address)
    await sign_in(request, user)
    raise web.HTTPSeeOther(_safe_target(str(form.get("next", ""))) or _first_page(user))


async def log_out(request: web.Request) -> web.Response:
    await sign_out(request)
    raise web.HTTPSeeOther("/login")


def _form(
    request: web.Request, *, login: str = "", failed: bool = False, wait_seconds: int = 0
) -> web.Response:
    context = {
        "login": login,
        "failed": failed,
        "wait_seconds": wait_seconds,
        "next": _safe_target(request.query.get("next", "")) or "",
    }
    response = render(
        request,
        "login.html",
        context,
        status=429 if wait_seconds else 403 if failed else 200,
    )
    if wait_seconds:
        response.headers["Retry-After"] = str(wait_seconds)
    return response


def _first_page(user: User) -> str:
    return "/campaigns" if user.acts_as_admin or not user.may_call else "/desk"


def _safe_target(path: str) -> str | None:
    """A path of ours; browsers read ``//host`` and ``/\\host`` as another place."""
    if path.startswith("/") and path[1:2] not in ("/", "\\") and path.isprintable():
        return path
    return None
