"""The pages of the lead table: filters in the address, columns, views, and files."""

import csv
import html
import io
import re
from urllib.parse import urlencode

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from dialer.storage.tables import audit_log
from tests.fakes.sales_fields import add_custom_fields
from tests.fakes.web_fixtures import Browser, MakeBrowser
from tests.fakes.web_server import WebWorld


@pytest.fixture
async def table(world: WebWorld) -> WebWorld:
    """A world whose project has custom fields, and leads with values."""
    async with world.database.write() as connection:
        await add_custom_fields(connection, world.team)
    return world


def hrefs(text: str) -> list[str]:
    return [part.split('"')[0] for part in text.split('data-href="')[1:]]


def chips(text: str) -> dict[str, str]:
    """What the page says it is filtered by, with the address without it."""
    found = re.findall(
        r'<a class="chip" href="([^"]+)"[^>]*><span class="chip-label">([^<]*)</span>', text
    )
    return {label: html.unescape(href) for href, label in found}


async def test_a_form_leads_to_an_address_that_says_only_what_is_asked(
    browser: Browser, table: WebWorld
) -> None:
    await browser.log_in("sato")
    asked = {"project": str(table.team.project_id), "tab": "all", "q": "", "prefecture": "東京都"}
    response = await browser.get("/leads?" + urlencode({**asked, "f1.is": "", "city": " "}))
    assert response.status == 303
    target = response.headers["Location"]
    assert urlencode({"prefecture": "東京都"}) in target
    assert "city" not in target
    text = await browser.page(target)
    assert set(chips(text)) == {"都道府県"}
    assert 0 < len(hrefs(text)) < len(table.team.lead_ids)


async def test_each_thing_asked_for_can_be_taken_away(browser: Browser, table: WebWorld) -> None:
    await browser.log_in("sato")
    text = await browser.page("/leads?tab=all&state=callable&f1.any=IT・通信&f2.min=10")
    assert set(chips(text)) == {"状態", "業種", "従業員数"}
    without = await browser.page(chips(text)["業種"])
    assert set(chips(without)) == {"状態", "従業員数"}
    assert len(hrefs(without)) >= len(hrefs(text))


async def test_headings_sort_up_down_and_as_it_suits(browser: Browser, table: WebWorld) -> None:
    await browser.log_in("sato")
    path = "/leads?tab=all&columns=number,f2"
    seen = []
    for _ in range(3):
        text = await browser.page(path)
        column = re.search(
            r'<th scope="col"[^>]*?(aria-sort="(\w+)")?>\s*<a class="sort" '
            r'href="([^"]+)">従業員数',
            text,
        )
        assert column is not None
        seen.append(column[2])
        path = html.unescape(column[3])
    assert seen == [None, "ascending", "descending"]
    assert "sort=" not in path


async def test_what_is_typed_becomes_the_address(browser: Browser, table: WebWorld) -> None:
    await browser.log_in("sato")
    response = await browser.get("/leads/rows?typed=1&tab=all&q=みどり園&state=callable")
    assert response.status == 200
    address = response.headers["HX-Replace-Url"]
    assert "typed" not in address
    assert set(chips(await browser.page(address))) == {"検索", "状態"}


async def test_the_count_of_a_filter(browser: Browser, table: WebWorld) -> None:
    await browser.log_in("sato")
    counted = await browser.page("/leads/count?tab=all")
    assert f'data-total="{len(table.team.lead_ids)}"' in counted


async def test_columns_are_chosen_and_remembered(browser: Browser, table: WebWorld) -> None:
    await browser.log_in("sato")
    shown = f"project={table.team.project_id}&tab=all&state=callable"
    response = await browser.client.post(
        "/leads/columns",
        data=[("shown", shown), ("columns", "f2"), ("columns", "number"), ("columns", "f99")],
        headers={"HX-Request": "true", "X-CSRF-Token": browser.token},
    )
    target = response.headers["HX-Redirect"]
    assert "state=callable" in target
    assert "columns=f2%2Cnumber" in target

    def headings(text: str) -> list[str]:
        head = text.split("<thead>")[1].split("</thead>")[0]
        return [one for one in ("従業員数", "電話番号", "地域") if one in head]

    assert headings(await browser.page("/leads")) == ["従業員数", "電話番号"]
    assert chips(await browser.page("/leads")) == {}  # only the columns are remembered
    assert headings(await browser.page("/leads?tab=prohibited")) == ["従業員数", "電話番号"]
    await browser.press("/leads/columns", shown=shown, usual="1")
    assert headings(await browser.page("/leads")) == ["電話番号", "地域"]


@pytest.mark.parametrize("tab", ["mybox&whose=all", "prohibited&for=any"])
async def test_a_tab_has_the_filters_columns_and_export_of_the_table(
    browser: Browser, table: WebWorld, tab: str
) -> None:
    await browser.log_in("admin")
    shown = f"project={table.team.project_id}&tab={tab}"
    await browser.press("/leads/bulk/mybox", everything="1", shown="tab=all&f1.any=建設")
    await browser.press("/leads/bulk/prohibit", everything="1", shown="tab=all&f1.any=建設")
    path = f"/leads?{shown}&f1.any=建設&sort=-name&columns=f1"
    text = await browser.page(path)
    assert set(chips(text)) == {"業種"}
    assert "whose=all" in chips(text)["業種"] or "for=any" in chips(text)["業種"]
    counted = await browser.page(path.replace("/leads?", "/leads/count?"))
    total = re.search(r'data-total="(\d+)"', counted)
    assert total is not None
    assert int(total[1]) >= 3
    export = await browser.get(path.replace("/leads?", "/leads/export?") + "&as=csv")
    lines = list(csv.reader(io.StringIO((await export.read()).decode("utf-8-sig"))))
    assert len(lines) - 1 == int(total[1])
    assert {line[lines[0].index("業種")] for line in lines[1:]} == {"建設"}


async def test_a_view_is_saved_opened_shared_and_deleted(
    table: WebWorld, new_browser: MakeBrowser
) -> None:
    sato, suzuki = await new_browser(), await new_browser()
    await sato.log_in("sato")
    await suzuki.log_in("suzuki")
    shown = f"project={table.team.project_id}&tab=all&state=callable&sort=-name"
    saved = await sato.press("/leads/views", shown=shown, name="架電できる会社", shared="1")
    assert "HX-Redirect" in saved.headers
    text = await suzuki.page("/leads")
    link = re.search(r'class="view-link" href="([^"]+)"', text)
    assert link is not None
    assert set(chips(await suzuki.page(html.unescape(link[1])))) == {"状態"}

    start = re.search(r'action="(/leads/views/\d+/start)"', text)
    assert start is not None
    view = start[1].removesuffix("/start")
    await suzuki.press(start[1])
    assert set(chips(await suzuki.page("/leads"))) == {"状態"}
    assert (await suzuki.press(f"{view}/delete")).status == 403
    assert (await suzuki.press(view, name="別名")).status == 403
    assert (await sato.press("/leads/views", shown=shown, name=" ")).status == 409
    assert (await sato.press(view, name="架電先", shared="")).status == 204
    assert "架電先" not in await suzuki.page("/leads")
    assert (await suzuki.press(f"{view}/start")).status == 404
    await sato.press(f"{view}/delete")
    assert "架電先" not in await sato.page("/leads")
    assert set(chips(await suzuki.page("/leads"))) == {"状態"}  # what he opens with is his
    await suzuki.press("/leads/views/usual", shown=shown)
    assert chips(await suzuki.page("/leads")) == {}


async def test_all_that_match_are_chosen_at_once(browser: Browser, table: WebWorld) -> None:
    await browser.log_in("sato")
    shown = f"project={table.team.project_id}&tab=all&f1.any=建設&state=callable"
    listed = hrefs(await browser.page(f"/leads?{shown}"))
    await browser.press("/leads/bulk/mybox", everything="1", shown=shown)
    boxed = hrefs(await browser.page("/leads/rows?tab=mybox"))
    assert set(listed) <= set(boxed)


@pytest.mark.parametrize("kind", ["csv", "cp932", "xlsx"])
async def test_an_export_holds_what_the_filter_shows_and_is_in_the_audit_log(
    browser: Browser, table: WebWorld, kind: str
) -> None:
    await browser.log_in("admin")
    shown = "tab=all&f1.any=IT・通信&sort=-name"
    listed = await browser.page(f"/leads?{shown}")
    names = [html.unescape(one) for one in re.findall(r'class="row-link"[^>]*>([^<]+)<', listed)]
    response = await browser.client.get(f"/leads/export?{shown}&as={kind}")
    content = await response.read()
    assert response.status == 200
    if kind == "xlsx":
        sheet = load_workbook(io.BytesIO(content)).active
        assert sheet is not None
        rows = [[str(cell or "") for cell in row] for row in sheet.values]
    else:
        text = content.decode("cp932" if kind == "cp932" else "utf-8-sig")
        rows = [[cell.lstrip("'") for cell in row] for row in csv.reader(io.StringIO(text))]
    header, *lines = rows
    assert {"リード名", "電話番号", "業種"} <= set(header)
    assert [line[0] for line in lines] == names
    assert {line[header.index("業種")] for line in lines} == {"IT・通信"}

    async with table.database.read() as connection:
        query = (
            select(audit_log)
            .where(audit_log.c.action.startswith("lead.export"))
            .order_by(audit_log.c.id)
        )
        begun, ended = (await connection.execute(query)).all()
    assert begun.user_id == table.team.admin.id
    assert "f1.any" in begun.detail["filter"]
    assert (ended.detail["rows"], ended.detail["whole"]) == (len(lines), True)


async def test_only_an_admin_exports(browser: Browser, table: WebWorld) -> None:
    await browser.log_in("sato")
    assert (await browser.get("/leads/export?as=csv")).status == 403
    assert "lead-export" not in await browser.page("/leads")


async def test_the_dialog_tells_what_shift_jis_has_not(browser: Browser, table: WebWorld) -> None:
    await browser.log_in("admin")
    said = await browser.page("/leads/export/check?tab=all")
    assert "すべての文字をShift_JISで書き出せます。" in said
    lead = f"/leads/{table.team.lead_ids[3]}/fields/notes"
    response = await browser.press(lead, value="😀と話した", was="")
    assert response.status == 200, await response.text()
    said = await browser.page("/leads/export/check?tab=all")
    assert "<b>😀</b>" in said
    assert "1件のリード" in said
