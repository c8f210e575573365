"""Every route against everybody who may come: the matrix of roles, asked for real."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

from dialer import managers, user_changes, workgroups
from dialer.storage.tables import calls, lead_imports
from dialer.user_changes import Edit
from tests.fakes.web_fixtures import MakeBrowser
from tests.fakes.web_server import WebWorld
from tests.integration.webui.role_matrix import MATRIX, PLACES, Who
from webui import app as web_app
from webui.access import Route
from webui.routes import ROUTES
from webui.scopes import Scope
from webui.security import CSRF_HEADER
from webui.services import SERVICES

VISITORS = (
    "nobody",
    "agent",
    "manager",
    "agent of another workgroup",
    "admin",
    "admin as user",
)
_LETS_IN = {
    Who.ANYONE: frozenset(VISITORS),
    Who.SIGNED_IN: frozenset(VISITORS) - {"nobody"},
    Who.AGENT: {"agent", "manager", "agent of another workgroup", "admin as user"},
    Who.PROJECT: {"agent", "manager", "admin", "admin as user"},
    Who.AGENT_PROJECT: {"agent", "manager", "admin as user"},
    Who.ADMIN: {"admin"},
}
_LOGINS = {
    "agent": "sato",
    "manager": "suzuki",
    "agent of another workgroup": "outsider",
    "admin": "admin",
    "admin as user": "admin",
}


def place_of(route: Route) -> str:
    """The route as the matrix names it: names of the path's parts without their patterns."""
    return f"{route.method} {_with_values(route.path, lambda name, _pattern: f'{{{name}}}')}"


def _with_values(path: str, value: Callable[[str, str], str]) -> str:
    """The path with a value for each of its ``{name:pattern}``; patterns hold braces as well."""
    made, depth, part = "", 0, ""
    for sign in path:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth == 0 and part:
            name, _colon, pattern = part[1:].partition(":")
            made, part = made + value(name, pattern), ""
        elif depth:
            part += sign
        else:
            made += sign
    return made


def test_every_route_stands_in_the_matrix_and_nothing_else() -> None:
    places = [place_of(route) for route in ROUTES]
    assert len(places) == len(set(places))
    undecided = sorted(set(places) - set(PLACES))
    assert not undecided, f"say in role_matrix.py who may enter: {undecided}"
    assert not sorted(set(PLACES) - set(places))
    assert sum(len(lines.strip().splitlines()) for lines in MATRIX.values()) == len(PLACES)


# --- asking for every route --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Doors:
    """The real application up to the handlers, which only tell that they were reached."""

    client: TestClient[web.Request, web.Application]
    values: dict[str, str]

    def path_to(self, route: Route) -> str:
        return _with_values(route.path, lambda name, _pattern: self.values[name])

    async def are_open(self, route: Route, cookie: str, token: str) -> bool:
        headers = {"Cookie": f"kakeru={cookie}", CSRF_HEADER: token}
        response = await self.client.request(
            route.method, self.path_to(route), headers=headers, allow_redirects=False
        )
        answered = response.status == 204
        to_login = response.headers.get("Location", "").startswith("/login")
        assert answered or to_login or response.status in (401, 403, 404), place_of(route)
        return answered


@pytest.fixture
async def doors(world: WebWorld, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Doors]:
    async def reached(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=204)

    stubs = tuple(replace(route, handler=reached) for route in ROUTES)
    monkeypatch.setattr(web_app, "ROUTES", stubs)
    app = web_app.create_app(world.app[SERVICES])
    values = await subjects_of(world)
    async with TestClient(TestServer(app)) as client:
        yield Doors(client, values)


async def subjects_of(world: WebWorld) -> dict[str, str]:
    """Things of the team's project, and for what lies in no project anything."""
    async with world.database.write() as connection:
        call_id = (await connection.execute(select(calls.c.id).limit(1))).scalar_one()
        import_id = (await connection.execute(select(lead_imports.c.id).limit(1))).scalar()
        # The outsider is of another workgroup, too.
        osaka = await workgroups.create_workgroup(
            connection, name="大阪支店", now=world.clock.now()
        )
        await user_changes.edit_user(
            connection,
            user_id=world.team.outsider.id,
            edit=Edit(workgroup_ids=[osaka.id]),
            now=world.clock.now(),
            by=None,
        )
        await managers.make_managers(
            connection,
            workgroup_id=world.team.workgroup_id,
            user_ids=[world.team.agents[1].id],
            now=world.clock.now(),
            by=None,
        )
    named = {
        "lead_id": str(world.team.lead_ids[0]),
        "call_id": str(call_id),
        "campaign": world.team.campaigns[0].name,
        "project_id": str(world.team.project_id),
        "import_id": str(import_id),
    }
    names = [
        name
        for route in ROUTES
        for name in _with_values(route.path, lambda name, _pattern: f" {name} ").split()[1::2]
    ]
    return {**dict.fromkeys(names, "1"), **named}


@pytest.mark.parametrize("visitor", VISITORS)
async def test_each_route_lets_in_only_whom_it_should(
    doors: Doors, new_browser: MakeBrowser, visitor: str
) -> None:
    browser = await new_browser()
    if visitor == "nobody":
        browser.token = await browser._token_of("/login")
    else:
        await browser.log_in(_LOGINS[visitor])
    if visitor == "admin as user":
        await browser.act_as("user")
    cookie = next(one.value for one in browser.client.session.cookie_jar if one.key == "kakeru")
    wrong = [
        place
        for route in ROUTES
        if (place := place_of(route)) in PLACES
        if await doors.are_open(route, cookie, browser.token)
        is not (visitor in _LETS_IN[PLACES[place]])
    ]
    assert not wrong


@pytest.mark.parametrize("visitor", ["nobody", "agent", "admin"])
@pytest.mark.parametrize("token", ["", "another"])
async def test_no_change_is_made_without_the_token(
    doors: Doors, new_browser: MakeBrowser, visitor: str, token: str
) -> None:
    browser = await new_browser()
    if visitor != "nobody":
        await browser.log_in(_LOGINS[visitor])
    cookies = [one.value for one in browser.client.session.cookie_jar if one.key == "kakeru"]
    for route in ROUTES:
        assert route.method in ("GET", "POST")
        if route.method == "POST":
            headers = {"Cookie": f"kakeru={cookies[0] if cookies else ''}", CSRF_HEADER: token}
            response = await doors.client.post(
                doors.path_to(route), headers=headers, allow_redirects=False
            )
            assert response.status == 403, place_of(route)


def test_an_admin_in_the_role_of_a_user_may_do_what_a_user_may() -> None:
    for who, visitors in _LETS_IN.items():
        assert ("agent" in visitors) == ("admin as user" in visitors), who


# --- what the matrix does not tell ----------------------------------------------------------------


async def test_an_admin_in_the_role_of_a_user_sees_what_a_user_sees(
    world: WebWorld, new_browser: MakeBrowser
) -> None:
    browser = await new_browser()
    await browser.log_in("admin")
    assert "/users" in await browser.page("/leads")
    await browser.act_as("user")
    for path in ("/leads", "/prohibitions", "/campaigns", "/history", "/account"):
        text = await browser.page(path)
        for hidden in ('href="/users"', 'href="/workgroups"', 'href="/audit"', "/lift", ".csv?"):
            assert hidden not in text, (path, hidden)


async def test_a_role_that_is_taken_away_is_gone_at_once(
    world: WebWorld, new_browser: MakeBrowser
) -> None:
    browser = await new_browser()
    await browser.log_in("admin")
    assert (await browser.get("/audit")).status == 200
    async with world.database.write() as connection:
        for user_id, admin in ((world.team.agents[0].id, True), (world.team.admin.id, False)):
            await user_changes.edit_user(
                connection,
                user_id=user_id,
                edit=Edit(may_administer=admin),
                now=world.clock.now(),
                by=None,
            )
    assert (await browser.get("/audit")).headers["Location"].startswith("/login")
    await browser.log_in("admin")
    assert (await browser.get("/audit")).status == 403


async def test_live_updates_need_a_login(new_browser: MakeBrowser) -> None:
    response = await (await new_browser()).get("/live?topics=history")
    assert response.status == 303


async def test_another_projects_lead_call_and_campaign_do_not_exist(
    doors: Doors, new_browser: MakeBrowser
) -> None:
    browser = await new_browser()
    await browser.log_in("outsider")
    for route in ROUTES:
        who = PLACES.get(place_of(route))
        if route.method == "GET" and route.scope is not Scope.NONE and who is Who.PROJECT:
            assert (await browser.get(doors.path_to(route))).status == 404, route.path


async def test_ids_that_cannot_be_do_not_exist(new_browser: MakeBrowser) -> None:
    browser = await new_browser()
    await browser.log_in("admin")
    for path in (
        "/leads/9999999999999999999",
        "/leads/0",
        "/history/00000000-0000-4000-8000-000000000000",
        "/campaigns/nothing",
        "/users/0",
        "/users/999999999999999999",
        "/workgroups/0",
        "/workgroups/999999999999999999",
    ):
        assert (await browser.get(path)).status == 404, path


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
