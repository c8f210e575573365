"""Watches the room that is left for recordings; an alarm goes into the log when it gets short."""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dialer.ports import LiveUpdates
from dialer.recording_room import RecordingRoom

log = structlog.get_logger(__name__)

_LOOK_EVERY_SECONDS = 5.0


def look(room: RecordingRoom, folder: Path) -> None:
    """Asks the disk; what cannot be asked is not known."""
    try:
        told = os.statvfs(folder)
    except OSError as error:
        log.error("recordings_room_unknown", folder=str(folder), error=str(error))
        room.free_bytes = None
        return
    room.free_bytes = told.f_bavail * told.f_frsize


async def watch_room(
    room: RecordingRoom,
    folder: Path,
    live: LiveUpdates,
    *,
    every_seconds: float = _LOOK_EVERY_SECONDS,
) -> None:
    """Looks until cancelled; tells when it gets short, and when there is room again."""
    was_full = False
    while True:
        look(room, folder)
        if room.nearly_full != was_full:
            was_full = room.nearly_full
            _tell(room, folder)
            live.publish("recordings_room", {"nearly_full": was_full})
        await asyncio.sleep(every_seconds)


class RoomFigures(Collector):
    """For Prometheus: bytes that are free, and whether that is too little."""

    def __init__(self, room: RecordingRoom) -> None:
        self._room = room

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "kakeru_recordings_free_bytes",
            "Room that is left on the disk of the recordings.",
            value=-1 if self._room.free_bytes is None else self._room.free_bytes,
        )
        yield GaugeMetricFamily(
            "kakeru_recordings_nearly_full",
            "1 while there is less room than recordings.min_free_mb.",
            value=int(self._room.nearly_full),
        )


def _tell(room: RecordingRoom, folder: Path) -> None:
    facts = {"folder": str(folder), "free_bytes": room.free_bytes}
    if room.nearly_full:
        log.error("recordings_nearly_full", **facts, now=room.policy.when_full.value)
    else:
        log.info("recordings_have_room_again", **facts)
