"""`kakeru why` and the counts of `kakeru campaign list`, in a new installation."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ari_app import cli
from dialer import prohibitions
from dialer.storage.engine import open_database

MAIN = """\
business_name: サンプル株式会社
data_folder: var
language: {language}
trunks: {{main: {{host: sip.example.jp}}}}
"""
CAMPAIGN = """\
project: Spring
workgroups: [Tokyo]
trunk: main
caller_ids: ["03-1234-5678"]
hours: {weekdays: {mon: "00:00-24:00", tue: "00:00-24:00", wed: "00:00-24:00",
  thu: "00:00-24:00", fri: "00:00-24:00", sat: "00:00-24:00", sun: "00:00-24:00"}}
"""
LEADS = "会社名,電話番号\n山田商店,03-5254-2287\nみどり園,092-443-5063\n"

Kakeru = Callable[..., tuple[int, str, str]]


@pytest.fixture
def kakeru(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Kakeru:
    """Types a command in the folder of an installation with two leads and two campaigns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    Path("config/campaigns").mkdir(parents=True)
    Path("config/kakeru.yaml").write_text(MAIN.format(language="ja"), encoding="utf-8")
    for name in ("spring", "summer"):
        Path(f"config/campaigns/{name}.yaml").write_text(CAMPAIGN, encoding="utf-8")
    Path("list.csv").write_text(LEADS, encoding="utf-8")

    def typed(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    for line in (
        "db upgrade",
        "workgroup add Tokyo",
        "project add Spring",
        "user add sato --name 佐藤 --workgroup Tokyo --project Spring --generate",
        "lead import --project Spring list.csv",
        "campaign start spring",
        "campaign stop summer",
    ):
        code, _, err = typed(*line.split())
        assert code == 0, err
    return typed


def prohibit(e164: str) -> None:
    async def work() -> None:
        database = open_database("sqlite:///config/var/kakeru.db")
        async with database.write() as connection:
            await prohibitions.prohibit(
                connection,
                e164s=[e164],
                workgroup_ids=None,
                now=datetime.now(UTC),
                reason="電話不要",
            )
        await database.close()

    asyncio.run(work())


def test_a_number_in_any_writing_is_answered_for_every_campaign(kakeru: Kakeru) -> None:
    for writing in ("03-5254-2287", "+81352542287", "０３（５２５４）２２８７"):
        code, out, _ = kakeru("why", writing)
        assert code == 0
        assert "山田商店" in out
        assert "spring: 今、架電できます。" in out
        assert "summer: 今、架電できます。" in out
        assert out.count("キャンペーンは発信していません: 停止") == 1  # summer does not run
        assert "この番号は禁止されていません。" in out


def test_a_refused_lead_is_an_answer_too(kakeru: Kakeru) -> None:
    prohibit("+81352542287")
    code, out, _ = kakeru("why", "1", "--campaign", "spring")
    assert code == 0
    assert "spring: 架電できません: 禁止" in out
    assert "全社" in out
    assert "電話不要" in out
    assert "summer" not in out


def test_a_number_that_no_lead_has_may_be_prohibited(kakeru: Kakeru) -> None:
    assert "この番号のリードはありません。" in kakeru("why", "03-1234-5678")[1]
    prohibit("+81312345678")
    code, out, _ = kakeru("why", "03-1234-5678")
    assert code == 0
    assert "✗ 禁止: 03-1234-5678 · 全社" in out


def test_a_user_calls_by_hand(kakeru: Kakeru) -> None:
    code, out, _ = kakeru("why", "1", "--campaign", "spring", "--user", "sato")
    assert code == 0
    assert "佐藤さんは今架電できます。" in out


def test_the_answer_is_in_the_language_of_the_settings(kakeru: Kakeru) -> None:
    Path("config/kakeru.yaml").write_text(MAIN.format(language="en"), encoding="utf-8")
    out = kakeru("why", "1")[1]
    assert "spring: It may be called now." in out
    assert "0 of 3 attempts used" in out


def test_programs_get_one_line_of_json(kakeru: Kakeru) -> None:
    out = kakeru("why", "092-443-5063", "--campaign", "spring", "--json")[1]
    assert len(out.splitlines()) == 1
    told = json.loads(out)
    assert told["number"]["e164"] == "+81924435063"
    (answer,) = told["leads"][0]["answers"]
    assert answer["decision"]["verdict"] == "allowed"
    assert answer["facts"]["numbers"][0]["e164"] == "+81924435063"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("why", "9999"), 1, "there is no lead 9999; a number needs its leading zero"),
        (("why", "hello"), 2, "'hello' is neither a lead's id nor a phone number"),
        (("why", "1", "--campaign", "sprnig"), 1, "no campaign 'sprnig'"),
        (("why", "1", "--user", "nobody"), 1, "no user logs in as 'nobody'"),
    ],
)
def test_a_question_that_cannot_be_answered(
    kakeru: Kakeru, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    got, out, err = kakeru(*arguments)
    assert (got, out) == (code, "")
    assert sentence in err


def test_a_campaign_that_was_never_started_says_so(kakeru: Kakeru) -> None:
    Path("config/campaigns/winter.yaml").write_text(CAMPAIGN, encoding="utf-8")
    code, out, _ = kakeru("why", "1", "--campaign", "winter")
    assert code == 0
    assert "winter: campaign winter: not yet in the database" in out


def test_the_list_of_campaigns_counts_what_holds_leads_back(kakeru: Kakeru) -> None:
    prohibit("+81352542287")
    Path("config/campaigns/winter.yaml").write_text(CAMPAIGN, encoding="utf-8")
    code, out, _ = kakeru("campaign", "list")
    assert code == 0
    (spring,) = (line for line in out.splitlines() if "spring" in line)
    assert spring.split()[-3:] == ["1", "禁止", "1"]
    (winter,) = (line for line in out.splitlines() if "winter" in line)
    assert "禁止" not in winter
