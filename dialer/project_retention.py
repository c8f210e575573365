"""How long a project keeps its conversations: it can only shorten what the installation keeps."""

from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.projects import ProjectError, UnknownProject
from dialer.rules.retention import LONGEST_DAYS, Retention
from dialer.storage.tables import projects
from dialer.users import User


class UnusableDays(ProjectError):
    """Days are whole, from 1 to `LONGEST_DAYS`."""


async def retention_of(connection: AsyncConnection, project_id: int) -> Retention:
    """What the project says itself. Raises UnknownProject."""
    query = select(projects.c.keep_recordings_days, projects.c.keep_transcripts_days)
    row = (await connection.execute(query.where(projects.c.id == project_id))).first()
    if row is None:
        raise UnknownProject(f"no project {project_id}")
    return Retention(row.keep_recordings_days, row.keep_transcripts_days)


async def retention_by_project(connection: AsyncConnection) -> list[tuple[int, str, Retention]]:
    """Id, name and what they say, of the projects that say something, by name."""
    says = or_(
        projects.c.keep_recordings_days.is_not(None), projects.c.keep_transcripts_days.is_not(None)
    )
    rows = await connection.execute(select(projects).where(says).order_by(projects.c.name))
    return [
        (row.id, row.name, Retention(row.keep_recordings_days, row.keep_transcripts_days))
        for row in rows
    ]


async def set_retention(
    connection: AsyncConnection,
    project_id: int,
    wanted: Retention,
    *,
    now: datetime,
    by: User | None = None,
) -> None:
    """Counts from the next erasing on, within the hour. Raises UnknownProject, UnusableDays."""
    for days in (wanted.recordings_days, wanted.transcripts_days):
        if days is not None and not 1 <= days <= LONGEST_DAYS:
            raise UnusableDays(f"{days} days: choose 1 to {LONGEST_DAYS}")
    before = await retention_of(connection, project_id)
    if before == wanted:
        return
    await connection.execute(
        update(projects)
        .where(projects.c.id == project_id)
        .values(
            keep_recordings_days=wanted.recordings_days,
            keep_transcripts_days=wanted.transcripts_days,
        )
    )
    await audit.record_by(
        connection,
        "project.retention",
        f"project:{project_id}",
        by,
        now,
        recordings_days=wanted.recordings_days,
        transcripts_days=wanted.transcripts_days,
    )
