"""Finished files in a bucket of Amazon S3 or a store that speaks its language.

Implements `recordings.place.Place`. Imported only where a bucket is set up.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from recordings.errors import RecordingStoreError
from recordings.local_place import FINISHED
from recordings.place import StoredFile

_GONE = {"404", "NoSuchKey", "NotFound"}
_BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bucket:
    """`endpoint_url` None: Amazon's own. `prefix` is empty or ends with a slash."""

    name: str
    prefix: str = ""
    endpoint_url: str | None = None
    region: str = "ap-northeast-1"
    access_key: str | None = None  # None: as the machine's own settings say
    secret_key: str | None = None


class S3Place:
    """Use: at once; `close` at the end."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._stack = AsyncExitStack()
        self._opened: Any = None
        self._opening = asyncio.Lock()

    async def open(self, path: str) -> "S3File":
        key = self._key(path)
        client = await self._client()
        try:
            told = await client.head_object(Bucket=self._bucket.name, Key=key)
        except (ClientError, BotoCoreError, OSError) as error:
            raise self._missing_or_fault(path, error) from error
        return S3File(client, self._bucket.name, key, told["ContentLength"])

    async def put(self, file: Path, path: str, sha256: str) -> None:
        client = await self._client()
        where = {"Bucket": self._bucket.name, "Key": self._key(path)}
        try:
            with file.open("rb") as body:
                await client.put_object(**where, Body=body, Metadata={"sha256": sha256})
            got = await client.get_object(**where)
            digest = hashlib.sha256()
            async with got["Body"] as stream:
                while block := await stream.read(_BLOCK_BYTES):
                    digest.update(block)
        except (ClientError, BotoCoreError, OSError) as error:
            raise self._fault(path, error) from error
        if digest.hexdigest() != sha256:
            raise RecordingStoreError(f"recordings: {self._name(path)} was not stored as given")

    async def remove(self, path: str) -> None:
        key = self._key(path)
        client = await self._client()
        try:
            await client.delete_object(Bucket=self._bucket.name, Key=key)
        except (ClientError, BotoCoreError, OSError) as error:
            raise self._fault(path, error) from error

    async def files(self, prefix: str) -> AsyncIterator[StoredFile]:
        client = await self._client()
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket.name, Prefix=self._bucket.prefix + prefix
        )
        try:
            async for page in pages:
                for one in page.get("Contents", ()):
                    path = one["Key"].removeprefix(self._bucket.prefix)
                    if path.endswith(FINISHED):
                        yield StoredFile(path, one["Size"], one["LastModified"])
        except (ClientError, BotoCoreError, OSError) as error:
            raise self._fault(prefix, error) from error

    async def close(self) -> None:
        """Ends the connections."""
        await self._stack.aclose()
        self._opened = None

    async def _client(self) -> Any:
        async with self._opening:
            if self._opened is None:
                own = self._bucket
                self._opened = await self._stack.enter_async_context(
                    get_session().create_client(
                        "s3",
                        region_name=own.region,
                        endpoint_url=own.endpoint_url,
                        aws_access_key_id=own.access_key,
                        aws_secret_access_key=own.secret_key,
                        config=AioConfig(
                            # A store of one's own has no name server for a name a bucket.
                            s3={"addressing_style": "path" if own.endpoint_url else "auto"},
                            request_checksum_calculation="when_required",
                            response_checksum_validation="when_required",
                            connect_timeout=10,
                            read_timeout=60,
                            retries={"mode": "standard", "max_attempts": 3},
                        ),
                    )
                )
            return self._opened

    def _key(self, path: str) -> str:
        pure = PurePosixPath(path)
        inside = not pure.is_absolute() and ".." not in pure.parts
        if not inside or "\0" in path or not path.endswith(FINISHED):
            raise FileNotFoundError(f"no recording {path!r}")
        return self._bucket.prefix + path

    def _name(self, path: str) -> str:
        return f"s3://{self._bucket.name}/{self._bucket.prefix}{path}"

    def _missing_or_fault(self, path: str, error: Exception) -> Exception:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] in _GONE:
            return FileNotFoundError(f"no recording {path!r}")
        return self._fault(path, error)

    def _fault(self, path: str, error: Exception) -> RecordingStoreError:
        return RecordingStoreError(
            f"recordings: {self._name(path)}: {error}; look at recordings.s3 in the settings"
        )


class S3File:
    """One object; implements `dialer.ports.AudioFile`."""

    def __init__(self, client: Any, bucket: str, key: str, size_bytes: int) -> None:
        self._client = client
        self._where = {"Bucket": bucket, "Key": key}
        self._size_bytes = size_bytes

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    @property
    def local_path(self) -> Path | None:
        return None

    async def read(self, start: int, length: int) -> bytes:
        end = min(start + length, self._size_bytes)
        if start >= end:
            return b""
        try:
            got = await self._client.get_object(**self._where, Range=f"bytes={start}-{end - 1}")
            async with got["Body"] as stream:
                found: bytes = await stream.read()
        except (ClientError, BotoCoreError, OSError) as error:
            raise RecordingStoreError(
                f"recordings: s3://{self._where['Bucket']}/{self._where['Key']}: {error}"
            ) from error
        return found

    async def close(self) -> None:
        """Nothing is held open between reads."""
