"""`kakeru prohibition add`, `lift` and `list`"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.commands.failures import CommandFailed
from ari_app.commands.installation import database_of, settings_of
from ari_app.settings import Settings
from dialer import prohibitions, workgroups
from dialer.prohibition_list import (
    ForWhom,
    ProhibitionFilter,
    ProhibitionRow,
    ProhibitionState,
    all_prohibitions,
)
from dialer.rules.phone_number import UnusableNumber, national_format, parse_phone_numbers

COMPANY = "the whole company"


def add(config: Path, numbers: Sequence[str], workgroup: str | None, reason: str) -> list[str]:
    """Prohibits the numbers for a workgroup, None: the company; says what became of each."""
    return asyncio.run(_add(settings_of(config), e164s_of(numbers), workgroup, reason))


def lift(config: Path, numbers: Sequence[str], workgroup: str | None, reason: str) -> list[str]:
    """Lifts the workgroup's prohibitions, None: the company's; says what became of each."""
    return asyncio.run(_lift(settings_of(config), e164s_of(numbers), workgroup, reason))


def listed(
    config: Path,
    *,
    workgroup: str | None,
    company: bool,
    number: str,
    state: ProhibitionState,
    limit: int,
) -> tuple[list[Sequence[str]], bool]:
    """The rows as texts, and whether there are more than `limit`."""
    return asyncio.run(_listed(settings_of(config), workgroup, company, number, state, limit))


def e164s_of(texts: Sequence[str]) -> list[str]:
    """Raises CommandFailed for a text that is no number."""
    found: dict[str, None] = {}
    for text in texts:
        numbers = parse_phone_numbers(text)
        if isinstance(numbers, UnusableNumber):
            raise CommandFailed(f"{text}: {numbers.reason.text('en')}; nothing was changed")
        found.update(dict.fromkeys(number.e164 for number in numbers))
    return list(found)


async def workgroup_id(connection: AsyncConnection, name: str) -> int:
    """Raises CommandFailed, which names the workgroups that there are."""
    found = await workgroups.workgroup_by_name(connection, name)
    if found is None:
        known = ", ".join(group.name for group in await workgroups.list_workgroups(connection))
        raise CommandFailed(f"no workgroup {name!r} (workgroups: {known or 'there is none yet'})")
    return found.id


async def _add(
    settings: Settings, e164s: Sequence[str], workgroup: str | None, reason: str
) -> list[str]:
    async with database_of(settings) as database, database.write() as connection:
        group = await workgroup_id(connection, workgroup) if workgroup else None
        added = await prohibitions.prohibit(
            connection,
            e164s=e164s,
            workgroup_ids=None if group is None else [group],
            now=datetime.now(UTC),
            reason=reason,
        )
    return [
        f"{national_format(one)}: prohibited{'' if one in added else ' already'} "
        f"for {workgroup or COMPANY}."
        for one in e164s
    ]


async def _lift(
    settings: Settings, e164s: Sequence[str], workgroup: str | None, reason: str
) -> list[str]:
    try:
        async with database_of(settings) as database, database.write() as connection:
            group = await workgroup_id(connection, workgroup) if workgroup else None
            lifted = await prohibitions.lift_many(
                connection, e164s=e164s, workgroup_id=group, now=datetime.now(UTC), reason=reason
            )
            if not lifted:
                raise prohibitions.NotStanding(
                    f"no such number is prohibited for {workgroup or COMPANY}"
                )
    except prohibitions.ProhibitionError as error:
        raise CommandFailed(str(error)) from error
    return [
        f"{national_format(one)}: "
        + (f"lifted for {workgroup or COMPANY}." if one in lifted else "was not prohibited there.")
        for one in e164s
    ]


async def _listed(
    settings: Settings,
    workgroup: str | None,
    company: bool,
    number: str,
    state: ProhibitionState,
    limit: int,
) -> tuple[list[Sequence[str]], bool]:
    zone = ZoneInfo(settings.time_zone)
    found: list[ProhibitionRow] = []
    async with database_of(settings) as database:
        for_whom: ForWhom = "company" if company else "any"
        if workgroup is not None:
            async with database.read() as connection:
                for_whom = await workgroup_id(connection, workgroup)
        wanted = ProhibitionFilter(for_whom, number, state)
        async for rows in all_prohibitions(database, viewer=None, wanted=wanted):
            found += rows
            if len(found) > limit:
                break
    return [_line(row, zone) for row in found[:limit]], len(found) > limit


def _line(row: ProhibitionRow, zone: ZoneInfo) -> Sequence[str]:
    def written(at: datetime | None) -> str:
        return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else ""

    return (
        row.number,
        row.workgroup or COMPANY,
        row.reason,
        written(row.prohibited_at),
        row.prohibited_by,
        written(row.lifted_at),
        row.lifted_by,
        row.lift_reason,
    )
