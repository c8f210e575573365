"""The SIP accounts of agents and trunks, pushed into Asterisk's memory and kept in step.

A phone in the browser gets a password each time that it connects, which lives only here, in
Asterisk's memory and in that page.

Adding an agent edits no Asterisk file: his account is in the database, and
whoever changes it, this process or the command line, sees it in use within two
seconds. Asterisk forgets pushed accounts when it stops, so all are pushed again
at each connect.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from secrets import token_urlsafe

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ari_app.ari import accounts, api
from ari_app.ari.accounts import PhoneAccount, Trunk
from ari_app.ari.connection import AriConnection, ConnectionState
from ari_app.ari.errors import AriError, NotFound, RequestRefused
from dialer.storage.engine import Database
from dialer.users import PhoneLogin, phone_accounts
from webui.services import PhonesUnavailable

log = structlog.get_logger(__name__)

_LOOK_EVERY_SECONDS = 2.0
_PASSWORD_BYTES = 24
_LIST_SECONDS = 5.0
_NORMAL_CLEARING = 16  # Q.850


def sip_websocket(ari_url: str) -> str:
    """Where Asterisk speaks SIP by WebSocket: beside ARI, on the same HTTP server."""
    return f"ws{ari_url.removeprefix('http').removesuffix('/ari')}/ws"


class SipAccounts:
    """What one Asterisk knows of agents' phones and trunks.

    `browser_phones`: the address of its WebSocket for SIP (webui.services.BrowserPhones).
    """

    def __init__(
        self,
        ari: AriConnection,
        database: Database,
        trunks: Sequence[Trunk],
        *,
        phone_ping_seconds: int = 0,
        browser_phones: str = "",
    ) -> None:
        self._ari = ari
        self._database = database
        self._trunks = tuple(trunks)
        self._phone_ping_seconds = phone_ping_seconds
        self.address = browser_phones
        self._pushed: dict[str, str] = {}  # account → password
        self._browsers: dict[str, str] = {}  # account → password of the page that is its phone
        self._unusable: dict[Trunk, str] = {}  # why Asterisk refused it
        ari.on_connect(self._push_all)

    async def let_in(self, account: str, *, instead: bool = False) -> str:
        """A new password for a phone in the browser; no other is good any more.

        `instead`: of another page, whose call ends. Raises PhonesUnavailable when Asterisk cannot
        be told.
        """
        password = token_urlsafe(_PASSWORD_BYTES)
        try:
            await self._push_browser_phone(account, password)
            await self._hang_up(account, answered_too=instead)
        except AriError as error:
            raise PhonesUnavailable(str(error)) from error
        return password

    async def shut_out(self, account: str) -> None:
        """The page is gone, and its password is worth nothing.

        A call that goes on is not cut: its audio has a way of its own.
        """
        if account not in self._browsers:
            return
        try:
            await self._push_browser_phone(account, token_urlsafe(_PASSWORD_BYTES))
            await self._hang_up(account, answered_too=False)
        except AriError as error:
            log.warning("the password of a browser's phone stays", error=str(error))

    async def _hang_up(self, account: str, *, answered_too: bool) -> None:
        """What still rings rings nobody: Asterisk would wait for half a minute."""
        for channel in await self._ari.send(api.list_channels(), seconds=_LIST_SECONDS):
            if not channel.name.startswith(f"PJSIP/{account}-"):
                continue
            if answered_too or channel.state != "Up":
                with suppress(NotFound):
                    await self._ari.send(api.hang_up(channel.id, cause=_NORMAL_CLEARING))

    async def keep_in_step(self) -> None:
        """Pushes what changed in the database, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            if self._ari.state is not ConnectionState.CONNECTED:
                continue
            try:
                await self._push_trunks()
                await self._push_changes()
            except (AriError, SQLAlchemyError, OSError) as error:
                log.warning("SIP accounts could not be brought in step", error=str(error))

    async def _push_all(self, _ari: AriConnection) -> None:
        self._pushed = {}
        self._unusable = dict.fromkeys(self._trunks, "")
        await self._push_trunks()
        await self._push_changes()

    async def _push_trunks(self) -> None:
        """Pushes the trunks that are not in use yet.

        One that Asterisk refuses, because its host's name cannot be resolved just now for
        instance, must not keep the others from working: it is tried again later.
        """
        for trunk, said in list(self._unusable.items()):
            try:
                await accounts.push(self._ari, accounts.add_trunk(trunk))
            except RequestRefused as error:
                self._unusable[trunk] = str(error)
                if said != str(error):
                    log.error(
                        "trunk cannot be used; can its host's name be resolved?",
                        trunk=trunk.name,
                        host=trunk.host,
                        error=str(error),
                    )
            else:
                del self._unusable[trunk]

    async def _push_changes(self) -> None:
        async with self._database.read() as connection:
            wanted = {phone.account: phone for phone in await phone_accounts(connection)}
        for phone in wanted.values():
            await self._push_phone(phone)
        for account in self._pushed.keys() - wanted.keys():
            await accounts.push(self._ari, accounts.remove_phone(account))
            del self._pushed[account]
            self._browsers.pop(account, None)

    async def _push_phone(self, phone: PhoneLogin) -> None:
        password = phone.password or self._browsers.get(phone.account)
        if password is None or self._pushed.get(phone.account) == password:
            return
        if phone.password is None:
            await self._push_browser_phone(phone.account, password)
            return
        account = PhoneAccount(phone.account, password, qualify_seconds=self._phone_ping_seconds)
        await accounts.push(self._ari, accounts.add_phone(account))
        self._pushed[phone.account] = password

    async def _push_browser_phone(self, account: str, password: str) -> None:
        # A WebSocket tells by itself when it ends: it needs no pings.
        phone = PhoneAccount(account, password, qualify_seconds=0, in_browser=True)
        await accounts.push(self._ari, accounts.add_phone(phone))
        self._browsers[account] = self._pushed[account] = password
