"""Pictures of an import: the drop zone, the columns, the check, the leads, and back again."""

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect
from sqlalchemy import update

from dialer.storage.tables import contact_points, lead_imports
from tests.fakes.sales_team import SalesTeam
from tests.fakes.web_server import WebWorld

Shoot = Callable[[Page, str], Awaitable[None]]

STEPS = (
    "import-drop",
    "import-columns",
    "import-checking",
    "import-checked",
    "import-importing",
    "import-done",
    "import-undo",
    "import-undone",
)

_TRADES = ("建設", "製造", "小売", "運輸", "飲食")
_NAMES = (
    "株式会社あさひ",
    "みなと",
    "株式会社北星",
    "㈱やまぶき",
    "有限会社髙橋",
    "すみれ",
    "株式会社青葉",
    "丸山",
    "株式会社つばさ",
    "光陽",
    "㈱ひびき",
    "大和",
)
_TOWNS = ("千代田区", "港区", "品川区", "足立区", "八王子市", "町田市")
_HEAD = """\
2026年度　架電リスト（東京）,,,,,,,,,
,,,,,,,,,出力日 2026/11/20
法人番号,会社名,,電話番号,,郵便番号,都道府県,市区町村,業種,設備台数
,名称,フリガナ,代表,直通,,,,,
"""
_ROW = "{code},{name},{kana},{phone},{direct},{post},{area},{town}{n}-1,{trade},{staff}"


def messy_list(known: str = "", prohibited: str = "") -> bytes:
    """As an office sends it, in the encoding of Excel: titles, a header of two rows, a sum, notes.

    `known` and `prohibited` are numbers that stand in it besides its own.
    """
    rows = [
        _ROW.format(
            code=7010001000000 + n * 37,
            name=f"{_NAMES[n % 12]}{_TRADES[n % 5]}{'' if n < 13 else n}",
            kana="",
            phone=_phone(n, known, prohibited),
            direct="0312345678" if n == 9 else "",
            post=f"10{n % 10}-00{n % 90 + 10}",
            area="" if n % 7 == 0 else "東京都",
            town=_TOWNS[n % 6],
            trade=_TRADES[n % 5],
            staff="約30台" if n == 26 else f"{n * 13 % 400 + 4}",
            n=n,
        )
        for n in range(1, 61)
    ]
    text = "\r\n".join([*_HEAD.splitlines(), *rows, "合計,60社,,,,,,,,8420", "※社外秘"])
    return text.encode("cp932")


def _phone(n: int, known: str, prohibited: str) -> str:
    own = f"03-6{n % 9 + 1}00-{2200 + n}"
    return {
        4: "０３－６２００－２２８７",
        5: "なし",
        8: "03-62",
        12: known or own,
        17: "03-6200-2287",
        20: prohibited or own,
        30: "3-6711-9981",
        33: "03-6833-1200（代）",
    }.get(n, own)


async def take_import(page: Page, address: str, world: WebWorld, shoot: Shoot) -> None:
    """One import, from the drop zone to everything as it was before; the page is an admin's."""
    team = world.team
    await page.goto(f"{address}/imports?project={team.project_id}")
    await page.wait_for_timeout(300)
    await shoot(page, "import-drop")
    known, prohibited = await _numbers(world, team)
    await page.set_input_files(
        "[data-file]",
        {
            "name": "東京リスト11月.csv",
            "mimeType": "text/csv",
            "buffer": messy_list(known, prohibited),
        },
    )
    await page.locator(".preview-names .text-button").last.click()
    await page.wait_for_selector(".unfit")
    await page.wait_for_timeout(300)
    await shoot(page, "import-columns")
    await page.locator(".unfit .button").click()
    await expect(page.locator(".unfit")).to_have_count(0)

    world.imports.paused = True
    await page.click(".import-foot .primary")
    await page.wait_for_selector(".progress-card")
    await _far(world, done_rows=41, total_rows=60)
    await page.wait_for_timeout(1500)
    await shoot(page, "import-checking")
    world.imports.paused = False
    world.imports.wake()
    await page.wait_for_selector(".checked-card")
    await page.locator(".finding summary").first.click()
    await page.wait_for_timeout(300)
    await shoot(page, "import-checked")

    world.imports.paused = True
    await page.click(".import-foot .primary")
    await page.wait_for_selector(".progress-card")
    await _far(world, done_rows=30, total_rows=60, created=24, updated=1, skipped=2, refused=3)
    await page.wait_for_timeout(1500)
    await shoot(page, "import-importing")
    await _far(world, done_rows=0, created=0, updated=0, skipped=0, refused=0)
    world.imports.paused = False
    world.imports.wake()
    await page.wait_for_selector(".result-card")
    await shoot(page, "import-done")

    await page.click("[data-opens=undo-dialog]")
    await page.wait_for_timeout(200)
    await shoot(page, "import-undo")
    await page.click("#undo-dialog .danger")
    await page.wait_for_selector("[data-state=undone]")
    await shoot(page, "import-undone")


async def _far(world: WebWorld, **values: int) -> None:
    """So far is the import that waits, for a page that is looked at meanwhile."""
    async with world.database.write() as connection:
        await connection.execute(
            update(lead_imports)
            .where(lead_imports.c.state.in_(("checking", "importing")))
            .values(**values)
        )


async def _numbers(world: WebWorld, team: SalesTeam) -> tuple[str, str]:
    """Numbers of leads of the project: of one that nobody forbids, and of a prohibited one."""
    async with world.database.read() as connection:
        numbers = {
            row.lead_id: row.e164
            for row in await connection.execute(
                contact_points.select().where(
                    contact_points.c.lead_id.in_((team.lead_ids[36], team.lead_ids[161]))
                )
            )
            if row.e164
        }
    known, prohibited = (numbers.get(team.lead_ids[at], "").replace("+81", "0") for at in (36, 161))
    return known, prohibited
