"""禁止リスト: numbers and files of numbers, who may do what, and what is told."""

import csv
import io

from aiohttp import ClientResponse, FormData

from dialer import prohibitions
from dialer.prohibition_files import LARGEST_FILE_BYTES
from tests.fakes.web_fixtures import Browser, MakeBrowser
from tests.fakes.web_server import WebWorld

NUMBER, E164 = "０９０（１２３４）５６７８", "+819012345678"
LIST = "電話番号,理由\n090-1111-2222,クレーム\n=1+1,\n090-1111-2222,\n"


async def standing(world: WebWorld, *e164s: str) -> dict[int | None, str]:
    async with world.database.read() as connection:
        found = await prohibitions.standing(connection, e164s=e164s)
    return {one.workgroup_id: one.reason for one in found}


async def send_file(browser: Browser, path: str, data: bytes, **fields: str) -> ClientResponse:
    form = FormData(fields)
    form.add_field("file", io.BytesIO(data), filename="名簿.csv", content_type="text/csv")
    return await browser.client.post(
        path, data=form, headers={"HX-Request": "true", "X-CSRF-Token": browser.token}
    )


async def test_a_user_prohibits_any_number_for_his_workgroups(
    world: WebWorld, browser: Browser
) -> None:
    await browser.log_in("sato")
    told = world.live.subscribe("prohibited")
    response = await browser.press("/prohibitions", number=NUMBER, reason="電話で拒否")
    assert response.headers["HX-Trigger"] == "prohibitionsChanged"
    assert (await anext(aiter(told)))[1] == {"numbers": [E164]}
    told.close()
    assert await standing(world, E164) == {world.team.workgroup_id: "電話で拒否"}
    again = await browser.press("/prohibitions", number=NUMBER, reason="")
    assert "すでに禁止されています" in await again.text()
    for fields in ({"for": "company"}, {"for": "999"}):
        assert (await browser.press("/prohibitions", number=NUMBER, **fields)).status == 409
    assert (
        "電話番号ではありません"
        in await (await browser.press("/prohibitions", number="なし")).text()
    )


async def test_an_admin_prohibits_for_the_company_and_lifts_with_a_reason(
    world: WebWorld, browser: Browser
) -> None:
    await browser.log_in("admin")
    await browser.press("/prohibitions", **{"number": NUMBER, "for": "company", "reason": "訴訟"})
    assert await standing(world, E164) == {None: "訴訟"}
    lift = {"e164": E164, "workgroup_id": ""}
    assert (await browser.press("/prohibitions/lift", **lift, reason=" ")).status == 409
    assert (await browser.press("/prohibitions/lift", **lift, reason="和解")).status == 200
    assert (await browser.press("/prohibitions/lift", **lift, reason="和解")).status == 409
    assert await standing(world, E164) == {}
    page = await browser.page("/prohibitions/rows?q=090-1234-5678&state=all")
    assert "訴訟" in page
    assert "中村 香織: 和解" in page
    assert "訴訟" not in await browser.page("/prohibitions/rows?q=090-1234-5678")
    assert "訴訟" in await browser.page("/prohibitions/rows?q=0901234&state=lifted&for=company")


async def test_a_file_is_checked_brought_and_reported(world: WebWorld, browser: Browser) -> None:
    await browser.log_in("sato")
    for check, words in (("yes", "禁止されます 1"), ("", "禁止しました 1")):
        for encoding in ("utf-8", "cp932"):
            response = await send_file(
                browser, "/prohibitions/list", LIST.encode(encoding), check=check, reason="名簿"
            )
            text = await response.text()
            assert response.status == 200
            assert (words if encoding == "utf-8" or check else "すでに禁止") in text
            assert "電話番号ではありません 1" in text
            assert "ファイル内で重複しています 1" in text
            assert '<th scope="col">結果</th>' in text
    assert await standing(world, "+819011112222") == {world.team.workgroup_id: "クレーム"}
    name = text.partition("report.csv?report=")[2].partition('"')[0]
    report = await (await browser.get(f"/prohibitions/report.csv?report={name}")).text()
    assert list(csv.reader(io.StringIO(report.removeprefix("\ufeff"))))[2][:2] == ["3", "'=1+1"]


async def test_a_row_that_is_no_number_is_told_once(browser: Browser, world: WebWorld) -> None:
    await browser.log_in("sato")
    response = await send_file(browser, "/prohibitions/list", "電話番号\nさくら\n".encode())
    _counts, _, rows = (await response.text()).partition("<tbody>")
    assert rows.count("電話番号ではありません") == 1


async def test_a_report_is_only_for_who_brought_the_list(
    world: WebWorld, new_browser: MakeBrowser
) -> None:
    sato, suzuki = await new_browser(), await new_browser()
    await sato.log_in("sato")
    await suzuki.log_in("suzuki")
    text = await (await send_file(sato, "/prohibitions/list", LIST.encode())).text()
    path = "/prohibitions/report.csv" + text.partition("report.csv")[2].partition('"')[0]
    assert (await sato.get(path)).status == 200
    assert (await suzuki.get(path)).status == 410


async def test_a_file_that_cannot_be_used_says_why(browser: Browser, world: WebWorld) -> None:
    await browser.log_in("sato")
    for data, words in (
        (b"", "番号がありません"),
        ("電話番号\n".encode(), "番号がありません"),
        ("会社,住所\nA,東京\n".encode(), "電話番号の列がありません"),
        (b"0" * (LARGEST_FILE_BYTES + 1), "大きすぎます"),
        (b"0" * (LARGEST_FILE_BYTES + 100_000), "大きすぎます"),
    ):
        response = await send_file(browser, "/prohibitions/list", data)
        text = await response.text()
        assert (response.status, words in text) == (409, True), words
        assert '<div id="list-report" hx-swap-oob="true"></div>' in text
    missing = await browser.press("/prohibitions/list")
    assert missing.status == 409


async def test_an_admin_lifts_a_list(world: WebWorld, new_browser: MakeBrowser) -> None:
    admin, sato = await new_browser(), await new_browser()
    await admin.log_in("admin")
    await sato.log_in("sato")
    await send_file(admin, "/prohibitions/list", LIST.encode(), **{"for": "company"})
    lift = "/prohibitions/list/lift"
    assert (await send_file(sato, lift, LIST.encode(), reason="期限切れ")).status == 403
    assert (await send_file(admin, lift, LIST.encode(), reason="")).status == 409
    response = await send_file(
        admin, lift, LIST.encode(), **{"reason": "期限切れ", "for": "company"}
    )
    assert "解除しました 1" in await response.text()
    assert await standing(world, "+819011112222") == {}


async def test_the_list_as_csv_is_for_admins_and_in_the_audit_log(
    world: WebWorld, new_browser: MakeBrowser
) -> None:
    admin, sato = await new_browser(), await new_browser()
    await admin.log_in("admin")
    await sato.log_in("sato")
    await admin.press(
        "/prohibitions", **{"number": NUMBER, "for": "company", "reason": "=HYPERLINK(1)"}
    )
    assert (await sato.get("/prohibitions.csv")).status == 403
    response = await admin.get("/prohibitions.csv?q=0901234")
    text = (await response.read()).decode("utf-8-sig")
    header, row = csv.reader(io.StringIO(text))
    assert header[:3] == ["電話番号", "対象", "理由"]
    assert row[:3] == ["090-1234-5678", "全社", "'=HYPERLINK(1)"]
    assert "禁止リストを出力" in await admin.page("/audit/rows")
