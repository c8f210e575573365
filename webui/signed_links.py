"""Links to audio that are good for one user in one session, for some minutes.

Who may hear a conversation is decided when the link is opened, not when it is made: a signature
only keeps an address that was copied, logged or guessed from being worth anything elsewhere or
later.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web

from webui.services import services
from webui.sessions import csrf_token, viewer

GOOD_SECONDS: Final = 1800  # at least
# Links made soon after one another are the same, so that the browser knows what it has already.
_STEP_SECONDS: Final = 300
_PURPOSE: Final = b"kakeru: links to audio"


class Verdict(StrEnum):
    GOOD = "good"
    EXPIRED = "expired"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class MediaLink:
    """What a link opens: a `path` with its query, of one call, for a user in the session that
    `session` names."""

    path: str
    call_id: UUID
    user_id: int
    session: str


def signed_query(key: bytes, link: MediaLink, now: datetime) -> str:
    """What is added to the query of the address. `key`: the installation's session key."""
    seconds = int(now.timestamp()) + GOOD_SECONDS
    until = -(-seconds // _STEP_SECONDS) * _STEP_SECONDS
    return urlencode({"until": until, "sign": _signature(key, link, until)})


def check(key: bytes, link: MediaLink, query: Mapping[str, str], now: datetime) -> Verdict:
    """Whether `query` was made by `signed_query` for this very link, and is good at `now`."""
    until, given = query.get("until", ""), query.get("sign", "")
    if not (until.isascii() and until.isdecimal() and len(until) <= 12):
        return Verdict.FORGED
    if not hmac.compare_digest(_signature(key, link, int(until)).encode(), given.encode()):
        return Verdict.FORGED
    return Verdict.GOOD if now.timestamp() < int(until) else Verdict.EXPIRED


def _signature(key: bytes, link: MediaLink, until: int) -> str:
    # The session key encrypts cookies; what signs is another one, made from it.
    own = hmac.digest(key, _PURPOSE, "sha256")
    told = [link.path, str(link.call_id), link.user_id, link.session, until]
    return hmac.digest(own, json.dumps(told).encode(), "sha256").hex()


# --- of a request -------------------------------------------------------------------------------


def signed(request: web.Request, path: str, call_id: UUID) -> str:
    """The address `path`, which may have a query, with a signature for the viewer of this page."""
    given = services(request)
    link = _of_viewer(request, path, call_id)
    joint = "&" if "?" in path else "?"
    return f"{path}{joint}{signed_query(given.session_key, link, given.clock.now())}"


def require_signature(request: web.Request, call_id: UUID) -> None:
    """Raises HTTPForbidden for what `signed` did not make for this viewer, HTTPGone when its time
    is over."""
    given = services(request)
    own = {name: value for name, value in request.query.items() if name not in ("until", "sign")}
    path = request.path + (f"?{urlencode(own)}" if own else "")
    link = _of_viewer(request, path, call_id)
    match check(given.session_key, link, request.query, given.clock.now()):
        case Verdict.FORGED:
            raise web.HTTPForbidden
        case Verdict.EXPIRED:
            raise web.HTTPGone


def _of_viewer(request: web.Request, path: str, call_id: UUID) -> MediaLink:
    # The token of its forms is made anew for each session, and known to nobody else.
    return MediaLink(path, call_id, viewer(request).id, csrf_token(request))
