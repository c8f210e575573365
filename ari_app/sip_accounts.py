"""The SIP accounts of agents and trunks, pushed into Asterisk's memory and kept in step.

Adding an agent edits no Asterisk file: his account is in the database, and
whoever changes it, this process or the command line, sees it in use within two
seconds. Asterisk forgets pushed accounts when it stops, so all are pushed again
at each connect.
"""

import asyncio
from collections.abc import Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ari_app.ari import accounts
from ari_app.ari.accounts import PhoneAccount, Trunk
from ari_app.ari.connection import AriConnection, ConnectionState
from ari_app.ari.errors import AriError, RequestRefused
from dialer.storage.engine import Database
from dialer.users import phone_accounts

log = structlog.get_logger(__name__)

_LOOK_EVERY_SECONDS = 2.0


class SipAccounts:
    """What one Asterisk knows of agents' phones and trunks."""

    def __init__(
        self,
        ari: AriConnection,
        database: Database,
        trunks: Sequence[Trunk],
        *,
        phone_ping_seconds: int = 0,
    ) -> None:
        self._ari = ari
        self._database = database
        self._trunks = tuple(trunks)
        self._phone_ping_seconds = phone_ping_seconds
        self._pushed: dict[str, str] = {}  # account → password
        self._unusable: dict[Trunk, str] = {}  # why Asterisk refused it
        ari.on_connect(self._push_all)

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
        for account, phone in wanted.items():
            if self._pushed.get(account) != phone.password:
                await accounts.push(
                    self._ari,
                    accounts.add_phone(
                        PhoneAccount(
                            account, phone.password, qualify_seconds=self._phone_ping_seconds
                        )
                    ),
                )
                self._pushed[account] = phone.password
        for account in self._pushed.keys() - wanted.keys():
            await accounts.push(self._ari, accounts.remove_phone(account))
            del self._pushed[account]
