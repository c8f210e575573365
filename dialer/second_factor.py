"""The second factor of a user: turned on with an authenticator app, asked for at each login.

Recovery codes let him in who has lost his phone; only their hashes are kept. The secret that makes
the phone's codes lies in the database sealed.
"""

import unicodedata
from base64 import b32decode, b32encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import choice
from typing import Any

import pyotp
import structlog
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import audit
from dialer.rules.second_factor import CODE_DIGITS, STEP_SECONDS, accepted_step, steps_to_try
from dialer.secret_box import CannotOpen, SecretBox
from dialer.storage.tables import recovery_codes, users
from dialer.users import (
    UnknownUser,
    User,
    UserError,
    require_admin,
)

log = structlog.get_logger(__name__)

RECOVERY_CODES = 10
# 80 bits each, so that a hash is worth nothing; no letters that are mistaken for figures.
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_GROUPS, _GROUP_LETTERS = 4, 4
_CLEAR_LETTERS = 32  # of a secret that was stored before they were sealed


class WrongCode(UserError):
    """The code is wrong, was used already, or is too old."""


class AlreadyOn(UserError):
    """The second factor is on: it must be turned off before another phone can be used."""


class NotBegun(UserError):
    """There is no second factor to confirm or to ask for."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app reads (`uri`, as a QR code) or a person types (`secret`)."""

    secret: str
    uri: str


async def begin(
    connection: AsyncConnection, *, user: User, site_name: str, box: SecretBox
) -> Enrolment:
    """A new secret, not in force before a code of it is confirmed. Raises AlreadyOn."""
    row = await _row(connection, user.id)
    if row.totp_confirmed_at is not None:
        raise AlreadyOn(f"the second factor of {user.login} is on already")
    secret = pyotp.random_base32()
    await connection.execute(
        update(users)
        .where(users.c.id == user.id)
        .values(totp_secret=_sealed(secret, user.id, box), totp_last_step=None)
    )
    return _enrolment(secret, user, site_name)


async def enrolment(
    connection: AsyncConnection, *, user: User, site_name: str, box: SecretBox
) -> Enrolment | None:
    """What was begun and not confirmed; None when nothing was."""
    row = await _row(connection, user.id)
    if row.totp_confirmed_at is not None:
        return None
    secret = _opened(row.totp_secret, user.id, box)
    return _enrolment(secret, user, site_name) if secret else None


async def confirm(
    connection: AsyncConnection, *, user: User, code: str, now: datetime, box: SecretBox
) -> Sequence[str]:
    """Puts it in force and ends all web sessions; the recovery codes, to be shown once.

    Raises NotBegun, AlreadyOn, WrongCode.
    """
    row = await _row(connection, user.id, keep=True)
    if row.totp_confirmed_at is not None:
        raise AlreadyOn(f"the second factor of {user.login} is on already")
    secret = _opened(row.totp_secret, user.id, box)
    if secret is None:
        raise NotBegun("no second factor was begun")
    step = _step(secret, row.totp_last_step, code, now)
    await connection.execute(
        update(users)
        .where(users.c.id == user.id)
        .values(
            totp_confirmed_at=now,
            totp_last_step=step,
            session_epoch=users.c.session_epoch + 1,
        )
    )
    await audit.record_by(connection, "user.second_factor_on", f"user:{user.id}", user, now)
    return await _new_codes(connection, user.id)


async def verify(
    connection: AsyncConnection, *, user_id: int, code: str, now: datetime, box: SecretBox
) -> bool:
    """Whether a code, or a recovery code, lets the user in; either is good once.

    After a code that was right the secret is sealed with the newest key.
    """
    row = await _row(connection, user_id, keep=True)
    if row.totp_confirmed_at is None:
        return False
    secret = _opened(row.totp_secret, user_id, box)
    try:
        if secret is None:
            raise WrongCode("no code of the phone can be checked")
        step = _step(secret, row.totp_last_step, code, now)
    except WrongCode:
        return await _use_recovery_code(connection, user_id, code, now)
    sealed = _sealed(secret, user_id, box)
    await connection.execute(
        update(users).where(users.c.id == user_id).values(totp_last_step=step, totp_secret=sealed)
    )
    return True


async def renew_recovery_codes(
    connection: AsyncConnection, *, user: User, now: datetime
) -> Sequence[str]:
    """New codes, to be shown once; the old ones are worth nothing. Raises NotBegun."""
    if (await _row(connection, user.id, keep=True)).totp_confirmed_at is None:
        raise NotBegun("the second factor is off")
    await audit.record_by(connection, "user.recovery_codes", f"user:{user.id}", user, now)
    return await _new_codes(connection, user.id)


async def codes_left(connection: AsyncConnection, user_id: int) -> int:
    """How many recovery codes were not used yet."""
    query = (
        select(func.count())
        .select_from(recovery_codes)
        .where(recovery_codes.c.user_id == user_id, recovery_codes.c.used_at.is_(None))
    )
    return int(await connection.scalar(query) or 0)


async def turn_off(
    connection: AsyncConnection, *, user_id: int, now: datetime, by: User | None
) -> None:
    """Also what was only begun. Ends all web sessions of the user.

    Himself or an admin; `by` None is the program itself. Raises UnknownUser, NotAllowed.
    """
    if by and by.id != user_id:
        require_admin(by, "removes another user's second factor")
    was_on = (await _row(connection, user_id, keep=True)).totp_confirmed_at is not None
    values: dict[str, Any] = dict.fromkeys(("totp_secret", "totp_confirmed_at", "totp_last_step"))
    if was_on:
        values["session_epoch"] = users.c.session_epoch + 1
        await audit.record_by(connection, "user.second_factor_off", f"user:{user_id}", by, now)
    await connection.execute(update(users).where(users.c.id == user_id).values(values))
    await connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))


# --- codes --------------------------------------------------------------------------------


def _step(secret: str, last_step: int | None, code: str, now: datetime) -> int:
    """Raises WrongCode."""
    codes = pyotp.HOTP(secret, digits=CODE_DIGITS)
    typed = unicodedata.normalize("NFKC", code)
    right = {step: codes.at(step) for step in steps_to_try(now)}
    step = accepted_step(typed, right, last_step=last_step)
    if step is None:
        raise WrongCode("the code is wrong, or was used already")
    return step


def _sealed(secret: str, user_id: int, box: SecretBox) -> str:
    """64 letters: the 20 bytes of `secret`, which pyotp writes in base 32."""
    return box.seal(b32decode(secret), _place(user_id))


def _opened(stored: str | None, user_id: int, box: SecretBox) -> str | None:
    """In base 32; None if there is none, or none that can be read, which the log tells."""
    if not stored or len(stored) == _CLEAR_LETTERS:
        return stored
    try:
        return b32encode(box.open(stored, _place(user_id))).decode()
    except CannotOpen as error:
        log.error("a second factor cannot be read; a recovery code lets in", reason=str(error))
        return None


def _place(user_id: int) -> str:
    return f"totp:{user_id}"


def _enrolment(secret: str, user: User, site_name: str) -> Enrolment:
    codes = pyotp.TOTP(secret, digits=CODE_DIGITS, interval=STEP_SECONDS)
    return Enrolment(secret, codes.provisioning_uri(name=user.login, issuer_name=site_name))


async def _new_codes(connection: AsyncConnection, user_id: int) -> Sequence[str]:
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    await connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    await connection.execute(
        insert(recovery_codes),
        [{"user_id": user_id, "code_hash": _hash(code)} for code in codes],
    )
    return codes


async def _use_recovery_code(
    connection: AsyncConnection, user_id: int, code: str, now: datetime
) -> bool:
    used = await connection.execute(
        update(recovery_codes)
        .where(
            recovery_codes.c.user_id == user_id,
            recovery_codes.c.code_hash == _hash(code),
            recovery_codes.c.used_at.is_(None),
        )
        .values(used_at=now)
    )
    if used.rowcount == 0:
        return False
    await audit.record_by(connection, "user.recovery_code_used", f"user:{user_id}", None, now)
    return True


def _new_code() -> str:
    return "-".join(
        "".join(choice(_ALPHABET) for _ in range(_GROUP_LETTERS)) for _ in range(_GROUPS)
    )


def _hash(code: str) -> str:
    """Dashes, spaces, width and capitals make no difference."""
    plain = unicodedata.normalize("NFKC", code).upper()
    kept = "".join(sign for sign in plain if sign in _ALPHABET)
    return sha256(kept.encode()).hexdigest()


async def _row(connection: AsyncConnection, user_id: int, *, keep: bool = False) -> Any:
    """`keep`: nobody else uses a code of his until the transaction ends."""
    query = select(users.c.totp_secret, users.c.totp_confirmed_at, users.c.totp_last_step).where(
        users.c.id == user_id
    )
    if keep:
        query = query.with_for_update(key_share=True)
    row = (await connection.execute(query)).first()
    if row is None:
        raise UnknownUser(f"no user {user_id}")
    return row
