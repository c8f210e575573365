"""自分の設定, the second step of the login, and how long a session lasts."""

import re
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from structlog.testing import capture_logs

from dialer import second_factor, user_links
from dialer.storage.engine import open_database
from tests.fakes.sales_team import PASSWORD
from tests.fakes.web_fixtures import Browser, MakeBrowser
from tests.fakes.web_server import WebWorld
from webui import app as web_app
from webui.services import SERVICES

_KEY = re.compile(r'<code class="secret">([A-Z2-7]+)</code>')
_CODES = re.compile(r"<li><code>([A-Z2-9-]+)</code></li>")
NEW = "battery staple"


@pytest.fixture
async def sato(new_browser: MakeBrowser) -> Browser:
    browser = await new_browser()
    await browser.log_in("sato")
    return browser


async def turn_on(browser: Browser, world: WebWorld) -> tuple[pyotp.TOTP, list[str]]:
    """The phone with the app, and the recovery codes."""
    assert (await browser.press("/account/second-factor", password="wrong")).status == 409
    assert (await browser.press("/account/second-factor", password=PASSWORD)).status == 200
    found = _KEY.search(await browser.page("/account"))
    assert found
    phone = pyotp.TOTP(found[1])
    code = phone.at(world.clock.now())
    shown = await (await browser.press("/account/second-factor/confirm", code=code)).text()
    return phone, _CODES.findall(shown)


# --- name and password ---------------------------------------------------------------------------


async def test_name_and_language_are_ones_own_to_change(sato: Browser) -> None:
    response = await sato.press("/account", name="佐藤 みさき", language="en")
    assert response.headers["HX-Refresh"] == "true"
    page = await sato.page("/account")
    assert "佐藤 みさき" in page
    assert "My settings" in page
    assert (await sato.press("/account", name=" ", language="ja")).status == 409


async def test_a_new_password_needs_the_old_one(sato: Browser, new_browser: MakeBrowser) -> None:
    other = await new_browser()
    await other.log_in("sato")
    for old, new, again, words in (
        ("wrong horse", NEW, NEW, "現在のパスワードが違います"),
        (PASSWORD, NEW, "battery stable", "新しいパスワードが一致しません"),
        (PASSWORD, "short", "short", "10文字以上"),
        (PASSWORD, "佐藤 美咲 2026", "佐藤 美咲 2026", "ログインIDや氏名と同じ"),
    ):
        refused = await sato.press("/account/password", password=old, new_password=new, again=again)
        assert refused.status == 409
        assert re.search(words, await refused.text())
    done = await sato.press("/account/password", password=PASSWORD, new_password=NEW, again=NEW)
    assert done.status == 200, await done.text()
    assert (await sato.get("/desk")).status == 200  # this browser goes on
    assert (await sato.press("/desk/ready")).status == 200  # and so do its open pages
    assert (await other.get("/desk")).headers["Location"].startswith("/login")


async def test_guessing_the_old_password_is_slowed_down(sato: Browser) -> None:
    fields = {"new_password": NEW, "again": NEW}
    for _ in range(5):
        assert (await sato.press("/account/password", password="x", **fields)).status == 409
    assert (await sato.press("/account/password", password=PASSWORD, **fields)).status == 429


async def test_other_browsers_are_logged_out(sato: Browser, new_browser: MakeBrowser) -> None:
    other = await new_browser()
    await other.log_in("sato")
    assert (await sato.press("/account/sign-out")).status == 200
    assert (await sato.get("/desk")).status == 200
    assert (await other.get("/desk")).headers["Location"].startswith("/login")


# --- second factor --------------------------------------------------------------------------------


async def test_the_login_asks_for_the_code_before_anything_else(
    sato: Browser, world: WebWorld, new_browser: MakeBrowser
) -> None:
    phone, codes = await turn_on(sato, world)
    assert len(codes) == second_factor.RECOVERY_CODES
    assert (await sato.get("/desk")).status == 200
    world.clock.move(timedelta(minutes=1))

    browser = await new_browser()
    assert (await browser.log_in("sato")).headers["Location"] == "/login/code"
    assert (await browser.get("/desk")).headers["Location"].startswith("/login")
    browser.token = await browser._token_of("/login/code")
    assert (await browser.post("/login/code", code="000000")).status == 403
    code = phone.at(world.clock.now())
    assert (await browser.post("/login/code", code=code)).headers["Location"] == "/desk"
    assert (await browser.get("/desk")).status == 200

    # Whoever saw the code comes too late, and so does who has no password.
    thief = await new_browser()
    await thief.log_in("sato")
    thief.token = await thief._token_of("/login/code")
    assert (await thief.post("/login/code", code=code)).status == 403
    assert (await thief.post("/login/code", code=codes[0])).headers["Location"] == "/desk"


async def test_without_a_password_there_is_no_second_step(
    browser: Browser, world: WebWorld
) -> None:
    browser.token = await browser._token_of("/login")
    assert (await browser.get("/login/code")).headers["Location"] == "/login"
    assert (await browser.post("/login/code", code="123456")).headers["Location"] == "/login"


async def test_the_second_step_must_be_taken_soon(
    sato: Browser, world: WebWorld, new_browser: MakeBrowser
) -> None:
    phone, _ = await turn_on(sato, world)
    browser = await new_browser()
    await browser.log_in("sato")
    browser.token = await browser._token_of("/login/code")
    world.clock.move(timedelta(minutes=6))
    late = await browser.post("/login/code", code=phone.at(world.clock.now()))
    assert late.headers["Location"] == "/login"


async def test_guessing_codes_is_slowed_down_wherever_it_comes_from(
    sato: Browser, world: WebWorld, new_browser: MakeBrowser
) -> None:
    phone, _ = await turn_on(sato, world)
    world.clock.move(timedelta(minutes=1))
    guesser = await new_browser()
    await guesser.log_in("sato")
    guesser.token = await guesser._token_of("/login/code")
    for _ in range(5):
        assert (await guesser.post("/login/code", code="000000")).status == 403
    # Giving the password again forgets no failures.
    await guesser.log_in("sato")
    guesser.token = await guesser._token_of("/login/code")
    waits = await guesser.post("/login/code", code=phone.at(world.clock.now()))
    assert waits.status == 429
    assert waits.headers["Retry-After"] == "1"


async def test_it_is_turned_off_with_the_password_alone_by_oneself(
    sato: Browser, world: WebWorld, new_browser: MakeBrowser
) -> None:
    await turn_on(sato, world)
    assert (await sato.press("/account/second-factor/off", password="wrong")).status == 409
    assert (await sato.press("/account/second-factor/off", password=PASSWORD)).status == 200
    assert (await (await new_browser()).log_in("sato")).headers["Location"] == "/desk"


async def test_new_recovery_codes_end_the_old_ones(sato: Browser, world: WebWorld) -> None:
    _, old = await turn_on(sato, world)
    shown = await sato.press("/account/recovery-codes", password=PASSWORD)
    new = _CODES.findall(await shown.text())
    assert len(new) == second_factor.RECOVERY_CODES
    assert not set(old) & set(new)
    assert (await sato.press("/account/recovery-codes", password="wrong")).status == 409


async def test_an_admin_removes_the_second_factor_of_who_has_lost_his_phone(
    sato: Browser, world: WebWorld, new_browser: MakeBrowser
) -> None:
    await turn_on(sato, world)
    admin = await new_browser()
    await admin.log_in("admin")
    path = f"/users/{world.team.agents[0].id}/second-factor/remove"
    assert (await admin.press(path)).status == 200
    assert (await sato.get("/desk")).headers["Location"].startswith("/login")
    assert (await (await new_browser()).log_in("sato")).headers["Location"] == "/desk"


async def test_where_admins_need_it_nobody_administers_without(
    world: WebWorld, aiohttp_client: Any
) -> None:
    given = world.app[SERVICES]
    strict = replace(given, settings=replace(given.settings, second_factor_for_admins=True))
    browser = Browser(await aiohttp_client(web_app.create_app(strict)))
    assert (await browser.log_in("admin")).headers["Location"] == "/account"
    assert "管理者には二要素認証が必要です" in await browser.page("/account")
    assert (await browser.get("/audit")).status == 403
    await browser.act_as("admin")
    assert (await browser.get("/audit")).status == 403
    await turn_on(browser, world)
    assert (await browser.get("/audit")).status == 200
    assert "管理者には二要素認証が必要です" not in await browser.page("/account")


# --- how long a session lasts ----------------------------------------------------------------


async def test_a_session_that_nobody_uses_ends(sato: Browser, world: WebWorld) -> None:
    idle = timedelta(minutes=world.app[SERVICES].settings.idle_minutes)
    world.clock.move(idle - timedelta(minutes=5))
    assert (await sato.get("/desk")).status == 200  # used, so it goes on
    world.clock.move(idle - timedelta(minutes=5))
    # What a page that was left open asks for by itself is no use of it.
    assert (await sato.get("/desk/update", **{"HX-Request": "true"})).status == 200
    world.clock.move(timedelta(minutes=10))
    assert (await sato.get("/desk")).headers["Location"].startswith("/login")


async def test_a_session_ends_however_much_it_is_used(sato: Browser, world: WebWorld) -> None:
    hours = world.app[SERVICES].settings.session_hours
    for _ in range(hours - 1):
        world.clock.move(timedelta(hours=1))
        assert (await sato.get("/desk")).status == 200
    world.clock.move(timedelta(hours=1))
    assert (await sato.get("/desk")).headers["Location"].startswith("/login")


# --- links --------------------------------------------------------------------------------


async def test_the_token_of_a_link_is_not_logged_when_something_breaks(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no session today")

    monkeypatch.setattr("webui.sessions._note_activity", broken)
    monkeypatch.setattr("webui.sessions._is_over", lambda *_: False)
    await browser.log_in("sato")
    with capture_logs() as logs:
        assert (await browser.get("/welcome/very-secret-token")).status == 500
    assert "very-secret-token" not in str(logs)


async def test_the_first_link_makes_the_first_admin(
    world: WebWorld, aiohttp_client: Any, migrated_sqlite: Path, tmp_path: Path
) -> None:
    shutil.copyfile(migrated_sqlite, tmp_path / "new.db")
    database = open_database(f"sqlite:///{tmp_path / 'new.db'}")
    try:
        async with database.write() as connection:
            link = await user_links.make_first_link(connection, now=world.clock.now())
        assert link is not None
        new = replace(world.app[SERVICES], database=database)
        browser = Browser(await aiohttp_client(web_app.create_app(new)))
        await browser.get(f"/welcome/{link.token}")
        browser.token = await browser._token_of("/welcome")
        fields = {"login": "boss", "name": "社長", "password": NEW, "again": NEW}
        done = await browser.post("/welcome", **fields)
        assert done.headers["Location"] == "/setup"
        assert "社長" in await browser.page("/users")
        later = Browser(await aiohttp_client(web_app.create_app(new)))
        assert (await later.client.get(f"/welcome/{link.token}")).status == 410
    finally:
        await database.close()
