"""What people type to find a lead: any writing of its number, its ends, its company's form."""

from collections.abc import Mapping
from typing import Any

import pytest

from dialer import custom_fields, projects
from dialer.custom_fields import FieldDraft
from dialer.lead_contacts import ContactForm
from dialer.lead_creating import create_lead
from dialer.lead_table import TableRequest, count_leads, list_leads
from dialer.rules.custom_field import FieldKind
from dialer.rules.lead_filter import FieldFilter, LeadFilter
from dialer.rules.lead_view import LeadView
from dialer.storage.engine import Database
from dialer.storage.tables import projects as projects_table
from tests.small_world import NOON, build_small_world

LEADS = (
    ("㈱山田商店", "03-5254-4000", "090-1234-5678", "Info@Example.jp", "https://Example.jp/A"),
    ("鈴木工業株式会社", "034-000-0001", "0120-44-5678", "b@a.example.jp", "http://www.b.jp"),
    ("有限会社丸井", "06-6131-4000", "", "", ""),
    ("(有)丸山", "+1 808 555 4000", "03-5254-2287", "", ""),
    ("田中", "045-400-0123", "", "", ""),
)


class Office:
    def __init__(self, request: TableRequest, ids: Mapping[FieldKind, int]) -> None:
        self.request, self.ids = request, ids

    def asking(self, wanted: LeadFilter) -> TableRequest:
        known = self.request
        return TableRequest(
            known.project_id,
            known.viewer,
            NOON,
            view=LeadView(filter=wanted),
            custom=known.custom,
        )


@pytest.fixture
async def office(database: Database) -> Office:
    async with database.write() as connection:
        world = await build_small_world(connection)
        set_id = await custom_fields.create_set(connection, name="営業", now=NOON)
        kinds = (FieldKind.PHONE, FieldKind.EMAIL, FieldKind.URL)
        for kind in kinds:
            await custom_fields.add_field(
                connection, set_id=set_id, draft=FieldDraft(kind.value, kind), now=NOON
            )
        project = await projects.create_project(connection, name="元", now=NOON)
        await connection.execute(
            projects_table.update()
            .where(projects_table.c.id == project.id)
            .values(custom_field_set_id=set_id)
        )
        fields = await custom_fields.fields_by_id(connection, project.id)
        ids = {field.kind: field.id for field in fields.values()}
        for name, number, direct, email, website in LEADS:
            values = zip(kinds, (direct, email, website), strict=True)
            await create_lead(
                connection,
                project_id=project.id,
                texts={"name": [name]} | {f"custom:{ids[kind]}": [text] for kind, text in values},
                contacts=[ContactForm("phone", number)],
                by=world.sato,
                now=NOON,
            )
    return Office(TableRequest(project.id, world.sato, NOON, custom=fields), ids)


@pytest.fixture(params=["few known", "walked"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "walked":
        monkeypatch.setattr("dialer.lead_conditions.FEW", -1)
    return str(request.param)


async def _found(database: Database, office: Office, wanted: LeadFilter) -> set[int]:
    """The places in `LEADS` of what the table shows."""
    asked = office.asking(wanted)
    async with database.read() as connection:
        rows = (await list_leads(connection, asked)).rows
        assert (await count_leads(connection, asked)).number == len(rows)
    return {[lead[0] for lead in LEADS].index(row.name) for row in rows}


SOUGHT: Mapping[str, set[int]] = {
    "4000": {0, 2, 3},
    "54000": {3},
    "44000": {0},
    "５４-４０００": {0},
    "0001": {1},
    "2287": set(),  # of a custom field
    "400": set(),
    "034": {1},
    "045400": {4},
    "81340000001": {1},
    "81-34-000-0001": {1},
    "株式会社山田": {0},
    "(株)山田": {0},
    "㈱山田": {0},
    "山田 株式会社": {0},
    "鈴木工業㈱": {1},
    "㈲丸": {2, 3},
    "有限会社": {2, 3},
    "株式会社": {0, 1},
    "有限会社丸山": {3},
}


async def test_leads_are_found_by_what_people_type(
    database: Database, office: Office, way: str
) -> None:
    for text, places in SOUGHT.items():
        assert await _found(database, office, LeadFilter(text=text)) == places, (way, text)


ASKED: tuple[tuple[FieldKind, dict[str, Any], set[int]], ...] = (
    (FieldKind.PHONE, {"contains": "5678"}, {0, 1}),
    (FieldKind.PHONE, {"contains": "０９０－１２"}, {0}),
    (FieldKind.PHONE, {"contains": "090-1234-5678"}, {0}),
    (FieldKind.PHONE, {"contains": "+81 90"}, {0}),
    (FieldKind.PHONE, {"contains": "0120"}, {1}),
    (FieldKind.PHONE, {"contains": "03"}, {3}),
    (FieldKind.PHONE, {"contains": "内線"}, set()),
    (FieldKind.PHONE, {"begins": "09"}, {0}),
    (FieldKind.PHONE, {"begins": "０１２０"}, {1}),
    (FieldKind.EMAIL, {"contains": "EXAMPLE"}, {0, 1}),
    (FieldKind.EMAIL, {"begins": "ＩＮＦＯ"}, {0}),
    (FieldKind.URL, {"contains": "example.JP/a"}, {0}),
    (FieldKind.URL, {"begins": "Example"}, {0}),
    (FieldKind.URL, {"begins": "www.b"}, {1}),
    (FieldKind.URL, {"begins": "https://ex"}, {0}),
)


async def test_a_field_of_numbers_or_addresses_is_filtered_in_any_writing(
    database: Database, office: Office, way: str
) -> None:
    for kind, asked, places in ASKED:
        wanted = LeadFilter(fields=(FieldFilter(office.ids[kind], **asked),))
        assert await _found(database, office, wanted) == places, (way, kind, asked)
