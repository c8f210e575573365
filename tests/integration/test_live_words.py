"""The words of conversations that go on, and watched phrases, on both databases."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from ari_app.coordination import LocalLiveUpdates
from dialer import phrase_flags
from dialer.live_words import EVERYBODY, LiveWords, moment_of, topic_of
from dialer.messages import CallId, UserId
from dialer.phrase_flags import PhraseFlag
from dialer.rules.transcript import Word
from dialer.storage.engine import Database
from dialer.storage.tables import audit_log
from tests.fakes.clock import FakeClock
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world

PHRASES = ("もう電話しないで", "解約")


def said(text: str, start_ms: int = 0) -> Word:
    return Word(text, start_ms, start_ms + 300, 1.0)


class Rig:
    """Suzuki's conversation, whose phrases are being written down."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.live = LocalLiveUpdates()
        self.words = LiveWords(database, FakeClock(), self.live)
        self.world: SmallWorld
        self.call_id: CallId

    async def begin(self) -> None:
        async with self.database.write() as connection:
            self.world = await build_small_world(connection)
        self.call_id = await self.another_call()
        self.words.begun(self.call_id, self.user_id, PHRASES)
        self.words.hearing(self.call_id, deaf=False)

    @property
    def user_id(self) -> UserId:
        return UserId(self.world.suzuki.id)

    async def another_call(self) -> CallId:
        async with self.database.write() as connection:
            lead_id = await add_lead(connection, self.world.project_id, "+81352542287")
            return CallId(
                await add_call(
                    connection, self.world, lead_id, user=self.world.suzuki, at=NOON, outcome=None
                )
            )

    async def written(self, call_id: UUID | None = None) -> list[PhraseFlag]:
        async with self.database.read() as connection:
            found = await phrase_flags.of_calls(connection, [call_id or self.call_id])
        return found.get(call_id or self.call_id, [])

    async def phrases_written(self, count: int) -> list[PhraseFlag]:
        """Lets it write until so many are there."""
        writing = asyncio.create_task(self.words.run())
        try:
            async with asyncio.timeout(10):
                while len(found := await self.written()) < count:
                    await asyncio.sleep(0.01)
        finally:
            writing.cancel()
        return found


@pytest.fixture
async def rig(database: Database) -> Rig:
    rig = Rig(database)
    await rig.begin()
    return rig


async def test_words_stand_in_order_and_guesses_pass(rig: Rig) -> None:
    rig.words.heard(rig.call_id, "customer", [], "は")
    rig.words.heard(rig.call_id, "customer", [said("はい", 900)], "")
    rig.words.heard(rig.call_id, "agent", [said("もしもし", 100)], "おせわ")

    talk = rig.words.of_user(rig.user_id)

    assert talk is not None
    assert [(one.side, one.text) for one in talk.said] == [
        ("agent", "もしもし"),
        ("customer", "はい"),
    ]
    assert {side: guess for side, guess in talk.guesses.items() if guess} == {"agent": "おせわ"}


async def test_a_phrase_that_comes_in_pieces_is_written_down_once(rig: Rig) -> None:
    rig.words.heard(rig.call_id, "customer", [said("もう", 5000)], "電話")
    rig.words.heard(rig.call_id, "customer", [said("電話し", 5400)], "")
    rig.words.heard(rig.call_id, "agent", [said("ないで", 5500)], "")
    rig.words.heard(rig.call_id, "customer", [said("ないで", 5800)], "")
    rig.words.heard(rig.call_id, "customer", [said("もう電話しないで", 9000)], "")
    rig.words.heard(rig.call_id, "customer", [said("解約", 9900)], "")

    found = await rig.phrases_written(2)

    assert [(one.phrase, one.side, one.at_ms) for one in found] == [
        ("もう電話しないで", "customer", 5000),
        ("解約", "customer", 9900),
    ]


async def test_a_guess_raises_no_flag(rig: Rig) -> None:
    rig.words.heard(rig.call_id, "customer", [], "解約")
    rig.words.heard(rig.call_id, "customer", [said("会社")], "")
    rig.words.heard(rig.call_id, "customer", [said("もう電話しないで", 700)], "")
    assert [one.phrase for one in await rig.phrases_written(1)] == ["もう電話しないで"]


async def test_a_program_that_began_anew_does_not_write_it_again(rig: Rig) -> None:
    rig.words.heard(rig.call_id, "customer", [said("解約", 100)], "")
    await rig.phrases_written(1)
    rig.words = LiveWords(rig.database, FakeClock(), rig.live)
    rig.words.begun(rig.call_id, rig.user_id, PHRASES)
    rig.words.heard(rig.call_id, "customer", [said("解約", 60_000)], "")
    rig.words.heard(rig.call_id, "customer", [said("もう電話しないで", 61_000)], "")

    found = await rig.phrases_written(2)

    assert [(one.phrase, one.at_ms) for one in found] == [
        ("解約", 100),
        ("もう電話しないで", 61_000),
    ]


async def test_nothing_is_heard_while_the_recording_is_paused(rig: Rig) -> None:
    rig.words.heard(rig.call_id, "customer", [], "よん")
    rig.words.hearing(rig.call_id, deaf=False, paused=True)
    rig.words.heard(rig.call_id, "customer", [said("四二四二")], "四二")

    talk = rig.words.of_user(rig.user_id)

    assert talk is not None
    assert (talk.paused, talk.said, dict(talk.guesses)) == (True, (), {})


async def test_words_stay_on_the_desk_until_the_next_conversation(rig: Rig) -> None:
    rig.words.heard(rig.call_id, "customer", [said("はい")], "えと")
    rig.words.ended(rig.call_id)
    talk = rig.words.of_user(rig.user_id)
    assert talk is not None
    assert talk.over
    assert not any(talk.guesses.values())
    assert rig.words.calls() == frozenset()

    next_call = CallId(uuid4())
    rig.words.begun(next_call, rig.user_id, PHRASES)

    talk = rig.words.of_user(rig.user_id)
    assert talk is not None
    assert talk.call_id == next_call
    assert rig.words.of_call(rig.call_id) is None


async def test_last_words_after_the_end_are_watched_too(rig: Rig) -> None:
    rig.words.ended(rig.call_id)
    rig.words.heard(rig.call_id, "customer", [said("もう電話しないで", 8000)], "")
    assert len(await rig.phrases_written(1)) == 1


async def test_desk_and_floor_are_told(rig: Rig) -> None:
    news = rig.live.subscribe(topic_of(rig.user_id), EVERYBODY, "floor", f"agent:{rig.user_id}")
    rig.words.heard(rig.call_id, "customer", [said("解約")], "")
    assert [await anext(news), await anext(news)][0][0] == topic_of(rig.user_id)
    await rig.phrases_written(1)
    topics = {(await anext(news))[0] for _ in range(2)}
    assert topics == {"floor", f"agent:{rig.user_id}"}
    news.close()


async def test_who_has_seen_it_first_is_on_record(rig: Rig) -> None:
    rig.words.heard(rig.call_id, "customer", [said("解約")], "")
    await rig.phrases_written(1)
    for user in (rig.world.sato, rig.world.tanaka):
        async with rig.database.write() as connection:
            await phrase_flags.see(connection, call_id=rig.call_id, now=NOON, by=user)

    [flag] = await rig.written()
    async with rig.database.read() as connection:
        query = select(audit_log).where(audit_log.c.action == "words.phrase_seen")
        [line] = (await connection.execute(query)).all()

    assert flag.seen_by == "佐藤"
    assert (line.user_id, line.subject) == (rig.world.sato.id, f"call:{rig.call_id}")


async def test_words_of_calls_that_nobody_listens_to_change_nothing(rig: Rig) -> None:
    stranger = CallId(uuid4())
    rig.words.heard(stranger, "customer", [said("解約")], "")
    rig.words.hearing(stranger, deaf=True)
    rig.words.ended(stranger)
    assert rig.words.of_call(stranger) is None
    assert rig.words.calls() == {rig.call_id}


def test_moments_count_from_the_connection() -> None:
    assert moment_of(NOON, NOON.timestamp() + 1.5) == 1500
    assert moment_of(NOON, NOON.timestamp() - 0.02) == 0
