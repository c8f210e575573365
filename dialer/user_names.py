"""What users, their logins and their phones may be called."""

import re

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.storage.tables import users
from dialer.user_errors import LoginTaken, PhoneTaken, UnusableLogin, UnusablePhone

LONGEST_NAME = 100
_PHONE_ACCOUNT = re.compile(r"[A-Za-z0-9._-]{1,40}")
_TRUNKS = "trunk-"  # how Asterisk's accounts of carriers begin
BROWSER_PHONE = "browser"
"""Said instead of an account for a phone in the browser; no SIP phone's account begins so."""


def usable_login(login: str) -> str:
    """Without the spaces around it. Raises UnusableLogin."""
    login = login.strip()
    if not login or len(login) > LONGEST_NAME or not login.isprintable() or len(login.split()) > 1:
        raise UnusableLogin(f"a login needs 1 to {LONGEST_NAME} characters without spaces")
    return login


def usable_name(name: str) -> str:
    """With single spaces of one width. Raises UnusableLogin."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UnusableLogin(f"a user needs a name of 1 to {LONGEST_NAME} characters")
    return name


def usable_phone_account(account: str) -> str:
    """Raises UnusablePhone."""
    account = account.strip()
    if not _PHONE_ACCOUNT.fullmatch(account) or account.startswith((_TRUNKS, BROWSER_PHONE)):
        raise UnusablePhone(
            f"the phone account {account!r} needs 1 to 40 letters, digits, '.', '_' or '-', "
            f"and does not begin with {_TRUNKS} or {BROWSER_PHONE}"
        )
    return account


def browser_phone_account(user_id: int) -> str:
    """The account of the phone in this user's browser."""
    return f"{BROWSER_PHONE}-{user_id}"


async def refuse_taken_login(connection: AsyncConnection, login: str, but: int = 0) -> None:
    """Raises LoginTaken when somebody other than `but` has it, in whatever capitals."""
    # The database knows capitals of ASCII only; the unique index says the rest.
    same = func.lower(users.c.login) == login.lower()
    found = await connection.execute(select(users.c.id).where(same, users.c.id != but))
    if found.first() is not None:
        raise LoginTaken(f"the login {login} is taken")


async def refuse_taken_phone(connection: AsyncConnection, account: str, but: int = 0) -> None:
    """Raises PhoneTaken when somebody other than `but` has it."""
    query = select(users.c.login).where(users.c.phone_account == account, users.c.id != but)
    owner = (await connection.execute(query)).scalar_one_or_none()
    if owner is not None:
        raise PhoneTaken(f"the phone account {account} belongs to {owner}")
