"""Why a lead is called, or not: the panel beside a lead, and the same as JSON for programs."""

from aiohttp import web

from dialer.campaign import CampaignSettings
from dialer.campaign_projects import campaigns_of, project_ids
from dialer.rules.phone_number import PhoneNumber, parse_phone_number
from dialer.users import User
from dialer.why import lead_named, past_decisions
from dialer.why_json import report_json
from dialer.why_report import WhyReport, report_on_lead, report_on_number, subject_of
from webui.rendering import formats_for, render, words_for
from webui.services import services
from webui.sessions import viewer
from webui.why_words import WhyWords

BY_HAND = "me"
_RUNNING_FIRST = ("running", "paused", "stopped")


async def panel(request: web.Request) -> web.Response:
    """The answer of one of the lead's campaigns: the query's `campaign`, else one that runs."""
    given, user, lead_id = services(request), viewer(request), _lead_id(request)
    by_hand = request.query.get("by") == BY_HAND and _may_call(user)
    async with given.database.read() as connection:
        lead = await lead_named(connection, lead_id, viewer=user)
        if lead is None:
            raise web.HTTPNotFound
        of_project = await campaigns_of(connection, lead.project_id, given.campaigns.settings())
        campaigns = _in_order(request, of_project)
        chosen = _chosen(request, campaigns)
        report = await report_on_lead(
            connection,
            lead_id,
            [chosen] if chosen else [],
            given.clock.now(),
            user=user if by_hand else None,
            viewer=user,
        )
    return render(
        request,
        "parts/why.html",
        {
            "answer": report.answers[0] if report and report.answers else None,
            "campaigns": [one.name for one in campaigns],
            "chosen": chosen.name if chosen else "",
            "may_call": _may_call(user),
            "by_hand": by_hand,
            "told_in": _words(request),
        },
    )


async def past(request: web.Request) -> web.Response:
    """What the gate knew at earlier calls."""
    async with services(request).database.read() as connection:
        found = await past_decisions(connection, _lead_id(request))
    return render(request, "parts/why_past.html", {"past": found, "told_in": _words(request)})


async def api(request: web.Request) -> web.Response:
    """`lead` or `number`, and perhaps `campaign` and `by=me`: every answer in full."""
    _, given, user = words_for(request), services(request), viewer(request)
    asked = {name: request.query.get(name, "").strip() for name in ("lead", "number", "campaign")}
    if bool(asked["lead"]) == bool(asked["number"]):
        return _refused(400, _("Ask about one thing: lead=ID, or number=a phone number."))
    only = None
    if asked["campaign"]:
        only = await _visible_campaign(request, asked["campaign"])
        if only is None:
            return _refused(404, _("There is no campaign %(name)s.", name=asked["campaign"]))
    by_hand = user if request.query.get("by") == BY_HAND and _may_call(user) else None
    known, now = given.campaigns.settings(), given.clock.now()
    async with given.database.read() as connection:
        if asked["number"]:
            number = parse_phone_number(asked["number"])
            if not isinstance(number, PhoneNumber):
                return _refused(400, _("%(text)s is not a phone number.", text=asked["number"]))
            report = await report_on_number(
                connection, number.e164, known, now, only=only, user=by_hand, viewer=user
            )
        else:
            lead_id = subject_of(asked["lead"])
            if not isinstance(lead_id, int):
                return _refused(400, _("%(text)s is not the id of a lead.", text=asked["lead"]))
            found = await report_on_lead(
                connection, lead_id, known, now, only=only, user=by_hand, viewer=user
            )
            if found is None:
                return _refused(404, _("There is no lead %(id)s that you may see.", id=lead_id))
            report = WhyReport(None, (found,))
    return web.json_response(report_json(report, _words(request).verdict))


def _refused(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status)


def _words(request: web.Request) -> WhyWords:
    return WhyWords(words_for(request), formats_for(request))


def _may_call(user: User) -> bool:
    return user.may_call and not user.acts_as_admin


def _lead_id(request: web.Request) -> int:
    return int(request.match_info["lead_id"])


def _in_order(request: web.Request, some: list[CampaignSettings]) -> list[CampaignSettings]:
    """Those that run come first: about them people ask."""
    given = services(request).campaigns
    return sorted(some, key=lambda one: _RUNNING_FIRST.index(given.live(one.name).state))


def _chosen(request: web.Request, campaigns: list[CampaignSettings]) -> CampaignSettings | None:
    wanted = request.query.get("campaign")
    named = (one for one in campaigns if one.name == wanted)
    return next(named, campaigns[0] if campaigns else None)


async def _visible_campaign(request: web.Request, name: str) -> CampaignSettings | None:
    given = services(request)
    async with given.database.read() as connection:
        found = await project_ids(connection, given.campaigns.settings())
    if name not in found or not viewer(request).sees_project(found[name]):
        return None
    return next(one for one in given.campaigns.settings() if one.name == name)
