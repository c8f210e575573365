"""Erasing what is kept about the person behind a telephone number.

What stays is the suppression record (the number, prohibited for the whole company, so that no list
brings the person back) and figures without a person: that there was a call, when, by whom, with
which outcome. Everything goes in one transaction but files. Those of recordings follow as in
`dialer.retention`: killed in between, the next run or the hourly erasing removes them. Uploaded
lists are found again by the next run.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit, lanes
from dialer.custom_fields import fields_by_id
from dialer.custom_values import ValueChange, replace_values
from dialer.legal_holds import held
from dialer.person_data import ids_of_person
from dialer.person_lists import PersonsList, lists_with_person
from dialer.ports import RecordingStore
from dialer.prohibitions import prohibit
from dialer.retention import erase_words, finish_erasing
from dialer.rules.phone_number import national_digits, national_format
from dialer.storage.engine import Database
from dialer.storage.number_locks import lock_for_change
from dialer.storage.tables import (
    actions,
    callbacks,
    calls,
    contact_points,
    lead_changes,
    lead_import_notes,
    leads,
    legal_holds,
    mybox_entries,
    recordings,
)
from dialer.users import User, require_admin

_ERASED_NAME = "—"
_NO_WORDS = dict.fromkeys(
    (
        "name_kana",
        "contact_person",
        "postal_code",
        "prefecture",
        "city",
        "building",
        "email",
        "website",
        "notes",
        "search_key",
    ),
    "",
)


class ErasureRefused(Exception):
    """Nothing was erased; the message says why."""


class UnderHold(ErasureRefused):
    """A legal hold stands."""


class BeingCalled(ErasureRefused):
    """A call to the number is open just now."""


class BeingImported(ErasureRefused):
    """A list with the number is being worked on just now."""


class ListStays(ErasureRefused):
    """All else is erased, but the file of an uploaded list cannot be removed."""


@dataclass(frozen=True, slots=True)
class PersonErased:
    """How many of each were emptied."""

    leads: int
    actions: int
    recordings: int
    lists: int = 0  # uploaded ones, which are deleted


async def would_erase(database: Database, imports_folder: Path, e164: str) -> PersonErased:
    """What `erase_person` would do. Raises UnderHold, BeingCalled, BeingImported."""
    lists = await _lists(database, imports_folder, e164)
    async with database.read() as connection:
        return replace(await _counted(connection, e164), lists=len(lists))


async def _counted(connection: AsyncConnection, e164: str) -> PersonErased:
    lead_ids, action_ids = await ids_of_person(connection, e164)
    await _refuse(connection, e164, action_ids)
    there = await connection.scalars(
        select(recordings.c.call_id).where(
            recordings.c.call_id.in_(action_ids), recordings.c.state != "erased"
        )
    )
    return PersonErased(len(lead_ids), len(action_ids), len(list(there)))


async def erase_person(
    database: Database,
    store: RecordingStore,
    imports_folder: Path,
    *,
    e164: str,
    reason: str,
    by: User | None,
    now: datetime,
) -> PersonErased:
    """May be called again: what is gone is gone, what came since goes too.

    `by` None is the command line. Raises NotAllowed, UnderHold, BeingCalled, BeingImported, and
    RecordingFault or ListStays when files cannot be removed now, which the next run does.
    """
    require_admin(by, "erases a person's data")
    lists = await _lists(database, imports_folder, e164)
    async with database.write() as connection:
        lead_ids, _ = await ids_of_person(connection, e164)
        await lock_for_change(connection, {e164, *await _numbers_of(connection, lead_ids)})
        lead_ids, action_ids = await ids_of_person(connection, e164)
        erased = replace(await _counted(connection, e164), lists=len(lists))
        await prohibit(connection, e164s=[e164], workgroup_ids=None, reason=reason, by=by, now=now)
        await _empty_changes_of_others(connection, e164, lead_ids, action_ids)
        await _empty_actions(connection, action_ids)
        await _empty_leads(connection, e164, lead_ids, now)
        await _empty_import_notes(connection, e164, lead_ids, [one.import_id for one in lists])
        await audit.record_by(
            connection,
            "person.erase",
            f"number:{e164}",
            by,
            now,
            leads=erased.leads,
            actions=erased.actions,
            recordings=erased.recordings,
            lists=erased.lists,
        )
    await finish_erasing(database, store, now)
    for one in lists:
        await asyncio.to_thread(_delete, one)
    return erased


async def _lists(database: Database, folder: Path, e164: str) -> list[PersonsList]:
    lists = await lists_with_person(database, folder, e164)
    for one in lists:
        if one.at_work:
            raise BeingImported(f"{one.file_name} is being imported; try again when it is done")
    return lists


def _delete(one: PersonsList) -> None:
    try:
        one.path.unlink(missing_ok=True)
    except OSError as error:
        raise ListStays(
            f"all else is erased, but {one.path} ({one.file_name}) cannot be deleted: "
            f"{error.strerror or error}; delete it, or run this again"
        ) from error


async def _refuse(connection: AsyncConnection, e164: str, action_ids: Sequence[UUID]) -> None:
    number = national_format(e164)
    of_calls = select(calls.c.id).where(calls.c.id.in_(action_ids), held())
    of_number = select(legal_holds.c.id).where(
        legal_holds.c.e164 == e164, legal_holds.c.lifted_at.is_(None)
    )
    if (await connection.execute(of_calls.limit(1))).first() or (
        await connection.execute(of_number.limit(1))
    ).first():
        raise UnderHold(f"{number}: a legal hold stands; lift it first")
    is_open = select(calls.c.id).where(calls.c.id.in_(action_ids), calls.c.ended_at.is_(None))
    if (await connection.execute(is_open.limit(1))).first():
        raise BeingCalled(f"{number} is being called just now; try again when the call has ended")


async def _numbers_of(connection: AsyncConnection, lead_ids: Sequence[int]) -> set[str]:
    rows = await connection.scalars(
        select(contact_points.c.e164).where(
            contact_points.c.lead_id.in_(lead_ids), contact_points.c.e164.is_not(None)
        )
    )
    return {e164 for e164 in rows if e164}


async def _empty_actions(connection: AsyncConnection, action_ids: Sequence[UUID]) -> None:
    await connection.execute(
        update(recordings)
        .where(recordings.c.call_id.in_(action_ids), recordings.c.state != "erased")
        .values(state="erasing", erased_because="person")
    )
    await connection.execute(update(actions).where(actions.c.id.in_(action_ids)).values(memo=""))
    await connection.execute(
        update(calls)
        .where(calls.c.id.in_(action_ids))
        .values(e164="", contact_point_id=None, decision={})
    )
    await erase_words(connection, action_ids)


async def _empty_changes_of_others(
    connection: AsyncConnection, e164: str, lead_ids: Sequence[int], action_ids: Sequence[UUID]
) -> None:
    """Lines with the number in the log of leads that had it once."""
    called = select(actions.c.lead_id).where(actions.c.id.in_(action_ids))
    told = (lead_changes.c.old, lead_changes.c.new)
    await connection.execute(
        delete(lead_changes).where(
            lead_changes.c.lead_id.in_(called),
            lead_changes.c.lead_id.not_in(lead_ids),
            or_(*(text.contains(number) for text in told for number in _writings(e164))),
        )
    )


async def _empty_leads(
    connection: AsyncConnection, e164: str, lead_ids: Sequence[int], now: datetime
) -> None:
    await _empty_custom_values(connection, lead_ids)
    await connection.execute(
        update(leads)
        .where(leads.c.id.in_(lead_ids))
        .values(
            name=_ERASED_NAME, extra={}, custom={}, callback_at=None, deleted_at=now, **_NO_WORDS
        )
    )
    await connection.execute(delete(contact_points).where(contact_points.c.lead_id.in_(lead_ids)))
    await connection.execute(delete(lead_changes).where(lead_changes.c.lead_id.in_(lead_ids)))
    await connection.execute(
        update(callbacks)
        .where(callbacks.c.lead_id.in_(lead_ids), callbacks.c.closed_at.is_(None))
        .values(closed_at=now)
    )
    await connection.execute(
        update(callbacks).where(callbacks.c.lead_id.in_(lead_ids)).values(note="")
    )
    await connection.execute(
        update(mybox_entries)
        .where(mybox_entries.c.lead_id.in_(lead_ids), mybox_entries.c.released_at.is_(None))
        .values(released_at=now)
    )
    await lanes.refresh(connection, lead_ids, now)


async def _empty_custom_values(connection: AsyncConnection, lead_ids: Sequence[int]) -> None:
    rows = (
        await connection.execute(
            select(leads.c.id, leads.c.project_id, leads.c.custom).where(leads.c.id.in_(lead_ids))
        )
    ).all()
    for project_id in sorted({row.project_id for row in rows}):
        await replace_values(
            connection,
            project_id=project_id,
            fields=await fields_by_id(connection, project_id),
            changes=[
                ValueChange(row.id, row.custom, {}) for row in rows if row.project_id == project_id
            ],
        )


async def _empty_import_notes(
    connection: AsyncConnection, e164: str, lead_ids: Sequence[int], import_ids: Sequence[int]
) -> None:
    """What was said of rows with the number in these lists and those that the leads came from."""
    came_from = select(leads.c.import_id).where(leads.c.id.in_(lead_ids))
    of_import = lead_import_notes.c.import_id
    rows = await connection.execute(
        select(lead_import_notes).where(or_(of_import.in_(came_from), of_import.in_(import_ids)))
    )
    for row in rows.all():
        told = f"{row.detail} {row.cells}"
        if any(number in told for number in _writings(e164)):
            await connection.execute(
                update(lead_import_notes)
                .where(
                    lead_import_notes.c.import_id == row.import_id,
                    lead_import_notes.c.row == row.row,
                    lead_import_notes.c.position == row.position,
                )
                .values(cells=None, detail=[])
            )


def _writings(e164: str) -> tuple[str, ...]:
    """As lists and people write it, as far as one can tell."""
    return e164, national_digits(e164), national_format(e164)
