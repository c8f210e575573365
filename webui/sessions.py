"""Who is looking: the encrypted session cookie, and the user behind it."""

import secrets
import warnings
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp_session import Session, get_session, new_session, session_middleware
from aiohttp_session.cookie_storage import EncryptedCookieStorage

from dialer import audit, users
from dialer.users import User
from webui.services import WebServices, WebSettings, services

Theme = Literal["system", "light", "dark"]
THEMES: tuple[Theme, ...] = ("system", "light", "dark")

VIEWER = web.RequestKey("viewer", User)
_SESSION = web.RequestKey("session", Session)
_SEEN_EVERY_SECONDS = 60  # how exactly idleness is known, and how often the cookie changes
_PENDING_SECONDS = 300


def session_cookies(given: WebServices) -> Middleware:
    """The middleware that reads and writes the session cookie.

    SameSite=Lax keeps links from other programs working; what changes something
    needs the CSRF token besides (`webui.security`).
    """
    # The library keeps its session under a plain string, which aiohttp would warn about.
    warnings.filterwarnings(
        "ignore", category=web.NotAppKeyWarning, module=r"aiohttp_session(\..*)?$"
    )
    storage = EncryptedCookieStorage(
        given.session_key,
        cookie_name="kakeru",
        max_age=given.settings.session_hours * 3600,
        httponly=True,
        samesite="Lax",
        secure=given.settings.secure_cookies,
    )
    return session_middleware(storage)


@web.middleware
async def load_viewer(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Finds the user of the session; a session that was ended from elsewhere counts as none."""
    session = await get_session(request)
    request[_SESSION] = session
    if user := await _user_of(request, session):
        acts_as_user = session.get("role") == "user" or not may_act_as_admin(request, user)
        request[VIEWER] = user.as_user() if acts_as_user else user
    with audit.acting_from(request.remote or ""):
        return await handler(request)


async def _user_of(request: web.Request, session: Session) -> User | None:
    user_id = session.get("user_id")
    if not isinstance(user_id, int):
        return None
    given = services(request)
    async with given.database.read() as connection:
        user = await users.user_by_id(connection, user_id)
    ended = user is None or not user.active or user.session_epoch != session.get("epoch")
    if ended or _is_over(session, given.clock.now(), given.settings):
        session.invalidate()
        return None
    _note_activity(request, session)
    return user


def _is_over(session: Mapping[str, Any], now: datetime, settings: WebSettings) -> bool:
    """Whether it has lasted, or nothing was done in it, for longer than the settings allow."""
    began, seen, at = session.get("began"), session.get("seen"), now.timestamp()
    if not isinstance(began, int) or not isinstance(seen, int):
        return True
    return at - began >= settings.session_hours * 3600 or at - seen >= settings.idle_minutes * 60


def _note_activity(request: web.Request, session: Session) -> None:
    """A page that is opened and a button that is pressed count; parts that fetch themselves,
    which a page left open does all night, do not."""
    if request.method == "GET" and request.headers.get("HX-Request") == "true":
        return
    now = _seconds(request)
    if now - session["seen"] >= _SEEN_EVERY_SECONDS:
        session["seen"] = now


async def user_still_signed_in(request: web.Request) -> User | None:
    """For what stays open for hours: the user as he is now, or None once his session was ended
    or has lasted too long. That he does something is seen by his other requests."""
    session, given = session_of(request), services(request)
    if session is None or not isinstance(user_id := session.get("user_id"), int):
        return None
    now = given.clock.now()
    async with given.database.read() as connection:
        user = await users.user_by_id(connection, user_id)
    if user is None or not user.active or user.session_epoch != session.get("epoch"):
        return None
    busy = {**session, "seen": int(now.timestamp())}
    return None if _is_over(busy, now, given.settings) else user


def _seconds(request: web.Request) -> int:
    return int(services(request).clock.now().timestamp())


def may_act_as_admin(request: web.Request, user: User) -> bool:
    """Where admins need a second factor, nobody administers before he has turned it on."""
    needs = services(request).settings.second_factor_for_admins
    return user.may_administer and (user.has_second_factor or not needs)


def viewer_or_none(request: web.Request) -> User | None:
    return request.get(VIEWER)


def viewer(request: web.Request) -> User:
    """The signed-in user in the role he has taken; only behind a route that requires one."""
    return request[VIEWER]


def session_of(request: web.Request) -> Session | None:
    """None when the request failed before its session was read."""
    return request.get(_SESSION)


async def sign_in(request: web.Request, user: User) -> None:
    """Starts a fresh session, so that nothing known before the login is worth anything."""
    session = await _fresh_session(request)
    session["user_id"] = user.id
    session["epoch"] = user.session_epoch
    session["role"] = "admin" if user.may_administer else "user"
    session["began"] = session["seen"] = _seconds(request)
    session["csrf"] = secrets.token_urlsafe(32)


async def stay_signed_in(request: web.Request) -> None:
    """After a change by which the user's sessions ended: the one that made it goes on."""
    session, user = await get_session(request), viewer(request)
    async with services(request).database.read() as connection:
        now = await users.user_by_id(connection, user.id)
    if now is not None and now.active:
        session["epoch"] = now.session_epoch


async def sign_out(request: web.Request) -> None:
    await _fresh_session(request)


async def ask_for_code(request: web.Request, user: User, *, target: str) -> None:
    """The password was right; the second factor is asked for before anything else."""
    session = await _fresh_session(request)
    session["pending"] = {
        "user_id": user.id,
        "epoch": user.session_epoch,
        "at": _seconds(request),
        "target": target,
    }


async def pending_login(request: web.Request) -> tuple[User, str] | None:
    """Who has given his password and owes the code, and where he wants to go."""
    pending = (await get_session(request)).get("pending")
    if not isinstance(pending, dict) or _seconds(request) - pending["at"] > _PENDING_SECONDS:
        return None
    async with services(request).database.read() as connection:
        user = await users.user_by_id(connection, pending["user_id"])
    if user is None or not user.active or user.session_epoch != pending["epoch"]:
        return None
    return user, str(pending["target"])


async def _fresh_session(request: web.Request) -> Session:
    before = await get_session(request)
    session = await new_session(request)
    session["language"] = before.get("language")
    session["theme"] = before.get("theme", "system")
    request[_SESSION] = session
    return session


def csrf_token(request: web.Request) -> str:
    """The token that every form of this session carries."""
    session = session_of(request)
    if session is None:
        return ""
    if not isinstance(session.get("csrf"), str):
        session["csrf"] = secrets.token_urlsafe(32)
    return str(session["csrf"])


def theme_of(request: web.Request) -> Theme:
    session = session_of(request)
    chosen = session.get("theme") if session is not None else None
    return next((theme for theme in THEMES if theme == chosen), "system")
