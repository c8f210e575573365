"""Ids of things that belong to others, sent in a form or a query: nothing is shown or changed."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from dialer import projects, user_changes, workgroups
from dialer.storage.engine import Database
from dialer.storage.tables import contact_points, leads, metadata
from dialer.user_changes import Edit
from tests.fakes.web_fixtures import MakeBrowser
from tests.fakes.web_server import WebWorld
from tests.lists import import_text

SECRET = "秘密商店"
NUMBER = "+81355550199"
PROJECT = "大阪の案件"


@dataclass(frozen=True, slots=True)
class Things:
    """What forms name: a project, a lead of it with a number, a workgroup and its user."""

    project_id: int
    lead_id: int
    contact_id: int
    workgroup_id: int
    user_id: int


@pytest.fixture
async def others(world: WebWorld) -> Things:
    now, outsider = world.clock.now(), world.team.outsider
    async with world.database.write() as connection:
        group = await workgroups.create_workgroup(connection, name="大阪支店", now=now)
        await user_changes.edit_user(
            connection,
            user_id=outsider.id,
            edit=Edit(workgroup_ids=[group.id]),
            now=now,
            by=None,
        )
        project = await projects.create_project(connection, name=PROJECT, now=now)
        await projects.assign_users(
            connection, project_id=project.id, user_ids=[outsider.id], now=now
        )
    text = f"会社名,電話番号\n{SECRET},{NUMBER}\n"
    await import_text(world.database, text, project=PROJECT, now=now)
    async with world.database.read() as connection:
        lead_id, contact_id = (
            await connection.execute(
                select(leads.c.id, contact_points.c.id)
                .join(contact_points, contact_points.c.lead_id == leads.c.id)
                .where(leads.c.name == SECRET)
            )
        ).one()
    return Things(project.id, lead_id, contact_id, group.id, outsider.id)


@pytest.fixture
async def own(world: WebWorld) -> Things:
    team, contact = world.team, select(contact_points.c.id)
    async with world.database.read() as connection:
        contact_id = await connection.scalar(
            contact.where(contact_points.c.lead_id == team.lead_ids[100])
        )
    colleague = team.agents[1].id
    return Things(
        team.project_id, team.lead_ids[100], contact_id or 0, team.workgroup_id, colleague
    )


def requests_with(things: Things, own: Things) -> list[tuple[str, dict[str, str]]]:
    """What a user changes by a form that names something, and that he may for his `own`."""
    lead, user, group = str(things.lead_id), str(things.user_id), str(things.workgroup_id)
    at = f"/leads/{own.lead_id}"
    new = {"name": "新規", "kind": "phone", "raw": "03-5555-0123", "label": ""}
    return [
        ("/leads/bulk/edit", {"ids": lead, "field": "notes", "value": "x"}),
        ("/leads/bulk/mybox", {"ids": lead}),
        ("/leads/bulk/give", {"ids": lead, "user_id": user}),
        ("/leads/new", {"project": str(things.project_id), **new}),
        (f"{at}/contacts/{things.contact_id}", {"kind": "phone", "raw": "03-5555-0001"}),
        ("/prohibitions", {"number": "03-5555-0177", "for": group}),
        (f"{at}/prohibit", {"for": group}),
        (f"{at}/contacts/{things.contact_id}/remove", {}),
    ]


async def rows_of(database: Database) -> dict[str, list[Any]]:
    async with database.read() as connection:
        return {
            table.name: sorted(map(repr, await connection.execute(select(table))))
            for table in metadata.sorted_tables
        }


async def test_the_same_forms_change_what_is_ones_own(
    world: WebWorld, new_browser: MakeBrowser, own: Things
) -> None:
    browser = await new_browser()
    await browser.log_in("sato")
    for path, fields in requests_with(own, own):
        before = await rows_of(world.database)
        assert (await browser.press(path, **fields)).status in (200, 303), path
        assert await rows_of(world.database) != before, path


@pytest.mark.parametrize("login", ["sato", "admin"])
async def test_a_form_with_an_id_of_others_changes_nothing(
    world: WebWorld, new_browser: MakeBrowser, others: Things, own: Things, login: str
) -> None:
    browser = await new_browser()
    await browser.log_in(login)
    if login == "admin":
        await browser.act_as("user")
    all_of_theirs = f"project={others.project_id}&q={SECRET}"
    more = [
        ("/leads/bulk/prohibit", {"ids": str(others.lead_id)}),
        ("/leads/bulk/release", {"ids": str(others.lead_id)}),
        (
            "/leads/bulk/mybox",
            {"everything": "1", "shown": all_of_theirs},
        ),
        (f"/leads/{own.lead_id}/contacts/{others.contact_id}/move", {"direction": "down"}),
        (f"/leads/{own.lead_id}/dial", {"contact_point_id": str(others.contact_id)}),
        (f"/leads/{own.lead_id}/mybox/give", {"user_id": str(others.user_id)}),
        ("/leads/bulk/prohibit", {"ids": str(own.lead_id), "for": str(others.workgroup_id)}),
    ]
    for path, fields in [*requests_with(others, own), *more]:
        before = await rows_of(world.database)
        response = await browser.press(path, **fields)
        text = await response.text()
        assert response.status < 500, (path, text)
        after = await rows_of(world.database)
        assert [name for name in after if after[name] != before[name]] == [], (path, fields)
        assert SECRET not in text, path


@pytest.mark.parametrize("login", ["sato", "admin"])
async def test_a_query_with_an_id_of_others_shows_nothing_of_theirs(
    world: WebWorld, new_browser: MakeBrowser, others: Things, own: Things, login: str
) -> None:
    browser = await new_browser()
    await browser.log_in(login)
    if login == "admin":
        await browser.act_as("user")
    for path in (
        f"/leads?project={others.project_id}",
        f"/leads/rows?project={others.project_id}&tab=all",
        f"/leads/new?project={others.project_id}",
        f"/leads/bulk/edit?project={others.project_id}&ids={others.lead_id}",
        f"/leads/{own.lead_id}/contacts/{others.contact_id}",
        f"/api/why?lead={others.lead_id}",
        f"/api/why?number={NUMBER[1:]}",
        f"/history/rows?project={others.project_id}",
        f"/history/rows?user={world.team.outsider.id}",
        f"/callbacks/rows?whose={world.team.outsider.id}",
        f"/prohibitions/rows?for={others.workgroup_id}",
    ):
        response = await browser.get(path)
        text = await response.text()
        assert response.status < 500, path
        assert SECRET not in text, path
        assert PROJECT not in text, path
