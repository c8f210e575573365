"""What every answer carries and every change must show: headers, and the CSRF token."""

import hmac

from aiohttp import web
from aiohttp.typedefs import Handler

from webui.sessions import session_of

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"

# No inline script or style anywhere; nothing from other places.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "media-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Runs before the headers of any response are sent, streams and errors included."""
    for name, value in SECURITY_HEADERS.items():
        # A page may say less about where its links come from, and nothing else of its own.
        if name != "Referrer-Policy" or response.headers.get(name) != "no-referrer":
            response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")


@web.middleware
async def check_csrf(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses a change that did not come from one of our own pages."""
    if request.method not in ("GET", "HEAD", "OPTIONS") and not await _is_ours(request):
        raise web.HTTPForbidden(reason="CSRF token missing or wrong")
    return await handler(request)


async def _is_ours(request: web.Request) -> bool:
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    session = session_of(request)
    expected = session.get("csrf") if session is not None else None
    if not isinstance(expected, str):
        return False
    given = request.headers.get(CSRF_HEADER)
    if given is None:
        field = (await request.post()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else ""
    return hmac.compare_digest(given.encode(), expected.encode())
