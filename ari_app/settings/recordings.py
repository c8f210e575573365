"""The section `recordings` of ``config/kakeru.yaml``."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from dialer.campaign import Settings as Section
from dialer.rules.recording_room import RoomPolicy, WhenFull
from recordings.keys import parse_keys


class S3Settings(Section):
    """A bucket of Amazon S3, or of a store that speaks its language."""

    bucket: str = Field(min_length=3, max_length=63, description="its name; it must exist")
    prefix: str = Field("", description="what the names of our objects begin with, as kakeru/")
    endpoint_url: str | None = Field(
        None, description="address of the store, as https://s3.example.jp; left out: Amazon's"
    )
    region: str = Field("ap-northeast-1", description="region of the bucket")
    access_key: str | None = Field(
        None, description="left out: what the machine's own settings say"
    )
    secret_key: SecretStr | None = Field(None, description="better in KAKERU_S3_SECRET_KEY")

    @field_validator("prefix")
    @classmethod
    def _folder(cls, value: str) -> str:
        if value.startswith("/") or ".." in value:
            raise ValueError("must be like kakeru/")
        return value if not value or value.endswith("/") else f"{value}/"


class RecordingsSettings(Section):
    """Where and how conversations are kept."""

    folder: Path | None = Field(
        None, description="folder of the recordings; left out: recordings in the data folder"
    )
    format: Literal["wav", "flac", "opus"] = Field(
        "flac",
        description="form they are kept in: flac loses nothing, opus is much smaller, wav is as "
        "recorded",
    )
    encrypted: bool = Field(
        False, description="encrypt what is kept, with the first key of KAKERU_RECORDING_KEYS"
    )
    keys: SecretStr = Field(
        SecretStr(""), description="NAME:KEY,NAME:KEY; better in KAKERU_RECORDING_KEYS"
    )
    s3: S3Settings | None = Field(
        None, description="a bucket that they are kept in; left out: the folder"
    )
    keep_after_minutes: int = Field(
        5,
        ge=0,
        le=1440,
        description="minutes after a call before its recording is compressed and moved; "
        "who listens right after the call is not disturbed by it",
    )
    min_free_mb: int = Field(
        500,
        ge=0,
        le=10_000_000,
        description="with less room on their disk, in megabytes, when_full is done",
    )
    when_full: Literal["stop_dialling", "dial_without"] = Field(
        "stop_dialling",
        description="stop_dialling: campaigns that record call nobody; dial_without: they record "
        "nothing",
    )

    @property
    def room_policy(self) -> RoomPolicy:
        """The same for the rules."""
        return RoomPolicy(self.min_free_mb * 1024**2, WhenFull(self.when_full))

    @model_validator(mode="after")
    def _keys_for_encryption(self) -> Self:
        if parse_keys(self.keys.get_secret_value()).newest is None and self.encrypted:
            raise ValueError(
                "encrypted: there is no key; set KAKERU_RECORDING_KEYS to NAME:KEY, "
                "the key from: openssl rand -base64 32"
            )
        return self
