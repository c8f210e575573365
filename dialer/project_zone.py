"""Moving a project to another time zone, with what its leads' own zones follow from.

A lead whose number tells no zone, or the project's, has none of its own and is called by
the project's. So before the project moves, the leads whose numbers tell another zone than the
new one get it written down: at no moment is anybody judged by a zone that is not his.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit, lanes
from dialer.lead_facts import TELEPHONES, numbers_of
from dialer.projects import UnknownProject, check_time_zone, project_by_id
from dialer.rules.eligibility import UNCALLABLE_KINDS
from dialer.rules.lead_zone import zone_to_keep
from dialer.storage.engine import Database
from dialer.storage.number_locks import lock_for_change
from dialer.storage.tables import contact_points, leads, projects
from dialer.users import User

# Each is one transaction, which claims wait for.
_AT_ONCE = 500


async def move_to_zone(
    database: Database, project_id: int, time_zone: str, *, now: datetime, by: User | None = None
) -> int:
    """How many leads got a zone of their own. Breaking off harms nothing; do it again then.

    Takes a look at every lead, about a minute for a million. Raises UnknownTimeZone and
    UnknownProject.
    """
    check_time_zone(time_zone)
    async with database.read() as connection:
        project = await project_by_id(connection, project_id)
    if project is None:
        raise UnknownProject(f"no project has the id {project_id}")
    if project.time_zone == time_zone:
        return 0
    marked = await _write_down(database, project_id, time_zone, now)
    async with database.write() as connection:
        await connection.execute(
            update(projects).where(projects.c.id == project_id).values(time_zone=time_zone)
        )
        zones = {"from_zone": project.time_zone, "to_zone": time_zone}
        await audit.record_by(connection, "project.zone", f"project:{project_id}", by, now, **zones)
    # And those that an import brought meanwhile.
    return marked + await _write_down(database, project_id, time_zone, now)


async def _write_down(database: Database, project_id: int, time_zone: str, now: datetime) -> int:
    marked, after = 0, 0
    while True:
        async with database.read() as connection:
            ids = await _leads_without_zone(connection, project_id, after)
            if not ids:
                return marked
            wanted = await _zones(connection, ids, time_zone)
        after = ids[-1]
        if wanted:
            marked += len(wanted)
            async with database.write() as connection:
                await _set_zones(connection, sorted(wanted), time_zone, now)


async def _leads_without_zone(
    connection: AsyncConnection, project_id: int, after: int
) -> Sequence[int]:
    rows = await connection.scalars(
        select(leads.c.id)
        .where(leads.c.project_id == project_id, leads.c.id > after, leads.c.time_zone == "")
        .order_by(leads.c.id)
        .limit(_AT_ONCE)
    )
    return rows.all()


async def _zones(connection: AsyncConnection, ids: Sequence[int], time_zone: str) -> dict[int, str]:
    """The zones that differ from the project's, by lead."""
    numbers: dict[int, list[str]] = {}
    for lead_id, e164 in await connection.execute(
        select(contact_points.c.lead_id, contact_points.c.e164)
        .where(
            contact_points.c.lead_id.in_(ids),
            contact_points.c.e164.is_not(None),
            contact_points.c.kind.in_(TELEPHONES),
            contact_points.c.number_kind.not_in(UNCALLABLE_KINDS),
        )
        .order_by(contact_points.c.lead_id, contact_points.c.position, contact_points.c.id)
    ):
        numbers.setdefault(lead_id, []).append(e164)
    kept = {lead_id: zone_to_keep(e164s, time_zone) for lead_id, e164s in numbers.items()}
    return {lead_id: zone for lead_id, zone in kept.items() if zone}


async def _set_zones(
    connection: AsyncConnection, ids: Sequence[int], time_zone: str, now: datetime
) -> None:
    await lock_for_change(connection, await numbers_of(connection, ids))
    await connection.execute(
        select(leads.c.id)
        .where(leads.c.id.in_(ids))
        .order_by(leads.c.id)
        .with_for_update(key_share=True)
    )
    by_zone: dict[str, list[int]] = {}
    for lead_id, zone in (await _zones(connection, ids, time_zone)).items():
        by_zone.setdefault(zone, []).append(lead_id)
    for zone, some in sorted(by_zone.items()):
        await connection.execute(update(leads).where(leads.c.id.in_(some)).values(time_zone=zone))
    await lanes.refresh(connection, ids, now)
