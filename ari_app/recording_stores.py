"""The store of recordings that the settings ask for."""

from ari_app.settings.models import Settings
from dialer.ports import RecordingStore
from recordings.store import LocalRecordingStore


def recording_store(settings: Settings) -> RecordingStore:
    """Ready to use; nothing is opened yet."""
    return LocalRecordingStore(settings.recordings_folder)
