import html
import re

from dialer import prohibitions
from dialer.lead_detail import LeadDetail, lead_detail
from tests.fakes.web_fixtures import Browser, MakeBrowser
from tests.fakes.web_server import WebWorld


async def lead_now(world: WebWorld, lead_id: int) -> LeadDetail:
    async with world.database.read() as connection:
        found = await lead_detail(
            connection, lead_id=lead_id, viewer=world.team.admin, now=world.clock.now()
        )
    assert found is not None
    return found


def hrefs(text: str) -> list[str]:
    """The leads that a list shows, by the addresses of their pages."""
    return [part.split('"')[0] for part in text.split('data-href="')[1:]]


def page_after(text: str, label: str) -> str | None:
    """Where the pager's link with this label leads, if it does."""
    links = re.findall(r'<a class="icon-button" href="([^"]+)" aria-label="([^"]+)"', text)
    return next((html.unescape(href) for href, said in links if said == label), None)


async def test_the_list_goes_on_page_by_page_without_a_lead_twice(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    seen: list[str] = []
    path: str | None = "/leads"
    last = ""
    while path:
        text = await browser.page(path)
        seen += hrefs(text)
        last = path
        path = page_after(text, "次のページ")
    assert len(seen) == len(set(seen))
    assert len(seen) >= len(world.team.lead_ids)
    jump = page_after(await browser.page("/leads"), "最後のページ")
    assert jump is not None
    end = await browser.page(jump)
    assert hrefs(end)[-1] == seen[-1]
    assert len(hrefs(await browser.page(last))) <= len(hrefs(end))
    before = page_after(end, "前のページ")
    assert before is not None
    assert hrefs(await browser.page(before)) == seen[-100:-50]


async def test_a_lead_is_found_by_name_kana_and_number(browser: Browser) -> None:
    await browser.log_in("sato")
    for text in ("みどり園", "092-443-5063", "0924435063"):
        assert "有限会社みどり園" in await browser.page(f"/leads/rows?q={text}")
    assert "一致するリードはありません" in await browser.page("/leads/rows?q=zzz")


async def test_the_tabs_show_my_box_and_who_is_prohibited(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    box = await browser.page("/leads/rows?tab=mybox")
    assert box.count("data-href") == 1
    assert f"/leads/{world.team.lead_ids[156]}" in box
    assert '<td class="number muted">解除するまで</td>' in box
    prohibited = await browser.page("/leads/rows?tab=prohibited")
    assert f"/leads/{world.team.lead_ids[161]}" in prohibited


async def test_a_lead_goes_into_my_box_and_another_user_cannot_take_it(
    world: WebWorld, new_browser: MakeBrowser
) -> None:
    lead_id = world.team.lead_ids[100]
    sato, suzuki = await new_browser(), await new_browser()
    await sato.log_in("sato")
    await suzuki.log_in("suzuki")
    assert (await sato.press(f"/leads/{lead_id}/mybox")).headers["HX-Trigger"] == "leadChanged"
    refused = await suzuki.press(f"/leads/{lead_id}/mybox")
    assert refused.status == 409
    assert "佐藤 美咲さんのマイボックス" in await refused.text()
    assert (await suzuki.press(f"/leads/{lead_id}/mybox/release")).status == 409
    assert (await sato.press(f"/leads/{lead_id}/mybox/release")).status == 200
    assert (await lead_now(world, lead_id)).box is None


async def test_an_admin_puts_a_lead_into_anyones_box_and_colleagues_hand_it_over(
    world: WebWorld, new_browser: MakeBrowser
) -> None:
    lead_id, (sato, suzuki, *_) = world.team.lead_ids[100], world.team.agents
    admin, colleague = await new_browser(), await new_browser()
    await admin.log_in("admin")
    await colleague.log_in("suzuki")
    give = f"/leads/{lead_id}/mybox/give"
    assert (await colleague.press(give, user_id=str(sato.id))).status == 409
    assert (await admin.press(give, user_id=str(sato.id))).status == 200
    assert "マイボックスに入れるユーザー" in await colleague.page(f"/leads/{lead_id}")
    assert (await colleague.press(give, user_id=str(suzuki.id))).status == 200
    box = (await lead_now(world, lead_id)).box
    assert box is not None
    assert box.user_id == suzuki.id
    assert (await admin.press(give, user_id=str(world.team.outsider.id))).status == 409
    assert (await admin.press(give, user_id="")).status == 400


async def test_a_user_prohibits_for_his_workgroup_and_an_admin_for_the_company(
    world: WebWorld, new_browser: MakeBrowser
) -> None:
    first, second = world.team.lead_ids[100], world.team.lead_ids[101]
    sato, admin = await new_browser(), await new_browser()
    await sato.log_in("sato")
    await admin.log_in("admin")
    await sato.press(f"/leads/{first}/prohibit", reason="強いお断り")
    await admin.press(f"/leads/{second}/prohibit", reason="")
    mine = (await lead_now(world, first)).contact_points[0].prohibitions[0]
    assert (mine.workgroup_id, mine.reason) == (world.team.workgroup_id, "強いお断り")
    companys = (await lead_now(world, second)).contact_points[0].prohibitions[0]
    assert companys.workgroup_id is None


async def test_only_an_admin_lifts_and_only_with_a_reason(
    world: WebWorld, new_browser: MakeBrowser
) -> None:
    lead_id = world.team.lead_ids[161]
    standing = (await lead_now(world, lead_id)).contact_points[0].prohibitions[0]
    fields = {"e164": standing.e164, "workgroup_id": str(standing.workgroup_id)}
    sato, admin = await new_browser(), await new_browser()
    await sato.log_in("sato")
    await admin.log_in("admin")
    assert (await sato.press(f"/leads/{lead_id}/lift", reason="x", **fields)).status == 403
    assert (await admin.press(f"/leads/{lead_id}/lift", reason=" ", **fields)).status == 409
    assert (await admin.press(f"/leads/{lead_id}/lift", reason="誤登録", **fields)).status == 200
    async with world.database.read() as connection:
        assert not await prohibitions.standing(connection, e164s=[standing.e164])
    assert (await admin.press(f"/leads/{lead_id}/lift", reason="誤登録", **fields)).status == 409


async def test_a_memo_is_added_to_what_was_done(browser: Browser, world: WebWorld) -> None:
    lead_id = world.team.lead_ids[161]
    await browser.log_in("sato")
    assert (await browser.press(f"/leads/{lead_id}/memo", memo="  ")).status == 409
    await browser.press(f"/leads/{lead_id}/memo", memo="展示会で名刺交換\n来週連絡")
    assert "展示会で名刺交換" in await browser.page(f"/leads/{lead_id}")
    assert (await lead_now(world, lead_id)).timeline[0].kind == "memo"


async def test_what_a_list_brought_is_shown_as_text(browser: Browser, world: WebWorld) -> None:
    lead_id = world.team.lead_ids[0]
    await browser.log_in("sato")
    await browser.press(f"/leads/{lead_id}/memo", memo="<script>alert(1)</script>")
    page = await browser.page(f"/leads/{lead_id}")
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


async def test_a_page_key_of_another_list_is_refused(browser: Browser) -> None:
    await browser.log_in("sato")
    assert (await browser.get("/leads/rows?after=nonsense")).status == 400
