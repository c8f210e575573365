"""Every route of the table against everybody who may come."""

import pytest
from sqlalchemy import select

from dialer.storage.tables import calls
from tests.fakes.web_fixtures import MakeBrowser
from tests.fakes.web_server import WebWorld
from webui.access import Access, Route
from webui.routes import ROUTES
from webui.scopes import Scope

VISITORS = ("nobody", "sato", "outsider", "admin")


def is_let_in(route: Route, visitor: str) -> bool:
    """What the roles of the product say."""
    if route.access is Access.ANYONE:
        return True
    if visitor == "nobody":
        return False
    if route.access is Access.ADMIN:
        return visitor == "admin"
    if route.access is Access.AGENT and visitor == "admin":
        return False
    return route.scope is Scope.NONE or visitor != "outsider"


async def path_of(route: Route, world: WebWorld) -> str:
    """The route's path with a lead, a call and a campaign of the team."""
    async with world.database.read() as connection:
        call_id = (await connection.execute(select(calls.c.id).limit(1))).scalar_one()
    values = {
        "lead_id": world.team.lead_ids[0],
        "call_id": call_id,
        "campaign": world.team.campaigns[0].name,
    }
    path = route.path
    for name, value in values.items():
        start = path.find(f"{{{name}:")
        if start >= 0:
            end = path.index("}", path.rindex("]", start) if "]" in path[start:] else start)
            closing = path.find("}/", start)
            end = closing if closing >= 0 else len(path) - 1
            path = f"{path[:start]}{value}{path[end + 1 :]}"
    return path


@pytest.mark.parametrize("visitor", VISITORS)
async def test_each_route_lets_in_only_whom_it_should(
    world: WebWorld, new_browser: MakeBrowser, visitor: str
) -> None:
    browser = await new_browser()
    if visitor != "nobody":
        await browser.log_in(visitor)
    wrong = []
    for route in ROUTES:
        if route.path in ("/logout", "/live"):
            continue
        path = await path_of(route, world)
        response = await (browser.get(path) if route.method == "GET" else browser.post(path))
        refused = response.status in (401, 403, 404) and route.path != "/login"
        refused |= response.headers.get("Location", "").startswith("/login")
        if is_let_in(route, visitor) == refused and not is_expected_refusal(route, visitor):
            wrong.append((route.method, path, response.status))
    assert not wrong


def is_expected_refusal(route: Route, visitor: str) -> bool:
    """Refusals that are about something else than the route's role."""
    if route.path == "/recordings" or "/recordings/" in route.path:
        return True  # not every call has a recording
    # Anonymous posts carry no session's token; a user has no other role to take.
    return route.method == "POST" and (
        visitor == "nobody" or (route.path == "/preferences/role" and visitor != "admin")
    )


async def test_nobody_changes_anything_without_logging_in(
    world: WebWorld, new_browser: MakeBrowser
) -> None:
    browser = await new_browser()
    browser.token = await browser._token_of("/login")
    for route in ROUTES:
        if route.method == "POST" and route.access is not Access.ANYONE:
            response = await browser.post(await path_of(route, world))
            assert response.headers.get("Location", "").startswith("/login"), route.path


async def test_live_updates_need_a_login(new_browser: MakeBrowser) -> None:
    response = await (await new_browser()).get("/live?topics=history")
    assert response.status == 303


async def test_another_projects_lead_call_and_campaign_do_not_exist(
    world: WebWorld, new_browser: MakeBrowser
) -> None:
    browser = await new_browser()
    await browser.log_in("outsider")
    for route in ROUTES:
        if route.scope is not Scope.NONE and route.method == "GET":
            assert (await browser.get(await path_of(route, world))).status == 404, route.path


async def test_ids_that_cannot_be_do_not_exist(new_browser: MakeBrowser) -> None:
    browser = await new_browser()
    await browser.log_in("admin")
    assert (await browser.get("/leads/9999999999999999999")).status == 404
    assert (await browser.get("/leads/0")).status == 404
    assert (await browser.get("/history/00000000-0000-4000-8000-000000000000")).status == 404
    assert (await browser.get("/campaigns/nothing")).status == 404


async def test_an_admin_switches_to_user_and_back(
    world: WebWorld, new_browser: MakeBrowser
) -> None:
    browser = await new_browser()
    await browser.log_in("admin")
    assert (await browser.get("/desk")).status == 403
    await browser.act_as("user")
    assert (await browser.get("/desk")).status == 200
    name = world.team.campaigns[0].name
    assert (await browser.post(f"/campaigns/{name}/pause")).status == 403
    await browser.act_as("admin")
    assert (await browser.post(f"/campaigns/{name}/pause")).status == 200
