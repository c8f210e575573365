"""One contract for the passwords of phones in the browser: the fake's, and real Asterisk's."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ari_app.ari import api
from ari_app.ari.connection import AriConnection
from ari_app.runtime.pbx import Pbx, PbxSettings
from ari_app.sip_accounts import SipAccounts, sip_websocket
from ari_app.telephony import APPLICATION
from dialer.storage.engine import open_database
from dialer.storage.migrate import upgrade
from tests.acceptance.installation import wait_for
from tests.acceptance.sip_phone import PhoneCall, SipPhone
from tests.fakes.browser_phones import FakeBrowserPhones
from webui.services import BrowserPhones, PhonesUnavailable

ACCOUNT = "browser-7"


class Rig(ABC):
    phones: BrowserPhones

    @abstractmethod
    async def lets_in(self, password: str) -> bool:
        """Whether a phone that says this password may register."""

    @abstractmethod
    async def go_away(self) -> None:
        """Asterisk cannot be told any more."""


class FakeRig(Rig):
    def __init__(self) -> None:
        self.phones = self._fake = FakeBrowserPhones()

    async def lets_in(self, password: str) -> bool:
        return self._fake.passwords.get(ACCOUNT) == password

    async def go_away(self) -> None:
        self._fake.away = True


class RealRig(Rig):
    def __init__(self, pbx: Pbx, ari: AriConnection, accounts: SipAccounts) -> None:
        self.pbx, self.ari, self.phones = pbx, ari, accounts

    async def lets_in(self, password: str) -> bool:
        async with SipPhone() as phone:
            status = await phone.register(self.pbx.sip_address, account=ACCOUNT, password=password)
        return status == 200

    async def go_away(self) -> None:
        await self.ari.close()


@pytest.fixture
async def real_rig(tmp_path: Path) -> AsyncIterator[RealRig]:
    url = f"sqlite:///{tmp_path / 'kakeru.db'}"
    await upgrade(url)
    database = open_database(url)
    pbx = Pbx(PbxSettings.on_free_ports(tmp_path / "pbx", rtp_ports=20), die_with_parent=True)
    await pbx.start()
    ari = AriConnection(
        url=pbx.ari_url, username="kakeru", password=pbx.ari_password, application=APPLICATION
    )
    accounts = SipAccounts(ari, database, (), browser_phones=sip_websocket(pbx.ari_url))
    await ari.start()
    await ari.wait_connected(seconds=10)
    yield RealRig(pbx, ari, accounts)
    await ari.close()
    await pbx.stop()
    await database.close()


@pytest.fixture(params=["fake", pytest.param("asterisk", marks=pytest.mark.real)])
def rig(request: pytest.FixtureRequest) -> Rig:
    return FakeRig() if request.param == "fake" else request.getfixturevalue("real_rig")


async def test_a_new_password_lets_in_and_the_old_one_no_more(rig: Rig) -> None:
    first = await rig.phones.let_in(ACCOUNT)
    assert await rig.lets_in(first)
    second = await rig.phones.let_in(ACCOUNT)
    assert first != second
    assert await rig.lets_in(second)
    assert not await rig.lets_in(first)


async def test_a_page_that_is_gone_leaves_a_password_that_is_worth_nothing(rig: Rig) -> None:
    password = await rig.phones.let_in(ACCOUNT)
    await rig.phones.shut_out(ACCOUNT)
    assert not await rig.lets_in(password)
    await rig.phones.shut_out(ACCOUNT)  # once more is no harm


async def test_while_asterisk_cannot_be_told_nobody_gets_a_password(rig: Rig) -> None:
    await rig.phones.let_in(ACCOUNT)
    await rig.go_away()
    with pytest.raises(PhonesUnavailable):
        await rig.phones.let_in(ACCOUNT)
    await rig.phones.shut_out(ACCOUNT)


@pytest.mark.real
@pytest.mark.parametrize("what", ["goes", "is replaced by another"])
async def test_nobody_is_rung_any_more_on_a_page_that(what: str, real_rig: RealRig) -> None:
    """Only a real Asterisk has legs; conversations are tests.browser.test_browser_phone's."""

    async def rings(call: PhoneCall) -> None:
        call.ring()
        await call.ended.wait()

    async with SipPhone(rings) as page:
        password = await real_rig.phones.let_in(ACCOUNT)
        address = real_rig.pbx.sip_address
        assert await page.register(address, account=ACCOUNT, password=password) == 200
        rung = api.originate_to_application(
            endpoint=f"PJSIP/{ACCOUNT}",
            channel_id="a-1",
            application=APPLICATION,
            arguments="agent",
            ring_seconds=30,
        )
        await real_rig.ari.send(rung, seconds=5)
        [[call]] = await wait_for("the page is rung", lambda: list(page.calls.values()))
        if what == "goes":
            await real_rig.phones.shut_out(ACCOUNT)
        else:
            await real_rig.phones.let_in(ACCOUNT)
        async with asyncio.timeout(5):
            await call.ended.wait()
