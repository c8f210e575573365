"""What is decided while it rings, asked of both databases."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.coordination import LocalLiveUpdates
from dialer import mybox, prohibitions
from dialer.call_journal import CallJournal
from dialer.call_sessions import CallSessions
from dialer.campaign import CampaignSettings
from dialer.campaign_state import set_state
from dialer.claiming import ClaimedCall, claim, claim_lead
from dialer.floor import Floor
from dialer.messages import (
    CallId,
    CustomerAnswered,
    HangUpCustomer,
    OpenLegs,
    TelephonyCommand,
    UserId,
)
from dialer.ringing_watch import RingingWatch
from dialer.rules.eligibility import Refusal
from dialer.running_campaign import RunningCampaign, load_campaign
from dialer.storage.engine import Database
from dialer.storage.tables import contact_points, leads, projects
from tests.fakes.clock import NOON, FakeClock
from tests.fakes.recordings import FakeRecordings
from tests.small_world import SmallWorld, add_lead, build_small_world

FIRST, SECOND, OTHER = "+81352540001", "+81352540002", "+81352540003"
AUTUMN = CampaignSettings(
    name="autumn", project="光回線", workgroups=["東京"], trunk="carrier", caller_ids=["0312345678"]
)


class Telephony:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.sent: list[TelephonyCommand] = []

    def send(self, command: TelephonyCommand) -> None:
        self.sent.append(command)

    async def open_legs(self) -> OpenLegs:
        raise AssertionError

    def events(self) -> object:
        raise AssertionError


class Notices(Floor):
    """What agents are told."""

    told: Sequence[Refusal | None] = ()

    def notice(self, call_id: CallId, user_id: UserId, reason: Refusal | None) -> None:
        self.told = [*self.told, reason]


@dataclass(slots=True)
class Ringing:
    """Two leads that are being called: the first with two numbers, the other with one."""

    database: Database
    world: SmallWorld
    campaign: RunningCampaign
    calls: CallSessions
    telephony: Telephony
    floor: Notices
    watch: RingingWatch
    lead_id: int
    other_lead_id: int
    stopped: int = 0

    async def dial(self, *, for_user: UserId | None = None) -> None:
        request = replace(self.campaign.claim_request, for_user=for_user)
        now = FakeClock().now()
        if for_user is None:
            taken = list((await claim(self.database, request, 5, now)).calls)
        else:
            one = await claim_lead(self.database, request, self.lead_id, now)
            assert isinstance(one, ClaimedCall)
            taken = [one]
        for each in taken:
            self.calls.start(each, self.campaign, by_hand=for_user is not None)

    async def change(self, act: Callable[["Ringing", AsyncConnection], Awaitable[object]]) -> None:
        async with self.database.write() as connection:
            await act(self, connection)

    def hung_up(self) -> list[int]:
        """The leads whose calls were stopped."""
        ids = [one.call_id for one in self.telephony.sent if isinstance(one, HangUpCustomer)]
        sessions = [self.calls.session(call_id) for call_id in ids]
        return [session.lead.lead_id for session in sessions if session is not None]


@pytest.fixture
async def ringing(database: Database) -> Ringing:
    async with database.write() as connection:
        world = await build_small_world(connection)
        lead_id = await add_lead(connection, world.project_id, FIRST, SECOND)
        other = await add_lead(connection, world.project_id, OTHER)
        await set_state(connection, name="autumn", state="running", now=NOON)
        campaign = await load_campaign(connection, AUTUMN)
    telephony, clock, live = Telephony(), FakeClock(), LocalLiveUpdates()
    calls = CallSessions(
        telephony=telephony,  # type: ignore[arg-type]
        journal=CallJournal(database, lambda written: None),
        clock=clock,
        recordings=FakeRecordings(),
    )
    floor = Notices(
        database=database,
        telephony=telephony,  # type: ignore[arg-type]
        clock=clock,
        live=live,
        calls=calls,
    )
    made: list[Ringing] = []

    def campaign_stopped() -> None:
        made[0].stopped += 1

    watch = RingingWatch(
        calls=calls,
        floor=floor,
        database=database,
        clock=clock,
        live=live,
        campaign_stopped=campaign_stopped,
    )
    made.append(Ringing(database, world, campaign, calls, telephony, floor, watch, lead_id, other))
    return made[0]


def prohibit(e164: str, *, osaka: bool = False) -> Callable[..., Awaitable[object]]:
    async def act(ringing: Ringing, connection: AsyncConnection) -> None:
        group = ringing.world.osaka if osaka else ringing.world.tokyo
        await prohibitions.prohibit(connection, e164s=[e164], workgroup_ids=[group], now=NOON)

    return act


async def prohibit_for_the_company(ringing: Ringing, connection: AsyncConnection) -> None:
    await prohibitions.prohibit(connection, e164s=[FIRST], workgroup_ids=None, now=NOON)


async def prohibit_a_number_taken_off_since(ringing: Ringing, connection: AsyncConnection) -> None:
    await connection.execute(
        update(contact_points).where(contact_points.c.e164 == FIRST).values(e164=None)
    )
    await prohibitions.prohibit(
        connection, e164s=[FIRST], workgroup_ids=[ringing.world.tokyo], now=NOON
    )


async def box(ringing: Ringing, connection: AsyncConnection) -> None:
    await mybox.put(connection, lead_id=ringing.lead_id, user_id=ringing.world.suzuki.id, now=NOON)


async def box_another_lead_of_the_number(ringing: Ringing, connection: AsyncConnection) -> None:
    twin = await add_lead(connection, ringing.world.project_id, SECOND)
    await mybox.put(connection, lead_id=twin, user_id=ringing.world.suzuki.id, now=NOON)


async def delete(ringing: Ringing, connection: AsyncConnection) -> None:
    await connection.execute(
        update(leads).where(leads.c.id == ringing.lead_id).values(deleted_at=NOON)
    )


async def box_in_another_workgroup(ringing: Ringing, connection: AsyncConnection) -> None:
    twin = await add_lead(connection, ringing.world.project_id, SECOND)
    await mybox.put(connection, lead_id=twin, user_id=ringing.world.tanaka.id, now=NOON)


async def nothing(ringing: Ringing, connection: AsyncConnection) -> None:
    pass


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(prohibit(FIRST), id="the called number"),
        pytest.param(prohibit(SECOND), id="another number of the lead"),
        prohibit_for_the_company,
        prohibit_a_number_taken_off_since,
        box,
        box_another_lead_of_the_number,
        delete,
    ],
)
async def test_what_stops_one_call(ringing: Ringing, act: Callable[..., Awaitable[object]]) -> None:
    await ringing.dial()
    assert await ringing.watch.look()
    assert ringing.hung_up() == []
    await ringing.change(act)
    assert await ringing.watch.look()
    assert ringing.hung_up() == [ringing.lead_id]
    assert ringing.stopped == 0


@pytest.mark.parametrize(
    "act",
    [
        nothing,
        pytest.param(prohibit(FIRST, osaka=True), id="prohibited for others"),
        box_in_another_workgroup,
    ],
)
async def test_what_does_not(ringing: Ringing, act: Callable[..., Awaitable[object]]) -> None:
    await ringing.dial()
    await ringing.change(act)
    assert await ringing.watch.look()
    assert ringing.hung_up() == []


async def close_the_project(ringing: Ringing, connection: AsyncConnection) -> None:
    await connection.execute(update(projects).values(closed_at=NOON))


async def pause(ringing: Ringing, connection: AsyncConnection) -> None:
    await set_state(connection, name="autumn", state="paused", now=NOON)


@pytest.mark.parametrize("act", [close_the_project, pause])
async def test_what_stops_all(ringing: Ringing, act: Callable[..., Awaitable[object]]) -> None:
    await ringing.dial()
    await ringing.change(act)
    assert await ringing.watch.look()
    assert set(ringing.hung_up()) == {ringing.lead_id, ringing.other_lead_id}
    assert (ringing.stopped > 0) == (act is pause)


async def test_a_call_by_hand_does_not_mind_a_pause_or_its_agents_own_box(
    ringing: Ringing,
) -> None:
    await ringing.dial(for_user=UserId(ringing.world.suzuki.id))
    await ringing.change(pause)
    await ringing.change(box)
    assert await ringing.watch.look()
    assert ringing.hung_up() == []
    await ringing.change(prohibit(FIRST))
    assert await ringing.watch.look()
    assert ringing.hung_up() == [ringing.lead_id]


async def test_who_has_answered_is_not_cut_off_but_his_agent_is_told(ringing: Ringing) -> None:
    await ringing.dial(for_user=UserId(ringing.world.suzuki.id))
    (session,) = ringing.calls.unanswered()
    ringing.calls.apply(CustomerAnswered(session.state.call_id, NOON))
    session.state = replace(session.state, user_id=session.state.for_user, phase="talking")  # type: ignore[arg-type]
    assert await ringing.watch.look()
    await ringing.change(prohibit(FIRST))
    assert await ringing.watch.look()
    assert ringing.hung_up() == []
    assert ringing.floor.told == [None, Refusal.PROHIBITED]


async def test_while_the_database_is_away_it_goes_on_ringing(
    ringing: Ringing, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ringing.dial()
    await ringing.change(prohibit(FIRST))

    def away(_: Database) -> None:
        raise OperationalError("SELECT 1", {}, Exception("away"))

    with monkeypatch.context() as patched:
        patched.setattr(Database, "read", away)
        assert not await ringing.watch.look()
        assert ringing.hung_up() == []
    assert await ringing.watch.look()
    assert ringing.hung_up() == [ringing.lead_id]
