"""One field of a lead on its page: shown, edited in place, saved."""

from collections.abc import Sequence

from aiohttp import web

from dialer.lead_changes import LeadChangeError, NoSuchLead
from dialer.lead_editing import ChangedMeanwhile, Edit, FieldNow, UnknownField, edit_lead, field_now
from webui.lead_fields import (
    ShownField,
    basic_field,
    custom_field,
    field_of_key,
    stage_field,
)
from webui.lead_words import change_refusal
from webui.rendering import render, words_for
from webui.services import services
from webui.sessions import viewer
from webui.translations import Words

LONGEST_SENT = 20_000


async def show(request: web.Request) -> web.Response:
    """The field to be written into; with ``view`` as it stands."""
    shown = await _field(request)
    if request.query.get("view"):
        return render(request, "parts/lead_field.html", _context(request, shown))
    return _form(request, shown, was=shown.text)


async def save(request: web.Request) -> web.Response:
    """Enter saves. What does not fit, or was changed by somebody else, is told beside it."""
    form, key = await request.post(), request.match_info["field"]
    sent = "value" if not key.startswith("custom-") else key
    texts = [str(text)[: LONGEST_SENT + 1] for text in form.getall(sent, [])]
    edit = Edit(field_of_key(key), texts, str(form.get("was", "")))
    try:
        async with services(request).database.write() as connection:
            changed = await edit_lead(
                connection,
                lead_id=_lead_id(request),
                edit=edit,
                by=viewer(request),
                now=services(request).clock.now(),
            )
    except (NoSuchLead, UnknownField) as error:
        raise web.HTTPNotFound from error
    except LeadChangeError as error:
        return await _refused(request, edit, error)
    response = render(
        request,
        "parts/lead_field.html",
        {**_context(request, await _field(request)), "saved": True},
    )
    if changed:
        services(request).live.publish("history", {})
        response.headers["HX-Trigger"] = "leadChanged"
    return response


async def _refused(request: web.Request, edit: Edit, error: LeadChangeError) -> web.Response:
    """Nothing that was typed is lost; saving once more means it."""
    shown = await _field(request)
    was, other = edit.was or "", ""
    if isinstance(error, ChangedMeanwhile):
        was, other = error.now_is, _words_for_text(shown, error.now_is)
    why = change_refusal(error, words_for(request))
    return _form(request, shown, was=was, typed=edit.texts, why=why, other=other, status=422)


def _words_for_text(shown: ShownField, text: str) -> str:
    if shown.stages is not None:
        return next((name for key, name in shown.stages.items() if str(key) == text), "")
    return text


def _form(
    request: web.Request,
    shown: ShownField,
    *,
    was: str,
    typed: Sequence[str] | None = None,
    why: str = "",
    other: str = "",
    status: int = 200,
) -> web.Response:
    several = shown.kind == "multiple_choice"
    return render(
        request,
        "parts/lead_field_form.html",
        {
            **_context(request, shown),
            "was": was,
            "typed": None if typed is None else list(typed) if several else "".join(typed[-1:]),
            "why": why,
            "other": other,
        },
        status=status,
    )


async def _field(request: web.Request) -> ShownField:
    field, said = field_of_key(request.match_info["field"]), words_for(request)
    try:
        async with services(request).database.read() as connection:
            now = await field_now(
                connection, lead_id=_lead_id(request), field=field, viewer=viewer(request)
            )
    except (NoSuchLead, UnknownField) as error:
        raise web.HTTPNotFound from error
    return _shown(field, now, said)


def _shown(field: str, now: FieldNow, _: Words) -> ShownField:
    if now.custom is not None:
        return custom_field(now.custom, now.value)
    if field == "stage":
        return stage_field(now.text, now.fields.stages, _)
    return basic_field(field, now.text, _)


def _context(request: web.Request, shown: ShownField) -> dict[str, object]:
    return {"field": shown, "lead_id": _lead_id(request), "saved": False, "editable": True}


def _lead_id(request: web.Request) -> int:
    return int(request.match_info["lead_id"])
