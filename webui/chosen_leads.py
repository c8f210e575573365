"""The leads of the table that something is to be done to: those ticked, or all it shows."""

from dataclasses import dataclass

from aiohttp import web

from dialer.belonging import visible_leads
from dialer.lead_table import count_leads, lot_of
from dialer.paging import BadPageKey
from webui.forms import an_id
from webui.lead_address import pairs_of, read_address
from webui.services import services
from webui.sessions import viewer

MOST_TICKED = 5000
LOT = 2000


@dataclass(frozen=True, slots=True)
class ChosenLot:
    """Some of the chosen leads; `next_key` asks for those after them, None: these are the last.

    `total` is how many there are in all, or more than that when `more`.
    """

    ids: list[int]
    next_key: str | None
    total: int
    more: bool


async def chosen_lot(request: web.Request) -> ChosenLot:
    """The form's ``ids``; or, with ``everything``, all leads that the query ``shown`` shows.

    Only leads that the viewer may see. All that the table shows comes in its order, lot by
    lot, by the form's ``after``. More than `MOST_TICKED` ids are refused with 413, so that
    nobody believes that all of it was done.
    """
    form = await request.post()
    async with services(request).database.read() as connection:
        if not form.get("everything"):
            texts = form.getall("ids", [])
            ids = [one for text in texts if (one := an_id(str(text))) is not None]
            if len(ids) > MOST_TICKED:
                raise web.HTTPRequestEntityTooLarge(MOST_TICKED, len(ids))
            ids = await visible_leads(connection, ids, viewer(request))
            return ChosenLot(ids, None, len(ids), more=False)
        address = await read_address(connection, request, pairs_of(str(form.get("shown", ""))))
        if address is None:
            return ChosenLot([], None, 0, more=False)
        asked = address.request(request)
        try:
            ids, next_key = await lot_of(
                connection, asked, after=str(form.get("after", "")) or None, limit=LOT
            )
        except BadPageKey as error:
            raise web.HTTPBadRequest from error
        if (known := an_id(str(form.get("total", "")))) is not None:
            return ChosenLot(ids, next_key, known, more=bool(form.get("more")))
        counted = await count_leads(connection, asked)
    return ChosenLot(ids, next_key, counted.number, counted.more)
