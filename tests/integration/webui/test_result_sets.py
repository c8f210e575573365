"""アクション結果 in the browser."""

import pytest

from dialer import mybox, result_sets, stages
from dialer.result_sets import ActionResult
from tests.fakes.sales_team import AFTERNOON
from tests.fakes.web_fixtures import Browser
from tests.fakes.web_server import WebWorld, call_for


@pytest.fixture
async def set_id(world: WebWorld) -> int:
    async with world.database.read() as connection:
        (only,) = await result_sets.list_sets(connection)
    return only.id


async def results_of(world: WebWorld, set_id: int) -> dict[str, ActionResult]:
    async with world.database.read() as connection:
        found = await result_sets.categories_of_set(connection, set_id)
    return {one.name: one for category in found for one in category.results}


async def test_the_page_shows_what_results_do_and_how_the_desk_shows_them(
    browser: Browser, world: WebWorld, set_id: int
) -> None:
    await browser.log_in("admin")
    page = await browser.page("/results")
    for text in ("アポ獲得", "担当者のマイボックスに入れる", "商談", "3日", "2時間", "見込み"):
        assert text in page, text


async def test_a_set_is_made_copied_and_deleted(
    browser: Browser, world: WebWorld, set_id: int
) -> None:
    await browser.log_in("admin")
    copied = (await browser.press(f"/results/{set_id}/copy", name="写し")).headers["HX-Redirect"]
    assert "アポ獲得" in await browser.page(copied)
    await browser.press(f"{copied}/rename", name="訪問")
    assert "訪問" in await browser.page("/results")
    refused = await browser.press(f"/results/{set_id}/delete")
    assert "このセットを使っているプロジェクト" in await refused.text()
    assert (await browser.press(f"{copied}/delete")).headers["HX-Redirect"] == "/results"
    assert (await browser.get(copied)).status == 404
    again = await browser.press("/results", default="yes")
    assert again.headers["HX-Redirect"] == f"/results/{set_id}"


async def test_a_result_is_added_changed_retired_and_deleted(
    browser: Browser, world: WebWorld, set_id: int
) -> None:
    await browser.log_in("admin")
    category = (await results_of(world, set_id))["検討中"].category_id
    form = {
        "category": str(category),
        "name": "来月また",
        "effect": "retry",
        "amount": "30",
        "unit": "days",
        "colour": "teal",
        "hotkey": "",
    }
    saved = await browser.press(f"/results/{set_id}/save", **form)
    assert saved.headers["HX-Trigger"] == "resultsChanged"
    result = (await results_of(world, set_id))["来月また"]
    assert (result.effect, result.retry_after_seconds) == ("retry", 30 * 86_400)
    editor = await browser.page(f"/results/{set_id}/edit?result={result.id}")
    assert 'value="30"' in editor
    taken = await browser.press(f"/results/{set_id}/save", **{**form, "name": "別", "hotkey": "1"})
    assert (taken.status, "「アポ獲得」" in await taken.text()) == (409, True)
    one = {"result": str(result.id)}
    await browser.press(f"/results/{set_id}/save", **{**form, **one, "effect": "mybox"})
    assert (await results_of(world, set_id))["来月また"].effect == "mybox"
    await browser.press(f"/results/{set_id}/retire", **one)
    assert (await results_of(world, set_id))["来月また"].retired
    assert "来月また" not in await browser.page(f"/results/{set_id}/preview")
    await browser.press(f"/results/{set_id}/retire", **one, again="yes")
    assert not (await results_of(world, set_id))["来月また"].retired
    await browser.press(f"/results/{set_id}/result/delete", **one)
    assert "来月また" not in await results_of(world, set_id)
    gone = await browser.press(f"/results/{set_id}/result/delete", **one)
    assert gone.status == 409


async def test_categories_and_results_are_put_in_order(
    browser: Browser, world: WebWorld, set_id: int
) -> None:
    await browser.log_in("admin")
    await browser.press(f"/results/{set_id}/category", name="保留")
    async with world.database.read() as connection:
        found = await result_sets.categories_of_set(connection, set_id)
    last, first = found[-1], found[0]
    moved = first.results[0]
    others = ",".join(str(one.id) for one in first.results[1:])
    await browser.press(
        f"/results/{set_id}/order", order=f"{last.id}:{moved.id};{first.id}:{others}"
    )
    async with world.database.read() as connection:
        after = await result_sets.categories_of_set(connection, set_id)
    assert [one.name for one in after][:2] == ["保留", "成果"]
    assert [one.name for one in after[0].results] == [moved.name]
    await browser.press(f"/results/{set_id}/category", category=str(last.id), name="保留中")
    refused = await browser.press(f"/results/{set_id}/category/delete", category=str(last.id))
    assert "先に移動または削除" in await refused.text()


async def test_stages_are_edited_in_their_list(
    browser: Browser, world: WebWorld, set_id: int
) -> None:
    await browser.log_in("admin")
    await browser.press(f"/results/{set_id}/stage", name="再提案", colour="amber")
    async with world.database.read() as connection:
        known = await stages.stages_of_set(connection, set_id)
    added = known[-1]
    assert (added.name, added.colour) == ("再提案", "amber")
    stage = {"stage": str(added.id)}
    await browser.press(f"/results/{set_id}/stage", **stage, name="再商談", colour="rose")
    await browser.press(f"/results/{set_id}/stages/order", order=str(added.id))
    rows = await browser.page(f"/results/{set_id}/stages")
    assert rows.index("再商談") < rows.index("見込み")
    await browser.press(f"/results/{set_id}/stage/delete", **stage)
    assert "再商談" not in await browser.page(f"/results/{set_id}/stages")


async def test_a_box_that_is_full_is_told_on_the_desk_and_the_result_is_kept(
    browser: Browser, world: WebWorld, set_id: int
) -> None:
    await browser.log_in("sato")
    sato = world.team.agents[0]
    call = await call_for(world, sato.id, lead_index=36, seconds_ago=5)
    other = world.team.agents[1]
    async with world.database.write() as connection:
        await mybox.put(connection, lead_id=call.lead_id, user_id=other.id, now=AFTERNOON)
    result = (await results_of(world, set_id))["自分で追う"]
    path = f"/desk/calls/{call.call_id}/result"
    said = await (await browser.press(path, result_id=str(result.id), memo="")).text()
    assert "リードはマイボックスに入っていません" in said
    assert "鈴木" in said
