"""カスタム項目 in the browser."""

import re

import pytest
from sqlalchemy import select

from dialer import custom_fields
from dialer.rules.custom_field import CustomField, FieldKind
from dialer.storage.tables import leads
from tests.fakes.sales_fields import FIELDS, add_custom_fields
from tests.fakes.web_fixtures import Browser
from tests.fakes.web_server import WebWorld, call_for


@pytest.fixture
async def set_id(world: WebWorld) -> int:
    async with world.database.write() as connection:
        return await add_custom_fields(connection, world.team)


async def fields_of(world: WebWorld, set_id: int) -> dict[str, CustomField]:
    async with world.database.read() as connection:
        return {one.name: one for one in await custom_fields.fields_of_set(connection, set_id)}


async def test_the_first_set_is_made_from_an_empty_page(browser: Browser, world: WebWorld) -> None:
    await browser.log_in("admin")
    assert "カスタム項目はまだありません" in await browser.page("/fields")
    response = await browser.press("/fields", name="法人情報")
    path = response.headers["HX-Redirect"]
    page = await browser.page(path)
    assert "このセットにはまだ項目がありません" in page
    taken = await browser.press("/fields", name="法人情報")
    assert (taken.status, "同じ名前" in await taken.text()) == (409, True)
    await browser.press(f"{path}/rename", name="法人")
    copied = (await browser.press(f"{path}/copy", name="個人")).headers["HX-Redirect"]
    assert "法人" in await browser.page(copied)
    assert (await browser.press(f"{copied}/delete")).headers["HX-Redirect"] == "/fields"
    assert (await browser.get(copied)).status == 404


async def test_each_type_has_its_input_in_the_preview(
    browser: Browser, world: WebWorld, set_id: int
) -> None:
    await browser.log_in("admin")
    page = await browser.page(f"/fields/{set_id}/preview")
    fields = await fields_of(world, set_id)
    assert {field.kind for field in fields.values()} <= set(FieldKind)
    for field in fields.values():
        assert f'name="custom-{field.id}"' in page, field.name
    assert 'type="date"' in page
    assert 'inputmode="tel"' in page
    for kind in FieldKind:
        drafted = await browser.press(
            f"/fields/{set_id}/draft", name="試し", kind=kind, choice="あり", default="1"
        )
        assert 'name="custom-0"' in await drafted.text(), kind


async def test_a_field_is_added_changed_moved_and_deleted(
    browser: Browser, world: WebWorld, set_id: int
) -> None:
    await browser.log_in("admin")
    form = {"name": "役職", "kind": "text", "required": "yes", "default": "部長"}
    added = await browser.press(f"/fields/{set_id}/save", **form)
    assert added.headers["HX-Trigger"] == "fieldsChanged"
    field = (await fields_of(world, set_id))["役職"]
    assert (field.required, field.default, field.position) == (True, "部長", len(FIELDS))
    editor = await browser.page(f"/fields/{set_id}/edit?field={field.id}")
    assert "値が入っているリードはありません" in editor
    changed = {**form, "field": str(field.id), "name": "肩書", "kind": "number", "default": ""}
    await browser.press(f"/fields/{set_id}/save", **changed)
    assert (await fields_of(world, set_id))["肩書"].kind is FieldKind.NUMBER
    await browser.press(f"/fields/{set_id}/order", order=f"{field.id}")
    assert next(iter(await fields_of(world, set_id))) == "肩書"
    await browser.press(f"/fields/{set_id}/field/delete", field=str(field.id))
    assert "肩書" not in await fields_of(world, set_id)
    gone = await browser.press(f"/fields/{set_id}/save", **changed)
    assert (gone.status, "再読み込み" in await gone.text()) == (409, True)


async def test_a_type_that_does_not_fit_shows_what_stands_in_the_way(
    browser: Browser, world: WebWorld, set_id: int
) -> None:
    await browser.log_in("admin")
    field = (await fields_of(world, set_id))["現在の利用状況"]
    form = {"field": str(field.id), "name": field.name, "kind": "number"}
    asked = await browser.press(f"/fields/{set_id}/save", **form)
    assert asked.headers["HX-Retarget"] == "#field-dialog"
    dialog = await asked.text()
    assert "約30名で利用" in dialog
    assert "すべてCSVで保存" in dialog
    link = re.search(r'href="(/fields/[^"]+misfits\.csv[^"]+)"', dialog)
    assert link is not None
    csv = await browser.page(link[1].replace("&amp;", "&"))
    assert len(csv.splitlines()) == len(world.team.lead_ids) + 1
    assert "約30名で利用" in csv
    forced = await browser.press(f"/fields/{set_id}/save", **form, sure="yes")
    assert forced.status == 409
    assert (await fields_of(world, set_id))[field.name].kind is FieldKind.TEXT


async def test_a_type_that_fits_is_changed_when_it_is_confirmed(
    browser: Browser, world: WebWorld, set_id: int
) -> None:
    await browser.log_in("admin")
    field = (await fields_of(world, set_id))["従業員数"]
    form = {"field": str(field.id), "name": field.name, "kind": "text"}
    asked = await (await browser.press(f"/fields/{set_id}/save", **form)).text()
    assert "すべて新しいタイプに合います" in asked
    assert (await fields_of(world, set_id))[field.name].kind is FieldKind.NUMBER
    await browser.press(f"/fields/{set_id}/save", **form, sure="yes")
    assert (await fields_of(world, set_id))[field.name].kind is FieldKind.TEXT


async def test_a_choice_is_renamed_and_one_in_use_is_not_removed(
    browser: Browser, world: WebWorld, set_id: int
) -> None:
    await browser.log_in("admin")
    field = (await fields_of(world, set_id))["業種"]
    form = [("field", str(field.id)), ("name", "業種"), ("kind", "single_choice")]
    for was in field.choices:
        form += [("was", was), ("choice", "製造業" if was == "製造" else was)]
    headers = {"HX-Request": "true", "X-CSRF-Token": browser.token}
    saved = await browser.client.post(f"/fields/{set_id}/save", data=form, headers=headers)
    assert saved.status == 200
    async with world.database.read() as connection:
        held = [
            row.custom[field.key]
            for row in await connection.execute(select(leads.c.custom))
            if field.key in row.custom
        ]
    assert "製造業" in held
    assert "製造" not in held
    refused = await browser.client.post(f"/fields/{set_id}/save", data=form[:-2], headers=headers)
    assert refused.status == 409
    assert "「運輸」" in await refused.text()
    offered = await browser.page(f"/fields/{set_id}/values?field={field.id}")
    assert 'value="製造業"' in offered


async def test_the_desk_asks_for_stage_and_fields_of_the_lead_on_the_line(
    browser: Browser, world: WebWorld, set_id: int
) -> None:
    await browser.log_in("sato")
    call = await call_for(world, world.team.agents[0].id, lead_index=36, seconds_ago=5)
    desk = await browser.page("/desk")
    assert "ヒアリング項目" in desk
    for draft in FIELDS:
        assert draft.name in desk
    field = (await fields_of(world, set_id))["現在の利用状況"]
    path = f"/leads/{call.lead_id}/fields/custom-{field.id}"
    assert path in desk
    async with world.database.read() as connection:
        custom = await connection.scalar(select(leads.c.custom).where(leads.c.id == call.lead_id))
    assert custom is not None
    sent = {f"custom-{field.id}": "来月見直し", "was": custom[field.key]}
    await browser.press(path, **sent)
    assert "来月見直し" in await browser.page(f"/desk/update?call={call.call_id}")
