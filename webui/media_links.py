"""Addresses of audio: made here and nowhere else."""

from uuid import UUID

from aiohttp import web


def audio_url(request: web.Request, call_id: UUID) -> str:
    """Where this viewer's browser gets the audio of the call."""
    return f"/recordings/{call_id}/audio"
