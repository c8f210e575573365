"""Brings the audio of conversations to where it is recognised, and the words to `LiveWords`.

Of each conversation whose campaign wants it, two snoop channels are made on the customer's leg: one
gets what he says, the other what he hears, which is the agent. Each goes to the context
`kakeru-live` of the dialplan, whose AudioSocket sends it to a process that listens
(`live_audio_worker`). The call itself is not touched: neither by a process that dies nor by a
stream that breaks, and nothing here is waited for.

Decision 24 says why it is done so, and what it costs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from secrets import token_bytes
from typing import Any, Final
from uuid import UUID

import structlog

from ari_app.ari import api
from ari_app.ari.connection import AriConnection
from ari_app.ari.errors import AriError, ConnectionLost, NotConnected, NotFound
from ari_app.leg_ids import customer_channel
from ari_app.live_audio_socket import new_stream_id
from ari_app.telephony import APPLICATION
from dialer.call_sessions import Session
from dialer.live_words import LiveWords, moment_of
from dialer.messages import CallId
from dialer.ports import Clock
from dialer.rules.call_state import Phase
from dialer.rules.transcript import Side, Word

log = structlog.get_logger(__name__)

_DIRECTIONS: Final[Mapping[Side, api.SnoopDirection]] = {"customer": "in", "agent": "out"}
_CONNECTS_WITHIN_SECONDS: Final = 5.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 2.0, 60.0
_KNOWN_WITHIN_SECONDS: Final = 1.0
# The last words of a conversation are known some moments after it.
_LAST_WORDS_SECONDS: Final = 10.0


@dataclass(slots=True)
class _Worker:
    """A process that listens; `address` as HOST:PORT, empty until its model is loaded."""

    secret: bytes
    address: str = ""


@dataclass(slots=True)
class _Talk:
    call_id: CallId
    connected_at: datetime
    streams: dict[UUID, Side] = field(default_factory=dict)
    begun: set[UUID] = field(default_factory=set)
    holder: str = ""  # of the worker that hears it
    paused: bool = False
    over: bool = False
    pause_seconds: float = _FIRST_PAUSE_SECONDS  # before it is tried again


class LiveAudio:
    """All conversations of this controller whose words are heard as they are said.

    `phrases`: what is watched for in campaigns that name none themselves.
    """

    def __init__(
        self, ari: AriConnection, words: LiveWords, clock: Clock, *, phrases: Sequence[str]
    ) -> None:
        self._ari = ari
        self._words = words
        self._clock = clock
        self._phrases = tuple(phrases)
        self._workers: dict[str, _Worker] = {}
        self._talks: dict[CallId, _Talk] = {}
        self._by_stream: dict[UUID, _Talk] = {}

    # --- conversations ------------------------------------------------------------------------

    def call_changed(self, session: Session) -> None:
        """Listens as long as two people talk, and not while they want it not to be recorded."""
        call, settings = session.state, session.campaign.settings
        talk = self._talks.get(call.call_id)
        if call.phase is not Phase.TALKING or not settings.live_words:
            if talk is not None and not talk.over:
                talk.over = True
                if not talk.streams:
                    self._forget(talk)
                    return
                self._clock.call_later(_LAST_WORDS_SECONDS, partial(self._forget, talk))
            return
        if talk is None:
            if call.user_id is None or call.connected_at is None:
                return
            talk = self._talks[call.call_id] = _Talk(call.call_id, call.connected_at)
            phrases = self._phrases if settings.watched_phrases is None else None
            self._words.begun(call.call_id, call.user_id, phrases or settings.watched_phrases or ())
        talk.paused = call.paused_at is not None
        if talk.paused:
            self._cut(talk)
        elif not talk.streams:
            self._listen(talk)

    def joined_again(self, call_id: CallId) -> None:
        """The audio of a leg has another source: what hangs on the old one may hear nothing more.

        See `recording_watch`, which finds it out.
        """
        talk = self._talks.get(call_id)
        if talk is not None and talk.streams and not talk.over:
            self._cut(talk)
            self._listen(talk)

    def _forget(self, talk: _Talk) -> None:
        self._cut(talk)
        if self._talks.pop(talk.call_id, None) is not None:
            self._words.ended(talk.call_id)

    # --- streams ------------------------------------------------------------------------------

    def _listen(self, talk: _Talk) -> None:
        listening = [holder for holder, worker in self._workers.items() if worker.address]
        if talk.paused or talk.over or talk.streams or not listening:
            return
        busy = [talk.holder for talk in self._by_stream.values()]
        talk.holder = min(listening, key=busy.count)
        worker = self._workers[talk.holder]
        for side, direction in _DIRECTIONS.items():
            stream_id = new_stream_id(worker.secret)
            talk.streams[stream_id] = side
            self._by_stream[stream_id] = talk
            self._ari.send_soon(
                api.snoop(
                    customer_channel(talk.call_id),
                    snoop_id=snoop_channel(stream_id),
                    spy=direction,
                    application=APPLICATION,
                    arguments=f"live,{stream_id}@{worker.address}",
                ),
                on_failure=partial(self._not_made, talk, stream_id),
            )
        self._clock.call_later(
            _CONNECTS_WITHIN_SECONDS, partial(self._look, talk, frozenset(talk.streams))
        )

    def _cut(self, talk: _Talk) -> None:
        """Nothing more is heard of it, from now on."""
        for stream_id in talk.streams:
            del self._by_stream[stream_id]
            self._ari.send_soon(api.hang_up(snoop_channel(stream_id)), on_failure=_unless_gone)
        talk.streams.clear()
        talk.begun.clear()
        self._words.hearing(talk.call_id, deaf=not talk.paused, paused=talk.paused)

    def _look(self, talk: _Talk, streams: frozenset[UUID]) -> None:
        if streams == talk.streams.keys() and talk.begun != streams:
            worker = self._workers.get(talk.holder)
            log.error(
                "live_audio_not_reached",
                call_id=str(talk.call_id),
                address=worker.address if worker else "",
                remedy="Asterisk must reach this address; see live_words.host in kakeru.yaml",
            )
            self._lost(talk)

    def _not_made(self, talk: _Talk, stream_id: UUID, error: AriError) -> None:
        _unless_gone(error)
        if stream_id in talk.streams:
            self._lost(talk)

    def _lost(self, talk: _Talk) -> None:
        """A stream broke: both begin anew after a pause, which grows."""
        self._cut(talk)
        self._clock.call_later(talk.pause_seconds, partial(self._listen, talk))
        talk.pause_seconds = min(2 * talk.pause_seconds, _LONGEST_PAUSE_SECONDS)

    # --- the processes that listen --------------------------------------------------------------

    def new_worker(self, holder: str) -> bytes:
        """The secret that a process is started with."""
        self._workers[holder] = _Worker(token_bytes(32))
        return self._workers[holder].secret

    async def worker_died(self, holder: str) -> None:
        """What it heard waits for another."""
        self._workers.pop(holder, None)
        for talk in [one for one in self._talks.values() if one.holder == holder]:
            talk.holder = ""
            if talk.streams:
                self._cut(talk)
                self._listen(talk)

    def told(self, news: Mapping[str, Any]) -> None:
        """What a process says (see `live_audio_worker`)."""
        if "listens" in news:
            self._workers[news["holder"]].address = news["listens"]
            for waiting in self._talks.values():
                self._listen(waiting)
            return
        stream_id = UUID(news["stream"])
        talk = self._by_stream.get(stream_id)
        if talk is None:
            return  # cut meanwhile
        if "over" not in news:
            self._heard(talk, talk.streams[stream_id], news)
        elif not news["over"]:
            self._begun(talk, stream_id)
        else:
            self._ended(talk, stream_id)

    def _begun(self, talk: _Talk, stream_id: UUID) -> None:
        talk.begun.add(stream_id)
        if talk.begun == talk.streams.keys():
            self._words.hearing(talk.call_id, deaf=False)

    def _ended(self, talk: _Talk, stream_id: UUID) -> None:
        del talk.streams[stream_id], self._by_stream[stream_id]
        talk.begun.discard(stream_id)
        if not talk.over:
            # Mostly the customer has hung up, which is known in a moment, and the other side's
            # last words are still to come.
            self._clock.call_later(_KNOWN_WITHIN_SECONDS, partial(self._broken, talk))
        elif not talk.streams:
            self._forget(talk)

    def _broken(self, talk: _Talk) -> None:
        if not talk.over and not talk.paused and len(talk.streams) < len(_DIRECTIONS):
            log.warning("live_audio_broken", call_id=str(talk.call_id))
            self._lost(talk)

    def _heard(self, talk: _Talk, side: Side, news: Mapping[str, Any]) -> None:
        talk.pause_seconds = _FIRST_PAUSE_SECONDS
        words = [
            Word(text, self._moment(talk, begun), self._moment(talk, ended), confidence)
            for text, begun, ended, confidence in news["words"]
        ]
        self._words.heard(talk.call_id, side, words, news["guess"])

    def _moment(self, talk: _Talk, unix_seconds: float) -> int:
        return moment_of(talk.connected_at, unix_seconds)


def snoop_channel(stream_id: UUID) -> str:
    return f"l-{stream_id.hex}"


def _unless_gone(error: AriError) -> None:
    if not isinstance(error, NotFound | ConnectionLost | NotConnected):
        log.warning("live audio: Asterisk refused", error=str(error))
