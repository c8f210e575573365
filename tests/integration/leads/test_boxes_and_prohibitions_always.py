"""Whatever people do, in whatever order: lanes follow the facts, and the promises hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import lanes, mybox, prohibitions, projects
from dialer.lead_facts import box_stands, facts_of
from dialer.mybox import BoxReport, MyBoxPolicy
from dialer.rules.import_choices import ImportChoices, InProject
from dialer.rules.lane import lane_of
from dialer.rules.phone_number import national_format
from dialer.storage.engine import Database
from dialer.storage.tables import gate_lanes, leads, mybox_entries
from dialer.storage.tables import prohibitions as prohibitions_table
from dialer.users import NotAllowed, User
from tests.lists import import_text
from tests.small_world import NOON, SmallWorld, add_lead, build_small_world

LIMIT = 2
POLICY = MyBoxPolicy(expires_after=timedelta(hours=5), limit_per_user=LIMIT)
PLACES = range(4)  # leads, and numbers
PEOPLE = ("sato", "suzuki", "tanaka")
GROUPS = ("tokyo", "osaka", None)

some_leads = st.lists(st.sampled_from(PLACES), min_size=2, max_size=4)
a_number = st.sampled_from(PLACES)
some_numbers = st.lists(a_number, min_size=2, max_size=4)
a_person = st.sampled_from(PEOPLE)
a_group = st.sampled_from(GROUPS)


# --- what people do ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Put:
    leads: list[int]
    user: str
    by: str | None
    hours: int | None


@dataclass(frozen=True, slots=True)
class Release:
    leads: list[int]
    by: str | None


@dataclass(frozen=True, slots=True)
class HandOver:
    leads: list[int]
    to: str
    by: str


@dataclass(frozen=True, slots=True)
class MoveAll:
    giver: str
    to: str | None


@dataclass(frozen=True, slots=True)
class Prohibit:
    numbers: list[int]
    group: str | None


@dataclass(frozen=True, slots=True)
class Lift:
    numbers: list[int]
    group: str | None


@dataclass(frozen=True, slots=True)
class Wait:
    hours: int


@dataclass(frozen=True, slots=True)
class Import:
    numbers: list[int]


Step = Put | Release | HandOver | MoveAll | Prohibit | Lift | Wait | Import
STEPS = st.one_of(
    st.builds(Put, some_leads, a_person, st.none() | a_person, st.sampled_from([None, 1, 3])),
    st.builds(Release, some_leads, st.none() | a_person),
    st.builds(HandOver, some_leads, a_person, a_person),
    st.builds(MoveAll, a_person, st.none() | a_person),
    st.builds(Prohibit, some_numbers, a_group),
    st.builds(Lift, some_numbers, a_group),
    st.builds(Wait, st.sampled_from([1, 2, 6])),
    st.builds(Import, st.lists(a_number, min_size=1, max_size=2)),
)


# --- the world that it happens in ---------------------------------------------------------------


@dataclass(slots=True)
class Afternoon:
    """Four leads of a project of their own; lead n has number n and that of the next one."""

    world: SmallWorld
    project: str
    project_id: int
    numbers: Sequence[str]
    lead_ids: Sequence[int]
    now: datetime

    def user(self, login: str | None) -> User | None:
        found: User | None = getattr(self.world, login) if login else None
        return found

    def group(self, name: str | None) -> int | None:
        found: int | None = getattr(self.world, name) if name else None
        return found

    def leads(self, places: Sequence[int]) -> list[int]:
        return [self.lead_ids[place] for place in places]


_made = count(1)


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def afternoon_of(connection: AsyncConnection, world: SmallWorld) -> Afternoon:
    """The audit log keeps what was before, so nothing can be emptied: all of it is new."""
    number = next(_made)
    await connection.execute(
        update(mybox_entries)
        .where(mybox_entries.c.released_at.is_(None))
        .values(released_at=mybox_entries.c.since)
    )
    project = await projects.create_project(connection, name=f"午後{number}", now=NOON)
    users = [getattr(world, login) for login in PEOPLE]
    await projects.assign_users(
        connection, project_id=project.id, user_ids=[user.id for user in users], now=NOON
    )
    numbers = [f"+81901{number:05}{place:02}" for place in PLACES]
    ids = [
        await add_lead(connection, project.id, numbers[place], numbers[(place + 1) % len(PLACES)])
        for place in PLACES
    ]
    return Afternoon(world, project.name, project.id, numbers, ids, NOON)


async def do(database: Database, day: Afternoon, step: Step) -> None:
    """One step; what may not be done is refused as a whole."""
    if isinstance(step, Import):
        rows = "".join(f"新規,{national_format(day.numbers[place])}\n" for place in step.numbers)
        everything = ImportChoices(in_project=InProject.CREATE)
        await import_text(
            database,
            f"会社名,電話番号\n{rows}",
            project=day.project,
            now=day.now,
            choices=everything,
        )
        return
    try:
        async with database.write() as connection:
            before = await holders(connection, day)
            report = await done_in(connection, day, step)
            if report is not None:
                await as_reported(connection, day, before, report)
    except NotAllowed:
        async with database.read() as connection:
            assert await holders(connection, day) == before


async def done_in(connection: AsyncConnection, day: Afternoon, step: Step) -> BoxReport | None:
    now, user = day.now, day.user
    match step:
        case Put():
            taker = user(step.user)
            assert taker is not None
            return await mybox.put_many(
                connection,
                lead_ids=day.leads(step.leads),
                user_id=taker.id,
                expires_at=now + timedelta(hours=step.hours) if step.hours else None,
                by=user(step.by),
                policy=POLICY,
                now=now,
            )
        case Release():
            return await mybox.release_many(
                connection, lead_ids=day.leads(step.leads), by=user(step.by), now=now
            )
        case HandOver():
            taker = user(step.to)
            assert taker is not None
            return await mybox.hand_over_many(
                connection,
                lead_ids=day.leads(step.leads),
                to_user_id=taker.id,
                by=user(step.by),
                policy=POLICY,
                now=now,
            )
        case MoveAll():
            giver, taker = user(step.giver), user(step.to)
            assert giver is not None
            return await mybox.move_all(
                connection,
                from_user_id=giver.id,
                to_user_id=taker.id if taker else None,
                policy=POLICY,
                now=now,
            )
        case Prohibit():
            group = day.group(step.group)
            await prohibitions.prohibit(
                connection,
                e164s=[day.numbers[place] for place in step.numbers],
                workgroup_ids=None if group is None else [group],
                now=now,
            )
        case Lift():
            await prohibitions.lift_many(
                connection,
                e164s=[day.numbers[place] for place in step.numbers],
                workgroup_id=day.group(step.group),
                reason="誤り",
                now=now,
            )
        case Wait():
            day.now += timedelta(hours=step.hours)
            await mybox.end_expired(connection, day.now)
    return None


async def holders(connection: AsyncConnection, day: Afternoon) -> dict[int, int]:
    found = await mybox.holders_of(connection, lead_ids=day.lead_ids, now=day.now)
    return {lead_id: holder.user_id for lead_id, holder in found.items()}


# --- the promises -------------------------------------------------------------------------------


async def as_reported(
    connection: AsyncConnection, day: Afternoon, before: dict[int, int], report: BoxReport
) -> None:
    """What was refused stayed as it was, and nothing is both."""
    after = await holders(connection, day)
    assert not set(report.done) & set(report.refused)
    for lead_id in day.lead_ids:
        if lead_id not in report.done:
            assert after.get(lead_id) == before.get(lead_id)


async def check(database: Database, day: Afternoon) -> None:
    async with database.read() as connection:
        rows = (
            await connection.execute(
                select(leads.c.id.label("lead_id"), gate_lanes)
                .join(gate_lanes, gate_lanes.c.id == leads.c.lane_id)
                .where(leads.c.project_id == day.project_id)
            )
        ).all()
        facts = await facts_of(connection, [row.lead_id for row in rows], day.now)
        for row in rows:
            assert lanes.lane_in(row) == lane_of(facts[row.lead_id].facts)
        standing = box_stands(day.now)
        for column, most in ((mybox_entries.c.lead_id, 1), (mybox_entries.c.user_id, LIMIT)):
            held = select(func.count()).where(standing).group_by(column)
            assert max((await connection.execute(held)).scalars(), default=0) <= most
        group = func.coalesce(prohibitions_table.c.workgroup_id, 0)
        twice = (
            select(func.count())
            .where(prohibitions_table.c.lifted_at.is_(None))
            .group_by(prohibitions_table.c.e164, group)
        )
        assert max((await connection.execute(twice)).scalars(), default=0) <= 1


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, min_size=6, max_size=14))
async def test_lanes_follow_the_facts_and_the_promises_hold(
    database: Database, world: SmallWorld, steps: list[Step]
) -> None:
    async with database.write() as connection:
        day = await afternoon_of(connection, world)
    for step in steps:
        await do(database, day, step)
        await check(database, day)
