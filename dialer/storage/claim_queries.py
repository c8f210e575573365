"""Writing what a claim has taken: the actions, their calls, and the attempts they use up."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.storage.tables import actions, calls, contact_points, leads

_ACTION = ("id", "kind", "at", "lead_id", "project_id")
_CALL = (
    "id",
    "campaign_id",
    "contact_point_id",
    "e164",
    "trunk",
    "caller_id",
    "attempt",
    "for_user_id",
    "claimed_at",
    "lease_until",
    "decision",
)


async def write_calls(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """`rows` hold the columns of actions and calls; all have one `at`.

    On PostgreSQL all of it is one statement, because the way there and back would take longer
    than the work.
    """
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        given = {
            "rows": json.dumps(rows, default=str),
            "at": rows[0]["at"],
            "leads": [row["lead_id"] for row in rows],
            "points": [row["contact_point_id"] for row in rows],
        }
        await connection.execute(_ALL_AT_ONCE, given)
        return
    await connection.execute(insert(actions), _only(_ACTION, rows))
    await connection.execute(insert(calls), _only(_CALL, rows))
    await connection.execute(
        update(leads)
        .where(leads.c.id.in_([row["lead_id"] for row in rows]))
        .values(attempts=leads.c.attempts + 1, last_attempt_at=rows[0]["at"])
    )
    await connection.execute(
        update(contact_points)
        .where(contact_points.c.id.in_([row["contact_point_id"] for row in rows]))
        .values(attempts=contact_points.c.attempts + 1)
    )


def _only(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in names} for row in rows]


_ALL_AT_ONCE = text(f"""
    WITH taken AS MATERIALIZED (
        SELECT * FROM json_to_recordset(CAST(:rows AS json)) AS row (
            id uuid, kind text, at timestamptz, lead_id bigint, project_id bigint,
            campaign_id bigint, contact_point_id bigint, e164 text, trunk text, caller_id text,
            attempt integer, for_user_id bigint, claimed_at timestamptz,
            lease_until timestamptz, decision json
        )
    ), new_actions AS (
        INSERT INTO actions ({", ".join(_ACTION)}) SELECT {", ".join(_ACTION)} FROM taken
    ), new_calls AS (
        INSERT INTO calls ({", ".join(_CALL)}) SELECT {", ".join(_CALL)} FROM taken
    ), tried AS (
        UPDATE leads SET attempts = attempts + 1, last_attempt_at = :at
        WHERE id = ANY(CAST(:leads AS bigint[]))
    )
    UPDATE contact_points SET attempts = attempts + 1
    WHERE id = ANY(CAST(:points AS bigint[]))
""")
