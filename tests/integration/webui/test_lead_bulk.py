"""Many leads of the list at once, and what is shown of other users' boxes."""

import html
import re
from datetime import timedelta

import pytest
from aiohttp import FormData

from dialer import mybox, prohibitions, users
from dialer.lead_detail import lead_detail
from dialer.lead_facts import numbers_of
from dialer.storage.tables import user_workgroups
from tests.fakes.web_fixtures import Browser, MakeBrowser
from tests.fakes.web_server import WebWorld


async def bulk(
    browser: Browser, action: str, lead_ids: list[int], **fields: str
) -> tuple[int, str]:
    form = FormData({**fields})
    for lead_id in lead_ids:
        form.add_field("ids", str(lead_id))
    response = await browser.client.post(
        f"/leads/bulk/{action}",
        data=form,
        headers={"HX-Request": "true", "X-CSRF-Token": browser.token},
    )
    return response.status, await response.text()


async def holders(world: WebWorld, lead_ids: list[int]) -> dict[int, int]:
    async with world.database.read() as connection:
        found = await mybox.holders_of(connection, lead_ids=lead_ids, now=world.clock.now())
    return {lead_id: holder.user_id for lead_id, holder in found.items()}


async def test_many_leads_go_into_my_box_and_the_refused_ones_are_named(
    world: WebWorld, browser: Browser
) -> None:
    some, (sato, suzuki, *_) = list(world.team.lead_ids[100:104]), world.team.agents
    async with world.database.write() as connection:
        await mybox.put(connection, lead_id=some[0], user_id=suzuki.id, now=world.clock.now())
    await browser.log_in("sato")
    status, text = await bulk(browser, "mybox", some)
    assert status == 200
    assert "マイボックスに入れました: 3件" in text
    assert "1件は変更していません" in text
    assert f'href="/leads/{some[0]}"' in text
    assert "鈴木 健太さんのマイボックス" in text
    assert await holders(world, some) == {some[0]: suzuki.id, **dict.fromkeys(some[1:], sato.id)}
    status, text = await bulk(browser, "release", some)
    assert "取り出しました: 3件" in text
    assert await holders(world, some) == {some[0]: suzuki.id}


async def test_an_admin_gives_held_and_loose_leads_alike_a_user_only_held_ones(
    world: WebWorld, new_browser: MakeBrowser
) -> None:
    some, (sato, suzuki, third, *_) = list(world.team.lead_ids[100:104]), world.team.agents
    colleague, admin = await new_browser(), await new_browser()
    await colleague.log_in("suzuki")
    await admin.log_in("admin")
    async with world.database.write() as connection:
        await mybox.put_many(connection, lead_ids=some[:2], user_id=sato.id, now=world.clock.now())
    _, text = await bulk(colleague, "give", some, user_id=str(suzuki.id))
    assert "引き渡しました: 2件" in text
    assert "誰のマイボックスにも入っていません" in text
    _, text = await bulk(admin, "give", some, user_id=str(third.id))
    assert "引き渡しました: 4件" in text
    assert await holders(world, some) == dict.fromkeys(some, third.id)
    assert (await bulk(admin, "give", some))[0] == 409
    assert (await bulk(admin, "give", some, user_id="999"))[0] == 409


async def test_many_leads_are_prohibited_and_calls_are_told_after_the_commit(
    world: WebWorld, browser: Browser
) -> None:
    some = list(world.team.lead_ids[100:103])
    await browser.log_in("sato")
    told = world.live.subscribe("prohibited")
    status, text = await bulk(browser, "prohibit", some, reason="電話不要とのこと")
    _topic, data = await anext(aiter(told))
    told.close()
    assert (status, "禁止: 3件" in text) == (200, True)
    numbers = data["numbers"]
    assert isinstance(numbers, list)
    async with world.database.read() as connection:
        standing = await prohibitions.standing(connection, e164s=numbers)
    assert {one.reason for one in standing} == {"電話不要とのこと"}
    assert {one.workgroup_id for one in standing} == {world.team.workgroup_id}


async def test_leads_of_projects_one_may_not_see_are_left_out(
    world: WebWorld, browser: Browser
) -> None:
    await browser.log_in("outsider")
    some = list(world.team.lead_ids[100:102])
    for action in ("mybox", "release", "prohibit"):
        status, text = await bulk(browser, action, some, reason="")
        assert (status, "0件" in text) == (200, True), action
    assert await holders(world, some) == {}


async def test_too_many_at_once_make_no_sense(browser: Browser) -> None:
    await browser.log_in("sato")
    assert (await bulk(browser, "mybox", list(range(1, 5002))))[0] == 413


async def to_the_end(browser: Browser, action: str, **fields: str) -> tuple[str, int]:
    """Asks lot by lot as the page does: the last answer, and how many lots there were."""
    sent, lots = fields, 0
    while True:
        _, text = await bulk(browser, action, [], **sent)
        lots += 1
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
        if "after" not in hidden:
            return text, lots
        assert "<progress" in text
        sent = {name: html.unescape(value) for name, value in hidden.items()}


async def test_all_that_the_filter_shows_goes_into_a_box_and_out_of_it(
    world: WebWorld, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.chosen_leads.LOT", 80)
    await browser.log_in("admin")
    third, number = world.team.agents[2], len(world.team.lead_ids)
    shown = f"project={world.team.project_id}"
    text, lots = await to_the_end(
        browser, "give", everything="1", shown=shown, user_id=str(third.id)
    )
    assert (f"引き渡しました: {number}件" in text, lots) == (True, -(-number // 80))
    assert await holders(world, list(world.team.lead_ids)) == dict.fromkeys(
        world.team.lead_ids, third.id
    )
    text, _ = await to_the_end(browser, "release", everything="1", shown=shown)
    assert f"取り出しました: {number}件" in text
    assert await holders(world, list(world.team.lead_ids)) == {}


async def test_all_that_the_filter_shows_is_prohibited_for_whom_was_chosen(
    world: WebWorld, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.chosen_leads.LOT", 80)
    await browser.log_in("admin")
    async with world.database.read() as connection:
        numbers = await numbers_of(connection, world.team.lead_ids)
        before = await prohibitions.standing(connection, e164s=numbers)
    fields = {"for": str(world.team.workgroup_id), "reason": "閉業"}
    text, lots = await to_the_end(
        browser, "prohibit", everything="1", shown=f"project={world.team.project_id}", **fields
    )
    assert f"禁止: {len(world.team.lead_ids)}件" in text
    assert lots > 1
    async with world.database.read() as connection:
        standing = await prohibitions.standing(connection, e164s=numbers)
    new = {one.e164 for one in standing if one.reason == "閉業"}
    assert new == set(numbers) - {one.e164 for one in before}
    assert {one.workgroup_id for one in standing} == {world.team.workgroup_id}


async def test_another_workgroup_sees_that_it_is_boxed_but_not_by_whom(
    world: WebWorld, new_browser: MakeBrowser
) -> None:
    lead_id, (sato, suzuki, *_) = world.team.lead_ids[100], world.team.agents
    async with world.database.write() as connection:
        await connection.execute(
            user_workgroups.delete().where(user_workgroups.c.user_id == suzuki.id)
        )
        await mybox.put(connection, lead_id=lead_id, user_id=sato.id, now=world.clock.now())
    stranger, colleague = await new_browser(), await new_browser()
    await stranger.log_in("suzuki")
    await colleague.log_in("takahashi")
    page = await stranger.page(f"/leads/{lead_id}")
    assert "他のユーザーのマイボックス" in page
    assert "マイボックス: 佐藤" not in page
    assert "mybox/give" not in page
    assert "マイボックス: 佐藤 美咲" in await colleague.page(f"/leads/{lead_id}")
    refused = await stranger.press(f"/leads/{lead_id}/mybox")
    assert "他のユーザーのマイボックスに入っています" in await refused.text()


async def test_the_end_of_an_entry_is_shown_and_changed(world: WebWorld, browser: Browser) -> None:
    lead_id = world.team.lead_ids[100]
    await browser.log_in("sato")
    await browser.press(f"/leads/{lead_id}/mybox")
    end = f"/leads/{lead_id}/mybox/end"
    assert (await browser.press(end, until="2026-11-20")).status == 409
    assert (await browser.press(end, until="soon")).status == 400
    assert (await browser.press(end, until="2026-12-24")).status == 200
    async with world.database.read() as connection:
        detail = await lead_detail(
            connection, lead_id=lead_id, viewer=world.team.admin, now=world.clock.now()
        )
    assert detail is not None
    assert detail.box is not None
    assert detail.box.expires_at is not None
    assert detail.box.expires_at - world.clock.now() > timedelta(days=30)
    assert 'value="2026-12-24"' in await browser.page(f"/leads/{lead_id}")


async def test_tabs_by_user_and_workgroup(world: WebWorld, new_browser: MakeBrowser) -> None:
    lead_id, (sato, *_) = world.team.lead_ids[100], world.team.agents
    async with world.database.write() as connection:
        await mybox.put(connection, lead_id=lead_id, user_id=sato.id, now=world.clock.now())
    admin, colleague = await new_browser(), await new_browser()
    await admin.log_in("admin")
    await colleague.log_in("takahashi")
    row = f"/leads/{lead_id}"
    for whose, seen in (
        (f"u{sato.id}", True),
        (f"w{world.team.workgroup_id}", True),
        ("", True),
        ("u999", False),
        ("w999", False),
    ):
        assert (row in await admin.page(f"/leads/rows?tab=mybox&whose={whose}")) is seen, whose
    assert row not in await colleague.page("/leads/rows?tab=mybox")
    assert row in await colleague.page("/leads/rows?tab=mybox&whose=all")


async def test_some_numbers_and_some_workgroup(world: WebWorld, browser: Browser) -> None:
    """An admin chooses the workgroup; only the ticked numbers are meant."""
    lead_id = world.team.lead_ids[100]
    await browser.log_in("admin")
    async with world.database.read() as connection:
        detail = await lead_detail(
            connection, lead_id=lead_id, viewer=world.team.admin, now=world.clock.now()
        )
        assert await users.user_by_login(connection, "admin")
    assert detail is not None
    number = detail.row.e164 or ""
    response = await browser.press(
        f"/leads/{lead_id}/prohibit",
        **{"e164": number, "for": str(world.team.workgroup_id), "reason": "断り"},
    )
    assert "ワークグループの誰も" in await response.text()
    async with world.database.read() as connection:
        (one,) = await prohibitions.standing(connection, e164s=[number])
    assert one.workgroup_id == world.team.workgroup_id
