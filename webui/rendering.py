"""Templates with what every page needs: words, formats, the viewer, the CSRF token."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import aiohttp_jinja2
import jinja2
from aiohttp import web

from webui import field_words, labels, set_words
from webui.formats import Formats
from webui.services import services
from webui.sessions import csrf_token, session_of, theme_of, viewer_or_none
from webui.translations import Words, choose_language, words

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"


def set_up_templates(app: web.Application) -> None:
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = static_url
    environment.globals["labels"] = labels
    environment.globals["field_words"] = field_words
    environment.globals["set_words"] = set_words


def render(
    request: web.Request,
    template: str,
    context: Mapping[str, object] | None = None,
    *,
    status: int = 200,
) -> web.Response:
    """A page or a fragment of one."""
    return aiohttp_jinja2.render_template(
        template, request, {**_page_context(request), **(context or {})}, status=status
    )


def is_fragment_request(request: web.Request) -> bool:
    """Whether a part of a page asks for itself, rather than the browser for a page."""
    return request.headers.get("HX-Request") == "true"


def words_for(request: web.Request) -> Words:
    viewer = viewer_or_none(request)
    session = session_of(request)
    chosen = session.get("language") if session is not None else None
    return words(
        choose_language(
            (viewer.language if viewer else None) or chosen,
            request.headers.get("Accept-Language", ""),
            services(request).settings.language,
        )
    )


def formats_for(request: web.Request) -> Formats:
    given = services(request)
    titles = {one.name: one.title for one in given.campaigns.settings() if one.title}
    language = words_for(request).language
    return Formats(language, given.settings.time_zone, given.clock.now(), titles)


def _page_context(request: web.Request) -> dict[str, object]:
    said = words_for(request)
    return {
        "_": said,
        "count": said.count,
        "language": said.language,
        "fmt": formats_for(request),
        "viewer": viewer_or_none(request),
        "theme": theme_of(request),
        "csrf": csrf_token(request),
        "site_name": services(request).settings.site_name,
        "path": request.path,
        "recording_room": services(request).room,
    }


@cache
def static_url(name: str) -> str:
    """The address of a static file; it changes with the content, so it can be kept for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"
