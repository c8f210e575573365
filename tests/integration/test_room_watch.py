"""The room for recordings is watched; short room is an alarm in the log and a figure."""

import asyncio
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from structlog.testing import capture_logs

from ari_app.coordination import LocalLiveUpdates
from ari_app.room_watch import RoomFigures, look, watch_room
from dialer.recording_room import RecordingRoom
from dialer.rules.recording_room import RoomPolicy


def test_the_room_of_the_folders_disk_is_known(tmp_path: Path) -> None:
    room = RecordingRoom()
    look(room, tmp_path)
    assert room.free_bytes is not None
    assert room.free_bytes > 0
    assert not room.nearly_full


def test_a_folder_that_cannot_be_asked_stops_nothing(tmp_path: Path) -> None:
    room = RecordingRoom(RoomPolicy(2**60), free_bytes=0)
    look(room, tmp_path / "gone")
    assert room.free_bytes is None
    assert not room.nearly_full


async def test_it_tells_when_room_gets_short(tmp_path: Path) -> None:
    room = RecordingRoom(RoomPolicy(2**60))
    live = LocalLiveUpdates()
    heard = live.subscribe("recordings_room")
    with capture_logs() as logs:
        watching = asyncio.create_task(watch_room(room, tmp_path, live, every_seconds=0.01))
        async with asyncio.timeout(10):
            topic, news = await anext(aiter(heard))
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    assert (topic, news) == ("recordings_room", {"nearly_full": True})
    assert [one["event"] for one in logs] == ["recordings_nearly_full"]
    heard.close()


def test_monitoring_sees_it() -> None:
    registry = CollectorRegistry()
    registry.register(RoomFigures(RecordingRoom(RoomPolicy(100), free_bytes=99)))
    text = generate_latest(registry).decode()
    assert "kakeru_recordings_free_bytes 99.0" in text
    assert "kakeru_recordings_nearly_full 1.0" in text
