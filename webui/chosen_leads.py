"""The leads of the table that something is to be done to: those ticked, or all it shows."""

from aiohttp import web

from dialer.belonging import visible_leads
from dialer.lead_table import ids_of
from webui.forms import an_id
from webui.lead_address import pairs_of, read_address
from webui.services import services
from webui.sessions import viewer

MOST_AT_ONCE = 5000


async def chosen_leads(request: web.Request) -> list[int]:
    """The form's ``ids``; or, with ``everything``, all leads that the query ``shown`` shows.

    Only leads that the viewer may see, in the order of the table, at most `MOST_AT_ONCE`:
    more than that is refused with 413, so that nobody believes that all of it was done.
    """
    form, user = await request.post(), viewer(request)
    async with services(request).database.read() as connection:
        if form.get("everything"):
            address = await read_address(connection, request, pairs_of(str(form.get("shown", ""))))
            if address is None:
                return []
            ids = await ids_of(connection, address.request(request), most=MOST_AT_ONCE + 1)
        else:
            texts = form.getall("ids", [])
            ids = [one for text in texts if (one := an_id(str(text))) is not None]
        if len(ids) > MOST_AT_ONCE:
            raise web.HTTPRequestEntityTooLarge(MOST_AT_ONCE, len(ids))
        return ids if form.get("everything") else await visible_leads(connection, ids, user)
