"""The phone in the browser as the server sees it: who gets a password, and whose words pass."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError, web

from dialer import user_changes, users
from dialer.user_names import BROWSER_PHONE
from tests.fakes.web_fixtures import Browser, MakeBrowser
from tests.fakes.web_server import WebWorld, serving
from webui.pages import phone
from webui.phone_lines import NO_LONGER_ALLOWED, TAKEN_OVER

PAGE, OTHER_PAGE = "page-0001", "page-0002"


@dataclass(slots=True)
class Asterisk:
    """Its WebSocket for SIP: says back what it hears."""

    heard: list[str] = field(default_factory=list)
    open: int = 0

    async def speak(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("sip",))
        await socket.prepare(request)
        self.open += 1
        async for message in socket:
            self.heard.append(message.data)
            await socket.send_str(f"SIP/2.0 200 {message.data}")
        self.open -= 1
        return socket


@pytest.fixture
async def asterisk(world: WebWorld) -> AsyncIterator[Asterisk]:
    fake, app = Asterisk(), web.Application()
    app.router.add_get("/ws", fake.speak)
    async with serving(app) as address:
        world.browser_phones.address = f"{address.replace('http', 'ws')}/ws"
        yield fake


@pytest.fixture
async def sato(world: WebWorld, browser: Browser) -> Browser:
    """Logged in, with the phone in her browser."""
    await give_phone(world, BROWSER_PHONE)
    await browser.log_in("sato")
    return browser


async def give_phone(world: WebWorld, account: str) -> None:
    async with world.database.write() as connection:
        await user_changes.set_phone(
            connection,
            user_id=world.team.agents[0].id,
            account=account,
            mode="held",
            now=world.clock.now(),
            by=None,
        )


@asynccontextmanager
async def line(
    browser: Browser, page: str = PAGE, *, origin: str | None = None
) -> AsyncIterator[ClientWebSocketResponse]:
    address = str(browser.client.make_url("/")).rstrip("/")
    async with browser.client.ws_connect(
        f"/desk/phone/line?page={page}", protocols=("sip",), origin=origin or address
    ) as socket:
        yield socket


async def refusal(browser: Browser, page: str = PAGE, *, origin: str | None = None) -> int:
    with pytest.raises(WSServerHandshakeError) as refused:
        async with line(browser, page, origin=origin):
            pass
    return refused.value.status


# --- passwords -----------------------------------------------------------------------------------


async def test_a_password_is_made_for_each_page_and_stands_nowhere_else(
    sato: Browser, world: WebWorld
) -> None:
    account = f"browser-{world.team.agents[0].id}"
    first = await (await sato.press("/desk/phone", page=PAGE)).json()
    assert first == {"account": account, "password": world.browser_phones.passwords[account]}
    again = await (await sato.press("/desk/phone", page=PAGE)).json()
    assert again["password"] != first["password"]
    desk = await sato.page("/desk")
    assert account in desk
    assert again["password"] not in desk
    async with world.database.read() as connection:
        logins = {one.account: one.password for one in await users.phone_accounts(connection)}
    assert logins[account] is None


async def test_whoever_has_a_sip_phone_gets_none(browser: Browser, world: WebWorld) -> None:
    await browser.log_in("sato")
    answer = await browser.press("/desk/phone", page=PAGE)
    assert (answer.status, await answer.json()) == (403, {"problem": "no-phone"})
    assert await refusal(browser) == 403
    assert world.browser_phones.passwords == {}


async def test_while_asterisk_is_away_there_is_none(sato: Browser, world: WebWorld) -> None:
    world.browser_phones.away = True
    answer = await sato.press("/desk/phone", page=PAGE)
    assert (answer.status, await answer.json()) == (503, {"problem": "unavailable"})


@pytest.mark.parametrize("page", ["", "short", "page/../0001", "p" * 65])
async def test_a_page_has_a_usable_name(sato: Browser, page: str) -> None:
    assert (await sato.press("/desk/phone", page=page)).status == 400


async def test_only_the_desk_with_a_phone_in_it_may_ask_for_the_microphone(
    sato: Browser, new_browser: MakeBrowser
) -> None:
    allowed = "microphone=(self)"
    assert allowed in (await sato.get("/desk")).headers["Permissions-Policy"]
    assert allowed not in (await sato.get("/history")).headers["Permissions-Policy"]
    suzuki = await new_browser()
    await suzuki.log_in("suzuki")
    assert allowed not in (await suzuki.get("/desk")).headers["Permissions-Policy"]


# --- the line ------------------------------------------------------------------------------------


async def test_what_the_page_says_reaches_asterisk_and_the_other_way(
    sato: Browser, asterisk: Asterisk, world: WebWorld
) -> None:
    await sato.press("/desk/phone", page=PAGE)
    async with line(sato) as socket:
        assert socket.protocol == "sip"
        await socket.send_str("REGISTER")
        assert await socket.receive_str() == "SIP/2.0 200 REGISTER"
    await until(lambda: not world.browser_phones.passwords)
    await until(lambda: asterisk.open == 0)
    assert asterisk.heard == ["REGISTER"]


async def test_bytes_end_the_line(sato: Browser, asterisk: Asterisk) -> None:
    await sato.press("/desk/phone", page=PAGE)
    async with line(sato) as socket:
        await socket.send_bytes(b"\x16\x03\x01")
        assert (await socket.receive()).type is WSMsgType.CLOSE
    assert asterisk.heard == []


@pytest.mark.parametrize(
    "origin", ["https://elsewhere.example", "null", "file://", "http://127.0.0.1.example"]
)
async def test_a_page_of_another_place_gets_no_line(
    sato: Browser, asterisk: Asterisk, origin: str
) -> None:
    await sato.press("/desk/phone", page=PAGE)
    assert await refusal(sato, origin=origin) == 403
    assert asterisk.open == 0


async def test_without_a_password_there_is_no_line(sato: Browser, asterisk: Asterisk) -> None:
    assert await refusal(sato) == 409
    await sato.press("/desk/phone", page=PAGE)
    assert await refusal(sato, OTHER_PAGE) == 409


async def test_without_a_session_there_is_no_line(
    sato: Browser, new_browser: MakeBrowser, asterisk: Asterisk
) -> None:
    await sato.press("/desk/phone", page=PAGE)
    log_in = 200  # the page to which whoever is not logged in is sent
    assert await refusal(await new_browser()) == log_in
    await sato.post("/logout")
    assert await refusal(sato) == log_in
    assert asterisk.open == 0


async def test_an_asterisk_without_the_websocket_is_told(sato: Browser) -> None:
    await sato.press("/desk/phone", page=PAGE)
    assert await refusal(sato) == 503


async def test_another_page_takes_the_line_only_if_it_says_so(
    sato: Browser, asterisk: Asterisk, world: WebWorld
) -> None:
    await sato.press("/desk/phone", page=PAGE)
    async with line(sato) as first:
        answer = await sato.press("/desk/phone", page=OTHER_PAGE)
        assert (answer.status, await answer.json()) == (409, {"problem": "elsewhere"})
        assert world.browser_phones.taken_over == []
        answer = await sato.press("/desk/phone", page=OTHER_PAGE, take="yes")
        assert answer.status == 200
        assert (await first.receive()).data == TAKEN_OVER
        password = (await answer.json())["password"]
        async with line(sato, OTHER_PAGE) as second:
            await second.send_str("REGISTER")
            assert await second.receive_str() == "SIP/2.0 200 REGISTER"
            # The end of the first line leaves the password of the second alone.
            assert list(world.browser_phones.passwords.values()) == [password]
    assert world.browser_phones.taken_over == [f"browser-{world.team.agents[0].id}"]


async def test_the_same_page_comes_back_before_its_old_line_is_noticed_to_be_dead(
    sato: Browser, asterisk: Asterisk
) -> None:
    await sato.press("/desk/phone", page=PAGE)
    async with line(sato):
        assert (await sato.press("/desk/phone", page=PAGE)).status == 200
        async with line(sato) as again:
            await again.send_str("REGISTER")
            assert await again.receive_str() == "SIP/2.0 200 REGISTER"


@pytest.mark.parametrize("what", ["logged out elsewhere", "let go", "another phone"])
async def test_the_line_ends_with_what_allowed_it(
    what: str, sato: Browser, asterisk: Asterisk, world: WebWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone, "_LOOK_EVERY_SECONDS", 0.02)
    await sato.press("/desk/phone", page=PAGE)
    async with line(sato) as socket:
        user_id, now = world.team.agents[0].id, world.clock.now()
        if what == "another phone":
            await give_phone(world, "phone-sato-2")
        async with world.database.write() as connection:
            if what == "logged out elsewhere":
                await users.end_sessions(connection, user_id=user_id, now=now, by=None)
            elif what == "let go":
                await user_changes.deactivate(
                    connection, user_id=user_id, now=now, by=None, release_leads=True
                )
        async with asyncio.timeout(5):
            assert (await socket.receive()).data == NO_LONGER_ALLOWED
    await until(lambda: asterisk.open == 0)


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not look():
            await asyncio.sleep(0.01)


# --- the choice ----------------------------------------------------------------------------------


async def test_an_admin_gives_and_takes_the_phone_in_the_browser(
    browser: Browser, world: WebWorld
) -> None:
    user_id = world.team.agents[0].id
    await browser.log_in("admin")
    answer = await browser.press(f"/users/{user_id}/phone", phone="browser", phone_mode="held")
    assert answer.status == 200
    assert "once-phone" not in await answer.text()  # there is no password to be shown
    page = await browser.page(f"/users/{user_id}")
    assert re.search(r'value="browser" checked', page)
    assert "new-phone-password" not in page
    assert "ブラウザー" in await browser.page("/users/rows")
    await browser.press(f"/users/{user_id}/phone", phone="none", phone_account="left-over")
    assert re.search(r'value="none" checked', await browser.page(f"/users/{user_id}"))


async def test_somebody_is_invited_with_the_phone_in_the_browser(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("admin")
    answer = await browser.press("/users", login="ito", name="伊藤", role="user", phone="browser")
    assert answer.status == 200
    assert "once-phone" not in await answer.text()
    async with world.database.read() as connection:
        ito = await users.user_by_login(connection, "ito")
    assert ito is not None
    assert ito.phone_in_browser
    assert ito.phone_account == f"browser-{ito.id}"
