"""ログイン: who are you, can you prove it, and where to go from there."""

from collections.abc import Mapping
from math import ceil

from aiohttp import web

from dialer import audit, second_factor, users
from dialer.users import User
from webui.login_limits import LoginLimits
from webui.pages import setup
from webui.rendering import render
from webui.services import services
from webui.sessions import (
    ask_for_code,
    may_act_as_admin,
    pending_login,
    sign_in,
    sign_out,
    viewer,
    viewer_or_none,
)

LIMITS = web.AppKey("login_limits", LoginLimits)


async def home(request: web.Request) -> web.Response:
    raise web.HTTPSeeOther(await first_page(request, viewer(request)))


async def page(request: web.Request) -> web.Response:
    if user := viewer_or_none(request):
        raise web.HTTPSeeOther(await first_page(request, user))
    return _form(request)


async def log_in(request: web.Request) -> web.Response:
    form = await request.post()
    # No database keeps a NUL; what was tried is on record.
    login = str(form.get("login", "")).replace("\0", "").strip()
    password = str(form.get("password", ""))
    address = request.remote or ""
    limits, given = request.app[LIMITS], services(request)
    if wait := limits.wait(login, address, given.clock.now()):
        return _form(request, login=login, wait_seconds=ceil(wait.total_seconds()))
    # Counted before the slow check, so that many guesses at once gain nothing.
    limits.failed(login, address, given.clock.now())
    async with given.database.read() as connection:
        user = await users.verify_login(connection, login=login, password=password)
    target = _safe_target(str(form.get("next", ""))) or ""
    if user is not None and user.has_second_factor:
        limits.succeeded(login, address)
        await ask_for_code(request, user, target=target)
        raise web.HTTPSeeOther("/login/code")
    await _record(request, user, login)
    if user is None:
        return _form(request, login=login, failed=True)
    limits.succeeded(login, address)
    await sign_in(request, user)
    raise web.HTTPSeeOther(target or await first_page(request, user))


async def code_page(request: web.Request) -> web.Response:
    if await pending_login(request) is None:
        raise web.HTTPSeeOther("/login")
    return _code_form(request)


async def check_code(request: web.Request) -> web.Response:
    """The second step: a code of the phone, or a recovery code."""
    pending = await pending_login(request)
    if pending is None:  # it took too long, or the password was changed meanwhile
        raise web.HTTPSeeOther("/login")
    user, target = pending
    limits, given = request.app[LIMITS], services(request)
    # From wherever it is tried: who guesses codes has the password already.
    guessed, now = f"code:{user.id}", given.clock.now()
    if wait := limits.wait(guessed, "", now):
        return _code_form(request, wait_seconds=ceil(wait.total_seconds()))
    limits.failed(guessed, "", now)
    code = str((await request.post()).get("code", ""))[:100]
    async with given.database.write() as connection:
        right = await second_factor.verify(
            connection, user_id=user.id, code=code, now=now, box=given.secrets
        )
    await _record(request, user if right else None, user.login)
    if not right:
        return _code_form(request, failed=True)
    limits.succeeded(guessed, "")
    await sign_in(request, user)
    raise web.HTTPSeeOther(target or await first_page(request, user))


async def log_out(request: web.Request) -> web.Response:
    await sign_out(request)
    raise web.HTTPSeeOther("/login")


async def first_page(request: web.Request, user: User) -> str:
    """Where somebody goes who has asked for nothing in particular."""
    if user.may_administer and not may_act_as_admin(request, user):
        return "/account"  # where he turns on the second factor that he needs
    if user.acts_as_admin:
        return "/setup" if await setup.is_missing_something(request) else "/campaigns"
    return "/desk" if user.may_call else "/campaigns"


async def _record(request: web.Request, user: User | None, login: str) -> None:
    given = services(request)
    async with given.database.write() as connection:
        await audit.record(
            connection,
            user_id=user.id if user else None,
            action="login" if user else "login.failed",
            subject=f"login:{login[:100]}",
            now=given.clock.now(),
        )


def _form(
    request: web.Request, *, login: str = "", failed: bool = False, wait_seconds: int = 0
) -> web.Response:
    next_page = _safe_target(request.query.get("next", "")) or ""
    context = {"login": login, "next": next_page}
    return _answer(request, "login.html", context, failed=failed, wait_seconds=wait_seconds)


def _code_form(
    request: web.Request, *, failed: bool = False, wait_seconds: int = 0
) -> web.Response:
    return _answer(request, "login_code.html", {}, failed=failed, wait_seconds=wait_seconds)


def _answer(
    request: web.Request,
    template: str,
    context: Mapping[str, object],
    *,
    failed: bool,
    wait_seconds: int,
) -> web.Response:
    status = 429 if wait_seconds else 403 if failed else 200
    told = {**context, "failed": failed, "wait_seconds": wait_seconds}
    response = render(request, template, told, status=status)
    if wait_seconds:
        response.headers["Retry-After"] = str(wait_seconds)
    return response


def _safe_target(path: str) -> str | None:
    """A path of ours; browsers read ``//host`` and ``/\\host`` as another place."""
    if path.startswith("/") and path[1:2] not in ("/", "\\") and path.isprintable():
        return path
    return None
