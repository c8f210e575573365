"""Asterisk or the controller is killed in mid-campaign, and started again."""

import asyncio
from dataclasses import dataclass

import pytest

from ari_app.ari.connection import ConnectionState
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.pacing import NotDialling
from tests.acceptance.audio import seconds_with
from tests.acceptance.call_rows import CallRow
from tests.acceptance.installation import (
    MESSAGE_HERTZ,
    MESSAGE_SECONDS,
    Installation,
    dialled,
    number,
    wait_for,
)
from tests.acceptance.sip_phone import PhoneCall, Script

pytestmark = pytest.mark.real

AWAY_SECONDS = 19.0  # the dead-man timer's 15 s and the message pass meanwhile


async def stays(call: PhoneCall) -> None:
    await call.answer()
    await call.ended.wait()


async def rings(call: PhoneCall) -> None:
    call.ring()
    await call.ended.wait()


async def test_asterisk_is_killed_and_dialling_goes_on() -> None:
    talking, ringing = [number(), number()], number()
    async with Installation(agents=3) as kakeru:
        kakeru.people.script = stays
        kakeru.people.scripts[dialled(ringing)] = rings
        await kakeru.all_ready()
        await kakeru.start("people")
        await kakeru.add_leads("people", [*talking, ringing])
        for e164 in talking:
            await kakeru.row_when(e164, lambda row: row.connected_at is not None)
        await kakeru.row_when(ringing, lambda row: row.ringing_at is not None)
        await asyncio.sleep(5.0)

        kakeru.pbx.kill()
        await kakeru.pbx.wait()
        run = kakeru.running
        await wait_for("the loss is seen", lambda: run.ari.state is not ConnectionState.CONNECTED)
        assert run.ari.problem
        await wait_for(
            "the page says so",
            lambda: run.controller.campaigns.live("people").note is NotDialling.TELEPHONY_DOWN,
        )
        await kakeru.pbx.start()
        await run.ari.wait_connected(seconds=10)

        for e164 in talking:
            row = await kakeru.settled(e164, seconds=10)
            assert row.outcome == CallOutcome.CONNECTED
            assert row.state == "ready"
            assert row.duration_ms
            assert row.duration_ms >= 2500  # Asterisk's last block, 2 s, is lost with it
        row = await kakeru.settled(ringing, seconds=10)
        assert (row.outcome, row.end_estimated) == (CallOutcome.NO_ANSWER, True)
        # Who had no call is off the floor with his phone; who had one is rung again after it.
        await kakeru.registered()
        floor = run.controller.floor
        await wait_for(
            "the two are back",
            lambda: (
                sorted(agent.state for agent in floor.agents()) == ["offline", "ready", "ready"]
            ),
        )
        await kakeru.all_ready()
        e164 = number()
        await kakeru.add_leads("people", [e164])
        await kakeru.row_when(e164, lambda row: row.connected_at is not None)
        assert {len(calls) for calls in kakeru.people.calls.values()} == {1}


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What is to be seen when the controller is back; calls by what became of them."""

    rows: dict[str, CallRow]
    calls: dict[str, list[PhoneCall]]
    recorded: dict[str, float]  # seconds that the customer is heard in the recording
    floor: list[str]
    channels: list[str]
    next_call: CallRow


async def kill_the_controller() -> Afterwards:
    leave, stay, answer = asyncio.Event(), asyncio.Event(), asyncio.Event()
    waits, later = asyncio.Event(), asyncio.Event()

    def talks_until(end: asyncio.Event) -> Script:
        async def script(call: PhoneCall) -> None:
            await call.answer()
            await end.wait()
            await call.hang_up()

        return script

    def is_not_there_until(end: asyncio.Event) -> Script:
        async def script(call: PhoneCall) -> None:
            call.ring()
            await end.wait()
            call.respond(480)

        return script

    def answers_when(begin: asyncio.Event) -> Script:
        async def script(call: PhoneCall) -> None:
            call.ring()
            await begin.wait()
            await call.answer()
            await call.ended.wait()

        return script

    numbers = {
        name: number()
        for name in (
            *("talks_on", "leaves_meanwhile", "waits", "answers_meanwhile", "gives_up"),
            "answers_later",
        )
    }
    scripts = {
        "talks_on": talks_until(stay),
        "leaves_meanwhile": talks_until(leave),
        "waits": answers_when(waits),
        "answers_meanwhile": answers_when(answer),
        "gives_up": is_not_there_until(leave),
        "answers_later": answers_when(later),
    }
    settings = {"ring_timeout_seconds": 60}
    async with Installation(agents=2, own_process=True, campaigns={"people": settings}) as kakeru:
        for name, script in scripts.items():
            kakeru.people.scripts[dialled(numbers[name])] = script
        await kakeru.all_ready()
        await kakeru.start("people")
        await kakeru.add_leads("people", list(numbers.values()))
        for name in ("talks_on", "leaves_meanwhile"):
            await kakeru.row_when(numbers[name], lambda row: row.connected_at is not None)
        for name in ("waits", "answers_meanwhile", "gives_up", "answers_later"):
            await kakeru.row_when(numbers[name], lambda row: row.ringing_at is not None)
        waits.set()
        await kakeru.row_when(numbers["waits"], lambda row: row.answered_at is not None)
        await kakeru.process.kill()
        await asyncio.sleep(1.0)
        answer.set()
        await asyncio.sleep(2.0)
        leave.set()
        await asyncio.sleep(AWAY_SECONDS - 3.0)
        await kakeru.start_process()
        await asyncio.sleep(1.5)
        floor = await kakeru.floor()
        assert sorted(floor) == ["on_call", "ready"], floor
        later.set()
        talking = await kakeru.row_when(
            numbers["answers_later"], lambda row: row.connected_at is not None, seconds=3
        )
        await kakeru.process.ask(f"hangup {talking.user_id}")
        stay.set()
        rows = {name: await kakeru.settled(e164, seconds=10) for name, e164 in numbers.items()}
        await kakeru.wait_for_floor("ready")
        kakeru.people.script = stays
        e164 = number()
        await kakeru.add_leads("people", [e164])
        next_call = await kakeru.row_when(e164, lambda row: row.connected_at is not None)
        return Afterwards(
            rows=rows,
            calls={name: kakeru.people.calls[dialled(e164)] for name, e164 in numbers.items()},
            recorded={
                name: seconds_with(kakeru.listen(row).customer, kakeru.people.hertz)
                for name, row in rows.items()
                if row.state == "ready"
            },
            floor=await kakeru.floor(),
            channels=await kakeru.channels(),
            next_call=next_call,
        )


@pytest.fixture(scope="module")
def after() -> Afterwards:
    return asyncio.run(kill_the_controller())


def test_nobody_is_called_twice(after: Afterwards) -> None:
    assert {name: len(calls) for name, calls in after.calls.items()} == dict.fromkeys(
        after.calls, 1
    )


@pytest.mark.parametrize("name", ["talks_on", "leaves_meanwhile"])
def test_conversations_go_on_and_are_recorded_to_their_end(name: str, after: Afterwards) -> None:
    row, [call] = after.rows[name], after.calls[name]
    assert row.outcome == CallOutcome.CONNECTED
    assert row.user_id is not None
    assert row.duration_ms
    assert call.ended_at - call.answered_at == pytest.approx(row.duration_ms / 1000, abs=0.5)
    assert row.talk_seconds == pytest.approx(row.duration_ms / 1000, abs=0.5)
    assert after.recorded[name] >= row.duration_ms / 1000 - 0.5
    assert row.end_estimated == (name == "leaves_meanwhile")


@pytest.mark.parametrize("name", ["waits", "answers_meanwhile"])
def test_who_cannot_be_joined_hears_the_message_and_is_released(
    name: str, after: Afterwards
) -> None:
    [call] = after.calls[name]
    assert call.ended.is_set()
    assert seconds_with(call.audio.heard, MESSAGE_HERTZ) >= MESSAGE_SECONDS - 0.3
    waited = 15.0 if name == "waits" else 0.0
    assert call.ended_at - call.answered_at == pytest.approx(waited + MESSAGE_SECONDS, abs=1.0)


def test_what_became_of_those_who_were_not_joined(after: Afterwards) -> None:
    assert after.rows["waits"].outcome == CallOutcome.ABANDONED
    assert after.rows["waits"].hung_up_by == "system"
    assert after.rows["waits"].answered_at
    for name in ("answers_meanwhile", "gives_up"):
        assert after.rows[name].outcome == CallOutcome.NO_ANSWER
        assert after.rows[name].end_estimated


def test_who_answers_when_it_is_back_is_joined(after: Afterwards) -> None:
    row = after.rows["answers_later"]
    assert (row.outcome, row.hung_up_by) == (CallOutcome.CONNECTED, "agent")
    assert row.to_agent_ms < 1000


def test_agents_go_on_and_nothing_is_left_behind(after: Afterwards) -> None:
    assert sorted(after.floor) == ["on_call", "ready"]
    assert after.next_call.user_id is not None
    assert len(after.channels) == 3  # two held phones and the last customer
