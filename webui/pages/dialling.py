"""架電: a call by hand, from the page of a lead. Answers pages and programs."""

from aiohttp import web

from dialer.floor_views import CannotDial
from dialer.rules.eligibility import Refused
from webui.errors import notice
from webui.labels import CANNOT_DIAL, REFUSALS, REMEDIES
from webui.rendering import formats_for, words_for
from webui.services import services
from webui.sessions import viewer


async def dial(request: web.Request) -> web.Response:
    """Dials the lead, or its contact point `contact_point_id`, and leads to the desk.

    With ``Accept: application/json`` it answers the call's id, or 409 with the reason.
    """
    form = await request.post()
    point, campaign = str(form.get("contact_point_id", "")), str(form.get("campaign", ""))
    if point and not (point.isascii() and point.isdecimal() and len(point) < 19):
        raise web.HTTPBadRequest
    try:
        answer = await services(request).manual_calls.dial(
            viewer(request).id,
            int(request.match_info["lead_id"]),
            contact_point_id=int(point) if point else None,
            campaign=campaign or None,
        )
    except CannotDial as error:
        said = CANNOT_DIAL.get(error.message_key, CANNOT_DIAL["not_ready"])
        return _refused(request, error.message_key, said)
    if isinstance(answer, Refused):
        _ = words_for(request)
        said = _("Not called: %(reason)s", reason=_(REFUSALS[answer.reason]))
        return _refused(request, answer.reason, said, advice=_until(request, answer))
    if _wants_json(request):
        return web.json_response({"call_id": str(answer.call_id), "number": answer.e164})
    if "HX-Request" in request.headers:
        return web.Response(status=204, headers={"HX-Redirect": "/desk"})
    raise web.HTTPSeeOther("/desk")


def _until(request: web.Request, refused: Refused) -> str:
    _ = words_for(request)
    said = [_(REMEDIES[refused.reason])] if refused.reason in REMEDIES else []
    if refused.retry_at is not None:
        until = formats_for(request).ahead(refused.retry_at)
        said = [_("Possible from %(time)s.", time=until)]
    elif refused.reason not in REMEDIES:
        said = [_("No time ends this: the lead's page says rule by rule why.")]
    return " ".join(said)


def _refused(request: web.Request, reason: str, said: str, *, advice: str = "") -> web.Response:
    _ = words_for(request)
    if _wants_json(request):
        return web.json_response(
            {"refused": str(reason), "text": " ".join(filter(None, (_(said), advice)))}, status=409
        )
    return notice(request, said, advice=advice, status=409)


def _wants_json(request: web.Request) -> bool:
    return "application/json" in request.headers.get("Accept", "")
