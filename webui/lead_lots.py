"""A change of many leads, lot by lot, and what is told of it.

Some hundred at a time, each lot in a transaction of its own, so that a dialler at work is
hardly held up; what a lot has done stays done when a later one cannot be.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_changes import LeadChangeError
from dialer.lead_rows import names_of
from webui.chosen_leads import ChosenLot, chosen_lot
from webui.errors import notice
from webui.forms import an_id
from webui.lead_words import change_refusal
from webui.refusals import refusal
from webui.rendering import render, words_for
from webui.services import services
from webui.translations import Words

Done = tuple[Sequence[int], Mapping[int, Exception]]
"""The leads that were changed, and those that stayed as they were with why."""

_AT_ONCE = 500  # leads in one transaction
_NAMED = 20  # refused leads that are named; the others are counted
_COUNTED = frozenset({"after", "total", "more", "done", "refused", "note", "csrf_token"})


@dataclass(frozen=True, slots=True)
class Refused:
    """A lead that was left as it was, and why, in the viewer's words."""

    lead_id: int
    name: str
    why: str


async def change_lots(
    request: web.Request,
    title: str,
    change: Callable[[Sequence[int]], Awaitable[Done]],
    notes: Callable[[], Iterable[str]] = tuple,
) -> web.Response:
    """Does it to a lot of the chosen leads. While there are more, the answer asks for the next.

    So whoever closes the page stops it, and whatever was done is done. `change` takes some
    hundred leads; `in_one_transaction` makes one of what wants a connection.
    """
    form, lot = await request.post(), await chosen_lot(request)
    done: list[int] = []
    refused: dict[int, Exception] = {}
    for start in range(0, len(lot.ids), _AT_ONCE):
        of_lot, not_done = await change(lot.ids[start : start + _AT_ONCE])
        done += of_lot
        refused |= not_done
    done_before, refused_before = (
        an_id(str(form.get(name, ""))) or 0 for name in ("done", "refused")
    )
    said = [*(str(one) for one in form.getall("note", [])), *notes()]
    if lot.next_key is not None:
        said += await _named(request, refused, _NAMED - len(said))
        so_far = len(done) + done_before, len(refused) + refused_before
        response = await _asks_for_more(request, title, lot, so_far, said)
    elif _all_for_one_reason(done_before + len(done) + refused_before, refused):
        error = next(iter(refused.values()))
        return notice(request, _why(error, words_for(request)), status=409)
    else:
        response = await _told(request, title, (done, refused), said, done_before, refused_before)
    if form.get("after"):
        response.headers["HX-Retarget"] = "#bulk-progress"
        response.headers["HX-Reswap"] = "outerHTML"
    return response


def in_one_transaction(
    request: web.Request, some: Callable[[AsyncConnection, Sequence[int]], Awaitable[Done]]
) -> Callable[[Sequence[int]], Awaitable[Done]]:
    """A change for `change_lots` that writes all of its leads in one transaction."""

    async def change(ids: Sequence[int]) -> Done:
        async with services(request).database.write() as connection:
            return await some(connection, ids)

    return change


def _all_for_one_reason(otherwise: int, refused: Mapping[int, Exception]) -> bool:
    """Nothing was done, and the change itself was wrong: then it is said once."""
    return (
        not otherwise
        and len({str(error) for error in refused.values()}) == 1
        and all(isinstance(error, LeadChangeError) for error in refused.values())
    )


# --- what is told -----------------------------------------------------------------------


async def _asks_for_more(
    request: web.Request, title: str, lot: ChosenLot, so_far: tuple[int, int], notes: Sequence[str]
) -> web.Response:
    form = await request.post()
    context = {
        "title": title,
        "path": request.path,
        "sent": [(name, str(value)) for name, value in form.items() if name not in _COUNTED],
        "lot": lot,
        "done": so_far[0],
        "refused": so_far[1],
        "notes": notes,
    }
    response = render(request, "parts/bulk_progress.html", context)
    response.headers["HX-Retarget"] = "#notices"
    response.headers["HX-Reswap"] = "afterbegin"
    return response


async def _told(
    request: web.Request,
    title: str,
    last: Done,
    notes: Sequence[str],
    done_before: int,
    refused_before: int,
) -> web.Response:
    """What was done in all, which leads stayed as they were and why, and what else to know.

    Those of earlier lots are only counted.
    """
    done, refused = last
    if done or done_before:
        services(request).live.publish("history", {})
    said = words_for(request)
    shown = list(refused)[:_NAMED]
    names = await _names(request, shown)
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


async def _named(request: web.Request, refused: Mapping[int, Exception], most: int) -> list[str]:
    """The first leads that stayed as they were, each with why."""
    shown = list(refused)[: max(0, most)]
    names, said = await _names(request, shown), words_for(request)
    return [f"{names.get(one, one)}: {_why(refused[one], said)}" for one in shown]


async def _names(request: web.Request, lead_ids: Sequence[int]) -> dict[int, str]:
    async with services(request).database.read() as connection:
        return await names_of(connection, lead_ids)


def _why(error: Exception, said: Words) -> str:
    if isinstance(error, LeadChangeError):
        return change_refusal(error, said)
    return refusal(error, said)
