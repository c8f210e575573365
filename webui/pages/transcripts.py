"""The words of a conversation, and asking for them anew."""

from aiohttp import web

from dialer import audit, transcribing
from dialer.kept_recordings import kept_recording
from webui.conversation import transcript_shown
from webui.hearing import call_id_of, require_right, write_down
from webui.rendering import render
from webui.services import services
from webui.sessions import viewer


async def show(request: web.Request) -> web.Response:
    """As it is now: asked for again and again while it is being made."""
    call_id = call_id_of(request)
    async with services(request).database.read() as connection:
        right = await require_right(request, connection, call_id)
        shown = await transcript_shown(request, connection, call_id)
        recording = await kept_recording(connection, call_id)
    if shown.said:
        await write_down(request, "transcript.view", call_id, right)
    context = {"call_id": call_id, "transcript": shown, "is_recorded": recording is not None}
    return render(request, "parts/transcript.html", context)


async def again(request: web.Request) -> web.Response:
    """An admin asks for the words, or for them anew, with today's model."""
    call_id, given = call_id_of(request), services(request)
    async with given.database.write() as connection:
        if not given.settings.has_speech_model or await kept_recording(connection, call_id) is None:
            raise web.HTTPNotFound
        now = given.clock.now()
        await transcribing.ask_for(connection, call_id, now)
        await audit.record(
            connection,
            user_id=viewer(request).id,
            action="transcript.ask",
            subject=f"call:{call_id}",
            now=now,
        )
    return await show(request)
