"""Addresses of audio: made here and nowhere else."""

from uuid import UUID

from aiohttp import web

from webui.signed_links import signed


def audio_url(request: web.Request, call_id: UUID) -> str:
    """Where this viewer's browser gets the audio of the call, for half an hour."""
    return signed(request, f"/recordings/{call_id}/audio", call_id)
