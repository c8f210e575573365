"""Everything that is kept about the person behind a telephone number, to be handed over.

The person is whoever can be reached by the number: the leads that have it, what was done toward
them, and the calls to it, also those of a lead that has another number today.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Table, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.custom_fields import fields_by_id
from dialer.ports import KeptAudio
from dialer.storage.tables import (
    action_results,
    actions,
    callbacks,
    calls,
    comments,
    contact_points,
    lead_changes,
    leads,
    prohibitions,
    projects,
    recordings,
    transcripts,
    users,
    workgroups,
)

# What only says how rows hang together, or is reckoned from other columns.
_INSIDE = frozenset({"lane_id", "search_key", "decision", "contact_point_id", "import_id"})


@dataclass(frozen=True, slots=True)
class PersonData:
    """`records` by what they are, each a JSON-like mapping; `audio` what can be heard."""

    e164: str
    records: Mapping[str, Sequence[Mapping[str, object]]]
    audio: tuple[KeptAudio, ...]

    @property
    def is_empty(self) -> bool:
        return not any(self.records.values())


async def person_data(connection: AsyncConnection, e164: str) -> PersonData:
    """By indexes; as long as what is kept about one person."""
    lead_ids, action_ids = await ids_of_person(connection, e164)
    of_leads, of_actions = [*lead_ids], [*action_ids]
    recorded = await _rows(
        connection, select(recordings).where(recordings.c.call_id.in_(of_actions))
    )
    return PersonData(
        e164=e164,
        records={
            "leads": [
                await _lead(connection, row)
                for row in await _rows(
                    connection,
                    select(leads, projects.c.name.label("project"))
                    .join(projects, projects.c.id == leads.c.project_id)
                    .where(leads.c.id.in_(of_leads)),
                )
            ],
            "contact_points": await _told(
                connection, contact_points, contact_points.c.lead_id.in_(of_leads)
            ),
            "actions": _plain(
                await _rows(
                    connection,
                    select(
                        actions, users.c.name.label("user"), action_results.c.name.label("result")
                    )
                    .outerjoin(users, users.c.id == actions.c.user_id)
                    .outerjoin(action_results, action_results.c.id == actions.c.result_id)
                    .where(actions.c.id.in_(of_actions))
                    .order_by(actions.c.at),
                )
            ),
            "calls": await _told(connection, calls, calls.c.id.in_(of_actions)),
            "transcripts": await _told(
                connection, transcripts, transcripts.c.call_id.in_(of_actions)
            ),
            "comments": await _told(connection, comments, comments.c.action_id.in_(of_actions)),
            "callbacks": await _told(connection, callbacks, callbacks.c.lead_id.in_(of_leads)),
            "changes": await _told(connection, lead_changes, lead_changes.c.lead_id.in_(of_leads)),
            "recordings": _plain(recorded),
            "prohibitions": _plain(
                await _rows(
                    connection,
                    select(prohibitions, workgroups.c.name.label("workgroup"))
                    .outerjoin(workgroups, workgroups.c.id == prohibitions.c.workgroup_id)
                    .where(prohibitions.c.e164 == e164),
                )
            ),
        },
        audio=tuple(
            KeptAudio(row.call_id, row.place, row.path, row.format, row.key_name)
            for row in recorded
            if row.state == "ready"
        ),
    )


async def ids_of_person(
    connection: AsyncConnection, e164: str
) -> tuple[tuple[int, ...], tuple[UUID, ...]]:
    """The leads that have the number, and what was done toward them or by the number."""
    lead_ids = await connection.scalars(
        select(contact_points.c.lead_id).where(contact_points.c.e164 == e164).distinct()
    )
    of_leads = sorted(lead_ids)
    by_lead = select(actions.c.id).where(actions.c.lead_id.in_(of_leads))
    by_number = select(calls.c.id).where(calls.c.e164 == e164)
    ids = await connection.scalars(by_lead.union(by_number))
    return tuple(of_leads), tuple(ids)


async def _lead(connection: AsyncConnection, row: Row[Any]) -> dict[str, object]:
    """With the names of its custom fields."""
    told = _as_mapping(row)
    fields = await fields_by_id(connection, row.project_id)
    told["custom"] = {
        fields[int(key)].name if int(key) in fields else key: value
        for key, value in row.custom.items()
    }
    return told


async def _told(
    connection: AsyncConnection, table: Table, *conditions: ColumnElement[bool]
) -> list[dict[str, object]]:
    return _plain(await _rows(connection, select(table).where(or_(*conditions))))


async def _rows(connection: AsyncConnection, query: Select[Any]) -> Sequence[Row[Any]]:
    rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
    return rows


def _plain(rows: Sequence[Row[Any]]) -> list[dict[str, object]]:
    return [_as_mapping(row) for row in rows]


def _as_mapping(row: Row[Any]) -> dict[str, object]:
    return {
        name: value.isoformat()
        if isinstance(value, datetime)
        else str(value)
        if isinstance(value, UUID)
        else value
        for name, value in row._mapping.items()
        if name not in _INSIDE and not name.endswith("_id")
    }
