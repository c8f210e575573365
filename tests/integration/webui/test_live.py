import asyncio

from aiohttp import ClientResponse

from tests.fakes.web_fixtures import Browser
from tests.fakes.web_server import WebWorld


async def events(response: ClientResponse, number: int) -> list[str]:
    """The names of the next events."""
    found: list[str] = []
    async with asyncio.timeout(5):
        while len(found) < number:
            line = (await response.content.readline()).decode()
            if line.startswith("event: "):
                found.append(line.removeprefix("event: ").strip())
    return found


async def test_a_page_hears_of_its_topics_first_at_once_then_as_they_change(
    browser: Browser, world: WebWorld
) -> None:
    sato = world.team.agents[0]
    await browser.log_in("sato")
    response = await browser.get(f"/live?topics=agent:{sato.id},history")
    assert response.content_type == "text/event-stream"
    assert await events(response, 2) == [f"agent:{sato.id}", "history"]
    world.live.publish("history", {"secret": "不要"})
    assert await events(response, 1) == ["history"]
    response.close()


async def test_many_changes_are_told_once(browser: Browser, world: WebWorld) -> None:
    name = world.team.campaigns[0].name
    await browser.log_in("admin")
    response = await browser.get(f"/live?topics=campaign:{name},floor")
    assert await events(response, 2) == [f"campaign:{name}", "floor"]
    for _ in range(200):
        world.live.publish(f"campaign:{name}", {})
    world.live.publish("floor", {})
    assert await events(response, 2) == [f"campaign:{name}", "floor"]
    response.close()


async def test_lost_news_asks_for_everything_again(browser: Browser, world: WebWorld) -> None:
    await browser.log_in("admin")
    response = await browser.get("/live?topics=floor,history")
    await events(response, 2)
    world.live.refresh_all()
    assert await events(response, 2) == ["floor", "history"]
    response.close()


async def test_an_open_page_does_not_hold_the_server_up_when_it_ends(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("admin")
    response = await browser.get("/live?topics=floor")
    await events(response, 1)
    async with asyncio.timeout(2):
        await browser.client.server.close()


async def test_nobody_watches_what_he_may_not_see(browser: Browser, world: WebWorld) -> None:
    sato, suzuki = world.team.agents[0], world.team.agents[1]
    campaign = world.team.campaigns[0].name
    await browser.log_in("outsider")
    asked = f"agent:{suzuki.id},agent:{sato.id},floor,campaign:{campaign},campaign:x,prohibited"
    response = await browser.get(f"/live?topics={asked},history")
    assert await events(response, 1) == ["history"]
    response.close()
