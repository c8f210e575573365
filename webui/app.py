"""The web application: middlewares around the table of routes."""

import asyncio
import errno

from aiohttp import web
from aiohttp.typedefs import Handler

from webui.access import guarded
from webui.errors import error_pages
from webui.hearing import RECENTLY_HEARD, RecentlyHeard
from webui.live import OPEN_STREAMS, close_streams
from webui.login_limits import LoginLimits
from webui.pages.campaigns import STOCKS, Stocks
from webui.pages.login import LIMITS
from webui.pages.prohibition_files import REPORTS, Reports
from webui.pages.recordings import COPIES, COPIES_AT_ONCE
from webui.phone_lines import PHONE_LINES, PhoneLines
from webui.rendering import STATIC, set_up_templates
from webui.routes import ROUTES
from webui.security import add_security_headers, check_csrf
from webui.services import SERVICES, WebServices
from webui.sessions import load_viewer, session_cookies

_LARGEST_REQUEST_BYTES = 256 * 1024


def create_app(services: WebServices) -> web.Application:
    """The application for one installation; run it with aiohttp's runners."""
    app = web.Application(
        # The outermost comes first: an error page still needs the session.
        middlewares=[session_cookies(services), error_pages, load_viewer, check_csrf],
        client_max_size=_LARGEST_REQUEST_BYTES,
    )
    app[SERVICES] = services
    app[LIMITS] = LoginLimits()
    app[RECENTLY_HEARD] = RecentlyHeard()
    app[COPIES] = asyncio.Semaphore(COPIES_AT_ONCE)
    app[STOCKS] = Stocks()
    app[REPORTS] = Reports()
    app[OPEN_STREAMS] = set()
    app[PHONE_LINES] = PhoneLines()
    set_up_templates(app)
    app.on_response_prepare.append(add_security_headers)
    app.on_shutdown.append(close_streams)
    app.on_shutdown.append(app[PHONE_LINES].close)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, guarded(route))
        if route.head:
            app.router.add_route("HEAD", route.path, guarded(route))
    app.router.add_static("/static", STATIC)
    app.middlewares.append(_keep_static_files)
    return app


@web.middleware
async def _keep_static_files(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:  # no file can be called that
            raise web.HTTPNotFound from error
        raise
    # The address of a static file changes with its content.
    if request.path.startswith("/static/") and "v" in request.query and response.status == 200:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
