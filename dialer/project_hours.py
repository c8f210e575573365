"""The calling hours that a project sets for itself, within those of its campaigns.

Every claim reads them with the project's row, so that a change counts from the next
lead on, in every process; what was read before is kept by its text.
"""

from dataclasses import replace
from functools import lru_cache

import structlog
from pydantic import ValidationError
from sqlalchemy import ColumnElement, Text, cast, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.campaign import HoursSettings
from dialer.rules.calling_hours import CallingHours
from dialer.storage.tables import projects

log = structlog.get_logger(__name__)

# As text: it is compared with what was read before, not decoded again by every claim.
STORED_HOURS: ColumnElement[str | None] = cast(projects.c.calling_hours, Text)


@lru_cache(maxsize=1000)
def within_project(hours: CallingHours, time_zone: str, stored: str | None) -> CallingHours:
    """A campaign's `hours` in its project's time zone and within the project's own hours.

    `stored` is `STORED_HOURS` of the project's row. What cannot be understood is closed: the
    gate does not open on a guess.
    """
    return replace(hours, time_zone=time_zone, within=_hours(time_zone, stored))


def read_hours(stored: str | None) -> HoursSettings | None:
    """What the project's page set; None: the campaign's hours alone. Raises ValidationError."""
    return None if stored in (None, "null") else HoursSettings.model_validate_json(str(stored))


async def usual_hours_of(connection: AsyncConnection, project_id: int) -> CallingHours:
    """When a project's leads are called where its campaign sets no hours of its own."""
    row = (
        await connection.execute(
            select(projects.c.time_zone, STORED_HOURS.label("hours")).where(
                projects.c.id == project_id
            )
        )
    ).one()
    usual = HoursSettings().calling_hours(row.time_zone)
    return within_project(usual, row.time_zone, row.hours)


def _hours(time_zone: str, stored: str | None) -> CallingHours | None:
    try:
        read = read_hours(stored)
    except ValidationError as error:
        log.error("a project's calling hours cannot be read: closed", problem=str(error))
        return CallingHours(time_zone, {})
    return read.calling_hours(time_zone) if read else None
