"""インポート: from the dropped file to leads, and back."""

from pathlib import Path

import aiohttp
import pytest
from aiohttp import ClientResponse
from sqlalchemy import func, select

from dialer.storage.tables import lead_imports, leads, projects
from tests.fakes.web_fixtures import Browser
from tests.fakes.web_server import WebWorld

SAMPLES = Path(__file__).parents[2] / "samples"
MIXED = (
    "会社名,電話番号,業種\n"
    "日の出商会,03-6200-2287,建設\n"
    "北斗,なし,製造\n"
    "南雲,03-6200-2288,建設\n"
    "日の出商会,03-6200-2287,建設\n"
)


async def drop(browser: Browser, world: WebWorld, data: bytes, name: str = "list.csv") -> str:
    """Uploads a file as the drop zone does; the path of its import."""
    response = await uploaded(browser, world.team.project_id, data, name)
    assert response.status == 204, await response.text()
    return response.headers["HX-Redirect"]


async def uploaded(
    browser: Browser, project_id: int, data: bytes, name: str = "list.csv", token: str | None = None
) -> ClientResponse:
    form = aiohttp.FormData(quote_fields=False)  # as browsers write names
    form.add_field("file", data, filename=name, content_type="text/csv")
    headers = {"HX-Request": "true", "X-CSRF-Token": browser.token if token is None else token}
    return await browser.client.post(
        f"/imports?project={project_id}", data=form, headers=headers, allow_redirects=False
    )


async def pressed(browser: Browser, world: WebWorld, path: str, **fields: str) -> str:
    """What the part of the page says when the work that a button begins is done."""
    response = await browser.press(path, **fields)
    assert response.status == 200, await response.text()
    await world.imports.settled()
    return await browser.page(path.rpartition("/")[0] + "/state")


async def count_leads(world: WebWorld) -> int:
    async with world.database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(leads))).scalar_one()


@pytest.fixture
async def admin(browser: Browser) -> Browser:
    await browser.log_in("admin")
    await browser.post("/preferences/language", language="en")
    return browser


async def test_a_list_becomes_leads_and_is_taken_back(admin: Browser, world: WebWorld) -> None:
    before = await count_leads(world)
    path = await drop(admin, world, MIXED.encode("cp932"))

    page = await admin.page(path)
    assert "Shift_JIS (CP932)" in page
    assert "日の出商会" in page
    assert "03-6200-2288" in page

    checked = await pressed(admin, world, f"{path}/check")
    assert "4 rows were read" in checked
    assert "no usable phone" in checked
    assert "Import 3 rows" in checked
    assert await count_leads(world) == before

    decided = await (await admin.press(f"{path}/decisions", in_file="skip")).text()
    assert "Import 2 rows" in decided

    done = await pressed(admin, world, f"{path}/import")
    assert "2 leads are in" in done
    assert await count_leads(world) == before + 2

    undone = await pressed(admin, world, f"{path}/undo")
    assert "Everything is as it was" in undone
    assert await count_leads(world) == before


async def test_another_encoding_is_read_at_once(admin: Browser, world: WebWorld) -> None:
    path = await drop(admin, world, MIXED.encode("cp932"))
    response = await admin.press(f"{path}/plan", encoding="utf-8")
    assert "cannot be read as utf-8" in await response.text()
    assert "日の出商会" in await (await admin.press(f"{path}/plan")).text()


async def test_a_column_is_mapped_and_another_becomes_a_field(
    admin: Browser, world: WebWorld
) -> None:
    text = "Firma,Nr,業種\n日の出,03-6200-2287,建設\n"
    path = await drop(admin, world, text.encode())
    await admin.press(f"{path}/plan", **{"chosen": "target-0", "target-0": "name"})
    await admin.press(f"{path}/plan", **{"chosen": "target-1", "target-1": "phone"})
    mapped = await admin.press(f"{path}/plan", **{"chosen": "target-2", "target-2": "new:text"})
    assert "New custom fields: 業種" in await mapped.text()
    await pressed(admin, world, f"{path}/check")
    await pressed(admin, world, f"{path}/import")

    async with world.database.read() as connection:
        lead = (await connection.execute(select(leads).order_by(leads.c.id.desc()))).first()
        kept = (
            await connection.execute(
                select(projects.c.column_choices).where(projects.c.id == world.team.project_id)
            )
        ).scalar_one()
    assert lead is not None
    assert (lead.name, list(lead.custom.values())) == ("日の出", ["建設"])
    assert (kept["Firma"], kept["Nr"]) == ("name", "phone")
    assert kept["業種"].startswith("custom:")


async def test_rows_that_were_refused_come_as_a_file(admin: Browser, world: WebWorld) -> None:
    path = await drop(admin, world, MIXED.encode())
    await pressed(admin, world, f"{path}/check")

    response = await admin.get(f"{path}/rows.csv?encoding=cp932")
    text = (await response.read()).decode("cp932")
    assert text.splitlines()[0] == "会社名,電話番号,業種,Why it was not taken"
    assert text.splitlines()[1].startswith("北斗,なし,製造,no usable phone")
    excel = await admin.get(f"{path}/rows.xlsx")
    assert (await excel.read()).startswith(b"PK")

    mended = await drop(admin, world, text.replace("なし", "03-6200-2299").encode("cp932"))
    checked = await pressed(admin, world, f"{mended}/check")
    assert "Import 1 row" in checked
    rows = await admin.page(f"{path}/notes?what=no%20usable%20phone")
    assert "Row 3" in rows


async def test_a_value_that_does_not_fit_its_field_is_named_before_and_after_the_check(
    admin: Browser, world: WebWorld
) -> None:
    rows = [f"株式会社{n},03-6200-{2200 + n},{n if n != 26 else '約30名'}" for n in range(1, 41)]
    path = await drop(admin, world, "\n".join(["会社名,電話番号,従業員数", *rows]).encode())
    page = await admin.page(path)
    assert "Make it a field (Number)" in page
    assert "Row 27" in page
    assert "約30名" in page

    made = await admin.press(f"{path}/plan", **{"chosen": "target-2", "target-2": "new:number"})
    assert "Take it as text" in await made.text()
    await pressed(admin, world, f"{path}/check")
    said = await admin.page(f"{path}/notes?what=value%20does%20not%20fit")
    assert "this is not a number" in said

    as_text = await admin.press(f"{path}/plan", **{"chosen": "target-2", "target-2": "new:text"})
    assert "Take it as text" not in await as_text.text()


async def test_rows_that_are_no_leads_are_counted_by_themselves(
    admin: Browser, world: WebWorld
) -> None:
    path = await drop(admin, world, (MIXED + "合計,3社,\n").encode())
    assert "about 5 rows" in await admin.page(path)
    checked = await pressed(admin, world, f"{path}/check")
    assert "4 rows were read" in checked
    assert "1 row is a note or a sum" in checked


async def test_an_upload_without_the_token_is_not_read(admin: Browser, world: WebWorld) -> None:
    response = await uploaded(admin, world.team.project_id, b"x" * 100, token="wrong")
    assert response.status == 403


async def test_a_file_that_cannot_be_read_is_explained(admin: Browser, world: WebWorld) -> None:
    assert (await uploaded(admin, world.team.project_id, b"")).status == 409
    assert (await uploaded(admin, 9999, MIXED.encode())).status == 409
    path = await drop(admin, world, b"\x89PNG\r\n\x1a\n" + b"\x00" * 2000, "picture.csv")
    assert "alert" in await admin.page(path)


async def test_an_import_that_was_worked_with_stays(admin: Browser, world: WebWorld) -> None:
    path = await drop(admin, world, MIXED.encode())
    await pressed(admin, world, f"{path}/check")
    await pressed(admin, world, f"{path}/import")
    async with world.database.read() as connection:
        lead_id = (await connection.execute(select(func.max(leads.c.id)))).scalar_one()
    await admin.press(f"/leads/{lead_id}/memo", memo="もう一度")

    said = await (await admin.press(f"{path}/undo")).text()
    assert "cannot be taken back" in said
    assert "a memo or another action" in said
    assert "日の出商会" in said


async def test_a_button_of_an_old_page_is_told_so(admin: Browser, world: WebWorld) -> None:
    path = await drop(admin, world, MIXED.encode())
    world.imports.paused = True
    await admin.press(f"{path}/check")
    response = await admin.press(f"{path}/plan", encoding="utf-8")
    assert response.status == 409
    assert "being checked" in await response.text()
    assert "every 1s" in await admin.page(f"{path}/state")


async def test_all_lists_stand_in_the_table(admin: Browser, world: WebWorld) -> None:
    path = await drop(admin, world, MIXED.encode(), "秋の見込み客.csv")
    page = await admin.page("/imports")
    assert "秋の見込み客.csv" in page
    assert f'href="{path}"' in page
    assert "秋の見込み客.csv" not in await admin.page("/imports/rows?project=9999")
    async with world.database.read() as connection:
        row = (
            await connection.execute(
                select(lead_imports).order_by(lead_imports.c.id.desc()).limit(1)
            )
        ).one()
    assert row.created_by is not None
    assert len(row.file_hash) == 64
