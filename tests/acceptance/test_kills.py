"""Asterisk or the controller dies in the middle of it all: nothing is lost, stuck or done twice."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ari_app.ari.state import ConnectionState
from ari_app.runtime.carrier_sounds import AGENT_HERTZ
from ari_app.runtime.ports import free_port
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.pacing import NotDialling
from tests.acceptance.audio import seconds_with
from tests.acceptance.blueprint import Blueprint, running
from tests.acceptance.call_rows import CallRow, call_rows
from tests.acceptance.installation import (
    MESSAGE_HERTZ,
    Installation,
    dialled,
    number,
    wait_for,
)
from tests.acceptance.sip_phone import PhoneCall, Script

pytestmark = pytest.mark.real

DEAD_MAN_SECONDS = 15


class People:
    """Customers by letter, each with a number, a script, and the time at which his call ended."""

    def __init__(self, kakeru: Installation, **scripts: Script) -> None:
        self._kakeru = kakeru
        self.numbers = {name: number() for name in scripts}
        self.ended_at: dict[str, datetime] = {}
        for name, script in scripts.items():
            kakeru.people.scripts[dialled(self.numbers[name])] = self._noting(name, script)

    def _noting(self, name: str, script: Script) -> Script:
        async def run(call: PhoneCall) -> None:
            await script(call)
            self.ended_at[name] = datetime.now(UTC)

        return run

    def calls(self, name: str) -> list[PhoneCall]:
        return self._kakeru.people.calls.get(dialled(self.numbers[name]), [])

    async def row(self, name: str, so_far: Callable[[CallRow], bool], seconds: float) -> CallRow:
        return await self._kakeru.row_when(self.numbers[name], so_far, seconds=seconds)

    async def settled(self, name: str, *, seconds: float = 20) -> CallRow:
        return await self.row(name, lambda row: row.settled, seconds)

    async def connected(self, name: str) -> CallRow:
        return await self.row(name, lambda row: row.connected_at is not None, 10)


def answers_after(seconds: float, *, talks: float | None = None) -> Script:
    """Rings so long; hangs up after `talks` seconds, or leaves it to the other side."""

    async def script(call: PhoneCall) -> None:
        call.ring()
        await asyncio.sleep(seconds)
        await call.answer()
        if talks is None:
            await call.ended.wait()
        else:
            await asyncio.sleep(talks)
            await call.hang_up()

    return script


async def rings(call: PhoneCall) -> None:
    call.ring()
    await call.ended.wait()


def seconds_between(one: datetime | None, other: datetime) -> float:
    assert one is not None
    return abs((one - other).total_seconds())


# --- Asterisk ---------------------------------------------------------------------------------


async def test_asterisk_killed_in_mid_campaign() -> None:
    async with Installation(agents=3) as kakeru:
        people = People(
            kakeru,
            talker=answers_after(0.1),
            other_talker=answers_after(0.2),
            ringing=rings,
            later=answers_after(0.1, talks=1.0),
        )
        await kakeru.all_ready()
        await kakeru.start("people")
        early = ("talker", "other_talker", "ringing")
        await kakeru.add_leads("people", [people.numbers[name] for name in early])
        for name in ("talker", "other_talker"):
            await people.connected(name)
        await people.row("ringing", lambda row: row.ringing_at is not None, 5)
        await asyncio.sleep(4)

        kakeru.pbx.kill()
        killed_at = datetime.now(UTC)
        await kakeru.pbx.wait()
        campaigns = kakeru.running.controller.campaigns
        await wait_for(
            "the campaign says why it does not dial",
            lambda: campaigns.live("people").note is NotDialling.TELEPHONY_DOWN,
        )
        await asyncio.sleep(1)
        await kakeru.pbx.start()

        for name in ("talker", "other_talker"):
            row = await people.settled(name)
            assert (row.outcome, row.end_estimated) == (CallOutcome.CONNECTED, True)
            assert seconds_between(row.ended_at, killed_at) <= 2.5  # what Asterisk had not written
            assert row.duration_ms
            assert row.duration_ms / 1000 == pytest.approx(row.talk_seconds, abs=0.5)
            heard = kakeru.listen(row)
            assert seconds_with(heard.agent, AGENT_HERTZ) >= 1.5
            assert seconds_with(heard.customer, kakeru.people.hertz) >= 1.5
        ringing = await people.settled("ringing")
        assert (ringing.outcome, ringing.end_estimated) == (CallOutcome.NO_ANSWER, True)
        # Who only waited is off the floor; who was on a call is rung again after his work.
        assert sorted(await kakeru.floor())[0] == "offline"
        await kakeru.all_ready()
        row = await kakeru.call("people", people.numbers["later"])
        assert row.outcome == CallOutcome.CONNECTED
        assert all(len(people.calls(name)) == 1 for name in people.numbers)
        await kakeru.wait_for_floor("ready")


# --- the controller -----------------------------------------------------------------------------


async def test_controller_killed_in_mid_campaign() -> None:
    settings = {"ring_timeout_seconds": 60, "answer_to_agent_seconds": 10}
    async with Installation(agents=2, own_process=True, campaigns={"people": settings}) as kakeru:
        people = People(
            kakeru,
            hangs_up_meanwhile=answers_after(0.1, talks=5),
            talks_on=answers_after(0.2, talks=24),
            waits=answers_after(1.5),
            answers_meanwhile=answers_after(4.5),
            answers_later=answers_after(22, talks=1.5),
            new=answers_after(0.1, talks=1.0),
        )
        await kakeru.all_ready()
        await kakeru.start("people")
        await kakeru.add_leads(
            "people", [e164 for name, e164 in people.numbers.items() if name != "new"]
        )
        for name in ("hangs_up_meanwhile", "talks_on"):
            await people.connected(name)
        await people.row("waits", lambda row: row.answered_at is not None, 5)
        await kakeru.process.kill()

        # Who answers while nobody is there hears the message and is let go …
        await wait_for("released", lambda: "answers_meanwhile" in people.ended_at, seconds=8)
        # … and so is who was waiting already, when the dead-man timer runs out.
        await wait_for("released by the timer", lambda: "waits" in people.ended_at, seconds=20)
        for name in ("answers_meanwhile", "waits"):
            [call] = people.calls(name)
            assert seconds_with(call.audio.heard, MESSAGE_HERTZ) >= 1.0
        waited = call.ended_at - call.answered_at
        assert waited == pytest.approx(DEAD_MAN_SECONDS + 1.5, abs=1.0)

        await kakeru.start_process()
        gone = await people.settled("hangs_up_meanwhile")
        assert (gone.outcome, gone.end_estimated) == (CallOutcome.CONNECTED, True)
        assert seconds_between(gone.ended_at, people.ended_at["hangs_up_meanwhile"]) <= 0.5
        assert gone.duration_ms
        assert gone.duration_ms / 1000 == pytest.approx(5, abs=0.5)
        for name in ("answers_meanwhile", "waits"):
            row = await people.settled(name)
            assert row.outcome in (CallOutcome.ABANDONED, CallOutcome.NO_ANSWER)

        talked = await people.settled("talks_on", seconds=30)
        assert (talked.outcome, talked.hung_up_by) == (CallOutcome.CONNECTED, "customer")
        assert not talked.end_estimated
        assert talked.duration_ms
        assert talked.duration_ms / 1000 == pytest.approx(24, abs=0.5)
        heard = kakeru.listen(talked)
        assert seconds_with(heard.agent, AGENT_HERTZ) >= 23
        assert seconds_with(heard.customer, kakeru.people.hertz) >= 23

        later = await people.settled("answers_later", seconds=30)
        assert later.outcome == CallOutcome.CONNECTED
        assert (await kakeru.call("people", people.numbers["new"])).outcome == "connected"
        await kakeru.wait_for_floor("ready")
        assert all(len(people.calls(name)) == 1 for name in people.numbers)
        assert len(await call_rows(kakeru.database)) == len(people.numbers)
        assert not kakeru.people.errors


async def test_agents_who_wait_do_not_notice_that_the_controller_was_killed() -> None:
    async with Installation(agents=2, own_process=True) as kakeru:
        people = People(kakeru, new=answers_after(0.1, talks=1.0))
        await kakeru.all_ready()
        await asyncio.sleep(0.3)
        channels = await kakeru.channels()
        await kakeru.process.kill()
        await kakeru.start_process()
        await kakeru.wait_for_floor("ready")
        await kakeru.start("people")
        assert (await kakeru.call("people", people.numbers["new"])).outcome == "connected"
        assert sorted(await kakeru.channels()) == sorted(channels)


# --- no way to Asterisk ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "state", "says"),
    [
        ({"ari_password": "wrong"}, ConnectionState.AUTHENTICATION_FAILED, "password"),
        ({"ari_url": "http://127.0.0.1:{port}/ari"}, ConnectionState.DISCONNECTED, "127.0.0.1"),
    ],
    ids=["wrong secret", "nobody there"],
)
async def test_no_way_to_asterisk_is_seen(
    changed: dict[str, str], state: ConnectionState, says: str
) -> None:
    async with Installation(agents=0) as kakeru:
        await kakeru.start("people")
        port = free_port()
        wrong = json.loads(kakeru.blueprint.model_dump_json())
        wrong |= {key: value.format(port=port) for key, value in changed.items()}
        async with running(Blueprint.model_validate(wrong)) as run:
            await wait_for("the state is seen", lambda: run.ari.state is state)
            assert says in str(run.ari.problem)
            await wait_for(
                "the campaign says why it does not dial",
                lambda: run.controller.campaigns.live("people").note is NotDialling.TELEPHONY_DOWN,
            )
