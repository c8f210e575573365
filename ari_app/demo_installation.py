"""The demo's throw-away installation: its settings, and what its database holds at the start."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_urlsafe

from sqlalchemy import select

from ari_app.demo_list import demo_list
from ari_app.runtime import ports
from ari_app.settings.models import (
    AsteriskSettings,
    HealthSettings,
    PortRange,
    Settings,
    TrunkSettings,
    WebSettings,
)
from dialer import mybox, prohibitions, projects, result_sets, users, workgroups
from dialer.campaign import CampaignSettings, HoursSettings, Mode
from dialer.lead_imports.whole import import_file
from dialer.lead_imports.workshop import Workshop
from dialer.result_sets import ActionResult
from dialer.rules.calling_hours import WEEKDAYS
from dialer.storage import migrate
from dialer.storage.engine import Database, open_database
from dialer.storage.tables import contact_points, leads
from dialer.users import User

CAMPAIGN = "haru-shinshohin"
TRUNK = "sim"
LEADS = 200

_PROJECT = "春の新商品ご案内"
_WORKGROUP = "東京営業所"
_AGENTS = (("agent1", "木村 彩"), ("agent2", "伊藤 健一"), ("agent3", "松本 由美子"))
_ADMIN = ("admin", "佐藤 部長")
_SCRIPT = """お世話になっております。かける商事でございます。
このたび新商品のご案内で、お電話いたしました。いま1、2分よろしいでしょうか。"""
# Every so manieth lead; the two never meet within the list.
_PROHIBITED_EVERY = 16
_BOXED_EVERY = 24


@dataclass(frozen=True, slots=True)
class DemoPeople:
    """All log in with one generated password. `phones` are account and password."""

    password: str
    admin: User
    agents: tuple[User, ...]
    phones: tuple[tuple[str, str], ...]
    results: tuple[ActionResult, ...]


def demo_settings(folder: Path, *, web_port: int | None, call_limit: int | None) -> Settings:
    """Everything on loopback, on ports that are free just now."""
    first, last = ports.free_port_range(400)
    return Settings(
        business_name="かけるしょうじ",
        data_folder=folder,
        web=WebSettings(port=web_port or ports.free_port()),
        health=HealthSettings(port=ports.free_port()),
        asterisk=AsteriskSettings(
            ari_port=ports.free_port(),
            sip_port=ports.free_port(),
            rtp_ports=PortRange(first=first, last=last),
        ),
        trunks={
            TRUNK: TrunkSettings(
                host="127.0.0.1",
                port=ports.free_port(),
                max_calls_per_second=5,
                max_channels=30,
            )
        },
        campaigns=(
            CampaignSettings(
                name=CAMPAIGN,
                project=_PROJECT,
                workgroups=[_WORKGROUP],
                mode=Mode.POWER,
                lines_per_agent=1.3,
                trunk=TRUNK,
                caller_ids=["0312345678", "0312345679"],
                ring_timeout_seconds=10,
                call_limit=call_limit,
                # The demo runs at any hour: nobody real is called.
                hours=HoursSettings(weekdays=dict.fromkeys(WEEKDAYS, "00:00-24:00")),
            ),
        ),
    )


async def fill(settings: Settings, seed: int) -> DemoPeople:
    """Makes people and project, imports the list, prohibits some leads and boxes some."""
    await migrate.upgrade(settings.database_url)
    database = open_database(settings.database_url)
    try:
        people = await _people(database)
        file = settings.data_folder / "見込み客リスト.csv"
        file.write_bytes(demo_list(LEADS, seed))
        shop = Workshop(database, settings.imports_folder, lambda: datetime.now(UTC))
        await import_file(shop, file, project=_PROJECT)
        await _hold_back(database, people)
    finally:
        await database.close()
    return people


async def _people(database: Database) -> DemoPeople:
    now, password = datetime.now(UTC), token_urlsafe(9)
    async with database.write() as connection:
        group = await workgroups.create_workgroup(connection, name=_WORKGROUP, now=now)
        project = await projects.create_project(
            connection,
            name=_PROJECT,
            result_set_id=await result_sets.create_default_result_set(
                connection, language="ja", now=now
            ),
            script=_SCRIPT,
            now=now,
        )

        async def user(login: str, name: str, phone: tuple[str, str] | None) -> User:
            return await users.create_user(
                connection,
                login=login,
                name=name,
                password=password,
                may_administer=phone is None,
                may_call=phone is not None,
                workgroups=[group.id],
                phone_account=phone[0] if phone else None,
                phone_password=phone[1] if phone else None,
                phone_mode="held",
                now=now,
            )

        phones = tuple((login, token_urlsafe(18)) for login, _ in _AGENTS)
        agents = [
            await user(login, name, phone)
            for (login, name), phone in zip(_AGENTS, phones, strict=True)
        ]
        admin = await user(*_ADMIN, None)
        await projects.assign_users(
            connection,
            project_id=project.id,
            user_ids=[one.id for one in (*agents, admin)],
            now=now,
        )
        results = await result_sets.results_of_project(connection, project.id)
        stored = await users.list_users(connection)
    by_login = {one.login: one for one in stored}
    return DemoPeople(
        password=password,
        admin=by_login[_ADMIN[0]],
        agents=tuple(by_login[login] for login, _ in _AGENTS),
        phones=phones,
        results=results,
    )


async def _hold_back(database: Database, people: DemoPeople) -> None:
    """Some leads have refused before, some are somebody's own."""
    now = datetime.now(UTC)
    async with database.write() as connection:
        rows = (
            await connection.execute(
                select(leads.c.id, contact_points.c.e164)
                .join(contact_points, contact_points.c.lead_id == leads.c.id)
                .where(contact_points.c.e164.is_not(None))
                .order_by(leads.c.id)
            )
        ).all()
        await prohibitions.prohibit(
            connection,
            e164s=[row.e164 for row in rows[4::_PROHIBITED_EVERY]],
            workgroup_ids=people.agents[0].workgroup_ids,
            reason="以前お断りがあったため",
            now=now,
        )
        for number, row in enumerate(rows[9::_BOXED_EVERY]):
            holder = people.agents[number % len(people.agents)]
            await mybox.put(connection, lead_id=row.id, user_id=holder.id, now=now)
