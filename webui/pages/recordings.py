"""The audio of conversations, for those who may hear it."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

import structlog
from aiohttp import web

from dialer import history
from dialer.kept_recordings import KeptRecording, kept_recording
from dialer.ports import AudioFile, CopyForm, RecordingFault
from dialer.rules.hearing import HearingRight, may_download
from webui.audio_response import send_audio
from webui.conversation import conversation
from webui.hearing import call_id_of, require_right, write_down
from webui.media_links import audio_url
from webui.rendering import formats_for, render
from webui.services import services
from webui.sessions import viewer
from webui.signed_links import require_signature

log = structlog.get_logger(__name__)

# Copies that are made at the same time: each keeps a processor busy.
COPIES = web.AppKey("copies", asyncio.Semaphore)
COPIES_AT_ONCE = 2
_FORMS: Mapping[str, CopyForm] = {"wav": "wav", "mp3": "mp3"}


async def page(request: web.Request) -> web.Response:
    """A conversation with an address of its own; who may not hear it is told who may."""
    shown = await conversation(request, call_id_of(request))
    if shown is None:
        raise web.HTTPNotFound
    context = {"conversation": shown, "row": shown.call.row}
    return render(request, "recording.html", context, status=200 if shown.right else 403)


async def audio(request: web.Request) -> web.StreamResponse:
    """In the form in which it lies, in ranges as the player asks for them."""
    call_id = call_id_of(request)
    require_signature(request, call_id)
    recording, right, file = await _opened(request, call_id)
    try:
        await write_down(request, "recording.play", call_id, right)
        return await send_audio(
            request, file, form=recording.audio.format, version=recording.sha256
        )
    except RecordingFault as error:
        raise unreachable(error) from error
    finally:
        await file.close()


async def download(request: web.Request) -> web.StreamResponse:
    """The whole as a file of one's own, for those who answer for it."""
    call_id, given = call_id_of(request), services(request)
    form = _FORMS.get(request.query.get("as", ""))
    if form is None:
        raise web.HTTPBadRequest
    require_signature(request, call_id)
    async with given.database.read() as connection:
        right = await require_right(request, connection, call_id)
        recording = await kept_recording(connection, call_id)
        call = await history.call_detail(connection, call_id=call_id, viewer=viewer(request))
    if not may_download(right):
        raise web.HTTPForbidden
    if recording is None or call is None:
        raise web.HTTPNotFound
    try:
        async with request.app[COPIES]:
            file = await given.recordings.copy_as(recording.audio, form)
    except FileNotFoundError as error:
        raise web.HTTPNotFound from error
    except RecordingFault as error:
        raise unreachable(error) from error
    try:
        await write_down(request, "recording.download", call_id, right, form=form)
        return await send_audio(
            request,
            file,
            form=form,
            version=f"{recording.sha256}-{form}",
            save_as=f"{_name_of(request, call)}.{form}",
        )
    except RecordingFault as error:
        raise unreachable(error) from error
    finally:
        await file.close()


def _name_of(request: web.Request, call: history.CallDetail) -> str:
    """When, and with whom: a number leaves the system in an admin's files only."""
    at = formats_for(request).file_time(call.row.at)
    number = "".join(filter(str.isalnum, call.row.number))
    return f"{at}-{number if viewer(request).acts_as_admin and number else call.row.id.hex[:8]}"


async def link(request: web.Request) -> web.Response:
    """A new address of the audio, for a page whose own has had its time."""
    call_id = call_id_of(request)
    async with services(request).database.read() as connection:
        await require_right(request, connection, call_id)
    return web.Response(text=audio_url(request, call_id))


def unreachable(error: RecordingFault) -> web.HTTPServiceUnavailable:
    """What a page says of audio that cannot be reached just now."""
    log.error("recording_unreachable", error=str(error))
    return web.HTTPServiceUnavailable()


async def _opened(
    request: web.Request, call_id: UUID
) -> tuple[KeptRecording, HearingRight, AudioFile]:
    """Raises HTTPNotFound, HTTPForbidden, HTTPServiceUnavailable."""
    given, gone = services(request), None
    # Another form may take its place between the catalogue's answer and the opening.
    for _ in range(2):
        async with given.database.read() as connection:
            right = await require_right(request, connection, call_id)
            recording = await kept_recording(connection, call_id)
        if recording is None:
            raise web.HTTPNotFound
        try:
            return recording, right, await given.recordings.open(recording.audio)
        except FileNotFoundError as error:
            gone = error
        except RecordingFault as error:
            raise unreachable(error) from error
    log.error("recording_gone", call_id=str(call_id))
    raise web.HTTPNotFound from gone
