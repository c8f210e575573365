"""リード: the leads of a project as a table."""

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.lead_rows import LeadRow, lead_rows
from dialer.paging import PAGE_SIZE, Page, bounded, decode_key, page_of
from dialer.rules.search_text import number_beginning
from dialer.storage.search import begins_with, contains
from dialer.storage.tables import contact_points, leads
from dialer.users import User


async def list_leads(
    connection: AsyncConnection,
    *,
    project_id: int,
    viewer: User,
    now: datetime,
    text: str = "",
    after: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[LeadRow]:
    """The leads of a project in the order of import; none when the viewer may not see it.

    `text` is a phone number in any writing, or the beginning of one, or else words of
    the lead's names (kana in either script and width). Raises BadPageKey.
    """
    if not viewer.sees_project(project_id):
        return Page((), None)
    query = (
        select(leads)
        .where(leads.c.project_id == project_id, leads.c.deleted_at.is_(None))
        .where(*matching(text))
        .order_by(leads.c.id)
        .limit(bounded(limit) + 1)
    )
    if after:
        query = query.where(leads.c.id > decode_key(after, int)[0])
    found = (await connection.execute(query)).all()
    page = page_of(found, limit=bounded(limit), key=lambda row: (row.id,))
    return Page(await lead_rows(connection, page.rows, viewer, now), page.next_key)


def matching(text: str) -> list[ColumnElement[bool]]:
    """Leads with this number, or the beginning of it, or else with these words in a name."""
    if not text.strip():
        return []
    if beginning := number_beginning(text):
        with_number = select(contact_points.c.lead_id).where(
            begins_with(contact_points.c.e164, beginning)
        )
        return [leads.c.id.in_(with_number)]
    return [contains(text, leads.c.name, leads.c.name_kana, leads.c.contact_person)]
