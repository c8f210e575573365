"""What is said during a pause is in no file; all else is, at the time at which it was said."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from dialer.storage.tables import audit_log, recordings
from tests.acceptance.call_rows import CallRow
from tests.acceptance.installation import Installation, dialled, number, wait_for
from tests.acceptance.sip_phone import PhoneCall, SipPhone
from tests.acceptance.time_signal import (
    SIGNAL_SECONDS,
    WINDOW_SECONDS,
    began,
    heard_seconds,
    loudest_sample,
    time_signal,
)

pytestmark = pytest.mark.real

AGENT, CUSTOMER = 400.0, 430.0  # the first of their notes
RIGHT_WITHIN_SECONDS = 0.15


@dataclass
class Conversation:
    """An agent and a customer who both send time signals until `over` is set."""

    kakeru: Installation
    e164: str
    over: asyncio.Event
    legs: list[PhoneCall] = field(default_factory=list)

    @property
    def user_id(self) -> int:
        return self.kakeru.users[0].id

    async def begun(self) -> CallRow:
        return await self.kakeru.row_when(self.e164, lambda row: row.connected_at is not None)

    async def ended(self) -> CallRow:
        self.over.set()
        return await self.kakeru.settled(self.e164)

    async def pauses(self, row: CallRow) -> list[list[float]]:
        """In seconds, as they are stored."""
        async with self.kakeru.database.read() as connection:
            found = await connection.scalar(
                select(recordings.c.pauses).where(recordings.c.call_id == row.id)
            )
        return [[end / 1000 for end in pause if end is not None] for pause in found or []]

    def assert_all_is_there_but(self, row: CallRow, silent: list[tuple[float, float]]) -> None:
        """Seconds from the connection in which there must be silence; at all others each side's
        second is heard that was sent then."""
        heard = self.kakeru.listen(row)
        assert row.connected_at is not None
        assert heard.seconds == pytest.approx(row.talk_seconds, abs=RIGHT_WITHIN_SECONDS)
        customer = self.kakeru.people.call_to(dialled(self.e164)).audio
        sides = (
            (heard.agent, AGENT, began(self.legs[-1].audio)),
            (heard.customer, CUSTOMER, began(customer)),
        )
        for side, first_hertz, since in sides:
            for start, end in silent:
                inner = (start + RIGHT_WITHIN_SECONDS, end - RIGHT_WITHIN_SECONDS)
                assert loudest_sample(side, *inner) == 0
            sent_before = (row.connected_at - since).total_seconds()
            assert _wrong(heard_seconds(side, first_hertz), sent_before, silent) == []


def _wrong(
    found: list[int | None], sent_before: float, silent: list[tuple[float, float]]
) -> list[tuple[float, int | None, int]]:
    """Tenths of a second, away from the borders of seconds and silences, that are not what was
    sent then."""
    wrong = []
    for index, second in enumerate(found[1:-2], start=1):
        middle = (index + 0.5) * WINDOW_SECONDS
        near = RIGHT_WITHIN_SECONDS + WINDOW_SECONDS / 2
        if any(start - near < middle < end + near for start, end in silent):
            continue
        sent = (middle + sent_before) % SIGNAL_SECONDS
        if near < sent % 1.0 < 1.0 - near and second != int(sent):
            wrong.append((round(middle, 2), second, int(sent)))
    return wrong


@asynccontextmanager
async def conversation(*, own_process: bool = False) -> AsyncIterator[Conversation]:
    over = asyncio.Event()
    legs: list[PhoneCall] = []

    async def agent(call: PhoneCall) -> None:
        call.audio.repeated = time_signal(AGENT)
        legs.append(call)
        await call.answer()
        await call.ended.wait()

    async def customer(call: PhoneCall) -> None:
        call.audio.repeated = time_signal(CUSTOMER)
        call.ring()
        await asyncio.sleep(0.337)
        await call.answer()
        await over.wait()
        await call.hang_up()

    async with (
        Installation(agents=1, simulated=False, own_process=own_process) as kakeru,
        SipPhone(agent, hertz=AGENT) as phone,
    ):
        status = await phone.register(kakeru.pbx.sip_address, account="agent0", password="secret0")
        assert status == 200
        await kakeru.all_ready()
        await kakeru.start("people")
        e164 = number()
        kakeru.people.scripts[dialled(e164)] = customer
        await kakeru.add_leads("people", [e164])
        yield Conversation(kakeru, e164, over, legs)
        assert not kakeru.people.errors
        assert not phone.errors


async def test_what_is_said_during_pauses_is_not_recorded_and_all_else_is_in_its_place() -> None:
    async with conversation() as talk:
        row, pauses = await talk.begun(), talk.kakeru.running.controller.pauses
        for seconds in (2.0, 1.3):
            await asyncio.sleep(2.0)
            await pauses.pause(talk.user_id)
            await asyncio.sleep(seconds)
            await pauses.resume(talk.user_id)
        await asyncio.sleep(2.0)
        row = await talk.ended()
        stored = await talk.pauses(row)
        assert [end - start for start, end in stored] == pytest.approx([2.0, 1.3], abs=0.15)
        assert stored[0][0] == pytest.approx(2.1, abs=0.4)
        talk.assert_all_is_there_but(row, [(start, end) for start, end in stored])
        async with talk.kakeru.database.read() as connection:
            lines = (
                await connection.execute(
                    select(audit_log.c.action, audit_log.c.user_id)
                    .where(audit_log.c.action.like("recording.%"))
                    .order_by(audit_log.c.id)
                )
            ).all()
        once = [("recording.pause", talk.user_id), ("recording.resume", talk.user_id)]
        assert [tuple(line) for line in lines] == once * 2


async def test_both_go_on_hearing_each_other_during_a_pause() -> None:
    async with conversation() as talk:
        await talk.begun()
        await asyncio.sleep(1.0)
        await talk.kakeru.running.controller.pauses.pause(talk.user_id)
        await asyncio.sleep(1.5)
        customer = talk.kakeru.people.call_to(dialled(talk.e164)).audio
        for audio, hertz in ((customer, AGENT), (talk.legs[-1].audio, CUSTOMER)):
            last_second = audio.heard[-8000:]
            assert None not in heard_seconds(last_second, hertz)
        await talk.ended()


async def test_a_call_that_ends_in_a_pause_is_as_long_as_the_conversation() -> None:
    async with conversation() as talk:
        await talk.begun()
        await asyncio.sleep(2.0)
        await talk.kakeru.running.controller.pauses.pause(talk.user_id)
        await asyncio.sleep(1.5)
        row = await talk.ended()
        [[start, end]] = await talk.pauses(row)
        assert end == pytest.approx(row.talk_seconds, abs=0.05)
        talk.assert_all_is_there_but(row, [(start, end)])


async def test_a_controller_that_is_killed_in_a_pause_finds_it_again() -> None:
    async with conversation(own_process=True) as talk:
        await talk.begun()
        await asyncio.sleep(2.0)
        await talk.kakeru.process.ask(f"pause {talk.user_id}")
        await asyncio.sleep(0.5)
        await talk.kakeru.process.kill()
        await asyncio.sleep(1.0)
        await talk.kakeru.start_process()
        await asyncio.sleep(0.5)
        seen = json.loads(await talk.kakeru.process.ask(f"recording {talk.user_id}"))
        assert seen == {"recording": "paused"}
        await talk.kakeru.process.ask(f"resume {talk.user_id}")
        await asyncio.sleep(2.0)
        row = await talk.ended()
        assert row.outcome == "connected"
        [[start, end]] = await talk.pauses(row)
        assert end - start >= 2.0
        talk.assert_all_is_there_but(row, [(start, end)])


async def test_what_is_said_after_the_controller_died_in_a_pause_is_not_recorded() -> None:
    """The customer hangs up while it is away: what was said before the pause is there."""
    async with conversation(own_process=True) as talk:
        await talk.begun()
        await asyncio.sleep(2.0)
        await talk.kakeru.process.ask(f"pause {talk.user_id}")
        await asyncio.sleep(0.5)
        await talk.kakeru.process.kill()
        await asyncio.sleep(1.0)
        talk.over.set()
        customer = talk.kakeru.people.call_to(dialled(talk.e164))
        await wait_for("he is gone", customer.ended.is_set)
        await talk.kakeru.start_process()
        row = await talk.ended()
        [[start]] = await talk.pauses(row)
        assert row.end_estimated
        assert row.duration_ms == pytest.approx(start * 1000, abs=150)
