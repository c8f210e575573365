"""Doing the work that an import is waiting for, to its end.

Whatever happens to a list on its way is told in its ``error``; only what is nobody's fault
but ours is raised.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy.exc import SQLAlchemyError

from dialer.custom_fields import CustomFieldError
from dialer.lead_file_errors import LeadFileError
from dialer.lead_imports import leases
from dialer.lead_imports.blockers import blockers
from dialer.lead_imports.check import check_list
from dialer.lead_imports.jobs import ImportJob, LeadImportError, import_by_id, said
from dialer.lead_imports.leases import Lease, LeaseLost
from dialer.lead_imports.lists import open_list, rows_in_all
from dialer.lead_imports.made import make
from dialer.lead_imports.undo import undo_import
from dialer.lead_imports.workshop import Workshop
from dialer.lead_imports.write import import_list
from dialer.projects import project_by_id
from dialer.rules.import_choices import ImportState

_HEARTBEAT_SECONDS = leases.LEASE.total_seconds() / 4


class ProjectClosed(LeadImportError):
    """Leads go into open projects only."""

    def __init__(self, project: str) -> None:
        super().__init__(
            f"project “{project}” is closed; open it again first",
            f"プロジェクト「{project}」は終了しています。再開してから取り込んでください",
        )


async def work_on(shop: Workshop, holder: str, import_id: int) -> ImportJob:
    """Does what this import waits for, unless another is at it; the import afterwards.

    Raises UnknownImport, and SQLAlchemyError when the database fails: the work is then
    taken up again by whoever takes the lease next.
    """
    job = await leases.take(shop.database, import_id, holder, shop.now())
    while job is not None:
        await _work(shop, Lease(import_id, holder), job)
        # An import that was cancelled may be there to be undone.
        job = await leases.take(shop.database, import_id, holder, shop.now())
    async with shop.database.read() as connection:
        return await import_by_id(connection, import_id)


async def work_on_next(shop: Workshop, holder: str) -> ImportJob | None:
    """`work_on` of the longest waiting import; None when nothing waits."""
    job = await leases.take_next(shop.database, holder, shop.now())
    if job is None:
        return None
    await _work(shop, Lease(job.id, holder), job)
    async with shop.database.read() as connection:
        return await import_by_id(connection, job.id)


async def _work(shop: Workshop, lease: Lease, job: ImportJob) -> None:
    try:
        async with _kept_alive(shop, lease):
            match job.state:
                case ImportState.CHECKING:
                    await _check(shop, lease, job)
                case ImportState.IMPORTING:
                    await _import(shop, lease, job)
                case ImportState.UNDOING:
                    await _undo(shop, lease, job)
    except LeaseLost:
        return  # whoever has it now does the rest
    except LeadFileError as error:
        await _failed(shop, lease, said(error.text("ja"), error.text("en")))
    except LeadImportError as error:
        await _failed(shop, lease, said(error.text("ja"), error.text("en")))
    except CustomFieldError as error:
        await _failed(shop, lease, said(f"カスタム項目を作れません: {error}", str(error)))


async def _check(shop: Workshop, lease: Lease, job: ImportJob) -> None:
    async with shop.database.read() as connection:
        given = await open_list(connection, job, shop.folder, shop.limits)
    await check_list(shop, lease, job, given, await shop.in_thread(rows_in_all, given))


async def _import(shop: Workshop, lease: Lease, job: ImportJob) -> None:
    async with shop.database.read() as connection:
        project = await project_by_id(connection, job.project_id)
        given = await open_list(connection, job, shop.folder, shop.limits)
    if project is None:
        raise ProjectClosed(job.project)
    if not job.summary.get("begun"):
        given = await make(shop, lease, job, given)
    await import_list(shop, lease, job, project, given)


async def _undo(shop: Workshop, lease: Lease, job: ImportJob) -> None:
    if job.done_rows == 0:
        async with shop.database.read() as connection:
            in_the_way = await blockers(connection, job.id)
        if in_the_way:
            most = max(one.leads for one in in_the_way)
            async with shop.database.write() as connection:
                await leases.release(
                    connection,
                    lease,
                    state=ImportState.DONE,
                    error=said(
                        f"元に戻せませんでした。取り込みの後に{most}件以上のリードが使われています",
                        f"not undone: {most} leads or more have been worked with since",
                    ),
                )
            return
    await undo_import(shop, lease, job)


async def _failed(shop: Workshop, lease: Lease, error: str) -> None:
    with suppress(LeaseLost):
        async with shop.database.write() as connection:
            await leases.release(
                connection,
                lease,
                state=ImportState.FAILED,
                error=error,
                finished_at=shop.now(),
                cancel_requested=False,
            )


@asynccontextmanager
async def _kept_alive(shop: Workshop, lease: Lease) -> AsyncIterator[None]:
    """Renews the lease now and then, for work that writes nothing for a while."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(_HEARTBEAT_SECONDS)
            try:
                async with shop.database.write() as connection:
                    await leases.keep(connection, lease, shop.now())
            except (LeaseLost, SQLAlchemyError):
                return  # the next batch finds out for itself

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
