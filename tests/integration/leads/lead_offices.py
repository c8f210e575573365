"""An office with leads of every sort, of which everything depends on their numbers."""

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, update

from dialer import custom_fields, lanes, mybox, prohibitions, result_sets
from dialer.custom_fields import FieldDraft
from dialer.custom_values import ValueChange, replace_values
from dialer.lead_table import TableRequest
from dialer.rules.custom_field import CustomField, FieldKind
from dialer.rules.lead_filter import LeadFilter
from dialer.rules.lead_view import LeadView, Sort
from dialer.rules.search_text import fold
from dialer.storage.engine import Database
from dialer.storage.tables import leads, projects, stages
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world

LEADS = 40
PREFECTURES = ("東京都", "大阪府", "")
NAMES = ("山田商店", "鈴木工業", "ＡＢＣ電機", "山田ホール")
KANA = ("ヤマダショウテン", "ｽｽﾞｷｺｳｷﾞｮｳ", "エービーシーデンキ", "")
FIELDS = (
    FieldDraft("業種", FieldKind.SINGLE_CHOICE, choices=("製造", "IT", "飲食")),
    FieldDraft("契約日", FieldKind.DATE),
    FieldDraft("席数", FieldKind.NUMBER),
    FieldDraft("興味", FieldKind.MULTIPLE_CHOICE, choices=("光回線", "複合機", "電力")),
    FieldDraft("支店", FieldKind.TEXT),
    FieldDraft("面談", FieldKind.DATE_TIME),
    FieldDraft("既契約", FieldKind.CHECK_BOX),
)


class Office:
    """A project with leads, all that is known of them, and its fields by name."""

    def __init__(self, world: SmallWorld, fields: dict[int, CustomField]) -> None:
        self.world = world
        self.fields = fields
        self.field = {one.name: one for one in fields.values()}
        self.stage_ids: list[int] = []
        self.result_ids: list[int] = []
        self.known: dict[int, dict[str, Any]] = {}

    def id_of(self, name: str) -> int:
        return self.field[name].id

    def request(self, wanted: LeadFilter, sort: Sort | None = None) -> TableRequest:
        view = LeadView(wanted, sort)
        world = self.world
        return TableRequest(world.project_id, world.sato, NOON, view=view, custom=self.fields)


async def build_office(database: Database) -> Office:
    """Leads of every sort in the small world's project."""
    async with database.write() as connection:
        world = await build_small_world(connection)
        set_id = await custom_fields.create_set(connection, name="営業", now=NOON)
        for draft in FIELDS:
            await custom_fields.add_field(connection, set_id=set_id, draft=draft, now=NOON)
        await connection.execute(
            update(projects)
            .where(projects.c.id == world.project_id)
            .values(custom_field_set_id=set_id)
        )
        office = Office(world, await custom_fields.fields_by_id(connection, world.project_id))
        results = await result_sets.results_of_project(connection, world.project_id)
        office.result_ids = [one.id for one in results][:3]
        office.stage_ids = await _stages(connection, world)
        for number in range(LEADS):
            await _add(connection, office, number)
        await add_lead(connection, world.other_project_id, "+81352540001")
        deleted = await add_lead(connection, world.project_id, "+81352540002", name="山田")
        await connection.execute(update(leads).where(leads.c.id == deleted).values(deleted_at=NOON))
        await lanes.refresh(connection, office.known, NOON)
    return office


async def _stages(connection: Any, world: SmallWorld) -> list[int]:
    result_set = await connection.execute(
        select(projects.c.result_set_id).where(projects.c.id == world.project_id)
    )
    set_id = result_set.scalar_one()
    await connection.execute(
        insert(stages),
        [{"result_set_id": set_id, "name": name, "position": 90} for name in ("甲", "乙")],
    )
    found = await connection.execute(
        select(stages.c.id).where(stages.c.position == 90).order_by(stages.c.id)
    )
    return list(found.scalars())


async def _add(connection: Any, office: Office, number: int) -> None:
    """A lead of which everything depends on its number."""
    world, name, kana = office.world, NAMES[number % 4], KANA[number % 4]
    e164 = f"+81352540{number:03}" if number % 3 else f"+8190000000{number:02}"
    lead_id = await add_lead(connection, world.project_id, e164, name=name, kana=kana)
    known: dict[str, Any] = {
        "e164": e164,
        "key": f"{fold(kana)}\n{fold(name)}".strip(),
        "prefecture": PREFECTURES[number % 3],
        "city": "渋谷区" if number % 2 else "北区",
        "stage_id": (None, *office.stage_ids)[number % 3],
        "last_attempt_at": NOON + timedelta(hours=number - 20) if number % 4 else None,
        "attempts": number % 4,
        "finished_at": NOON if number % 10 == 1 else None,
        "next_attempt_at": NOON + timedelta(hours=1) if number % 10 == 2 else None,
        "callback_at": NOON + timedelta(hours=2) if number % 10 == 3 else None,
        "created_at": NOON - timedelta(days=number % 5),
        "custom": _custom(office, number),
        "boxed": number % 10 == 4,
        "prohibited": number % 10 == 5,
        "acted": None,
    }
    office.known[lead_id] = known
    columns = ("prefecture", "city", "stage_id", "last_attempt_at", "attempts", "finished_at")
    more = ("next_attempt_at", "callback_at", "created_at", "custom")
    await connection.execute(
        update(leads)
        .where(leads.c.id == lead_id)
        .values({column: known[column] for column in (*columns, *more)})
    )
    await replace_values(
        connection,
        project_id=world.project_id,
        fields=office.fields,
        changes=[ValueChange(lead_id, {}, known["custom"])],
    )
    if known["boxed"]:
        await mybox.put(connection, lead_id=lead_id, user_id=world.suzuki.id, now=NOON)
    if known["prohibited"]:
        await prohibitions.prohibit(connection, e164s=[e164], workgroup_ids=None, now=NOON)
    if number % 2:
        at, result = NOON - timedelta(days=number % 6), office.result_ids[number % 3]
        user = world.suzuki if number % 4 == 1 else world.tanaka
        await add_call(connection, world, lead_id, at=at, user=user, result_id=result, e164=e164)
        known["acted"] = (result, user.id, at)


def _custom(office: Office, number: int) -> dict[str, Any]:
    values = {
        "業種": (None, "製造", "IT", "飲食")[number % 4],
        "契約日": f"2026-0{number % 9 + 1}-15" if number % 5 else None,
        "席数": str(number - 12) if number % 3 else None,
        "興味": (None, ["光回線"], ["光回線", "電力"], ["複合機"])[number % 4],
        "支店": ("渋谷ｵﾌｨｽ", "渋谷本店", "横浜", None)[number % 4],
        "面談": f"2026-04-0{number % 8 + 1}T09:30" if number % 2 else None,
        "既契約": (None, "1", "0")[number % 3],
    }
    return {office.field[name].key: value for name, value in values.items() if value is not None}
