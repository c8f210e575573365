import asyncio

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from tests.fakes.web_fixtures import Browser
from tests.fakes.web_server import WebWorld, serving
from webui.security import CONTENT_SECURITY_POLICY


async def test_a_change_needs_the_token_of_the_session(browser: Browser) -> None:
    await browser.log_in("sato")
    token, browser.token = browser.token, "another"
    assert (await browser.post("/desk/ready")).status == 403
    assert (await browser.press("/desk/ready")).status == 403
    browser.token = ""
    assert (await browser.post("/desk/ready")).status == 403
    browser.token = token
    assert (await browser.post("/desk/ready")).status == 200
    assert (await browser.press("/desk/ready")).status == 200


async def test_a_change_that_another_site_sends_is_refused_even_with_the_token(
    browser: Browser,
) -> None:
    await browser.log_in("sato")
    response = await browser.client.post(
        "/desk/ready",
        headers={"X-CSRF-Token": browser.token, "Sec-Fetch-Site": "cross-site"},
    )
    assert response.status == 403


@pytest.mark.parametrize(
    "path", ["/login", "/desk", "/nowhere", "/static/css/base.css", "/static/nothing.css"]
)
async def test_every_answer_carries_the_policy(browser: Browser, path: str) -> None:
    await browser.log_in("sato")
    response = await browser.get(path)
    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_pages_are_never_kept_and_versioned_files_for_long(browser: Browser) -> None:
    assert (await browser.get("/login")).headers["Cache-Control"] == "no-store"
    kept = await browser.get("/static/css/base.css?v=1")
    assert "immutable" in kept.headers["Cache-Control"]


async def test_a_missing_page_says_so_in_words(browser: Browser) -> None:
    await browser.log_in("sato")
    response = await browser.get("/nowhere")
    assert response.status == 404
    assert "ページが見つかりません" in await response.text()


async def test_an_unexpected_error_shows_a_number_that_is_in_the_log(
    browser: Browser, world: WebWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await browser.log_in("sato")

    def broken(user_id: int) -> None:
        raise RuntimeError("the floor is broken")

    monkeypatch.setattr(world.floor, "agent", broken)
    with capture_logs() as logs:
        response = await browser.get("/desk")
    assert response.status == 500
    error_id = next(line["error_id"] for line in logs if line["event"] == "request failed")
    text = await response.text()
    assert error_id in text
    assert "the floor is broken" not in text


async def test_a_part_of_a_page_gets_a_notice_instead_of_a_page(browser: Browser) -> None:
    await browser.log_in("sato")
    response = await browser.press("/leads/0/mybox")
    assert response.status == 404
    assert response.headers["HX-Retarget"] == "#notices"
    assert "<html" not in await response.text()


async def test_a_part_of_a_page_whose_session_is_over_leads_to_the_login(
    browser: Browser,
) -> None:
    response = await browser.get("/desk/update", **{"HX-Request": "true"})
    assert response.headers["HX-Redirect"] == "/login"


async def test_too_much_data_is_refused(browser: Browser, world: WebWorld) -> None:
    await browser.log_in("sato")
    lead = world.team.lead_ids[0]
    response = await browser.press(f"/leads/{lead}/memo", memo="x" * 300_000)
    assert response.status == web.HTTPRequestEntityTooLarge.status_code


async def test_a_page_that_is_closed_while_it_speaks_is_no_error(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    cookies = browser.client.session.cookie_jar.filter_cookies(browser.client.make_url("/desk"))
    async with serving(world.app) as address:  # aiohttp's server for tests reads in another way
        head = (
            f"POST /desk/ready HTTP/1.1\r\nHost: {address.removeprefix('http://')}\r\n"
            f"Cookie: kakeru={cookies['kakeru'].coded_value}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\n"
            f"csrf_token={browser.token}"
        )
        with capture_logs() as logs:
            _, page = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
            page.write(head.encode())
            await page.drain()
            await asyncio.sleep(0.1)  # it is being read
            page.transport.abort()
            await asyncio.sleep(0.3)
    assert logs == []
