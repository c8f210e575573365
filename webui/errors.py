"""Errors as people can use them: a page in words, and an id that is in the log."""

import secrets

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from webui.rendering import is_fragment_request, render, words_for
from webui.translations import marked

log = structlog.get_logger(__name__)

_WORDS = {
    400: (marked("This request makes no sense"), marked("Go back and try again.")),
    403: (
        marked("You may not do this"),
        marked("Your role does not allow it, or the page is too old. Reload it and try again."),
    ),
    404: (
        marked("Nothing here"),
        marked("It does not exist, or it belongs to a project that you are not assigned to."),
    ),
    405: (marked("This request makes no sense"), marked("Go back and try again.")),
    410: (
        marked("No longer here"),
        marked("It was kept for a while only. Do again what made it."),
    ),
    413: (marked("This is too large"), marked("Send something smaller.")),
    503: (
        marked("Cannot be reached just now"),
        marked("Try again in a moment. What is wrong stands in the log."),
    ),
    500: (
        marked("Something went wrong on our side"),
        marked("It has been written to the log. Tell your administrator this number:"),
    ),
}


@web.middleware
async def error_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns errors into pages; a fragment request gets a notice instead of a page."""
    try:
        return await handler(request)
    except web.HTTPUnauthorized:
        if _is_for_programs(request):
            return _as_json(request, 401, marked("Log in first."))
        return _to_login(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return error_response(request, error.status)
    except Exception as error:  # noqa: BLE001 - the last one to catch; it is logged and shown
        if isinstance(error, ConnectionResetError) and request.transport is None:
            return web.Response(status=400)  # the page was closed while it spoke: nobody reads this
        error_id = secrets.token_hex(4)
        await log.aexception(
            "request failed", error_id=error_id, method=request.method, path=_logged_path(request)
        )
        return error_response(request, 500, error_id=error_id)


def _logged_path(request: web.Request) -> str:
    """Who reads the log must not come in by a link that stands in it."""
    return "/welcome/…" if request.path.startswith("/welcome/") else request.path


def error_response(request: web.Request, status: int, *, error_id: str = "") -> web.Response:
    title, advice = _WORDS.get(status, _WORDS[400])
    if _is_for_programs(request):
        return _as_json(request, status, title, error_id=error_id)
    if is_fragment_request(request):
        return notice(request, title, advice=advice, status=status, error_id=error_id)
    context = {"title": title, "advice": advice, "status": status, "error_id": error_id}
    return render(request, "error.html", context, status=status)


def _is_for_programs(request: web.Request) -> bool:
    return request.path.startswith("/api/")


def _as_json(request: web.Request, status: int, title: str, *, error_id: str = "") -> web.Response:
    error = {"error": words_for(request)(title)} | ({"error_id": error_id} if error_id else {})
    return web.json_response(error, status=status)


def notice(
    request: web.Request, title: str, *, advice: str = "", status: int = 200, error_id: str = ""
) -> web.Response:
    """A message in the corner where notices appear, whatever part of the page asked."""
    context = {"title": title, "advice": advice, "status": status, "error_id": error_id}
    response = render(request, "parts/notice.html", context, status=status)
    response.headers["HX-Retarget"] = "#notices"
    response.headers["HX-Reswap"] = "afterbegin"
    # Whoever asked may want only a part of a page, and would drop this.
    response.headers["HX-Reselect"] = "[data-notice]"
    return response


def _to_login(request: web.Request) -> web.Response:
    if is_fragment_request(request):
        return web.Response(status=401, headers={"HX-Redirect": "/login"})
    wanted = request.path_qs if request.method == "GET" else "/"
    target = request.url.origin().with_path("/login").with_query(next=wanted).relative()
    return web.Response(status=303, headers={"Location": str(target)})
