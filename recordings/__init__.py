"""Audio of conversations: where it lies, its format, its length and its checksum."""

from recordings.errors import RecordingStoreError
from recordings.store import LocalRecordingStore, UnfinishedRecording

__all__ = ["LocalRecordingStore", "RecordingStoreError", "UnfinishedRecording"]
