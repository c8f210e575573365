"""Passwords come from the keyboard, from standard input, or are made; never from the command line,
where every other user of the machine could read them."""

import sys
from secrets import token_urlsafe

import typer

from ari_app.commands.failures import CommandFailed

_LENGTH_BYTES = 12


def made_password() -> str:
    """A new password of 16 characters."""
    return token_urlsafe(_LENGTH_BYTES)


def asked_password(login: str) -> str:
    """Asks twice on a terminal; otherwise takes the first line of standard input.

    Raises CommandFailed when there is none.
    """
    if sys.stdin.isatty():
        asked: str = typer.prompt(
            f"Password for {login}", hide_input=True, confirmation_prompt=True, err=True
        )
        return asked
    line = sys.stdin.readline().rstrip("\n")
    if not line:
        raise CommandFailed("no password on standard input; give one there, or use --generate")
    return line
