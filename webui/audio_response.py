"""Audio sent to a browser in the parts that it asks for, from wherever it lies."""

import asyncio
from collections.abc import Mapping
from typing import BinaryIO
from urllib.parse import quote

import structlog
from aiohttp import ETag, web

from dialer.ports import AudioFile, RecordingFault
from webui.byte_range import OutOfRange, part_of

log = structlog.get_logger(__name__)

CONTENT_TYPES: Mapping[str, str] = {
    "wav": "audio/wav",
    "flac": "audio/flac",
    "opus": "audio/ogg",
    "mp3": "audio/mpeg",
}
_BLOCK_BYTES = 256 * 1024


async def send_audio(
    request: web.Request, audio: AudioFile, *, form: str, version: str, save_as: str = ""
) -> web.StreamResponse:
    """Answers a GET or HEAD. `version` names the bytes: another one, other bytes (its ETag).

    With `save_as` it is a download of that name. Only this viewer's browser may keep it, and must
    ask each time whether it still may. Raises FileNotFoundError where a file has just gone.
    """
    etag = ETag(value=version)
    response = web.StreamResponse(headers={"Cache-Control": "private, no-cache"})
    response.etag = etag
    if _knows(request, etag):
        response.set_status(304)
        await response.prepare(request)
        return response
    response.content_type = CONTENT_TYPES[form]
    response.headers["Accept-Ranges"] = "bytes"
    if save_as:
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(save_as)}"
    size = audio.size_bytes
    try:
        part = part_of(_range_of(request, version), size)
    except OutOfRange:
        response.set_status(416)
        response.headers["Content-Range"] = f"bytes */{size}"
        part = (0, 0)
    else:
        if part is not None:
            response.set_status(206)
            response.headers["Content-Range"] = f"bytes {part[0]}-{sum(part) - 1}/{size}"
    start, length = part or (0, size)
    response.content_length = length
    if request.method == "HEAD" or not length:
        await response.prepare(request)
    elif audio.local_path is None:
        await _stream(request, response, audio, start, length)
    else:
        with audio.local_path.open("rb") as file:
            await _send_file(request, response, file, start, length)
    await response.write_eof()
    return response


def _knows(request: web.Request, etag: ETag) -> bool:
    known = request.if_none_match
    return known is not None and any(one.value in ("*", etag.value) for one in known)


def _range_of(request: web.Request, version: str) -> str:
    """What `Range` says; nothing where it holds for an older version only (`If-Range`)."""
    condition = request.headers.get("If-Range")
    if condition is not None and condition.strip() != f'"{version}"':
        return ""
    return request.headers.get("Range", "")


async def _send_file(
    request: web.Request, response: web.StreamResponse, file: BinaryIO, start: int, length: int
) -> None:
    """By the kernel, as aiohttp does for static files."""
    await response.prepare(request)
    if request.transport is None:
        raise ConnectionResetError("the page was closed")
    await asyncio.get_running_loop().sendfile(request.transport, file, start, length)


async def _stream(
    request: web.Request, response: web.StreamResponse, audio: AudioFile, start: int, length: int
) -> None:
    """The first block is read before anything is promised: a store that is away gives an error."""
    at, end = start, start + length
    block = await audio.read(at, min(_BLOCK_BYTES, length))
    await response.prepare(request)
    while block:
        await response.write(block)
        at += len(block)
        try:
            block = await audio.read(at, min(_BLOCK_BYTES, end - at)) if at < end else b""
        except RecordingFault as error:
            # The length is promised already: only an end that is no end tells the browser.
            log.error("recording_cut_short", path=request.path, at=at, error=str(error))
            if request.transport is not None:
                request.transport.abort()
            return
