"""What is being said: the words of the conversations that go on, and the phrases among them.

Words live in memory, until the agent's next conversation; a transcript is made of the recording,
afterwards and better. A watched phrase stays: it is written down once for each call.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from dialer import phrase_flags
from dialer.messages import CallId, UserId
from dialer.ports import Clock, LiveUpdates
from dialer.rules.transcript import Side, Utterance, Word, conversation, utterances
from dialer.rules.watched_phrases import HeardPhrase, heard_phrases
from dialer.storage.engine import Database
from dialer.storage.faults import DATABASE_ERRORS

log = structlog.get_logger(__name__)

EVERYBODY: Final = "words"
"""Topic of all conversations; that of one user's is `topic_of` him."""

_LINES_SHOWN: Final = 40
_WORDS_KEPT: Final = 400  # of each side: some minutes
# A phrase may run from what stood before into what is new.
_WORDS_BEFORE: Final = 30
_RETRY_SECONDS: Final = 5.0


def topic_of(user_id: int) -> str:
    """What is published when the words of this user's conversation change."""
    return f"{EVERYBODY}:{user_id}"


@dataclass(frozen=True, slots=True)
class LiveConversation:
    """What is known of one conversation; times count from the connection.

    `guesses`: what each side seems to be saying just now, which may still change. `deaf`: nothing
    is heard at the moment, because of a fault of ours; `paused`: because the agent wants it so.
    """

    call_id: CallId
    user_id: UserId
    said: tuple[Utterance, ...]
    guesses: Mapping[Side, str]
    deaf: bool
    paused: bool
    over: bool


@dataclass(slots=True)
class _Conversation:
    call_id: CallId
    user_id: UserId
    phrases: tuple[str, ...]
    words: dict[Side, list[Word]] = field(default_factory=lambda: {"agent": [], "customer": []})
    guesses: dict[Side, str] = field(default_factory=dict)
    flagged: set[str] = field(default_factory=set)
    deaf: bool = True
    paused: bool = False
    over: bool = False


class LiveWords:
    """The words of this controller's conversations; start `run` as a task."""

    def __init__(self, database: Database, clock: Clock, live: LiveUpdates) -> None:
        self._database = database
        self._clock = clock
        self._live = live
        self._by_call: dict[CallId, _Conversation] = {}
        self._unwritten: asyncio.Queue[phrase_flags.NewFlag] = asyncio.Queue()

    # --- what happens ---------------------------------------------------------------------

    def begun(self, call_id: CallId, user_id: UserId, phrases: Sequence[str]) -> None:
        """They talk; its words are to be heard, and these phrases to be watched for."""
        if call_id in self._by_call:
            return
        for earlier in [one for one in self._by_call.values() if one.user_id == user_id]:
            if earlier.over:
                del self._by_call[earlier.call_id]
        self._by_call[call_id] = _Conversation(call_id, user_id, tuple(phrases))
        self._changed(self._by_call[call_id])

    def ended(self, call_id: CallId) -> None:
        """The conversation is over; its words stay until the agent's next one begins."""
        talk = self._by_call.get(call_id)
        if talk is not None:
            talk.over = True
            talk.guesses.clear()
            self._changed(talk)

    def hearing(self, call_id: CallId, *, deaf: bool, paused: bool = False) -> None:
        """Whether the sides can be heard; guesses about what was not heard whole are dropped."""
        talk = self._by_call.get(call_id)
        if talk is None or (talk.deaf, talk.paused) == (deaf, paused):
            return
        talk.deaf, talk.paused = deaf, paused
        talk.guesses.clear()
        self._changed(talk)

    def heard(self, call_id: CallId, side: Side, words: Sequence[Word], guess: str) -> None:
        """New words of one side, with times from the connection, and what may follow them."""
        talk = self._by_call.get(call_id)
        if talk is None or talk.paused:
            return
        talk.guesses[side] = guess
        if words:
            said = [*talk.words[side], *words][-_WORDS_KEPT:]
            talk.words[side] = said
            self._watch(
                talk, side, heard_phrases(said[-len(words) - _WORDS_BEFORE :], talk.phrases)
            )
        self._changed(talk)

    def _watch(self, talk: _Conversation, side: Side, found: Sequence[HeardPhrase]) -> None:
        for one in found:
            if one.phrase in talk.flagged:
                continue
            talk.flagged.add(one.phrase)
            log.info("phrase_heard", call_id=str(talk.call_id), side=side)
            self._unwritten.put_nowait(
                phrase_flags.NewFlag(
                    talk.call_id, talk.user_id, one.phrase, side, one.at_ms, self._clock.now()
                )
            )

    def _changed(self, talk: _Conversation) -> None:
        told: dict[str, object] = {"call_id": str(talk.call_id), "user_id": talk.user_id}
        self._live.publish(topic_of(talk.user_id), told)
        self._live.publish(EVERYBODY, told)

    # --- writing phrases down -------------------------------------------------------------

    async def run(self) -> None:
        """Writes phrases down until cancelled; while the database is away it keeps them."""
        while True:
            flag = await self._unwritten.get()
            while not await self._written(flag):
                await asyncio.sleep(_RETRY_SECONDS)

    async def _written(self, flag: phrase_flags.NewFlag) -> bool:
        try:
            async with self._database.write() as connection:
                is_new = await phrase_flags.add(connection, flag)
        except DATABASE_ERRORS as error:
            log.error("a phrase cannot be written down; will try again", error=str(error))
            return False
        if is_new:
            told: dict[str, object] = {"call_id": str(flag.call_id), "user_id": flag.user_id}
            for topic in ("floor", f"agent:{flag.user_id}"):
                self._live.publish(topic, told)
        return True

    # --- looking --------------------------------------------------------------------------

    def of_user(self, user_id: int) -> LiveConversation | None:
        """This agent's conversation, or his last one, if its words are heard."""
        his = (one for one in reversed(self._by_call.values()) if one.user_id == user_id)
        return next(map(_view, his), None)

    def of_call(self, call_id: CallId) -> LiveConversation | None:
        talk = self._by_call.get(call_id)
        return None if talk is None else _view(talk)

    def calls(self) -> frozenset[CallId]:
        """Those whose words are heard, or should be."""
        return frozenset(one.call_id for one in self._by_call.values() if not one.over)


def moment_of(connected_at: datetime, unix_seconds: float) -> int:
    """Milliseconds from the connection to a moment; 0 for what was just before it."""
    return max(0, round((unix_seconds - connected_at.timestamp()) * 1000))


def _view(talk: _Conversation) -> LiveConversation:
    sides = (utterances(side, words) for side, words in talk.words.items())
    return LiveConversation(
        call_id=talk.call_id,
        user_id=talk.user_id,
        said=conversation(*sides)[-_LINES_SHOWN:],
        guesses=dict(talk.guesses),
        deaf=talk.deaf,
        paused=talk.paused,
        over=talk.over,
    )
