"""The lead table's filters and orders on leads of every sort, against what plain Python finds.

Each is read as a few known leads and as a walk along the indexes: both must be right.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from dialer.lead_table import TableRequest, count_leads, every_lead, list_leads, lot_of
from dialer.rules.custom_field import sort_keys
from dialer.rules.lead_filter import (
    NO_STAGE,
    Days,
    FieldFilter,
    Filled,
    LeadFilter,
    LeadState,
)
from dialer.rules.lead_view import Sort
from dialer.storage.engine import Database
from tests.integration.leads.lead_offices import Office, build_office
from tests.small_world import NOON

TOKYO = timedelta(hours=9)


@pytest.fixture
async def office(database: Database) -> Office:
    return await build_office(database)


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
