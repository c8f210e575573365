"""Phones and carriers that nobody prepared: whatever they do, the call ends with the right outcome,
nobody is called twice, and the agents are free afterwards.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from ari_app.runtime.carrier_sounds import AGENT_HERTZ
from dialer.rules.hangup_cause import CallOutcome
from tests.acceptance.audio import AudioStream, seconds_with
from tests.acceptance.call_rows import CallRow
from tests.acceptance.installation import Installation, dialled, number
from tests.acceptance.sip_messages import Offer
from tests.acceptance.sip_phone import PhoneCall, Script

pytestmark = pytest.mark.real

AGENTS = 20  # nobody has to wait for one
RING_TIMEOUT = 6
LONG_RING_TIMEOUT = 40  # longer than SIP's timer B (32 s, RFC 3261 17.1.1.2)

# What Asterisk logs as an error of its own when a phone demands a password of it, and when its
# hang-up crosses that of a phone which leaves in the moment of its answer.
PROVOKED = ("no auth ids", "Session already DISCONNECTED")

BUSY, NO_ANSWER, REJECTED = CallOutcome.BUSY, CallOutcome.NO_ANSWER, CallOutcome.REJECTED
UNREACHABLE, CONGESTION = CallOutcome.UNREACHABLE, CallOutcome.CONGESTION
REFUSED, FAILED = CallOutcome.REFUSED, CallOutcome.FAILED
CONNECTED, HUNG_UP = CallOutcome.CONNECTED, CallOutcome.HUNG_UP


@dataclass(frozen=True, slots=True)
class Case:
    """What a phone does, and what history must say: `seconds` from dialling to the end."""

    script: Script
    outcome: CallOutcome | tuple[CallOutcome, ...]
    seconds: float
    hung_up_by: str | None = ""  # None: as it comes
    talk_seconds: float | None = None
    campaign: str = "people"
    agent_hangs_up_after: float | None = None


# --- refusals -----------------------------------------------------------------------------------


def says(*statuses: int, pause: float = 0.2) -> Script:
    """Sends these answers one after the other, 183 with audio."""

    async def script(call: PhoneCall) -> None:
        for status in statuses:
            await asyncio.sleep(pause)
            if status == 183:
                call.progress()
            else:
                call.respond(status)

    return script


async def moved(call: PhoneCall) -> None:
    call.respond(302, "Moved Temporarily", Contact=f"<sip:0399999999@{call.phone.address}>")


async def says_nothing(call: PhoneCall) -> None:
    await asyncio.sleep(0)


async def deaf_while_ringing(call: PhoneCall) -> None:
    call.ring()
    call.deaf = True


async def wants_a_password(call: PhoneCall) -> None:
    challenge = 'Digest realm="carrier", nonce="abc", algorithm=MD5'
    call.respond(407, "Proxy Authentication Required", Proxy_Authenticate=challenge)


# --- answers --------------------------------------------------------------------------------------


async def talks(call: PhoneCall, *, seconds: float = 1.5) -> None:
    await call.answer()
    await asyncio.sleep(seconds)
    await call.hang_up()


async def early_media_then_answers(call: PhoneCall) -> None:
    call.progress()
    await asyncio.sleep(1.0)
    await talks(call)


async def rings_in_every_way_then_answers(call: PhoneCall) -> None:
    for status in (100, 180, 181, 182, 180):
        call.respond(status)
        await asyncio.sleep(0.05)
    call.progress()
    await asyncio.sleep(0.1)
    await talks(call)


async def answers_late(call: PhoneCall) -> None:
    call.ring()
    await asyncio.sleep(20)
    await talks(call)


async def answers_after_the_cancel(call: PhoneCall) -> None:
    call.ignores_cancel = True
    call.ring()
    await call.cancelled.wait()
    await call.answer()
    async with asyncio.timeout(5):
        await call.ended.wait()


async def holds_and_resumes(call: PhoneCall) -> None:
    await call.answer()
    await asyncio.sleep(1.0)
    assert await call.reinvite(call.offer(direction="sendonly", version=2)) == 200
    await asyncio.sleep(1.0)
    before = len(call.audio.received)
    assert await call.reinvite(call.offer(version=3)) == 200
    await asyncio.sleep(1.0)
    assert len(call.audio.received) > before + 30, "nothing is heard after the hold"
    await call.hang_up()


async def holds_in_the_old_way(call: PhoneCall) -> None:
    """With c=0.0.0.0 (RFC 2543)."""
    await call.answer()
    await asyncio.sleep(0.5)
    assert await call.reinvite(call.offer(host="0.0.0.0", version=2)) == 200
    await asyncio.sleep(0.5)
    assert await call.reinvite(call.offer(version=3)) == 200
    await asyncio.sleep(0.5)
    await call.hang_up()


async def moves_its_audio(call: PhoneCall) -> None:
    await call.answer()
    await asyncio.sleep(0.7)
    old, new = call.audio, AudioStream(call.audio.hertz)
    new.open()
    call.audio = new
    call.start_audio()
    await old.close()
    assert await call.reinvite(Offer(new.port, version=2)) == 200
    await asyncio.sleep(1.3)
    assert seconds_with(new.heard, AGENT_HERTZ) >= 1.0, "the agent is not heard at the new place"
    await call.hang_up()


async def sends_no_audio(call: PhoneCall) -> None:
    call.audio.silent = True
    call.ring()
    await call.answer()
    await call.ended.wait()


async def deaf_while_talking(call: PhoneCall) -> None:
    await call.answer()
    await asyncio.sleep(0.5)
    call.deaf = True
    await call.audio.close()


def hangs_up_after(milliseconds: float) -> Script:
    async def script(call: PhoneCall) -> None:
        await call.answer()
        if milliseconds:
            await asyncio.sleep(milliseconds / 1000)
        await call.hang_up()

    return script


async def hangs_up_before_the_ack(call: PhoneCall) -> None:
    """Which RFC 3261 (15) forbids; the phone says so again if it was too early."""
    await call.answer(wait=False)
    while not call.ended.is_set():
        await call.hang_up()


async def answers_with_another_codec(call: PhoneCall) -> None:
    call.audio.open()
    call.respond(200, "OK", sdp=call.offer(payload_types=(8,)).text())
    async with asyncio.timeout(5):
        await call.ended.wait()


async def answers_without_audio(call: PhoneCall) -> None:
    call.respond(200, "OK")
    async with asyncio.timeout(5):
        await call.ended.wait()


CASES: dict[str, Case] = {
    # The network says no.
    "rings_then_busy": Case(says(180, 486), BUSY, 0.4),
    "early_media_then_busy": Case(says(183, 486), BUSY, 0.4),
    "early_media_then_unreachable": Case(says(183, 404, pause=0.5), UNREACHABLE, 1.0),
    "refuses_without_provisional": Case(says(486, pause=0), BUSY, 0.0),
    # Asterisk gives the 302 away with the leg, or forgets it first: both are no conversation.
    "302_is_not_followed": Case(moved, (UNREACHABLE, NO_ANSWER), 0.0),
    "403": Case(says(403), REFUSED, 0.2),
    "404": Case(says(404), UNREACHABLE, 0.2),
    "407": Case(wants_a_password, REFUSED, 0.0),
    "408": Case(says(408), NO_ANSWER, 0.2),
    "410": Case(says(410), UNREACHABLE, 0.2),
    "480": Case(says(100, 480), NO_ANSWER, 0.4),
    "484": Case(says(484), UNREACHABLE, 0.2),
    "487": Case(says(180, 487), NO_ANSWER, 0.4),
    "488_no_common_codec": Case(says(488), FAILED, 0.2),
    "500": Case(says(500), CONGESTION, 0.2),
    "502": Case(says(502), CONGESTION, 0.2),
    "503": Case(says(503), CONGESTION, 0.2),
    "504": Case(says(504), CONGESTION, 0.2),
    "600": Case(says(600), BUSY, 0.2),
    "603": Case(says(180, 603), REJECTED, 0.4),
    "604": Case(says(604), UNREACHABLE, 0.2),
    "606": Case(says(606), FAILED, 0.2),
    "607": Case(says(607), REJECTED, 0.2),
    # The network says nothing.
    "no_answer_to_the_invite": Case(says_nothing, NO_ANSWER, RING_TIMEOUT),
    "trying_then_silence": Case(says(100), NO_ANSWER, RING_TIMEOUT),
    "rings_on": Case(says(180), NO_ANSWER, RING_TIMEOUT),
    "early_media_for_ever": Case(says(183), NO_ANSWER, RING_TIMEOUT),
    "deaf_while_ringing": Case(deaf_while_ringing, NO_ANSWER, RING_TIMEOUT),
    "timer_b": Case(says_nothing, NO_ANSWER, 32.0, campaign="patient"),
    # Somebody answers.
    "early_media_then_answers": Case(early_media_then_answers, CONNECTED, 2.5, "customer", 1.5),
    "rings_in_every_way": Case(rings_in_every_way_then_answers, CONNECTED, 1.85, "customer", 1.5),
    "answers_at_once": Case(talks, CONNECTED, 1.5, "customer", 1.5),
    "answers_late": Case(answers_late, CONNECTED, 21.5, "customer", 1.5, "patient"),
    "answers_after_the_cancel": Case(answers_after_the_cancel, NO_ANSWER, RING_TIMEOUT),
    "holds_and_resumes": Case(holds_and_resumes, CONNECTED, 3.0, "customer", 3.0),
    "holds_in_the_old_way": Case(holds_in_the_old_way, CONNECTED, 1.5, "customer", 1.5),
    "moves_its_audio": Case(moves_its_audio, CONNECTED, 2.0, "customer", 2.0),
    "sends_no_audio": Case(sends_no_audio, CONNECTED, 2.0, "agent", 2.0, agent_hangs_up_after=2.0),
    "deaf_while_talking": Case(
        deaf_while_talking, CONNECTED, 1.5, "agent", 1.5, agent_hangs_up_after=1.5
    ),
    **{
        f"hangs_up_{ms}_ms_after_the_answer": Case(
            hangs_up_after(ms), HUNG_UP, ms / 1000, "customer"
        )
        for ms in (0, 1, 2, 3, 5, 8, 20, 50)
    },
    "hangs_up_before_the_ack": Case(hangs_up_before_the_ack, HUNG_UP, 0.0, "customer"),
    "answers_with_another_codec": Case(answers_with_another_codec, FAILED, 0.0),
    "answers_without_audio": Case(answers_without_audio, HUNG_UP, 0.0, "customer"),
}


@dataclass(frozen=True, slots=True)
class Result:
    rows: dict[str, CallRow | BaseException]
    calls: dict[str, list[PhoneCall]]
    floor: list[str]
    channels: list[str]
    errors: list[str]
    phone_errors: list[BaseException]


async def make_calls() -> Result:
    """All cases at the same time."""
    campaigns: dict[str, dict[str, Any]] = {
        "people": {"ring_timeout_seconds": RING_TIMEOUT},
        "patient": {"ring_timeout_seconds": LONG_RING_TIMEOUT, "trunk": "people"},
    }
    numbers = {name: number() for name in CASES}
    async with Installation(agents=AGENTS, campaigns=campaigns) as kakeru:
        for name, case in CASES.items():
            kakeru.people.scripts[dialled(numbers[name])] = case.script
        await kakeru.all_ready()
        await kakeru.start("people", "patient")

        async def call(name: str, case: Case) -> CallRow:
            e164 = numbers[name]
            if case.agent_hangs_up_after is not None:
                await kakeru.add_leads(case.campaign, [e164])
                talking = await kakeru.row_when(e164, lambda row: row.connected_at is not None)
                assert talking.connected_at
                assert talking.user_id is not None
                await asyncio.sleep(case.agent_hangs_up_after)
                await kakeru.running.controller.floor.hang_up(talking.user_id)
                return await kakeru.settled(e164)
            return await kakeru.call(case.campaign, e164)

        rows = await asyncio.gather(
            *(call(name, case) for name, case in CASES.items()), return_exceptions=True
        )
        await asyncio.sleep(0.3)
        phone_calls = {name: kakeru.people.calls.get(dialled(numbers[name]), []) for name in CASES}
        return Result(
            dict(zip(CASES, rows, strict=True)),
            phone_calls | {"redirected": kakeru.people.calls.get("0399999999", [])},
            await kakeru.floor(),
            await kakeru.channels(),
            [line for line in kakeru.pbx.errors() if not any(map(line.__contains__, PROVOKED))],
            kakeru.people.errors,
        )


@pytest.fixture(scope="module")
def result() -> Result:
    return asyncio.run(make_calls())


@pytest.mark.parametrize("name", CASES)
def test_the_call_ends_as_it_should(name: str, result: Result) -> None:
    row, case = result.rows[name], CASES[name]
    assert isinstance(row, CallRow), row
    outcomes = case.outcome if isinstance(case.outcome, tuple) else (case.outcome,)
    assert row.outcome in outcomes, row
    assert case.hung_up_by in (row.hung_up_by, None)
    assert row.in_order
    assert not row.end_estimated
    assert row.dialled_at
    assert row.ended_at
    assert (row.ended_at - row.dialled_at).total_seconds() == pytest.approx(case.seconds, abs=0.8)
    if case.talk_seconds is not None:
        assert row.talk_seconds == pytest.approx(case.talk_seconds, abs=0.5)
        assert row.duration_ms
        assert row.duration_ms / 1000 == pytest.approx(case.talk_seconds, abs=0.5)


def test_early_media_is_no_answer(result: Result) -> None:
    row = result.rows["early_media_then_answers"]
    assert isinstance(row, CallRow)
    assert row.dialled_at
    assert row.answered_at
    assert (row.answered_at - row.dialled_at).total_seconds() >= 1.0


@pytest.mark.parametrize("name", CASES)
def test_nobody_is_called_twice(name: str, result: Result) -> None:
    assert len(result.calls[name]) == 1


def test_nobody_is_called_whom_the_gate_has_not_let_through(result: Result) -> None:
    assert not result.calls["redirected"]


def test_phones_were_treated_as_they_must_be(result: Result) -> None:
    assert not result.phone_errors


def test_agents_are_free_and_nothing_is_left_behind(result: Result) -> None:
    assert result.floor == ["ready"] * AGENTS
    assert len(result.channels) == AGENTS
    assert not result.errors
