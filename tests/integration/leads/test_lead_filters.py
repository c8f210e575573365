"""The lead table's filters and orders on leads of every sort, against what plain Python finds.

Each is read as a few known leads and as a walk along the indexes: both must be right.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from dialer import custom_fields, lanes, mybox, prohibitions, result_sets
from dialer.custom_fields import FieldDraft
from dialer.custom_values import ValueChange, replace_values
from dialer.lead_table import TableRequest, count_leads, every_lead, list_leads, lot_of
from dialer.rules.custom_field import CustomField, FieldKind, sort_keys
from dialer.rules.lead_filter import (
    NO_STAGE,
    Days,
    FieldFilter,
    Filled,
    LeadFilter,
    LeadState,
)
from dialer.rules.lead_view import LeadView, Sort
from dialer.rules.search_text import fold
from dialer.storage.engine import Database
from dialer.storage.tables import leads, projects, stages
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world

LEADS = 40
TOKYO = timedelta(hours=9)
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


@pytest.fixture
async def office(database: Database) -> Office:
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


def value(office: Office, known: dict[str, Any], name: str) -> Any:
    return known["custom"].get(office.field[name].key)


Predicate = Callable[[Office, dict[str, Any]], bool]


def field(name: str, **asked: Any) -> Callable[[Office], LeadFilter]:
    return lambda office: LeadFilter(fields=(FieldFilter(office.id_of(name), **asked),))


def day(at: datetime) -> date:
    return (at + TOKYO).date()


ASKED: dict[str, tuple[Callable[[Office], LeadFilter], Predicate]] = {
    "everything": (lambda _: LeadFilter(), lambda _o, _k: True),
    "kana": (lambda _: LeadFilter(text="やまだ"), lambda _o, k: "やまだ" in k["key"]),
    "two words": (
        lambda _: LeadFilter(text="ヤマダ 商店"),
        lambda _o, k: "やまだ" in k["key"] and "商店" in k["key"],
    ),
    "number": (
        lambda _: LeadFilter(text="０３-5254-０"),
        lambda _o, k: k["e164"].startswith("+81352540"),
    ),
    "prefectures": (
        lambda _: LeadFilter(prefectures=("東京都", "大阪府")),
        lambda _o, k: k["prefecture"] != "",
    ),
    "a prefecture": (
        lambda _: LeadFilter(prefectures=("大阪府",)),
        lambda _o, k: k["prefecture"] == "大阪府",
    ),
    "a prefecture and a city": (
        lambda _: LeadFilter(prefectures=("大阪府", "東京都"), city="北"),
        lambda _o, k: k["prefecture"] != "" and k["city"] == "北区",
    ),
    "city": (lambda _: LeadFilter(city="渋谷"), lambda _o, k: k["city"] == "渋谷区"),
    "one stage": (
        lambda o: LeadFilter(stages=(o.stage_ids[0],)),
        lambda o, k: k["stage_id"] == o.stage_ids[0],
    ),
    "both stages": (
        lambda o: LeadFilter(stages=tuple(o.stage_ids)),
        lambda _o, k: k["stage_id"] is not None,
    ),
    "a stage or none": (
        lambda o: LeadFilter(stages=(NO_STAGE, o.stage_ids[1])),
        lambda o, k: k["stage_id"] != o.stage_ids[0],
    ),
    "finished": (
        lambda _: LeadFilter(states=(LeadState.FINISHED,)),
        lambda _o, k: k["finished_at"] is not None,
    ),
    "waiting or callback": (
        lambda _: LeadFilter(states=(LeadState.WAITING, LeadState.CALLBACK)),
        lambda _o, k: bool(k["next_attempt_at"] or k["callback_at"]),
    ),
    "boxed": (lambda _: LeadFilter(states=(LeadState.BOXED,)), lambda _o, k: k["boxed"]),
    "prohibited": (
        lambda _: LeadFilter(states=(LeadState.PROHIBITED,)),
        lambda _o, k: k["prohibited"],
    ),
    "callable": (
        lambda _: LeadFilter(states=(LeadState.CALLABLE,)),
        lambda _o, k: (
            not any(
                k[one]
                for one in ("finished_at", "next_attempt_at", "callback_at", "boxed", "prohibited")
            )
        ),
    ),
    "holder": (lambda o: LeadFilter(holder=o.world.suzuki.id), lambda _o, k: k["boxed"]),
    "result": (
        lambda o: LeadFilter(results=(o.result_ids[1], o.result_ids[2])),
        lambda o, k: k["acted"] is not None and k["acted"][0] in o.result_ids[1:],
    ),
    "result by somebody in some days": (
        lambda o: LeadFilter(
            results=(o.result_ids[1],),
            acted_by=o.world.suzuki.id,
            acted=Days(day(NOON) - timedelta(days=3), day(NOON)),
        ),
        lambda o, k: (
            k["acted"] is not None
            and k["acted"][:2] == (o.result_ids[1], o.world.suzuki.id)
            and k["acted"][2] >= NOON - timedelta(days=3)
        ),
    ),
    "tried on some days": (
        lambda _: LeadFilter(tried=Days(day(NOON), day(NOON))),
        lambda _o, k: k["last_attempt_at"] is not None and day(k["last_attempt_at"]) == day(NOON),
    ),
    "created until": (
        lambda _: LeadFilter(created=Days(until=day(NOON) - timedelta(days=2))),
        lambda _o, k: day(k["created_at"]) <= day(NOON) - timedelta(days=2),
    ),
    "attempts": (
        lambda _: LeadFilter(attempts_least=1, attempts_most=2),
        lambda _o, k: k["attempts"] in (1, 2),
    ),
    "never tried": (lambda _: LeadFilter(attempts_most=0), lambda _o, k: k["attempts"] == 0),
    "one choice": (field("業種", any_of=("IT",)), lambda o, k: value(o, k, "業種") == "IT"),
    "some choices": (
        field("業種", any_of=("IT", "飲食")),
        lambda o, k: value(o, k, "業種") in ("IT", "飲食"),
    ),
    "some of many choices": (
        field("興味", any_of=("光回線", "電力")),
        lambda o, k: bool({"光回線", "電力"} & set(value(o, k, "興味") or ())),
    ),
    "a field that is empty": (
        field("業種", filled=Filled.NO),
        lambda o, k: value(o, k, "業種") is None,
    ),
    "a field that is not": (
        field("席数", filled=Filled.YES),
        lambda o, k: value(o, k, "席数") is not None,
    ),
    "numbers": (
        field("席数", least="-5", most="9"),
        lambda o, k: value(o, k, "席数") is not None and -5 <= int(value(o, k, "席数")) <= 9,
    ),
    "days": (
        field("契約日", least="2026-03-15", most="2026-06-15"),
        lambda o, k: "2026-03-15" <= (value(o, k, "契約日") or "") <= "2026-06-15",
    ),
    "times until a day": (
        field("面談", most="2026-04-04"),
        lambda o, k: "" < (value(o, k, "面談") or "") < "2026-04-05",
    ),
    "beginning of a text": (
        field("支店", begins="シブヤ"),
        lambda _o, _k: False,
    ),
    "beginning of a text in another width": (
        field("支店", begins="渋谷オ"),
        lambda o, k: (value(o, k, "支店") or "").startswith("渋谷ｵ"),
    ),
    "part of a text": (
        field("支店", contains="おふぃす"),
        lambda o, k: "ｵﾌｨｽ" in (value(o, k, "支店") or ""),
    ),
    "yes": (field("既契約", any_of=("1",)), lambda o, k: value(o, k, "既契約") == "1"),
    "several things": (
        lambda o: LeadFilter(
            text="やまだ",
            states=(LeadState.CALLABLE, LeadState.WAITING),
            fields=(
                FieldFilter(o.id_of("業種"), filled=Filled.YES),
                FieldFilter(o.id_of("席数"), least="0"),
                FieldFilter(o.id_of("興味"), any_of=("複合機",)),
            ),
        ),
        lambda o, k: (
            "やまだ" in k["key"]
            and not any(k[one] for one in ("finished_at", "callback_at", "boxed", "prohibited"))
            and value(o, k, "席数") is not None
            and int(value(o, k, "席数")) >= 0
            and value(o, k, "興味") == ["複合機"]
        ),
    ),
}


@pytest.fixture(params=["few known", "walked"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "walked":
        monkeypatch.setattr("dialer.lead_conditions.FEW", -1)
    return str(request.param)


async def test_a_filter_shows_the_leads_that_it_describes(
    database: Database, office: Office, way: str
) -> None:
    wrong = {}
    async with database.read() as connection:
        for name, (wanted, predicate) in ASKED.items():
            expected = [one for one, known in office.known.items() if predicate(office, known)]
            request = office.request(wanted(office), Sort("imported"))
            found, more = await lot_of(connection, request, after=None, limit=100)
            assert more is None
            counted = await count_leads(connection, request, most=100)
            if found != expected or counted.number != len(expected):
                wrong[name] = (found, expected, counted.number)
    assert not wrong


def _orders(office: Office) -> dict[str, Callable[[int], Any]]:
    def of_field(name: str) -> Callable[[int], Any]:
        def rank(lead_id: int) -> Any:
            kept = value(office, office.known[lead_id], name)
            return None if kept is None else sort_keys(office.field[name].kind, kept)[0]

        return rank

    def listed(name: str, line: Sequence[Any]) -> Callable[[int], Any]:
        def rank(lead_id: int) -> Any:
            kept = office.known[lead_id][name]
            return line.index(kept) if kept in line else None

        return rank

    orders: dict[str, Callable[[int], Any]] = {
        "imported": lambda lead_id: lead_id,
        "name": lambda lead_id: office.known[lead_id]["key"],
        "tried": lambda lead_id: office.known[lead_id]["last_attempt_at"],
        "callback": lambda lead_id: office.known[lead_id]["callback_at"],
        "attempts": lambda lead_id: office.known[lead_id]["attempts"],
        "created": lambda lead_id: office.known[lead_id]["created_at"],
        "area": listed("prefecture", ["東京都", "大阪府"]),
        "stage": listed("stage_id", office.stage_ids),
    }
    for name in ("業種", "契約日", "席数", "支店", "面談", "既契約"):
        orders[f"f{office.id_of(name)}"] = of_field(name)
    return orders


@pytest.mark.parametrize("descending", [False, True])
async def test_an_order_puts_leads_without_a_value_last_and_pages_both_ways(
    database: Database, office: Office, way: str, descending: bool
) -> None:
    part = LeadFilter(fields=(FieldFilter(office.id_of("業種"), any_of=("IT", "飲食")),))
    async with database.read() as connection:
        for key, rank in _orders(office).items():
            for wanted in (LeadFilter(), part):
                shown = [
                    one
                    for one, known in office.known.items()
                    if not wanted or value(office, known, "業種") in ("IT", "飲食")
                ]
                with_value = sorted(
                    (one for one in shown if rank(one) is not None),
                    key=lambda one: (rank(one), one),
                    reverse=descending,
                )
                without = [one for one in shown if rank(one) is None]
                expected = with_value + sorted(without, reverse=descending)
                request = office.request(wanted, Sort(key, descending))
                assert await _forwards(connection, request) == expected, key
                assert await _backwards(connection, request) == expected, key


async def _forwards(connection: Any, request: TableRequest) -> list[int]:
    """The ids of page after page; each but the first knows the one before it."""
    seen: list[int] = []
    after = None
    while True:
        page = await list_leads(connection, request, after=after, limit=7)
        assert (page.previous_key is None) == (after is None)
        seen += [row.id for row in page.rows]
        after = page.next_key
        if after is None:
            return seen


async def _backwards(connection: Any, request: TableRequest) -> list[int]:
    """The ids from the last page to the first."""
    page = await list_leads(connection, request, last=True, limit=7)
    assert page.next_key is None
    seen = [row.id for row in page.rows]
    while page.previous_key is not None:
        page = await list_leads(connection, request, before=page.previous_key, limit=7)
        assert page.next_key is not None
        seen = [row.id for row in page.rows] + seen
    return seen


async def test_a_list_is_read_to_its_end_once(database: Database, office: Office, way: str) -> None:
    request = office.request(LeadFilter(), Sort(f"f{office.id_of('契約日')}", descending=True))
    async with database.read() as connection:
        expected, _ = await lot_of(connection, request, after=None, limit=100)
    lots = [lot async for lot in every_lead(database, request, at_once=9)]
    assert [row.id for lot in lots for row in lot] == expected
    assert {len(lot) for lot in lots[:-1]} == {9}


async def test_a_count_ends_at_its_bound(database: Database, office: Office, way: str) -> None:
    request = office.request(LeadFilter())
    async with database.read() as connection:
        counted = await count_leads(connection, request, most=10)
    assert (counted.number, counted.more) == (10, True)


async def test_deleted_leads_have_a_list_of_their_own(
    database: Database, office: Office, way: str
) -> None:
    world = office.world
    request = TableRequest(world.project_id, world.sato, NOON, deleted=True)
    async with database.read() as connection:
        page = await list_leads(connection, request)
    (row,) = page.rows
    assert row.id not in office.known
    assert row.deleted_at == NOON
