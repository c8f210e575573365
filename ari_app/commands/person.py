"""What `kakeru person …` does: hands over all that is kept about a person, or erases it."""

import asyncio
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.commands.failures import CommandFailed, WrongUsage
from ari_app.commands.installation import database_of, settings_of
from ari_app.recording_stores import opened_store
from ari_app.settings import Settings
from dialer import audit
from dialer.person_data import PersonData, person_data
from dialer.person_erasure import ErasureRefused, PersonErased, erase_person, would_erase
from dialer.ports import KeptAudio, RecordingStore
from dialer.rules.phone_number import PhoneNumber, national_format, parse_phone_number

_BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What was written into the file."""

    file: Path
    records: int
    recordings: int


def export(config: Path, number: str, to: Path) -> HandedOver:
    """Writes `to`, a zip with person.json, person.html and the audio.

    Raises WrongUsage for what is no number; CommandFailed when nothing is kept, or the file is
    there already.
    """
    settings = settings_of(config)
    return asyncio.run(_export(settings, _e164(number), to))


def erase(config: Path, number: str, reason: str, *, dry_run: bool) -> str:
    """What was, or with `dry_run` would be erased, in words.

    Raises WrongUsage for what is no number; CommandFailed when it is refused.
    """
    settings = settings_of(config)
    done = asyncio.run(_erase(settings, _e164(number), reason, dry_run=dry_run))
    return (
        f"{'would erase' if dry_run else 'erased'}: "
        f"{done.leads} leads, {done.actions} actions, {done.recordings} recordings, "
        f"{done.lists} uploaded lists"
    )


async def _export(settings: Settings, e164: str, to: Path) -> HandedOver:
    async with database_of(settings) as database:
        async with database.read() as connection:
            told = await person_data(connection, e164)
        done = await _write(settings, told, to)
        try:
            async with database.write() as connection:
                await _put_on_record(connection, told, done)
        except BaseException:
            done.file.unlink()  # nothing is handed over that is not on record
            raise
    return done


async def _put_on_record(connection: AsyncConnection, told: PersonData, done: HandedOver) -> None:
    now = datetime.now(UTC)
    calls = {f"call:{audio.call_id}": {"because": "person"} for audio in told.audio}
    await audit.record_each(
        connection, user_id=None, action="recording.download", details=calls, now=now
    )
    await audit.record_by(
        connection,
        "person.export",
        f"number:{told.e164}",
        None,
        now,
        records=done.records,
        recordings=done.recordings,
    )


async def _write(settings: Settings, told: PersonData, to: Path) -> HandedOver:
    e164 = told.e164
    if told.is_empty:
        raise CommandFailed(f"nothing is kept about {national_format(e164)}")
    part = to.with_name(f".{to.name}.part")
    try:
        with part.open("xb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            part.chmod(0o600)
            archive.writestr("person.json", _as_json(told))
            archive.writestr("person.html", _as_html(told))
            async with opened_store(settings) as store:
                for audio in told.audio:
                    await _add_audio(archive, store, audio)
        to.hardlink_to(part)  # never over a file that is there
    except FileExistsError as error:
        raise CommandFailed(f"{to}: there is a file of that name; choose another") from error
    finally:
        part.unlink(missing_ok=True)
    return HandedOver(to, sum(map(len, told.records.values())), len(told.audio))


async def _erase(settings: Settings, e164: str, reason: str, *, dry_run: bool) -> PersonErased:
    async with database_of(settings) as database, opened_store(settings) as store:
        try:
            if dry_run:
                return await would_erase(database, settings.imports_folder, e164)
            return await erase_person(
                database,
                store,
                settings.imports_folder,
                e164=e164,
                reason=reason,
                by=None,
                now=datetime.now(UTC),
            )
        except ErasureRefused as error:
            raise CommandFailed(str(error)) from error


def _e164(number: str) -> str:
    parsed = parse_phone_number(number)
    if not isinstance(parsed, PhoneNumber):
        raise WrongUsage(f"{number!r} is no number that can be called")
    return parsed.e164


async def _add_audio(archive: zipfile.ZipFile, store: RecordingStore, audio: KeptAudio) -> None:
    opened = await store.open(audio)
    try:
        # Audio is compressed already, or grows no smaller by this.
        info = zipfile.ZipInfo(f"audio/{audio.call_id}.{audio.format}")
        with archive.open(info, "w", force_zip64=True) as entry:
            at = 0
            while block := await opened.read(at, _BLOCK_BYTES):
                entry.write(block)
                at += len(block)
    finally:
        await opened.close()


def _as_json(told: PersonData) -> str:
    everything = {"number": told.e164, **told.records}
    return json.dumps(everything, ensure_ascii=False, indent=2)


def _as_html(told: PersonData) -> str:
    """The same to be read: a page that needs nothing beside it."""
    parts = [
        "<!doctype html><meta charset=utf-8>",
        f"<title>{escape(national_format(told.e164))}</title>",
        "<style>body{font:15px/1.6 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "dl{display:grid;grid-template-columns:12rem 1fr;border-top:1px solid #ccc;padding:.5rem 0}"
        "dd{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}dt{color:#666}</style>",
        f"<h1>{escape(national_format(told.e164))}</h1>",
    ]
    for kind, rows in told.records.items():
        if rows:
            parts.append(f"<h2>{escape(kind)}</h2>")
            parts.extend(_row_as_html(row) for row in rows)
    return "\n".join(parts)


def _row_as_html(row: Mapping[str, object]) -> str:
    lines = [
        f"<dt>{escape(name)}</dt><dd>{escape(_shown(value))}</dd>"
        for name, value in row.items()
        if value not in (None, "", [], {})
    ]
    return f"<dl>{''.join(lines)}</dl>"


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {one}" for name, one in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "\n".join(_said(one) for one in value)
    return str(value)


def _said(one: object) -> str:
    """An utterance of a transcript as a line of a dialogue."""
    if isinstance(one, Mapping) and "words" in one:
        return f"{one['side']}: {' '.join(word[0] for word in one['words'])}"
    return str(one)
