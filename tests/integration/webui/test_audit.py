"""監査ログ: everything that was done, in words, for admins, and as CSV."""

import ast
import csv
import io

from tests.checkout import ROOT
from tests.fakes.web_fixtures import MakeBrowser
from tests.fakes.web_server import WebWorld
from webui.audit_words import ACTIONS, GROUPS


async def test_what_was_done_on_the_pages_is_there_with_the_address(
    world: WebWorld, new_browser: MakeBrowser
) -> None:
    lead_id = world.team.lead_ids[100]
    sato, admin = await new_browser(), await new_browser()
    await sato.log_in("sato")
    await admin.log_in("admin")
    await sato.press(f"/leads/{lead_id}/mybox")
    await sato.press("/prohibitions", number="090-1234-5678", reason="拒否")
    rows = await admin.page("/audit/rows?user=" + str(world.team.agents[0].id))
    for words in ("マイボックスへ", f"リード {lead_id}", "127.0.0.1", "佐藤 美咲", "ログイン"):
        assert words in rows
    number = await admin.page("/audit/rows?subject=09012345678")
    assert "090-1234-5678" in number
    assert "拒否" in number
    assert "マイボックスへ" not in number
    assert "マイボックスへ" in await admin.page(f"/audit/rows?subject=lead:{lead_id}&action=mybox")
    assert "マイボックスへ" not in await admin.page("/audit/rows?action=prohibition")
    assert "条件に合う" in await admin.page("/audit/rows?until=2020-01-01")
    assert (await sato.get("/audit")).status == 403


async def test_the_csv_holds_the_same_lines_and_is_a_line_itself(
    world: WebWorld, new_browser: MakeBrowser
) -> None:
    admin = await new_browser()
    await admin.log_in("admin")
    for _ in range(2):
        response = await admin.get("/audit.csv?action=audit")
    assert response.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in response.headers["Content-Disposition"]
    data = await response.read()
    assert data.startswith(b"\xef\xbb\xbf")
    header, first, second = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert header[:4] == ["日時", "ユーザー", "種別", "内容"]
    assert first[1:4] == second[1:4] == ["中村 香織", "audit.export", "監査ログを出力"]


def test_every_kind_that_is_recorded_has_words() -> None:
    """Kinds that are put together (campaign.{state}) stand in the table all the same."""
    kinds = set()
    for folder in ("dialer", "webui", "ari_app", "recordings"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.keyword) and node.arg == "action":
                    kinds |= {
                        one.value
                        for one in ast.walk(node.value)
                        if isinstance(one, ast.Constant) and isinstance(one.value, str)
                    }
    dotted = {kind for kind in kinds if "." in kind and not kind.endswith(".")}
    assert dotted
    assert dotted <= set(ACTIONS)
    # The filter takes what begins with a group's word: "result" also finds "result_set.rename".
    assert not [kind for kind in ACTIONS if not kind.startswith(tuple(GROUPS))]
