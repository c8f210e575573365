"""Addresses of audio: made here and nowhere else."""

from typing import Final
from uuid import UUID

from aiohttp import web

from webui.signed_links import signed

COPY_FORMS: Final = ("mp3", "wav")


def audio_url(request: web.Request, call_id: UUID) -> str:
    """Where this viewer's browser gets the audio of the call, for half an hour."""
    return signed(request, f"/recordings/{call_id}/audio", call_id)


def copy_urls(request: web.Request, call_id: UUID) -> dict[str, str]:
    """Where this viewer downloads the recording, by form, for half an hour."""
    path = f"/recordings/{call_id}/download"
    return {form: signed(request, f"{path}?as={form}", call_id) for form in COPY_FORMS}
