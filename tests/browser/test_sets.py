"""An admin sets up fields and results with the mouse and with the keyboard alone."""

import pytest
from playwright.async_api import expect

from dialer import custom_fields, result_sets
from dialer.rules.agent_state import AgentState
from tests.browser.conftest import Visitor
from tests.browser.test_for_everybody import nameless_controls
from tests.fakes.sales_fields import FIELDS, add_custom_fields
from tests.fakes.web_server import WebWorld, call_for

pytestmark = pytest.mark.real


async def field_names(world: WebWorld, set_id: int) -> list[str]:
    async with world.database.read() as connection:
        return [one.name for one in await custom_fields.fields_of_set(connection, set_id)]


async def with_fields(world: WebWorld) -> int:
    async with world.database.write() as connection:
        return await add_custom_fields(connection, world.team)


async def test_a_field_is_added_and_moved_with_the_keyboard(
    visitor: Visitor, world: WebWorld
) -> None:
    set_id, page = await with_fields(world), visitor.page
    await visitor.log_in("admin")
    await visitor.go("/fields")
    await page.keyboard.press("n")
    await expect(page.locator("#field-form [name=name]")).to_be_focused()
    await page.keyboard.type("見積の有無")
    await page.get_by_text("単一選択", exact=True).last.click()
    choice = page.locator("#choice-rows [name=choice]")
    await choice.first.fill("依頼済み")
    await choice.first.press("Enter")
    await page.keyboard.type("不要")
    drafted = page.locator("#field-draft select option")
    await expect(drafted).to_have_text(["未選択", "依頼済み", "不要"])
    assert not await nameless_controls(page)
    await page.locator("#field-form button[type=submit]").click()
    row = page.locator("#field-rows .sort-row", has_text="見積の有無")
    await expect(row).to_be_visible()
    await expect(page.locator(".set-item")).to_contain_text(f"{len(FIELDS) + 1}項目")
    await row.focus()
    await page.keyboard.press("Alt+ArrowUp")
    await page.keyboard.press("Alt+ArrowUp")
    await expect(page.locator(".notice-title", has_text="並び順を保存しました")).to_be_visible()
    expected = [draft.name for draft in FIELDS]
    expected.insert(len(expected) - 2, "見積の有無")
    assert await field_names(world, set_id) == expected


async def test_fields_are_dragged_into_order(visitor: Visitor, world: WebWorld) -> None:
    set_id, page = await with_fields(world), visitor.page
    await visitor.log_in("admin")
    await visitor.go("/fields")
    rows = page.locator("#field-rows .sort-row")
    async with page.expect_response(lambda response: response.url.endswith("/order")):
        await rows.nth(3).drag_to(rows.nth(0), target_position={"x": 60, "y": 4})
    assert (await field_names(world, set_id))[0] == FIELDS[3].name


async def test_a_type_that_does_not_fit_opens_the_list_of_what_is_in_the_way(
    visitor: Visitor, world: WebWorld
) -> None:
    await with_fields(world)
    page = visitor.page
    await visitor.log_in("admin")
    await visitor.go("/fields")
    await page.locator(".sort-main", has_text="現在の利用状況").click()
    await page.locator(".kind-tile", has_text="数値").click()
    await page.locator("#field-form button[type=submit]").click()
    dialog = page.locator("#field-dialog")
    await expect(dialog.get_by_text("約30名で利用").first).to_be_visible()
    assert not await nameless_controls(page)
    await dialog.get_by_role("button", name="閉じる").click()
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#field-form")).to_be_visible()


async def test_a_result_moves_to_another_category_and_shows_its_button(
    visitor: Visitor, world: WebWorld
) -> None:
    page = visitor.page
    await visitor.log_in("admin")
    await visitor.go("/results")
    row = page.locator(".sort-row", has_text="検討中").first
    await row.focus()
    async with page.expect_response(lambda response: response.url.endswith("/order")):
        for _ in range(2):  # past the first of its own category, to the end of the one above
            await page.keyboard.press("Alt+ArrowUp")
    await page.locator(".sort-main", has_text="検討中").click()
    name = page.locator("#result-form [name=name]")
    await name.fill("前向きに検討")
    await page.locator(".colour-tile.c-rose").click()
    button = page.locator("#draft-result.c-rose")
    await expect(button).to_contain_text("前向きに検討")
    assert not await nameless_controls(page)
    async with page.expect_response(lambda response: response.url.endswith("/save")):
        await page.locator("#result-form button[type=submit]").click()
    await expect(page.locator("#set-panel .result", has_text="前向きに検討")).to_be_visible()
    async with world.database.read() as connection:
        (only,) = await result_sets.list_sets(connection)
        first = (await result_sets.categories_of_set(connection, only.id))[0]
    assert [one.name for one in first.results][-1] == "前向きに検討"


async def test_a_field_written_on_the_desk_outlives_news_and_takes_digits(
    visitor: Visitor, world: WebWorld, complaints: list[str]
) -> None:
    await with_fields(world)
    page, agent = visitor.page, world.team.agents[0]
    call = await call_for(world, agent.id, lead_index=36, seconds_ago=5)
    await visitor.log_in("sato")
    await visitor.go("/desk")
    await page.get_by_role("button", name="従業員数を編集").click()
    typed = page.locator("[data-editing] input[type=text]")
    await expect(typed).to_be_focused()
    await typed.fill("12")
    world.floor.set(agent.id, AgentState.AFTER_CALL_WORK, call=call)
    await expect(page.locator('#desk-state [data-state="after_call_work"]')).to_be_visible()
    await expect(typed).to_have_value("12")
    await page.keyboard.press("3")
    await page.keyboard.press("Enter")
    await expect(page.locator("#desk-lead").get_by_text("123", exact=True)).to_be_visible()
    assert not await page.locator("dialog[open]").count()
    # The saved field asks for the focus while the input that it replaces still has it.
    complaints[:] = [one for one in complaints if not one.startswith("Autofocus processing")]


@pytest.mark.parametrize("path", ["/fields", "/results"])
async def test_the_pages_of_sets_fit_a_phone(visitor: Visitor, world: WebWorld, path: str) -> None:
    await with_fields(world)
    await visitor.page.set_viewport_size({"width": 390, "height": 844})
    await visitor.log_in("admin")
    await visitor.go(path)
    await visitor.page.locator(".sort-main").first.click()
    await visitor.page.wait_for_selector(".panel-form")
    width = await visitor.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


async def test_the_focus_stays_with_the_field_that_is_moved(
    visitor: Visitor, world: WebWorld
) -> None:
    set_id, page = await with_fields(world), visitor.page
    await visitor.log_in("admin")
    await visitor.go("/fields")
    names = [draft.name for draft in FIELDS]
    for _ in range(2):
        async with page.expect_response("**/fields/*/rows"):
            down = page.locator("#field-rows .sort-row", has_text=names[0]).locator(
                "[data-moves=down]"
            )
            if _ == 0:
                await down.focus()
            await page.keyboard.press("Enter")
        await expect(down).to_be_focused()
    assert await field_names(world, set_id) == [*names[1:3], names[0], *names[3:]]


async def test_a_stage_that_results_lead_to_is_deleted_after_a_question_only(
    visitor: Visitor, world: WebWorld
) -> None:
    page = visitor.page
    await visitor.log_in("admin")
    await visitor.go("/results")
    rows = page.locator("#stage-rows .sort-row")
    await expect(rows).not_to_have_count(0)
    stage = rows.filter(has=page.locator("[hx-confirm]")).first
    await stage.get_by_role("button", name="ステージを削除").click()
    question = page.get_by_role("dialog")
    await expect(question).to_contain_text("削除しますか")
    await question.get_by_role("button", name="キャンセル").click()
    await expect(question).to_have_count(0)
    await stage.get_by_role("button", name="ステージを削除").click()
    async with page.expect_response("**/stage/delete"):
        await question.get_by_role("button", name="実行する").click()
