"""録音の保存: how long conversations are kept, what is erased next, and what must stay."""

import re
from collections.abc import Mapping
from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import legal_holds
from dialer.legal_holds import HoldError, NoReason, NothingToHold, NotStanding
from dialer.paging import BadPageKey
from dialer.project_retention import retention_by_project
from dialer.retention_outlook import outlook
from dialer.rules.phone_number import PhoneNumber, parse_phone_number
from dialer.rules.retention import Retention
from dialer.users import NotAllowed
from webui.changes import Changes, acting
from webui.errors import notice
from webui.forms import an_id, field
from webui.rendering import render
from webui.services import services
from webui.translations import Words, marked

_CALL = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def refusal(error: Exception, _: Words) -> str:
    """Why a hold is not placed or lifted."""
    match error:
        case NoReason():
            return _("Give a reason: who comes later must know why.")
        case NothingToHold():
            return _("There is no such call.")
        case NotStanding():
            return _("This legal hold was lifted already.")
    return _("You may not do this")


_changes = Changes("holdsChanged", (HoldError, NotAllowed), refusal)


async def page(request: web.Request) -> web.Response:
    given = services(request)
    async with given.database.read() as connection:
        projects = await retention_by_project(connection)
    context = {
        **await _holds(request),
        "installation": given.retention.installation,
        "projects": projects,
        "campaigns": [
            (name, own) for name, own in given.retention.by_campaign.items() if own != Retention()
        ],
    }
    return render(request, "retention.html", context)


async def holds(request: web.Request) -> web.Response:
    return render(request, "parts/hold_rows.html", await _holds(request))


async def next_erased(request: web.Request) -> web.Response:
    """Counted when the page is there already: it may take a second."""
    given = services(request)
    found = await outlook(given.database, given.retention, given.clock.now())
    return render(request, "parts/retention_outlook.html", {"outlook": found})


async def place(request: web.Request) -> web.Response:
    """By a number in any writing, or by a call: its address, as the browser shows it, or its id."""
    what, reason = await field(request, "what"), await field(request, "reason")
    call, number = _CALL.search(what), parse_phone_number(what)
    if call is None and not isinstance(number, PhoneNumber):
        advice = marked("Write a phone number, or paste the address of a conversation.")
        return notice(
            request, marked("This is neither a number nor a call."), advice=advice, status=409
        )

    async def hold(connection: AsyncConnection) -> int:
        if call is not None:
            return await legal_holds.hold_call(
                connection, call_id=UUID(call[0]), reason=reason, **acting(request)
            )
        assert isinstance(number, PhoneNumber)
        return await legal_holds.hold_number(
            connection, e164=number.e164, reason=reason, **acting(request)
        )

    return await _changes.make(request, hold, marked("Held: nothing of it is erased."))


async def lift(request: web.Request) -> web.Response:
    hold_id, reason = an_id(await field(request, "hold_id")), await field(request, "reason")

    async def end(connection: AsyncConnection) -> None:
        await legal_holds.lift(connection, hold_id=hold_id or 0, reason=reason, **acting(request))

    return await _changes.make(request, end, marked("The legal hold is lifted."))


async def _holds(request: web.Request) -> Mapping[str, object]:
    after = request.query.get("after") or None
    async with services(request).database.read() as connection:
        try:
            found = await legal_holds.list_holds(connection, after=after)
        except BadPageKey as error:
            raise web.HTTPBadRequest from error
    return {"found": found, "first_page": after is None}
