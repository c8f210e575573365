"""What is shown of a conversation, in a row of ヒストリー, on a lead's page and on its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import history, recording_jobs
from dialer.bookmarks import Bookmark, bookmarks_of
from dialer.comments import Comment, comments_of
from dialer.good_examples import GoodExample, examples_of
from dialer.hearing import right_to_hear
from dialer.kept_recordings import KeptRecording, kept_recording
from dialer.recording_jobs import KEEP
from dialer.rules.hearing import HearingRight, may_choose_examples, may_download, may_see_who_heard
from dialer.rules.silences import silences
from dialer.users import User
from webui.hearing import write_down
from webui.media_links import audio_url, copy_urls
from webui.services import services
from webui.sessions import viewer
from webui.transcript_view import ShownTranscript, shown_transcript
from webui.waveform import Waveform, spans, waveform


@dataclass(frozen=True, slots=True)
class Notes:
    """What people noted in a conversation; the bookmarks are the viewer's own."""

    comments: Sequence[Comment] = ()
    bookmarks: Sequence[Bookmark] = ()
    examples: Sequence[GoodExample] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """A call in full. Without a `right` there is nothing of what was said or noted; `recording`
    is None where there is nothing to be heard, or not by the viewer."""

    call: history.CallDetail
    right: HearingRight | None
    recording: KeptRecording | None
    wave: Waveform | None
    paused: Sequence[tuple[float, float]]  # in the wave, as x and width: nothing was recorded
    silences: Sequence[tuple[int, int]]
    audio_url: str
    copy_urls: Mapping[str, str]
    transcript: ShownTranscript | None
    notes: Notes

    @property
    def may_download(self) -> bool:
        return self.recording is not None and may_download(self.right)

    @property
    def may_see_who_heard(self) -> bool:
        return self.call.row.recording is not None and may_see_who_heard(self.right)

    @property
    def may_choose_examples(self) -> bool:
        return self.recording is not None and may_choose_examples(self.right)


async def conversation(request: web.Request, call_id: UUID) -> Conversation | None:
    """None when there is no such call, or the viewer may not see its project.

    That its words are shown is written to the audit log.
    """
    given, user = services(request), viewer(request)
    async with given.database.read() as connection:
        call = await history.call_detail(connection, call_id=call_id, viewer=user)
        if call is None:
            return None
        right = await right_to_hear(connection, call_id=call_id, viewer=user)
        recording = await kept_recording(connection, call_id) if right else None
        transcript = await _words(request, connection, call_id, recording) if right else None
        notes = await notes_of(connection, call_id, user) if right else Notes()
    if recording is not None and not recording.peaks:
        await _draw_soon(request, call_id)
    if transcript is not None and transcript.said and right is not None:
        await write_down(request, "transcript.view", call_id, right)
    drawn = recording.peaks if recording else b""
    wave = waveform(drawn) if drawn else None
    return Conversation(
        call,
        right,
        recording,
        wave,
        spans(recording.pauses, recording.duration_ms, wave.width) if recording and wave else (),
        silences(drawn, recording.duration_ms) if recording else (),
        audio_url(request, call_id),
        copy_urls(request, call_id),
        transcript,
        notes,
    )


async def notes_of(connection: AsyncConnection, call_id: UUID, user: User) -> Notes:
    """Who may see them: ask `dialer.hearing` before."""
    return Notes(
        await comments_of(connection, call_id),
        await bookmarks_of(connection, call_id=call_id, by=user),
        await examples_of(connection, call_id),
    )


async def transcript_shown(
    request: web.Request, connection: AsyncConnection, call_id: UUID
) -> ShownTranscript:
    """Who may read it: ask `dialer.hearing` before."""
    given = services(request)
    now: datetime = given.clock.now()
    return await shown_transcript(
        connection, call_id, now, has_model=given.settings.has_speech_model
    )


async def _words(
    request: web.Request,
    connection: AsyncConnection,
    call_id: UUID,
    recording: KeptRecording | None,
) -> ShownTranscript | None:
    """Words may be kept longer than the audio; without either there is nothing to say of them."""
    shown = await transcript_shown(request, connection, call_id)
    return shown if recording is not None or shown.said else None


async def _draw_soon(request: web.Request, call_id: UUID) -> None:
    """What an earlier version recorded has no wave yet: whoever keeps recordings draws it."""
    given = services(request)
    async with given.database.write() as connection:
        await recording_jobs.enqueue(
            connection, KEEP, call_id, now=given.clock.now(), priority=1, again=True
        )
