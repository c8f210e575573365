"""禁止リスト: what is and was prohibited; numbers are prohibited and lifted here."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import get_args

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit, prohibitions
from dialer.paging import BadPageKey
from dialer.prohibition_list import (
    ProhibitionFilter,
    ProhibitionState,
    all_prohibitions,
    list_prohibitions,
)
from dialer.rules.phone_number import UnusableNumber, parse_phone_numbers
from dialer.users import NotAllowed
from webui.choices import workgroups_for
from webui.csv_download import send_csv
from webui.errors import notice
from webui.forms import an_id, chosen_workgroups, field, for_whom
from webui.refusals import refusal
from webui.rendering import formats_for, render, words_for
from webui.services import services
from webui.sessions import viewer
from webui.translations import marked

_STATES: tuple[ProhibitionState, ...] = get_args(ProhibitionState)


@dataclass(frozen=True, slots=True)
class Asked:
    """The filter as it stands in the form."""

    number: str
    group: str
    state: ProhibitionState

    @property
    def is_empty(self) -> bool:
        return not self.number and self.group in ("", "any") and self.state == "standing"


async def page(request: web.Request) -> web.Response:
    async with services(request).database.read() as connection:
        groups = await workgroups_for(connection, viewer(request))
    return render(request, "prohibitions.html", {**await _list(request), "workgroups": groups})


async def rows(request: web.Request) -> web.Response:
    return render(request, "parts/prohibition_rows.html", await _list(request))


async def add(request: web.Request) -> web.Response:
    """One number, or several in one field, in any writing."""
    text, given, user = await field(request, "number"), services(request), viewer(request)
    numbers = parse_phone_numbers(text)
    if isinstance(numbers, UnusableNumber):
        why = numbers.reason.text(words_for(request).language)
        return notice(request, marked("This is no number."), advice=why, status=409)
    groups = await chosen_workgroups(request)
    if groups is not None and not groups:
        groups = user.workgroup_ids
        if not groups:
            return notice(
                request,
                marked("You belong to no workgroup, so say for whom it is prohibited."),
                status=409,
            )
    reason = await field(request, "reason")

    async def stop(connection: AsyncConnection) -> list[str]:
        return await prohibitions.prohibit(
            connection,
            e164s=[one.e164 for one in numbers],
            workgroup_ids=groups,
            now=given.clock.now(),
            reason=reason,
            by=user,
        )

    return await _change(request, stop, _words_of_adding)


async def lift(request: web.Request) -> web.Response:
    e164, given = await field(request, "e164"), services(request)
    group, reason = an_id(await field(request, "workgroup_id")), await field(request, "reason")

    async def end(connection: AsyncConnection) -> list[str]:
        await prohibitions.lift(
            connection,
            e164=e164,
            workgroup_id=group,
            now=given.clock.now(),
            reason=reason,
            by=viewer(request),
        )
        return []

    return await _change(request, end, lambda _numbers: marked("The prohibition is lifted."))


async def download(request: web.Request) -> web.StreamResponse:
    """The list of the filter as CSV; the audit log says who took it."""
    given, user, asked = services(request), viewer(request), _asked(request)
    said, formats, now = words_for(request), formats_for(request), given.clock.now()
    async with given.database.write() as connection:
        await audit.record(
            connection,
            user_id=user.id,
            action="prohibition.export",
            subject="prohibitions:",
            detail=_query(asked),
            now=now,
        )

    async def lines() -> AsyncIterator[list[tuple[str, ...]]]:
        async for some in all_prohibitions(given.database, viewer=user, wanted=_filter(asked)):
            yield [
                (
                    row.number,
                    row.workgroup or said("Whole company"),
                    row.reason,
                    formats.iso(row.prohibited_at),
                    row.prohibited_by,
                    formats.iso(row.lifted_at) if row.lifted_at else "",
                    row.lifted_by,
                    row.lift_reason,
                )
                for row in some
            ]

    header = (
        said("Phone number"),
        said("For whom"),
        said("Reason"),
        said("Prohibited at"),
        said("Prohibited by"),
        said("Lifted at"),
        said("Lifted by"),
        said("Reason for lifting"),
    )
    day = formats.iso(now)[:10]
    return await send_csv(request, f"kakeru-prohibitions-{day}.csv", header, lines())


def _words_of_adding(numbers: list[str]) -> str:
    return (
        marked("Prohibited: the number is not called any more.")
        if numbers
        else marked("The number was prohibited already.")
    )


async def _change(
    request: web.Request,
    change: Callable[[AsyncConnection], Awaitable[list[str]]],
    words: Callable[[list[str]], str],
) -> web.Response:
    given = services(request)
    try:
        async with given.database.write() as connection:
            numbers = await change(connection)
    except (prohibitions.ProhibitionError, NotAllowed) as error:
        return notice(request, refusal(error, words_for(request)), status=409)
    if numbers:
        # Only now, after the commit: whoever runs calls cancels those that ring.
        given.live.publish("prohibited", {"numbers": numbers})
    response = notice(request, words(numbers))
    response.headers["HX-Trigger"] = "prohibitionsChanged"
    return response


async def _list(request: web.Request) -> dict[str, object]:
    asked = _asked(request)
    async with services(request).database.read() as connection:
        try:
            found = await list_prohibitions(
                connection,
                viewer=viewer(request),
                wanted=_filter(asked),
                after=request.query.get("after") or None,
            )
        except BadPageKey as error:
            raise web.HTTPBadRequest from error
    return {
        "asked": asked,
        "found": found,
        "query": _query(asked),
        "first_page": not request.query.get("after"),
    }


def _asked(request: web.Request) -> Asked:
    query = request.query
    return Asked(
        number=query.get("q", "").strip()[:100],
        group=query.get("for", ""),
        state=next((one for one in _STATES if one == query.get("state")), "standing"),
    )


def _query(asked: Asked) -> dict[str, str]:
    named = {"q": asked.number, "for": asked.group, "state": asked.state}
    return {name: value for name, value in named.items() if value}


def _filter(asked: Asked) -> ProhibitionFilter:
    return ProhibitionFilter(for_whom(asked.group), asked.number, asked.state)
