"""Who is looking: the encrypted session cookie, and the user behind it."""

import secrets
import warnings
from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp_session import Session, get_session, new_session, session_middleware
from aiohttp_session.cookie_storage import EncryptedCookieStorage

from dialer import audit, users
from dialer.users import User
from webui.services import WebServices, services

Theme = Literal["system", "light", "dark"]
THEMES: tuple[Theme, ...] = ("system", "light", "dark")

VIEWER = web.RequestKey("viewer", User)
_SESSION = web.RequestKey("session", Session)


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
        acts_as_user = session.get("role") == "user" or not user.may_administer
        request[VIEWER] = user.as_user() if acts_as_user else user
    with audit.acting_from(request.remote or ""):
        return await handler(request)


async def _user_of(request: web.Request, session: Session) -> User | None:
    user_id = session.get("user_id")
    if not isinstance(user_id, int):
        return None
    async with services(request).database.read() as connection:
        user = await users.user_by_id(connection, user_id)
    if user is None or not user.active or user.session_epoch != session.get("epoch"):
        session.invalidate()
        return None
    return user


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
    before = await get_session(request)
    session = await new_session(request)
    session["user_id"] = user.id
    session["epoch"] = user.session_epoch
    session["role"] = "admin" if user.may_administer else "user"
    session["language"] = before.get("language")
    session["theme"] = before.get("theme", "system")
    session["csrf"] = secrets.token_urlsafe(32)


async def sign_out(request: web.Request) -> None:
    before = await get_session(request)
    session = await new_session(request)
    session["language"] = before.get("language")
    session["theme"] = before.get("theme", "system")


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
