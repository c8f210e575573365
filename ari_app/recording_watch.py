"""Keeps recordings whole when the audio of a leg changes its source in mid-conversation.

A transfer at the customer's, a new route in the network, or a phone that resumes from hold can send
its audio on as another RTP source (SSRC, RFC 3550), whose sequence numbers may lie behind those of
the one before. Both people still hear each other, but the hook that records drops what it takes for
old packets, until the numbers catch up: for up to 11 minutes, without an error (Asterisk 22.10).

So the sources of recorded legs are looked at every other second, and where one has changed the
customer's channel takes a way of 0.1 s through the dialplan, where the recording is begun again
and appended to the same file. At most these seconds of one side are lost, instead of minutes.
"""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from ari_app.ari import api
from ari_app.ari.connection import AriConnection
from ari_app.ari.errors import AriError, ConnectionLost, NotConnected, NotFound

log = structlog.get_logger(__name__)

_LOOK_EVERY_SECONDS: Final = 2.0
_UNKNOWN: Final = 0


@dataclass(slots=True)
class _Conversation:
    agent: str
    sources: dict[str, int]  # by channel: the customer's and the agent's


class RecordingWatch:
    """Looks at the conversations that are being recorded; start `run` as a task."""

    def __init__(self, ari: AriConnection) -> None:
        self._ari = ari
        self._by_customer: dict[str, _Conversation] = {}

    def begun(self, customer: str, agent: str) -> None:
        """The customer's channel is being recorded while it talks with the agent's."""
        known = self._by_customer.get(customer)
        if known is None or known.agent != agent:
            self._by_customer[customer] = _Conversation(agent, {})

    def ended(self, channel: str) -> None:
        """The channel is gone."""
        self._by_customer.pop(channel, None)

    async def run(self) -> None:
        """Looks until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            for customer, conversation in self._by_customer.items():
                for channel in (customer, conversation.agent):
                    self._ari.send_soon(
                        api.audio_source(channel),
                        on_result=partial(self._seen, customer, channel),
                        on_failure=_unless_gone,
                    )

    def _seen(self, customer: str, channel: str, source: int) -> None:
        conversation = self._by_customer.get(customer)
        if conversation is None or source == _UNKNOWN:
            return
        before = conversation.sources.get(channel, source)
        conversation.sources[channel] = source
        if before != source:
            log.info("audio has another source: recording begins again", channel=channel)
            self._ari.send_soon(
                api.continue_in_dialplan(
                    customer, context="kakeru-record-on", extension=conversation.agent
                ),
                on_failure=_unless_gone,
            )


def _unless_gone(error: AriError) -> None:
    if not isinstance(error, NotFound | ConnectionLost | NotConnected):
        log.warning("the source of audio is not known", error=str(error))
