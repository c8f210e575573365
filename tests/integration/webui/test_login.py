from sqlalchemy import select

from dialer import user_changes
from dialer.storage.tables import audit_log
from tests.fakes.web_fixtures import Browser, MakeBrowser
from tests.fakes.web_server import WebWorld


async def audited(world: WebWorld, action: str) -> list[str]:
    async with world.database.read() as connection:
        found = await connection.execute(
            select(audit_log.c.subject).where(audit_log.c.action == action)
        )
        return list(found.scalars())


async def test_an_agent_comes_to_the_desk_and_an_admin_to_the_campaigns(
    new_browser: MakeBrowser,
) -> None:
    assert (await (await new_browser()).log_in("sato")).headers["Location"] == "/desk"
    assert (await (await new_browser()).log_in("admin")).headers["Location"] == "/campaigns"


async def test_login_leads_back_to_the_page_that_was_asked_for(browser: Browser) -> None:
    asked = await browser.get("/history?outcome=busy")
    assert asked.headers["Location"] == "/login?next=/history?outcome%3Dbusy"
    browser.token = await browser._token_of("/login")
    response = await browser.post(
        "/login", login="sato", password="correct horse", next="/history?outcome=busy"
    )
    assert response.headers["Location"] == "/history?outcome=busy"


async def test_login_never_leads_to_another_place(new_browser: MakeBrowser) -> None:
    for target in ("//evil.example", "/\\evil.example", "https://evil.example", "/x\r\ny"):
        browser = await new_browser()
        browser.token = await browser._token_of("/login")
        response = await browser.post("/login", login="sato", password="correct horse", next=target)
        assert response.headers["Location"] == "/desk", target


async def test_a_wrong_password_is_told_without_saying_which_part_is_wrong(
    browser: Browser, world: WebWorld
) -> None:
    wrong = await browser.log_in("sato", "wrong")
    unknown = await browser.log_in("nobody", "wrong")
    assert wrong.status == unknown.status == 403
    assert "ログインIDまたはパスワードが違います" in await wrong.text()
    assert "ログインIDまたはパスワードが違います" in await unknown.text()
    assert await audited(world, "login.failed") == ["login:sato", "login:nobody"]


async def test_what_no_database_keeps_is_tried_like_anything_else(
    browser: Browser, world: WebWorld
) -> None:
    assert (await browser.log_in("sa\0to", "wrong")).status == 403
    assert await audited(world, "login.failed") == ["login:sato"]


async def test_guessing_is_slowed_down_also_for_the_right_password(browser: Browser) -> None:
    for _ in range(5):
        assert (await browser.log_in("sato", "wrong")).status == 403
    response = await browser.log_in("sato")
    assert response.status == 429
    assert response.headers["Retry-After"] == "1"
    assert (await browser.log_in("suzuki")).status == 303


async def test_the_session_cookie_is_kept_from_scripts_and_other_sites(browser: Browser) -> None:
    cookie = (await browser.log_in("sato")).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "sato" not in cookie


async def test_logging_out_ends_the_session(browser: Browser) -> None:
    await browser.log_in("sato")
    assert (await browser.post("/logout")).headers["Location"] == "/login"
    assert (await browser.get("/desk")).headers["Location"].startswith("/login")


async def test_a_session_ends_when_the_password_is_changed_or_the_user_is_locked(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    sato = world.team.agents[0]
    async with world.database.write() as connection:
        await user_changes.deactivate(
            connection, user_id=sato.id, release_leads=True, by=None, now=world.clock.now()
        )
    assert (await browser.get("/desk")).headers["Location"].startswith("/login")
    assert (await browser.log_in("sato")).status == 403


async def test_the_language_follows_the_browser_until_the_user_chooses(
    new_browser: MakeBrowser,
) -> None:
    browser = await new_browser()
    english = await browser.get("/login", **{"Accept-Language": "en"})
    assert 'lang="en"' in await english.text()
    await browser.log_in("sato")
    await browser.post("/preferences/language", language="en")
    assert ">Desk<" in await browser.page("/desk")
    again = await new_browser()
    await again.log_in("sato")
    assert ">Desk<" in await again.page("/desk")


async def test_light_and_dark_are_remembered(browser: Browser) -> None:
    await browser.log_in("sato")
    assert 'data-theme="system"' in await browser.page("/desk")
    await browser.post("/preferences/theme", theme="dark")
    assert 'data-theme="dark"' in await browser.page("/desk")
    assert (await browser.post("/preferences/theme", theme="pink")).status == 400
