"""Passwords for phones in the browser, without an Asterisk that would ask for them."""

from secrets import token_urlsafe

from webui.services import PhonesUnavailable


class FakeBrowserPhones:
    """`address` is where a test's own WebSocket stands; `away`: Asterisk cannot be told."""

    def __init__(self) -> None:
        self.address = "ws://127.0.0.1:1/ws"
        self.away = False
        self.passwords: dict[str, str] = {}
        self.taken_over: list[str] = []

    async def let_in(self, account: str, *, instead: bool = False) -> str:
        if self.away:
            raise PhonesUnavailable("Asterisk is not connected")
        if instead:
            self.taken_over.append(account)
        self.passwords[account] = token_urlsafe(8)
        return self.passwords[account]

    async def shut_out(self, account: str) -> None:
        self.passwords.pop(account, None)
