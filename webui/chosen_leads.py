"""The leads of the table that something is to be done to: those ticked, or all it shows."""

from dataclasses import dataclass

from aiohttp import web

from dialer.belonging import visible_leads
from dialer.lead_table import count_leads, ids_of, lot_of
from dialer.paging import BadPageKey
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
    """As `chosen_leads`, but however many the table shows: lot by lot, by the form's ``after``."""
    form = await request.post()
    if not form.get("everything"):
        ids = await chosen_leads(request)
        return ChosenLot(ids, None, len(ids), more=False)
    async with services(request).database.read() as connection:
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
