"""Why a lead is called, or not: the panel beside it, and the API."""

from datetime import timedelta
from typing import Any

from dialer import mybox
from dialer.claiming import ClaimedCall, claim_lead
from dialer.rules.eligibility import Refusal
from dialer.running_campaign import load_campaign
from tests.fakes.web_fixtures import Browser
from tests.fakes.web_server import WebWorld


async def answers(browser: Browser, query: str) -> list[dict[str, Any]]:
    response = await browser.get(f"/api/why?{query}")
    assert response.status == 200, await response.text()
    found = (await response.json())["leads"]
    return [answer for lead in found for answer in lead["answers"]]


async def test_a_prohibited_lead_says_who_prohibited_it_and_why(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    panel = await browser.page(f"/leads/{world.team.lead_ids[161]}/why")
    assert "架電できません: 禁止" in panel
    assert "解除できるのは管理者だけです。" in panel
    for fact in ("東京営業部", "高橋 直樹", "今後の電話は不要とのこと"):
        assert fact in panel


async def test_a_lead_that_waits_says_from_when_it_may_be_called(
    browser: Browser, world: WebWorld
) -> None:
    lead_id = world.team.lead_ids[59]  # of the afternoon's last call
    await browser.log_in("sato")
    panel = await browser.page(f"/leads/{lead_id}/why")
    assert "次回発信待ち" in panel
    assert "から架電できます。" in panel


async def test_each_rule_is_listed_with_what_it_looked_at(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    panel = await browser.page(f"/leads/{world.team.lead_ids[100]}/why")
    assert "今、架電できます。" in panel
    assert panel.count('class="why-rule"') == len(Refusal)
    assert "本日 08:00–21:00 · Asia/Tokyo" in panel
    assert "3回中0回発信済み" in panel


async def test_the_panel_answers_for_another_campaign_and_for_a_call_by_hand(
    browser: Browser, world: WebWorld
) -> None:
    lead_id, sato = world.team.lead_ids[156], "佐藤 美咲"
    second = world.team.campaigns[1].name
    await browser.log_in("sato")
    refused = await browser.page(f"/leads/{lead_id}/why?campaign={second}")
    assert f'<option value="{second}" selected>{second}' in refused
    assert "キャンペーンは担当者一人のためにだけ架電します。" in refused
    assert "キャンペーンは発信していません: 停止" in refused
    assert f"{sato}さんは今架電できます" in await browser.page(f"/leads/{lead_id}/why?by=me")


async def test_an_admin_calls_nobody_by_hand(browser: Browser, world: WebWorld) -> None:
    await browser.log_in("admin")
    panel = await browser.page(f"/leads/{world.team.lead_ids[156]}/why?by=me")
    assert "キャンペーンは担当者一人のためにだけ架電します。" in panel
    assert "自分で手動架電" not in panel


async def test_past_calls_show_what_the_gate_knew(browser: Browser, world: WebWorld) -> None:
    lead_id = world.team.lead_ids[100]
    async with world.database.read() as connection:
        campaign = await load_campaign(connection, world.team.campaigns[0])
    taken = await claim_lead(world.database, campaign.claim_request, lead_id, world.clock.now())
    assert isinstance(taken, ClaimedCall)
    await browser.log_in("sato")
    past = await browser.page(f"/leads/{lead_id}/why/past")
    assert "当時の判定は「可」: 空いた担当者用 · 3回中0回発信済み · Asia/Tokyo" in past
    assert "発信中" in await browser.page(f"/leads/{lead_id}/why")
    assert "まだ架電されていません" in await browser.page(
        f"/leads/{world.team.lead_ids[110]}/why/past"
    )


async def test_the_api_answers_for_every_campaign_of_the_project(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    found = await answers(browser, f"lead={world.team.lead_ids[161]}")
    assert [one["campaign"] for one in found] == [one.name for one in world.team.campaigns]
    first = found[0]
    assert first["decision"] == {"verdict": "refused", "reason": "prohibited", "retry_at": None}
    assert first["sentence"] == "架電できません: 禁止"
    assert [one["rule"] for one in first["rules"]] == [reason.value for reason in Refusal]
    (prohibition,) = first["facts"]["prohibitions"]
    assert prohibition["prohibition"]["prohibited_by"] == "高橋 直樹"
    assert prohibition["binds"]


async def test_the_api_answers_about_a_number_in_any_writing(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    for writing in ("092-443-5063", "%2B81924435063", "０９２（４４３）５０６３"):
        response = await browser.get(f"/api/why?number={writing}&campaign=hikari-autumn")
        told = await response.json()
        assert told["number"]["e164"] == "+81924435063"
        assert [len(lead["answers"]) for lead in told["leads"]] == [1]
    unknown = await (await browser.get("/api/why?number=03-1234-5678")).json()
    assert unknown == {
        "number": {"e164": "+81312345678", "prohibitions": [], "leads": [], "more": False},
        "leads": [],
    }


async def test_the_api_says_what_was_wrong_with_the_question(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    lead = world.team.lead_ids[0]
    for query, status, words in (
        ("", 400, "どちらか一つ"),
        (f"lead={lead}&number=03-1234-5678", 400, "どちらか一つ"),
        ("number=110", 400, "電話番号ではありません"),
        ("lead=abc", 400, "リードIDではありません"),
        ("lead=99999999", 404, "閲覧できるリード"),
        (f"lead={lead}&campaign=nothing", 404, "キャンペーン「nothing」"),
    ):
        response = await browser.get(f"/api/why?{query}")
        assert response.status == status, query
        assert words in (await response.json())["error"]


async def test_who_is_not_in_the_project_learns_nothing(browser: Browser, world: WebWorld) -> None:
    lead_id = world.team.lead_ids[161]
    assert (await browser.get("/api/why?lead=1")).status == 401
    await browser.log_in("outsider")
    assert (await browser.get(f"/leads/{lead_id}/why")).status == 404
    assert (await browser.get(f"/api/why?lead={lead_id}")).status == 404
    response = await browser.get(f"/api/why?lead={lead_id}&campaign={world.team.campaigns[0].name}")
    assert response.status == 404
    told = await (await browser.get("/api/why?number=092-443-5063")).json()
    assert told["leads"] == told["number"]["leads"] == []


async def test_the_lead_page_and_the_desk_fetch_the_panel(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    page = await browser.page(f"/leads/{world.team.lead_ids[100]}")
    assert f'hx-get="/leads/{world.team.lead_ids[100]}/why"' in page


async def test_a_box_that_ends_says_until_when(browser: Browser, world: WebWorld) -> None:
    lead_id, now = world.team.lead_ids[101], world.clock.now()
    async with world.database.write() as connection:
        await mybox.put(
            connection,
            lead_id=lead_id,
            user_id=world.team.agents[1].id,
            now=now,
            expires_at=now + timedelta(hours=1),
        )
    await browser.log_in("sato")
    panel = await browser.page(f"/leads/{lead_id}/why")
    assert "鈴木 健太さん、" in panel
    assert "15:3" in panel
