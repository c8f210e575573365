"""The library for training: conversations, or parts of them, that are worth hearing.

Whoever sees the project of a good example may hear the whole conversation (`dialer.hearing`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.hearing import right_to_hear
from dialer.paging import Page, bounded, decode_key, page_of
from dialer.rules.hearing import may_choose_examples
from dialer.storage.search import contains
from dialer.storage.tables import (
    actions,
    good_examples,
    leads,
    projects,
    recording_peaks,
    recordings,
    users,
)
from dialer.users import User

LONGEST_TITLE = 200  # characters
LONGEST_WHY = 2000
EXAMPLES_PAGE = 20


class ExampleError(Exception):
    """What was asked of a good example cannot be done."""


class NoTitle(ExampleError):
    """A good example is called something."""


class NotAPart(ExampleError):
    """A part ends after it begins, and begins before the recording ends."""


class UnknownExample(ExampleError):
    """There is no such example, or it is not for this user to choose there."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is said of an example. Milliseconds; `to_ms` None: to the end."""

    title: str
    why: str
    from_ms: int = 0
    to_ms: int | None = None


@dataclass(frozen=True, slots=True)
class GoodExample:
    """`speaker` is the agent. `duration_ms` is the whole recording's, 0 without one; `peaks` as
    in the table ``recording_peaks``."""

    id: int
    call_id: UUID
    project_id: int
    project: str
    chosen: Chosen
    speaker_id: int | None
    speaker: str
    lead_name: str
    at: datetime
    added_by: str
    added_at: datetime
    is_ready: bool
    duration_ms: int
    peaks: bytes


async def list_examples(
    connection: AsyncConnection,
    *,
    viewer: User,
    project_id: int | None = None,
    text: str = "",
    after: str | None = None,
    limit: int = EXAMPLES_PAGE,
) -> Page[GoodExample]:
    """In the projects that `viewer` may see, the newest first. Raises BadPageKey."""
    conditions: list[ColumnElement[bool]] = []
    if not viewer.acts_as_admin:
        conditions.append(good_examples.c.project_id.in_(sorted(viewer.project_ids)))
    if project_id is not None:
        conditions.append(good_examples.c.project_id == project_id)
    if text.strip():
        found_in = good_examples.c.title, good_examples.c.why, users.c.name, leads.c.name
        conditions.append(contains(text, *found_in))
    if after:
        conditions.append(good_examples.c.id < decode_key(after, int)[0])
    query = _examples().where(*conditions).order_by(good_examples.c.id.desc())
    found = (await connection.execute(query.limit(bounded(limit) + 1))).all()
    page = page_of(found, limit=bounded(limit), key=lambda row: (row.id,))
    return Page(tuple(_example(row) for row in page.rows), page.next_key)


async def examples_of(connection: AsyncConnection, call_id: UUID) -> tuple[GoodExample, ...]:
    """Of one conversation, in its order. Who may hear it: ask that before."""
    query = _examples().where(good_examples.c.call_id == call_id)
    found = await connection.execute(query.order_by(good_examples.c.from_ms, good_examples.c.id))
    return tuple(_example(row) for row in found)


async def choose_example(
    connection: AsyncConnection, *, call_id: UUID, chosen: Chosen, by: User, now: datetime
) -> int:
    """Its id. Raises UnknownExample, NoTitle, NotAPart."""
    await _require_choice(connection, call_id, by)
    call = (
        await connection.execute(
            select(actions.c.project_id, recordings.c.duration_ms)
            .join(recordings, recordings.c.call_id == actions.c.id)
            .where(actions.c.id == call_id)
        )
    ).first()
    if call is None:
        raise UnknownExample(f"call {call_id} has no recording")
    added = await connection.execute(
        insert(good_examples)
        .values(
            call_id=call_id,
            project_id=call.project_id,
            added_by=by.id,
            added_at=now,
            **_values(chosen, call.duration_ms or 0),
        )
        .returning(good_examples.c.id)
    )
    await _record(connection, "example.add", call_id, by, now, chosen.title)
    return int(added.scalar_one())


async def change_example(
    connection: AsyncConnection, *, example_id: int, chosen: Chosen, by: User, now: datetime
) -> None:
    """Raises UnknownExample, NoTitle, NotAPart."""
    row = await _standing(connection, example_id, by)
    await connection.execute(
        update(good_examples)
        .where(good_examples.c.id == example_id)
        .values(**_values(chosen, row.duration_ms or 0))
    )
    await _record(connection, "example.edit", row.call_id, by, now, chosen.title)


async def remove_example(
    connection: AsyncConnection, *, example_id: int, by: User, now: datetime
) -> None:
    """Out of the library: who could hear it only therefore no longer can. Raises UnknownExample."""
    row = await _standing(connection, example_id, by)
    await connection.execute(
        update(good_examples).where(good_examples.c.id == example_id).values(removed_at=now)
    )
    await _record(connection, "example.remove", row.call_id, by, now, row.title)


# --- parts ----------------------------------------------------------------------------------


def _values(chosen: Chosen, duration_ms: int) -> dict[str, object]:
    title = chosen.title.replace("\0", "").strip()[:LONGEST_TITLE]
    if not title:
        raise NoTitle("a good example needs a title")
    end = duration_ms if chosen.to_ms is None else min(chosen.to_ms, duration_ms)
    if not 0 <= chosen.from_ms < end:
        raise NotAPart(f"from {chosen.from_ms} to {end} ms of {duration_ms} ms is no part")
    return {
        "title": title,
        "why": chosen.why.replace("\0", "").strip()[:LONGEST_WHY],
        "from_ms": chosen.from_ms,
        "to_ms": None if end == duration_ms else end,
    }


async def _require_choice(connection: AsyncConnection, call_id: UUID, by: User) -> None:
    right = await right_to_hear(connection, call_id=call_id, viewer=by)
    if not may_choose_examples(right):
        raise UnknownExample(f"{by.name} may not choose examples there")


async def _standing(connection: AsyncConnection, example_id: int, by: User) -> Row[Any]:
    query = _examples().where(good_examples.c.id == example_id)
    row: Row[Any] | None = (await connection.execute(query)).first()
    if row is None:
        raise UnknownExample(f"no good example {example_id}")
    await _require_choice(connection, row.call_id, by)
    return row


async def _record(
    connection: AsyncConnection, action: str, call_id: UUID, by: User, now: datetime, title: str
) -> None:
    await audit.record(
        connection,
        user_id=by.id,
        action=action,
        subject=f"call:{call_id}",
        detail={"title": title},
        now=now,
    )


_adders = users.alias("adders")


def _examples() -> Select[Any]:
    return (
        select(
            good_examples,
            projects.c.name.label("project"),
            actions.c.user_id.label("speaker_id"),
            actions.c.at,
            users.c.name.label("speaker"),
            leads.c.name.label("lead_name"),
            _adders.c.name.label("adder"),
            recordings.c.state,
            recordings.c.duration_ms,
            recording_peaks.c.peaks,
        )
        .join(projects, projects.c.id == good_examples.c.project_id)
        .join(actions, actions.c.id == good_examples.c.call_id)
        .join(leads, leads.c.id == actions.c.lead_id)
        .join(_adders, _adders.c.id == good_examples.c.added_by)
        .outerjoin(users, users.c.id == actions.c.user_id)
        .outerjoin(recordings, recordings.c.call_id == good_examples.c.call_id)
        .outerjoin(recording_peaks, recording_peaks.c.call_id == good_examples.c.call_id)
        .where(good_examples.c.removed_at.is_(None))
    )


def _example(row: Row[Any]) -> GoodExample:
    return GoodExample(
        id=row.id,
        call_id=row.call_id,
        project_id=row.project_id,
        project=row.project,
        chosen=Chosen(row.title, row.why, row.from_ms, row.to_ms),
        speaker_id=row.speaker_id,
        speaker=row.speaker or "",
        lead_name=row.lead_name,
        at=row.at,
        added_by=row.adder,
        added_at=row.added_at,
        is_ready=row.state == "ready",
        duration_ms=row.duration_ms or 0,
        peaks=row.peaks or b"",
    )
