"""What every answer carries and every change must show: headers, and the CSRF token."""

import hmac
from urllib.parse import urlsplit

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
# The page with the phone in it, and no other, may ask for the microphone.
WITH_MICROPHONE = "camera=(), geolocation=(), microphone=(self)"
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
        # A page may say less about where its links come from, one may hear the microphone, and
        # nothing else is for a page to say.
        if response.headers.get(name) not in ("no-referrer", WITH_MICROPHONE):
            response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")


@web.middleware
async def check_csrf(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses a change that did not come from one of our own pages."""
    if request.method not in ("GET", "HEAD", "OPTIONS") and not await _is_ours(request):
        raise web.HTTPForbidden(reason="CSRF token missing or wrong")
    return await handler(request)


def is_own_origin(request: web.Request, public_url: str) -> bool:
    """Whether a WebSocket is opened by one of our own pages.

    Browsers say so in `Origin` (RFC 6454) and ask nobody's leave before they connect, cookies
    included. Behind a reverse proxy the pages' address is `public_url`, or what it passes on as
    `Host`.
    """
    origin = urlsplit(request.headers.get("Origin", ""))
    if origin.scheme not in ("http", "https") or not origin.netloc:
        return False
    public = urlsplit(public_url)
    return origin.netloc == request.host or origin[:2] == public[:2]


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
