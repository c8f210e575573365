from dataclasses import replace
from datetime import timedelta

from sqlalchemy import update

from dialer.rules.agent_state import AgentState
from dialer.rules.pacing import NotDialling
from dialer.storage.tables import leads
from tests.fakes.web_fixtures import Browser
from tests.fakes.web_server import WebWorld


async def test_the_card_shows_what_happens_now_and_today(browser: Browser, world: WebWorld) -> None:
    name = world.team.campaigns[0].name
    world.campaigns.figures[name] = replace(world.campaigns.figures[name], ringing=7)
    await browser.log_in("sato")
    card = await browser.page(f"/campaigns/{name}")
    assert "<dd>7</dd>" in card
    assert "通電率" in card
    assert "不在" in card
    assert "マイボックス" in card


async def test_only_an_admin_sees_the_buttons_and_the_agents(
    browser: Browser, world: WebWorld
) -> None:
    world.floor.set(world.team.agents[1].id, AgentState.READY)
    await browser.log_in("sato")
    page = await browser.page("/campaigns")
    assert "/start" not in page
    assert "鈴木 健太" not in page
    await browser.log_in("admin")
    page = await browser.page("/campaigns")
    assert "/start" in page
    assert "鈴木 健太" in page


async def test_an_admin_starts_pauses_and_stops(browser: Browser, world: WebWorld) -> None:
    name = world.team.campaigns[1].name
    await browser.log_in("admin")
    for action, word in (("start", "稼働中"), ("pause", "一時停止"), ("stop", "停止")):
        card = await (await browser.press(f"/campaigns/{name}/{action}")).text()
        assert f"</i>{word}</span>" in card


async def test_a_stop_asks_back_while_calls_are_open(browser: Browser, world: WebWorld) -> None:
    name = world.team.campaigns[0].name
    quiet = replace(world.campaigns.figures[name], ringing=0, waiting=0, on_call=0)
    world.campaigns.figures[name] = quiet
    await browser.log_in("admin")
    assert "hx-confirm" not in await browser.page(f"/campaigns/{name}")
    world.campaigns.figures[name] = replace(quiet, ringing=2, on_call=1)
    card = await browser.page(f"/campaigns/{name}")
    assert card.count("hx-confirm") == 1
    assert "3件が架電中" in card


async def test_the_card_says_why_nobody_is_called_and_when_it_goes_on(
    browser: Browser, world: WebWorld
) -> None:
    name = world.team.campaigns[0].name
    world.campaigns.figures[name] = replace(
        world.campaigns.figures[name],
        state="running",
        note=NotDialling.OUTSIDE_HOURS,
        retry_at=world.clock.now() + timedelta(hours=18),
    )
    await browser.log_in("sato")
    card = await browser.page(f"/campaigns/{name}")
    assert "架電時間外です" in card
    assert "再開予定" in card


async def test_the_card_counts_what_holds_leads_back(browser: Browser, world: WebWorld) -> None:
    await browser.log_in("sato")
    card = await browser.page(f"/campaigns/{world.team.campaigns[0].name}")
    assert "次回発信待ち <b>" in card
    assert ">禁止</a> <b>5</b>" in card
    assert "架電できるリードはありません" not in card


async def test_with_nobody_to_call_the_card_says_until_when(
    browser: Browser, world: WebWorld
) -> None:
    async with world.database.write() as connection:
        tomorrow = world.clock.now() + timedelta(days=1)
        await connection.execute(update(leads).values(next_attempt_at=tomorrow))
    await browser.log_in("sato")
    card = await browser.page(f"/campaigns/{world.team.campaigns[0].name}")
    assert "明日 14:32まで架電できるリードはありません。" in card
    async with world.database.write() as connection:
        await connection.execute(update(leads).values(finished_at=tomorrow))
    card = await browser.page(f"/campaigns/{world.team.campaigns[1].name}")
    assert "時間を待つだけのリードもありません。" in card


async def test_a_campaign_whose_file_is_wrong_says_what(browser: Browser, world: WebWorld) -> None:
    name = world.team.campaigns[0].name
    problem = "campaign x: no workgroup is named '大阪'"
    world.campaigns.figures[name] = replace(world.campaigns.figures[name], problem=problem)
    await browser.log_in("admin")
    assert "no workgroup is named" in await browser.page(f"/campaigns/{name}")


async def test_everyone_without_a_project_sees_no_campaign(browser: Browser) -> None:
    await browser.log_in("outsider")
    assert "キャンペーンはまだありません" in await browser.page("/campaigns")
