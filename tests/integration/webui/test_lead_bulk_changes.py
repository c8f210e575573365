"""Many leads at once: a field, another project, deletion; and duplicates that become one."""

import html
import re
from typing import Any

import pytest
from aiohttp import FormData
from sqlalchemy import select

from dialer import mybox, projects
from dialer.storage.tables import leads
from tests.fakes.web_fixtures import Browser, MakeBrowser
from tests.fakes.web_server import WebWorld


async def send(
    browser: Browser, path: str, lead_ids: list[int], **fields: str
) -> tuple[int, str, Any]:
    form = FormData({**fields})
    for lead_id in lead_ids:
        form.add_field("ids", str(lead_id))
    response = await browser.client.post(
        path, data=form, headers={"HX-Request": "true", "X-CSRF-Token": browser.token}
    )
    return response.status, await response.text(), response.headers


async def columns(world: WebWorld, lead_ids: list[int], name: str) -> list[Any]:
    async with world.database.read() as connection:
        rows = await connection.execute(
            select(leads.c.id, leads.c[name]).where(leads.c.id.in_(lead_ids))
        )
    known = {row[0]: row[1] for row in rows}
    return [known[one] for one in lead_ids]


async def test_a_field_of_many_leads(world: WebWorld, browser: Browser) -> None:
    some = list(world.team.lead_ids[100:103])
    await browser.log_in("sato")
    form = await browser.page(f"/leads/bulk/edit?project={world.team.project_id}&field=city")
    assert 'name="value"' in form
    status, text, headers = await send(
        browser, "/leads/bulk/edit", some, field="city", value="渋谷区"
    )
    assert (status, "書き込みました: 3件" in text) == (200, True)
    assert headers["HX-Trigger"] == "leadsChanged"
    assert await columns(world, some, "city") == ["渋谷区"] * 3
    status, text, _ = await send(browser, "/leads/bulk/edit", some, field="email", value="info")
    assert (status, "メールアドレス" in text) == (409, True)


async def test_leads_are_deleted_and_restored(world: WebWorld, new_browser: MakeBrowser) -> None:
    some, sato = list(world.team.lead_ids[100:103]), world.team.agents[0]
    admin, agent = await new_browser(), await new_browser()
    await admin.log_in("admin")
    await agent.log_in("sato")
    async with world.database.write() as connection:
        await mybox.put(connection, lead_id=some[0], user_id=sato.id, now=world.clock.now())
    assert (await send(agent, "/leads/bulk/delete", some))[0] == 403
    _, text, _ = await send(admin, "/leads/bulk/delete", some)
    assert "2件" in text
    assert "佐藤 美咲さんのマイボックス" in text
    assert [bool(one) for one in await columns(world, some, "deleted_at")] == [False, True, True]
    _, text, _ = await send(admin, "/leads/bulk/restore", some)
    assert "削除されていません" in text
    assert await columns(world, some, "deleted_at") == [None] * 3


async def test_leads_are_moved(world: WebWorld, browser: Browser) -> None:
    some = list(world.team.lead_ids[100:103])
    await browser.log_in("admin")
    async with world.database.write() as connection:
        other = await projects.create_project(connection, name="保険", now=world.clock.now())
    form = await browser.page(f"/leads/bulk/move?project={world.team.project_id}")
    assert f'<option value="{other.id}">保険</option>' in form
    assert (await send(browser, "/leads/bulk/move", some, to=""))[0] == 409
    assert (await send(browser, "/leads/bulk/move", some, to="999"))[0] == 409
    status, text, _ = await send(browser, "/leads/bulk/move", some, to=str(other.id))
    assert (status, "移動しました: 3件" in text) == (200, True)
    assert await columns(world, some, "project_id") == [other.id] * 3


async def test_duplicates_are_found_and_merged(world: WebWorld, browser: Browser) -> None:
    one, two = world.team.lead_ids[100:102]
    await browser.log_in("admin")
    name = "別名の商店"
    (was,) = await columns(world, [two], "name")
    await browser.press(f"/leads/{two}/fields/name", value=name, was=was)
    raw = "03-5254-2299"
    for lead_id in (one, two):
        await browser.press(f"/leads/{lead_id}/contacts", kind="phone", raw=raw, label="", note="")
    assert raw in await browser.page(f"/leads/duplicates?project={world.team.project_id}")
    assert await browser.page(f"/leads/duplicates?project={world.team.project_id}&by=name")
    led = await browser.get(f"/leads/merge?ids={one}&ids={two}", **{"HX-Request": "true"})
    assert led.headers["HX-Redirect"] == f"/leads/merge?ids={one}&ids={two}"
    page = await browser.page(f"/leads/merge?ids={one}&ids={two}")
    assert f'name="choice-name" value="{two}"' in page
    assert raw in page
    status, _, headers = await send(
        browser, "/leads/merge", [one, two], survivor=str(one), **{"choice-name": str(two)}
    )
    assert (status, headers["HX-Redirect"]) == (200, f"/leads/{one}")
    assert await columns(world, [one, two], "name") == [name, name]
    assert await columns(world, [two], "merged_into_id") == [one]
    assert "重複リードを統合" in await browser.page(f"/leads/{one}")
    assert f'href="/leads/{one}"' in await browser.page(f"/leads/{two}")
    refused = await browser.get(f"/leads/merge?ids={one}&ids={two}")
    assert (refused.status, "先に復元してください" in await refused.text()) == (409, True)
    assert (await browser.get(f"/leads/merge?ids={one}&ids=4711")).status == 404


async def test_merging_needs_two_leads_and_one_that_stays(
    world: WebWorld, browser: Browser
) -> None:
    one, two = world.team.lead_ids[100:102]
    await browser.log_in("admin")
    told = await browser.get(f"/leads/merge?ids={one}", **{"HX-Request": "true"})
    assert told.status == 409
    assert (await send(browser, "/leads/merge", [one, two]))[0] == 409


async def test_all_that_the_table_shows_lot_by_lot(
    world: WebWorld, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the answer holds asks for the next lot, until none is left."""
    monkeypatch.setattr("webui.chosen_leads.LOT", 80)
    await browser.log_in("admin")
    held = world.team.lead_ids[3]
    async with world.database.write() as connection:
        await mybox.put(
            connection, lead_id=held, user_id=world.team.agents[0].id, now=world.clock.now()
        )
    sent = {"everything": "1", "shown": f"project={world.team.project_id}"}
    fields, lots = dict(sent), 0
    while True:
        _, text, headers = await send(browser, "/leads/bulk/delete", [], **fields)
        lots += 1
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
        if "after" not in hidden:
            break
        assert "<progress" in text
        fields = {name: html.unescape(value) for name, value in hidden.items()}
    assert "佐藤 美咲さんのマイボックス" in text  # of an earlier lot
    async with world.database.read() as connection:
        left = list(
            await connection.scalars(
                select(leads.c.id).where(
                    leads.c.deleted_at.is_(None), leads.c.project_id == world.team.project_id
                )
            )
        )
    assert held in left
    assert lots == 3
    assert headers["HX-Retarget"] == "#bulk-progress"
    assert f"{len(world.team.lead_ids) - len(left)}件" in text
    assert f"{len(left)}件は変更していません" in text
