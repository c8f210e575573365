"""監査ログ: who did what, when and from where; for admins."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from dialer import audit, users, workgroups
from dialer.audit_list import PROGRAM, AuditFilter, all_audit, list_audit
from dialer.paging import BadPageKey
from webui import audit_words
from webui.audit_words import Names
from webui.csv_download import send_csv
from webui.formats import start_of_day
from webui.forms import a_date, an_id
from webui.rendering import formats_for, render, words_for
from webui.services import services
from webui.sessions import viewer


@dataclass(frozen=True, slots=True)
class Asked:
    """The filter as it stands in the form."""

    user: str
    action: str
    subject: str
    since: str
    until: str


async def page(request: web.Request) -> web.Response:
    async with services(request).database.read() as connection:
        everybody = await users.list_users(connection)
    return render(request, "audit.html", {**await _list(request), "users": everybody})


async def rows(request: web.Request) -> web.Response:
    return render(request, "parts/audit_rows.html", await _list(request))


async def download(request: web.Request) -> web.StreamResponse:
    """The lines of the filter as CSV; that it was taken is a line itself."""
    given, user, asked = services(request), viewer(request), _asked(request)
    wanted, names, said = _filter(request, asked), await _names(request), words_for(request)
    now = given.clock.now()
    async with given.database.write() as connection:
        await audit.record(
            connection,
            user_id=user.id,
            action="audit.export",
            subject="audit:",
            detail=_query(asked),
            now=now,
        )
    formats = formats_for(request)

    async def lines() -> AsyncIterator[list[tuple[str, ...]]]:
        async for some in all_audit(given.database, viewer=user, wanted=wanted):
            yield [
                (
                    formats.iso(row.at),
                    row.user,
                    row.action,
                    audit_words.action_words(row.action, said),
                    row.subject,
                    audit_words.subject_words(row, names, said),
                    json.dumps(row.detail, ensure_ascii=False) if row.detail else "",
                    row.address,
                )
                for row in some
            ]

    header = (
        said("Time"),
        said("User"),
        said("Kind"),
        said("What"),
        said("Subject (as recorded)"),
        said("Subject"),
        said("Details"),
        said("From where"),
    )
    day = formats.iso(now)[:10]
    return await send_csv(request, f"kakeru-audit-{day}.csv", header, lines())


async def _list(request: web.Request) -> dict[str, object]:
    asked = _asked(request)
    async with services(request).database.read() as connection:
        try:
            found = await list_audit(
                connection,
                viewer=viewer(request),
                wanted=_filter(request, asked),
                after=request.query.get("after") or None,
            )
        except BadPageKey as error:
            raise web.HTTPBadRequest from error
    return {
        "asked": asked,
        "found": found,
        "names": await _names(request),
        "said": words_for(request),
        "words": audit_words,
        "query": _query(asked),
        "first_page": not request.query.get("after"),
    }


async def _names(request: web.Request) -> Names:
    async with services(request).database.read() as connection:
        return Names(
            users={one.id: one.name for one in await users.list_users(connection)},
            workgroups={one.id: one.name for one in await workgroups.list_workgroups(connection)},
        )


def _asked(request: web.Request) -> Asked:
    query = request.query
    return Asked(
        user=query.get("user", ""),
        action=query.get("action", "")[:60],
        subject=query.get("subject", "").strip()[:200],
        since=query.get("since", ""),
        until=query.get("until", ""),
    )


def _query(asked: Asked) -> dict[str, str]:
    fields = ("user", "action", "subject", "since", "until")
    return {name: getattr(asked, name) for name in fields if getattr(asked, name)}


def _filter(request: web.Request, asked: Asked) -> AuditFilter:
    """What cannot be understood narrows nothing, as an empty field does."""
    zone = services(request).settings.time_zone
    since, last_day = a_date(asked.since), a_date(asked.until)
    return AuditFilter(
        user_id=PROGRAM if asked.user == "program" else an_id(asked.user),
        action=asked.action,
        subject=asked.subject,
        since=start_of_day(since, zone) if since else None,
        until=start_of_day(last_day + timedelta(days=1), zone) if last_day else None,
    )
