"""The store of recordings that the settings ask for."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ari_app.settings.models import Settings
from ari_app.settings.recordings import RecordingsSettings
from recordings.archive import KeepingPolicy, RecordingArchive
from recordings.keys import parse_keys
from recordings.place import Place
from recordings.store import LocalRecordingStore


@dataclass(frozen=True, slots=True)
class StorePlan:
    """What a store is made of, as it can be handed to another process. Holds secrets."""

    root: str
    policy: Mapping[str, Any]  # of KeepingPolicy
    keys: str  # as in the environment
    bucket: Mapping[str, Any] | None  # of recordings.s3_place.Bucket

    def as_json(self) -> Mapping[str, Any]:
        """For the constructor, on the other side."""
        return asdict(self)

    def open(self) -> RecordingArchive:
        """Ready to use; no connection is made yet."""
        return RecordingArchive(
            LocalRecordingStore(Path(self.root)),
            KeepingPolicy(**self.policy),
            parse_keys(self.keys),
            None if self.bucket is None else _bucket(self.bucket),
        )


def recording_store(settings: Settings) -> RecordingArchive:
    """Ready to use; no connection is made yet. To be closed at the end."""
    return store_plan(settings).open()


@asynccontextmanager
async def opened_store(settings: Settings) -> AsyncIterator[RecordingArchive]:
    """`recording_store`, closed at the end of the block."""
    store = recording_store(settings)
    try:
        yield store
    finally:
        await store.close()


def store_plan(settings: Settings) -> StorePlan:
    """For another process of this program."""
    own = settings.recordings
    return StorePlan(
        root=str(settings.recordings_folder),
        policy={
            "format": own.format,
            "encrypted": own.encrypted,
            "place": "local" if own.s3 is None else "s3",
        },
        keys=own.keys.get_secret_value(),
        bucket=_bucket_of(own),
    )


def _bucket_of(own: RecordingsSettings) -> Mapping[str, Any] | None:
    if own.s3 is None:
        return None
    secret = own.s3.secret_key
    return {
        "name": own.s3.bucket,
        "prefix": own.s3.prefix,
        "endpoint_url": own.s3.endpoint_url,
        "region": own.s3.region,
        "access_key": own.s3.access_key,
        "secret_key": None if secret is None else secret.get_secret_value(),
    }


def _bucket(told: Mapping[str, Any]) -> Place:
    # The client takes half a second to import: only where there is a bucket.
    from recordings.s3_place import Bucket, S3Place

    return S3Place(Bucket(**told))
