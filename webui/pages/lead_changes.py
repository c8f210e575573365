"""What is done to one lead on its page: MyBox, prohibition, memo."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import get_args

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import history, mybox, prohibitions
from dialer.history import NoteKind
from dialer.lead_changes import LeadChangeError
from dialer.lead_deletion import LeadsReport, delete_leads, restore_leads
from dialer.memos import LONGEST_MEMO
from dialer.users import NotAllowed
from webui.errors import notice
from webui.formats import start_of_day
from webui.forms import an_id, chosen_workgroups, field
from webui.lead_words import change_refusal
from webui.refusals import refusal
from webui.rendering import words_for
from webui.services import services
from webui.sessions import viewer
from webui.translations import marked

_NOTES: tuple[NoteKind, ...] = get_args(NoteKind)


async def put_in_box(request: web.Request) -> web.Response:
    user, given = viewer(request), services(request)

    async def put(connection: AsyncConnection) -> str:
        await mybox.put(
            connection,
            lead_id=_lead_id(request),
            user_id=user.id,
            now=given.clock.now(),
            policy=given.settings.mybox,
            by=user,
        )
        return marked("It is in your MyBox now: nobody else may contact this lead.")

    return await _change(request, put)


async def release_box(request: web.Request) -> web.Response:
    given = services(request)

    async def release(connection: AsyncConnection) -> str:
        await mybox.release(
            connection, lead_id=_lead_id(request), now=given.clock.now(), by=viewer(request)
        )
        return marked("Taken out of the MyBox.")

    return await _change(request, release)


async def give_box(request: web.Request) -> web.Response:
    """Into another user's box: an admin from nobody's, members of the workgroup from theirs."""
    user, given, lead_id = viewer(request), services(request), _lead_id(request)
    to_user = an_id(await field(request, "user_id"))
    if to_user is None:
        raise web.HTTPBadRequest
    policy = given.settings.mybox

    async def give(connection: AsyncConnection) -> str:
        now = given.clock.now()
        if await mybox.holder_of(connection, lead_id=lead_id, now=now):
            await mybox.hand_over(
                connection, lead_id=lead_id, to_user_id=to_user, now=now, by=user, policy=policy
            )
        else:
            await mybox.put(
                connection, lead_id=lead_id, user_id=to_user, now=now, by=user, policy=policy
            )
        return marked("Handed over: the lead is in the other user's MyBox now.")

    return await _change(request, give)


async def set_box_end(request: web.Request) -> web.Response:
    """The entry ends with a day; an empty field: never."""
    given, text = services(request), await field(request, "until")
    try:
        last_day = date.fromisoformat(text) if text else None
    except ValueError as error:
        raise web.HTTPBadRequest from error
    zone = given.settings.time_zone
    ends = start_of_day(last_day + timedelta(days=1), zone) if last_day else None
    if ends is not None and ends <= given.clock.now():
        return _refused(request, marked("Choose a day that is not over."))

    async def change(connection: AsyncConnection) -> str:
        await mybox.set_expiry(
            connection,
            lead_id=_lead_id(request),
            expires_at=ends,
            now=given.clock.now(),
            by=viewer(request),
            policy=given.settings.mybox,
        )
        return marked("The end is saved.")

    return await _change(request, change)


async def prohibit(request: web.Request) -> web.Response:
    user, given = viewer(request), services(request)
    reason = (await field(request, "reason"))[: prohibitions.LONGEST_REASON]
    groups = await chosen_workgroups(request)
    only = [str(one) for one in (await request.post()).getall("e164", [])]
    prohibited: list[str] = []

    async def stop(connection: AsyncConnection) -> str:
        numbers = await prohibitions.prohibit_lead(
            connection,
            lead_id=_lead_id(request),
            now=given.clock.now(),
            reason=reason,
            by=user,
            workgroup_ids=groups,
            only=only,
        )
        prohibited.extend(numbers)
        if groups is None:
            return marked("Prohibited: nobody in the company will call this number again.")
        if groups:
            return marked("Prohibited: nobody in the workgroup will call this number again.")
        return marked("Prohibited: nobody in your workgroup will call this number again.")

    response = await _change(request, stop)
    # Only now, after the commit: whoever runs calls cancels those that ring.
    given.live.publish("prohibited", {"numbers": prohibited})
    return response


async def lift(request: web.Request) -> web.Response:
    form, given = await request.post(), services(request)
    reason = await field(request, "reason")
    e164, group = str(form.get("e164", "")), an_id(str(form.get("workgroup_id", "")))

    async def end(connection: AsyncConnection) -> str:
        await prohibitions.lift(
            connection,
            e164=e164,
            workgroup_id=group,
            now=given.clock.now(),
            reason=reason,
            by=viewer(request),
        )
        return marked("The prohibition is lifted.")

    return await _change(request, end)


async def add_memo(request: web.Request) -> web.Response:
    memo = (await field(request, "memo"))[:LONGEST_MEMO]
    chosen = await field(request, "kind")
    kind: NoteKind = next((one for one in _NOTES if one == chosen), "memo")
    if not memo:
        return _refused(request, marked("Write something first."))

    async def add(connection: AsyncConnection) -> str:
        await history.add_memo(
            connection,
            lead_id=_lead_id(request),
            memo=memo,
            by=viewer(request),
            now=services(request).clock.now(),
            kind=kind,
        )
        return marked("The memo is saved.")

    return await _change(request, add)


async def delete(request: web.Request) -> web.Response:
    given = services(request)

    async def remove(connection: AsyncConnection) -> str:
        _raise_refused(
            await delete_leads(
                connection,
                lead_ids=[_lead_id(request)],
                by=viewer(request),
                now=given.clock.now(),
            )
        )
        return marked("Deleted: it lies in the list of deleted leads.")

    response = await _change(request, remove)
    given.live.publish("gate", {})  # a call that rings is stopped
    return response


async def restore(request: web.Request) -> web.Response:
    async def bring_back(connection: AsyncConnection) -> str:
        _raise_refused(
            await restore_leads(
                connection,
                lead_ids=[_lead_id(request)],
                by=viewer(request),
                now=services(request).clock.now(),
            )
        )
        return marked("Restored: the lead is as it was.")

    return await _change(request, bring_back)


def _raise_refused(report: LeadsReport) -> None:
    for error in report.refused.values():
        raise error


async def _change(
    request: web.Request, change: Callable[[AsyncConnection], Awaitable[str]]
) -> web.Response:
    """Runs the change in one transaction; the page fetches the lead again when told."""
    try:
        async with services(request).database.write() as connection:
            done = await change(connection)
    except (mybox.MyBoxError, prohibitions.ProhibitionError, NotAllowed) as error:
        return _refused(request, refusal(error, words_for(request)))
    except LeadChangeError as error:
        return _refused(request, change_refusal(error, words_for(request)))
    services(request).live.publish("history", {})
    response = notice(request, done)
    response.headers["HX-Trigger"] = "leadChanged"
    return response


def _refused(request: web.Request, title: str) -> web.Response:
    return notice(request, title, status=409)


def _lead_id(request: web.Request) -> int:
    return int(request.match_info["lead_id"])
