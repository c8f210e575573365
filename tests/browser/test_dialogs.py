"""Dialogs that ask for something: wrong input keeps them open, with what was typed."""

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from dialer.storage.tables import callbacks, leads, prohibitions
from tests.browser.conftest import Visitor
from tests.fakes.web_server import WebWorld, call_for

pytestmark = pytest.mark.real

REFUSED = "これから先の日時を選んでください"


async def test_a_callback_of_the_desk_keeps_what_was_typed_until_it_is_right(
    visitor: Visitor, world: WebWorld, complaints: list[str]
) -> None:
    page, sato = visitor.page, world.team.agents[0]
    await visitor.log_in("sato")
    call = await call_for(world, sato.id, lead_index=36, seconds_ago=2)
    await page.locator(".result[aria-haspopup=dialog]").first.click()
    dialog = page.locator("dialog[open]")
    tomorrow = await dialog.get_by_label("日付").input_value()
    await dialog.get_by_label("日付").fill("2020-04-01")
    await dialog.get_by_label("だれでも").check()
    await dialog.get_by_role("button", name="保存").click()
    await expect(dialog.get_by_role("alert")).to_contain_text(REFUSED)
    await expect(dialog.get_by_label("日付")).to_have_value("2020-04-01")
    await expect(dialog.get_by_label("だれでも")).to_be_checked()

    await dialog.get_by_label("日付").fill(tomorrow)
    await dialog.get_by_label("日付").press("Enter")
    await expect(page.locator("dialog[open]")).to_have_count(0)
    async with world.database.read() as connection:
        found = await connection.execute(
            select(callbacks.c.user_id, leads.c.id)
            .join(leads, leads.c.id == callbacks.c.lead_id)
            .where(leads.c.id == call.lead_id)
        )
    assert [tuple(row) for row in found] == [(None, call.lead_id)]
    complaints[:] = [one for one in complaints if "409" not in one]


async def test_a_callback_of_the_leads_page_needs_a_time(
    visitor: Visitor, world: WebWorld, complaints: list[str]
) -> None:
    page = visitor.page
    await visitor.log_in("sato")
    await visitor.go(f"/leads/{world.team.lead_ids[100]}")
    await page.locator("#open-callback").click()
    dialog = page.locator("#callback-dialog")
    await dialog.get_by_role("button", name="保存").click()
    await expect(dialog).to_be_visible()
    await dialog.get_by_label("時刻").fill("00:01")
    await dialog.get_by_role("button", name="保存").click()
    await expect(dialog.get_by_role("alert")).to_contain_text(REFUSED)
    await expect(dialog.get_by_label("時刻")).to_have_value("00:01")
    await dialog.get_by_label("時刻").fill("23:59")
    await dialog.get_by_role("button", name="保存").click()
    await expect(dialog).to_be_hidden()
    await expect(page.locator(".lead-marks")).to_contain_text("23:59")
    complaints[:] = [one for one in complaints if "409" not in one]


async def test_an_admin_prohibits_for_a_workgroup_unless_he_says_more(
    visitor: Visitor, world: WebWorld
) -> None:
    page = visitor.page
    await visitor.log_in("admin")
    await visitor.go(f"/leads/{world.team.lead_ids[100]}")
    await page.locator("#open-prohibit").click()
    dialog = page.locator("#prohibit-dialog")
    await dialog.get_by_label("理由").fill("今後は不要とのこと")
    await dialog.get_by_role("button", name="禁止").click()
    await expect(dialog).to_be_hidden()
    async with world.database.read() as connection:
        row = (
            await connection.execute(
                select(prohibitions.c.workgroup_id).where(
                    prohibitions.c.reason == "今後は不要とのこと"
                )
            )
        ).one()
    assert row.workgroup_id is not None
