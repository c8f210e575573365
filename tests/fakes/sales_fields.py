"""Custom fields for the sales team's project, with values of its leads."""

import random

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import custom_fields
from dialer.custom_fields import FieldDraft
from dialer.custom_values import ValueChange, replace_values
from dialer.rules.custom_field import CustomField, FieldKind, Value
from dialer.stages import stages_of_set
from dialer.storage.tables import leads, projects
from tests.fakes.sales_team import AFTERNOON, SalesTeam

TRADES = ("製造", "IT・通信", "建設", "小売", "飲食", "医療・福祉", "運輸")
INTERESTS = ("光回線", "ビジネスフォン", "UTM", "複合機")
FIELDS = (
    FieldDraft("業種", FieldKind.SINGLE_CHOICE, choices=TRADES, required=True),
    FieldDraft("従業員数", FieldKind.NUMBER),
    FieldDraft("関心のある商材", FieldKind.MULTIPLE_CHOICE, choices=INTERESTS),
    FieldDraft("現契約の満了日", FieldKind.DATE),
    FieldDraft("決裁者の直通", FieldKind.PHONE),
    FieldDraft("既存顧客", FieldKind.CHECK_BOX),
    FieldDraft("現在の利用状況", FieldKind.TEXT),
    FieldDraft("ヒアリングメモ", FieldKind.LONG_TEXT),
)


async def add_custom_fields(connection: AsyncConnection, team: SalesTeam) -> int:
    """The id of the set 法人情報, which the team's project then uses."""
    set_id = await custom_fields.create_set(connection, name="法人情報", now=AFTERNOON)
    fields = [
        await custom_fields.add_field(connection, set_id, draft, now=AFTERNOON) for draft in FIELDS
    ]
    await connection.execute(
        update(projects).where(projects.c.id == team.project_id).values(custom_field_set_id=set_id)
    )
    chance = random.Random(7)
    for lead_id in team.lead_ids:
        await _give(connection, team, fields, lead_id, chance)
    await _stages(connection, team, chance)
    return set_id


async def _give(
    connection: AsyncConnection,
    team: SalesTeam,
    fields: list[CustomField],
    lead_id: int,
    chance: random.Random,
) -> None:
    trade, staff, interests, ends, direct, customer, use, _memo = fields
    values: dict[str, Value] = {
        trade.key: chance.choice(TRADES),
        staff.key: str(chance.choice((3, 8, 12, 25, 40, 120, 850))),
        interests.key: chance.sample(INTERESTS, chance.randint(1, 3)),
        ends.key: f"2027-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        customer.key: chance.choice("01"),
        use.key: chance.choice(("約30名で利用", "未導入", "他社光", "ADSL")),
    }
    if chance.random() < 0.3:
        values[direct.key] = f"+8190{chance.randint(10_000_000, 99_999_999)}"
    await connection.execute(update(leads).where(leads.c.id == lead_id).values(custom=values))
    await replace_values(
        connection,
        project_id=team.project_id,
        fields={field.id: field for field in fields},
        changes=[ValueChange(lead_id, {}, values)],
    )


async def _stages(connection: AsyncConnection, team: SalesTeam, chance: random.Random) -> None:
    set_id = await connection.scalar(
        select(projects.c.result_set_id).where(projects.c.id == team.project_id)
    )
    known = await stages_of_set(connection, set_id or 0)
    for lead_id in team.lead_ids[::3]:
        stage_id = chance.choice(known).id
        await connection.execute(
            update(leads).where(leads.c.id == lead_id).values(stage_id=stage_id)
        )
