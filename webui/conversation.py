"""What is shown of a conversation, in a row of ヒストリー, on a lead's page and on its own."""

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from dialer import history, recording_jobs
from dialer.hearing import right_to_hear
from dialer.kept_recordings import KeptRecording, kept_recording
from dialer.recording_jobs import KEEP
from dialer.rules.hearing import HearingRight, may_download
from webui.media_links import audio_url
from webui.services import services
from webui.sessions import viewer
from webui.waveform import Waveform, waveform


@dataclass(frozen=True, slots=True)
class Conversation:
    """A call in full. Without a `right` there is nothing of what was said; `recording` is None
    where there is nothing to be heard, or not by the viewer."""

    call: history.CallDetail
    right: HearingRight | None
    recording: KeptRecording | None
    wave: Waveform | None
    audio_url: str

    @property
    def may_download(self) -> bool:
        return self.recording is not None and may_download(self.right)


async def conversation(request: web.Request, call_id: UUID) -> Conversation | None:
    """None when there is no such call, or the viewer may not see its project."""
    given, user = services(request), viewer(request)
    async with given.database.read() as connection:
        call = await history.call_detail(connection, call_id=call_id, viewer=user)
        if call is None:
            return None
        right = await right_to_hear(connection, call_id=call_id, viewer=user)
        recording = await kept_recording(connection, call_id) if right else None
    if recording is not None and not recording.peaks:
        await _draw_soon(request, call_id)
    return Conversation(
        call,
        right,
        recording,
        waveform(recording.peaks) if recording and recording.peaks else None,
        audio_url(request, call_id),
    )


async def _draw_soon(request: web.Request, call_id: UUID) -> None:
    """What an earlier version recorded has no wave yet: whoever keeps recordings draws it."""
    given = services(request)
    async with given.database.write() as connection:
        await recording_jobs.enqueue(
            connection, KEEP, call_id, now=given.clock.now(), priority=1, again=True
        )
