"""Who did what, when and from where: written in the transaction that does it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Protocol

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.storage.tables import audit_log

_address: ContextVar[str] = ContextVar("address", default="")


@contextmanager
def acting_from(address: str) -> Iterator[None]:
    """Everything recorded within comes from this network `address`."""
    token = _address.set(address)
    try:
        yield
    finally:
        _address.reset(token)


async def record(
    connection: AsyncConnection,
    *,
    user_id: int | None,
    action: str,
    subject: str,
    now: datetime,
    detail: Mapping[str, object] | None = None,
    address: str | None = None,
) -> None:
    """One line of the audit log.

    `action` is a dotted word such as ``prohibition.add``; `subject` names what it was
    done to, as in ``lead:17``; `user_id` None is the program itself. Without an
    `address` that of `acting_from` is taken.
    """
    await connection.execute(
        insert(audit_log).values(
            at=now,
            user_id=user_id,
            action=action,
            subject=subject,
            detail=dict(detail or {}),
            address=_address.get() if address is None else address,
        )
    )


class Someone(Protocol):
    """Who did it, as far as the log asks."""

    @property
    def id(self) -> int: ...


async def record_by(
    connection: AsyncConnection,
    action: str,
    subject: str,
    by: Someone | None,
    now: datetime,
    /,
    **detail: object,
) -> None:
    """`record` of what somebody did, or with `by` None the program itself."""
    await record(
        connection,
        user_id=by.id if by else None,
        action=action,
        subject=subject,
        detail=detail,
        now=now,
    )


async def record_each(
    connection: AsyncConnection,
    *,
    user_id: int | None,
    action: str,
    details: Mapping[str, Mapping[str, object]],
    now: datetime,
) -> None:
    """`record` of one action done to many subjects, each with its detail."""
    if not details:
        return
    line = {"at": now, "user_id": user_id, "action": action, "address": _address.get()}
    await connection.execute(
        insert(audit_log),
        [
            {**line, "subject": subject, "detail": dict(detail)}
            for subject, detail in details.items()
        ],
    )
