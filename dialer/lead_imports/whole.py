"""A list from a file to leads in one go: for the command line, where one process does it all."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dialer.lead_file_errors import FileProblem, LeadFileError
from dialer.lead_imports.bring import bring_file
from dialer.lead_imports.jobs import (
    ImportJob,
    begin_check,
    begin_import,
    begin_undo,
    import_by_id,
    set_choices,
)
from dialer.lead_imports.lists import NEW, open_list
from dialer.lead_imports.work import work_on
from dialer.lead_imports.workshop import Workshop
from dialer.projects import project_by_name
from dialer.rules.custom_field import CustomField, FieldKind
from dialer.rules.import_choices import ImportChoices
from dialer.rules.lead_field import LeadField
from dialer.rules.list_shape import ListShape
from dialer.rules.search_text import fold
from dialer.users import User


async def import_file(
    shop: Workshop,
    path: Path,
    *,
    project: str,
    choices: ImportChoices | None = None,
    columns: Mapping[str, str] | None = None,
    by: User | None = None,
    check_only: bool = False,
) -> ImportJob:
    """Checks the file and imports it; the import as it then stands, which may have failed.

    `columns` are targets by the names of columns. Raises UnknownProject; LeadFileError for
    a file that cannot be looked at at all, which leaves no import.
    """
    import_id, _ = await look_at(
        shop, path, project=project, choices=choices, columns=columns, by=by
    )
    job = await check(shop, import_id)
    if check_only or job.error:
        return job
    return await write(shop, import_id, by=by)


async def look_at(
    shop: Workshop,
    path: Path,
    *,
    project: str,
    choices: ImportChoices | None = None,
    columns: Mapping[str, str] | None = None,
    by: User | None = None,
) -> tuple[int, ListShape]:
    """Brings the file and finds out how it is built; the import's id. Raises as `import_file`."""
    choices = choices or ImportChoices()
    async with shop.database.read() as connection:
        into = await project_by_name(connection, project)
    import_id = await bring_file(shop, path, project_id=into.id, choices=choices, by=by)
    async with shop.database.read() as connection:
        job = await import_by_id(connection, import_id)
        shape = (await open_list(connection, job, shop.folder, shop.limits)).shape
    targets = {**choices.targets, **targets_of(shape, columns or {})}
    async with shop.database.write() as connection:
        await set_choices(connection, import_id, replace(choices, targets=targets))
    return import_id, shape.with_targets(targets)


async def check(shop: Workshop, import_id: int) -> ImportJob:
    """Checks an import to the end. Raises UnknownImport and WrongState."""
    async with shop.database.write() as connection:
        await begin_check(connection, import_id)
    return await work_on(shop, secrets.token_hex(8), import_id)


async def write(shop: Workshop, import_id: int, *, by: User | None = None) -> ImportJob:
    """Imports a checked list to the end. Raises UnknownImport and WrongState."""
    async with shop.database.write() as connection:
        await begin_import(connection, import_id, now=shop.now(), by=by)
    return await work_on(shop, secrets.token_hex(8), import_id)


async def undo(shop: Workshop, import_id: int, *, by: User | None = None) -> ImportJob:
    """Takes an import back to the end. Raises UnknownImport and WrongState."""
    async with shop.database.write() as connection:
        await begin_undo(connection, import_id, now=shop.now(), by=by)
    return await work_on(shop, secrets.token_hex(8), import_id)


def parse_columns(entries: Iterable[str], fields: Sequence[CustomField]) -> dict[str, str]:
    """``["社名=name", "業種=new:text", "区分=顧客区分"]`` → targets by column name.

    A target is a LeadField, the name of one of the project's custom `fields`, or ``new:``
    with a FieldKind. Raises LeadFileError.
    """
    targets: dict[str, str] = {}
    for entry in entries:
        column, _, wanted = entry.rpartition("=")
        target = _target(wanted.strip(), fields)
        if not column.strip() or target is None:
            known = ", ".join([*LeadField, *(f.name for f in fields), f"{NEW}text …"])
            raise LeadFileError(FileProblem.MAPPING, "", entry=entry, fields=known)
        targets[column.strip()] = target
    return targets


def _target(wanted: str, fields: Sequence[CustomField]) -> str | None:
    if wanted.lower() in list(LeadField):
        return wanted.lower()
    if wanted.startswith(NEW):
        return wanted if wanted[len(NEW) :] in list(FieldKind) else None
    found = next((field for field in fields if fold(field.name) == fold(wanted)), None)
    return f"custom:{found.id}" if found else None


def targets_of(shape: ListShape, columns: Mapping[str, str]) -> dict[int, str]:
    """By place what `columns` say by name. Raises LeadFileError for a name that is not there."""
    places = {" ".join(column.name.split()): column.index for column in reversed(shape.columns)}
    missing = [name for name in columns if " ".join(name.split()) not in places]
    if missing:
        raise LeadFileError(
            FileProblem.NO_SUCH_COLUMN,
            shape.file_name,
            missing=", ".join(missing),
            row=shape.header_rows[0],
            columns=", ".join(column.name for column in shape.columns),
        )
    return {places[" ".join(name.split())]: target for name, target in columns.items()}
