"""Long conversations are finished in blocks, never whole in memory."""

import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from recordings import LocalRecordingStore

CALL = UUID("0a1b2c3d-0000-4000-8000-000000000001")
AT = datetime(2026, 11, 24, 1, 30, 5, tzinfo=UTC)


async def test_a_recording_of_two_hours_needs_little_memory(tmp_path: Path) -> None:
    store = LocalRecordingStore(tmp_path)
    raw = store.raw_path(CALL, AT)
    with raw.open("wb") as file:
        file.truncate(2 * 3600 * 32_000)
    tracemalloc.start()
    try:
        facts = await store.finish(CALL, AT)
        assert facts is not None
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert facts.duration_ms == 2 * 3600 * 1000
    assert most < 8 * 1024 * 1024
