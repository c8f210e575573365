"""Who heard a conversation, and when: a part of the conversation's page."""

from collections.abc import Mapping

from aiohttp import web

from dialer.heard_by import heard_by
from dialer.users import NotAllowed
from webui.audit_words import RIGHTS
from webui.hearing import call_id_of
from webui.rendering import render
from webui.services import services
from webui.sessions import viewer
from webui.translations import marked

WHAT: Mapping[str, tuple[str, str]] = {
    "recording.play": ("ear", marked("Heard")),
    "recording.download": ("download", marked("Downloaded")),
    "transcript.view": ("long-text", marked("Words read")),
}
"""The icon and the words of each."""


async def rows(request: web.Request) -> web.Response:
    async with services(request).database.read() as connection:
        try:
            found = await heard_by(connection, call_id=call_id_of(request), viewer=viewer(request))
        except NotAllowed as error:
            raise web.HTTPForbidden from error
    return render(
        request, "parts/heard_by_rows.html", {"heard": found, "what": WHAT, "rights": RIGHTS}
    )
