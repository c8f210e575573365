"""The page of a lead: all is written in place, and everything that happened is told."""

import re

from sqlalchemy import select

from dialer import mybox
from dialer.lead_detail import LeadDetail, lead_detail
from dialer.storage.tables import leads
from tests.fakes.web_fixtures import Browser, MakeBrowser
from tests.fakes.web_server import WebWorld


async def lead_now(world: WebWorld, lead_id: int) -> LeadDetail:
    async with world.database.read() as connection:
        found = await lead_detail(
            connection, lead_id=lead_id, viewer=world.team.admin, now=world.clock.now()
        )
    assert found is not None
    return found


async def test_a_field_is_shown_written_and_shown_again(world: WebWorld, browser: Browser) -> None:
    lead_id = world.team.lead_ids[100]
    path = f"/leads/{lead_id}/fields/city"
    await browser.log_in("sato")
    was = (await lead_now(world, lead_id)).basic["city"]
    form = await browser.page(path)
    assert f'name="was" value="{was}"' in form
    saved = await browser.press(path, value="渋谷区１－２", was=was)
    assert saved.headers["HX-Trigger"] == "leadChanged"
    assert "渋谷区１－２" in await saved.text()
    assert (await lead_now(world, lead_id)).basic["city"] == "渋谷区１－２"
    same = await browser.press(path, value="渋谷区１－２", was="渋谷区１－２")
    assert "HX-Trigger" not in same.headers
    assert "<form" not in await browser.page(f"{path}?view=1")


async def test_what_does_not_fit_is_told_at_the_field_and_stays_there(
    world: WebWorld, browser: Browser
) -> None:
    path = f"/leads/{world.team.lead_ids[100]}/fields/email"
    await browser.log_in("sato")
    refused = await browser.press(path, value="info＠", was="")
    text = await refused.text()
    assert (refused.status, 'value="info＠"' in text) == (422, True)
    assert "これはメールアドレスではありません" in text or "メールアドレス" in text
    assert 'aria-invalid="true"' in text
    priority = await browser.press(path.replace("email", "priority"), value="高い", was="0")
    assert "-99〜99の整数" in await priority.text()


async def test_a_change_by_somebody_else_is_told_and_saving_again_means_it(
    world: WebWorld, new_browser: MakeBrowser
) -> None:
    lead_id = world.team.lead_ids[100]
    path = f"/leads/{lead_id}/fields/building"
    sato, suzuki = await new_browser(), await new_browser()
    await sato.log_in("sato")
    await suzuki.log_in("suzuki")
    was = (await lead_now(world, lead_id)).basic["building"]
    await suzuki.press(path, value="新館3階", was=was)
    told = await sato.press(path, value="別館", was=was)
    text = await told.text()
    assert told.status == 422
    assert "鈴木 健太さんが変更しました" in text
    assert "現在の値: 新館3階" in text
    assert 'value="別館"' in text
    again = re.search(r'name="was" value="([^"]*)"', text)
    assert again is not None
    assert (await sato.press(path, value="別館", was=again[1])).status == 200
    assert (await lead_now(world, lead_id)).basic["building"] == "別館"


async def test_fields_that_are_not_there_are_not_found(world: WebWorld, browser: Browser) -> None:
    await browser.log_in("sato")
    for field in ("custom-99", "lane_id", "custom-x", "deleted_at"):
        path = f"/leads/{world.team.lead_ids[100]}/fields/{field}"
        assert (await browser.get(path)).status == 404, field
        assert (await browser.press(path, value="1", was="")).status == 404, field


async def test_contact_points_are_added_changed_ordered_and_removed(
    world: WebWorld, browser: Browser
) -> None:
    lead_id, other = world.team.lead_ids[100], world.team.lead_ids[101]
    path = f"/leads/{lead_id}/contacts"
    await browser.log_in("sato")
    taken = (await lead_now(world, other)).row
    added = await browser.press(path, kind="phone", raw=taken.number, label="支店", note="")
    assert added.headers["HX-Retarget"] == "#lead-contacts"
    assert taken.name in await added.text()  # the other lead with this number is told
    refused = await browser.press(path, kind="phone", raw="03-12", label="本社", note="午後")
    text = await refused.text()
    assert (refused.status, 'value="03-12"' in text, 'value="本社"' in text) == (422, True, True)
    assert "桁数が足りません" in text
    new = (await lead_now(world, lead_id)).contact_points[-1]
    assert (new.e164, new.label) == (taken.e164, "支店")
    form = await browser.page(f"{path}/{new.id}")
    assert 'value="支店"' in form
    await browser.press(f"{path}/{new.id}", kind="mobile", raw="090-1234-5678", label="", note="")
    await browser.press(f"{path}/{new.id}/move")
    points = (await lead_now(world, lead_id)).contact_points
    assert points[-2].e164 == "+819012345678"
    await browser.press(f"{path}/{new.id}/remove")
    assert new.id not in {one.id for one in (await lead_now(world, lead_id)).contact_points}
    assert (await browser.press(f"{path}/{new.id}/remove")).status == 409
    assert (await browser.get(f"{path}/{new.id}")).status == 404


async def test_the_timeline_tells_everything_and_can_be_narrowed(
    world: WebWorld, browser: Browser
) -> None:
    lead_id = world.team.lead_ids[100]
    await browser.log_in("sato")
    await browser.press(f"/leads/{lead_id}/fields/website", value="www.example.jp", was="")
    await browser.press(f"/leads/{lead_id}/memo", memo="受付に資料を渡した", kind="visit")
    await browser.press(f"/leads/{lead_id}/mybox")
    path = f"/leads/{lead_id}/timeline"
    everything = await browser.page(path)
    for word in ("受付に資料を渡した", "訪問", "マイボックスへ", "リストから登録"):
        assert word in everything, word
    notes = await browser.page(f"{path}?kind=notes")
    assert "受付に資料を渡した" in notes
    assert "マイボックスへ" not in notes
    assert "マイボックスへ" in await browser.page(f"{path}?kind=mybox")
    assert (await browser.get(f"{path}?after=nonsense")).status == 400


async def test_an_admin_deletes_and_restores(world: WebWorld, new_browser: MakeBrowser) -> None:
    lead_id = world.team.lead_ids[100]
    admin, sato = await new_browser(), await new_browser()
    await admin.log_in("admin")
    await sato.log_in("sato")
    await sato.press(f"/leads/{lead_id}/mybox")
    refused = await admin.press(f"/leads/{lead_id}/delete")
    assert (refused.status, "佐藤 美咲さんのマイボックス" in await refused.text()) == (409, True)
    async with world.database.write() as connection:
        await mybox.release(connection, lead_id=lead_id, now=world.clock.now())
    assert (await admin.press(f"/leads/{lead_id}/delete")).status == 200
    page = await sato.page(f"/leads/{lead_id}")
    assert "削除されました" in page
    assert "field-edit" not in page
    assert f"/leads/{lead_id}/mybox" not in page
    refused = await sato.press(f"/leads/{lead_id}/fields/city", value="x", was="")
    assert "先に復元してください" in await refused.text()
    assert (await sato.press(f"/leads/{lead_id}/restore")).status == 403
    assert (await admin.press(f"/leads/{lead_id}/restore")).status == 200
    async with world.database.read() as connection:
        deleted = await connection.scalar(select(leads.c.deleted_at).where(leads.c.id == lead_id))
    assert deleted is None
