"""Who may enter which page: one rule, asked on every route."""

from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web
from aiohttp.typedefs import Handler

from dialer.users import User
from webui import scopes
from webui.sessions import viewer_or_none


class Access(StrEnum):
    """The role that a route requires."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"  # in either role
    AGENT = "agent"  # in the role of a user, who may call
    ADMIN = "admin"  # in the role of an admin


class Verdict(StrEnum):
    ALLOWED = "allowed"
    LOG_IN = "log_in"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Route:
    """`scope` names the path's subject, which must lie in a project the viewer may see. `head`:
    the headers alone may be asked for, too."""

    method: str
    path: str
    handler: Handler
    access: Access
    scope: scopes.Scope = scopes.Scope.NONE
    head: bool = False


def may_enter(access: Access, viewer: User | None) -> Verdict:
    """The decision by role alone."""
    if access is Access.ANYONE:
        return Verdict.ALLOWED
    if viewer is None:
        return Verdict.LOG_IN
    match access:
        case Access.SIGNED_IN:
            allowed = True
        case Access.AGENT:
            allowed = viewer.may_call and not viewer.acts_as_admin
        case Access.ADMIN:
            allowed = viewer.acts_as_admin
    return Verdict.ALLOWED if allowed else Verdict.FORBIDDEN


def guarded(route: Route) -> Handler:
    """The route's handler behind its role and the project of its subject.

    Somebody else's project answers 404, as if it did not exist.
    """

    async def enter(request: web.Request) -> web.StreamResponse:
        viewer = viewer_or_none(request)
        match may_enter(route.access, viewer):
            case Verdict.LOG_IN:
                raise web.HTTPUnauthorized
            case Verdict.FORBIDDEN:
                raise web.HTTPForbidden
        if (
            route.scope is not scopes.Scope.NONE
            and viewer is not None
            and not await scopes.is_visible(request, route.scope, viewer)
        ):
            raise web.HTTPNotFound
        return await route.handler(request)

    return enter
