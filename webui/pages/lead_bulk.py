"""What is done to many leads of the list at once: MyBox and prohibition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from dialer import mybox, prohibitions
from dialer.lead_changes import LeadChangeError
from dialer.lead_rows import names_of
from dialer.mybox import BoxReport
from dialer.users import NotAllowed
from webui.chosen_leads import chosen_leads
from webui.errors import notice
from webui.forms import an_id, chosen_workgroups, field
from webui.lead_words import change_refusal
from webui.refusals import refusal
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import viewer
from webui.translations import Words, marked

_SHOWN = 20  # refused leads that are named; the others are counted


@dataclass(frozen=True, slots=True)
class Refused:
    """A lead that was left as it was, and why, in the viewer's words."""

    lead_id: int
    name: str
    why: str


async def put_in_box(request: web.Request) -> web.Response:
    """Into the viewer's own box."""
    lead_ids, user, given = await chosen_leads(request), viewer(request), services(request)
    async with given.database.write() as connection:
        report = await mybox.put_many(
            connection,
            lead_ids=lead_ids,
            user_id=user.id,
            now=given.clock.now(),
            policy=given.settings.mybox,
            by=user,
        )
    return await told(request, marked("Put into your MyBox"), report.done, report.refused)


async def give(request: web.Request) -> web.Response:
    """Into somebody's box: those in a box are handed over, an admin also puts the others."""
    to_user = an_id(await field(request, "user_id"))
    if to_user is None:
        return notice(request, marked("Choose into whose MyBox."), status=409)
    lead_ids = await chosen_leads(request)
    try:
        report = await _given(request, lead_ids, to_user)
    except mybox.MyBoxError as error:
        return notice(request, refusal(error, words_for(request)), status=409)
    return await told(request, marked("Handed over"), report.done, report.refused)


async def _given(request: web.Request, lead_ids: Sequence[int], to_user: int) -> BoxReport:
    """In two transactions: each locks its numbers once, in their order."""
    user, given = viewer(request), services(request)
    policy, now = given.settings.mybox, given.clock.now()
    async with given.database.write() as connection:
        report = await mybox.hand_over_many(
            connection, lead_ids=lead_ids, to_user_id=to_user, now=now, by=user, policy=policy
        )
    loose = [one for one, error in report.refused.items() if isinstance(error, mybox.NotHeld)]
    if not loose or not user.acts_as_admin:
        return report
    async with given.database.write() as connection:
        put = await mybox.put_many(
            connection, lead_ids=loose, user_id=to_user, now=now, by=user, policy=policy
        )
    refused = {one: error for one, error in report.refused.items() if one not in loose}
    return BoxReport(report.done + put.done, {**refused, **put.refused})


async def release(request: web.Request) -> web.Response:
    lead_ids, given = await chosen_leads(request), services(request)
    async with given.database.write() as connection:
        report = await mybox.release_many(
            connection, lead_ids=lead_ids, now=given.clock.now(), by=viewer(request)
        )
    return await told(request, marked("Taken out of the MyBox"), report.done, report.refused)


async def prohibit(request: web.Request) -> web.Response:
    lead_ids, given = await chosen_leads(request), services(request)
    try:
        async with given.database.write() as connection:
            report = await prohibitions.prohibit_leads(
                connection,
                lead_ids=lead_ids,
                now=given.clock.now(),
                reason=await field(request, "reason"),
                by=viewer(request),
                workgroup_ids=await chosen_workgroups(request),
            )
    except (prohibitions.ProhibitionError, NotAllowed) as error:
        return notice(request, refusal(error, words_for(request)), status=409)
    # Only now, after the commit: whoever runs calls cancels those that ring.
    given.live.publish("prohibited", {"numbers": list(report.numbers)})
    refused = {
        lead_id: prohibitions.NoNumber(f"lead {lead_id} has no number")
        for lead_id in report.without_number
    }
    done = [one for one in lead_ids if one not in refused]
    return await told(request, marked("Prohibited"), done, refused)


async def told(
    request: web.Request,
    title: str,
    done: Sequence[int],
    refused: Mapping[int, Exception],
    *,
    notes: Sequence[str] = (),
    done_before: int = 0,
    refused_before: int = 0,
) -> web.Response:
    """A notice of what was done, which leads stayed as they were and why, and what else to know.

    `done_before` and `refused_before` are those of earlier lots, which are only counted.
    """
    if done:
        services(request).live.publish("history", {})
    said = words_for(request)
    shown = list(refused)[:_SHOWN]
    async with services(request).database.read() as connection:
        names = await names_of(connection, shown)
    response = render(
        request,
        "parts/bulk_notice.html",
        {
            "title": title,
            "done": len(done) + done_before,
            "refused": [
                Refused(one, names.get(one, ""), _why(refused[one], said)) for one in shown
            ],
            "notes": notes,
            "more": len(refused) - len(shown) + refused_before,
        },
    )
    response.headers["HX-Retarget"] = "#notices"
    response.headers["HX-Reswap"] = "afterbegin"
    response.headers["HX-Trigger"] = "leadsChanged"
    return response


def _why(error: Exception, said: Words) -> str:
    if isinstance(error, LeadChangeError):
        return change_refusal(error, said)
    return refusal(error, said)
