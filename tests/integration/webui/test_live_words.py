"""What is being said, on the desk and for admins, and phrases that were heard."""

import asyncio
import re
from uuid import uuid4

from aiohttp import StreamReader
from sqlalchemy import select

from dialer import phrase_flags
from dialer.floor_views import AgentCall
from dialer.messages import UserId
from dialer.phrase_flags import NewFlag
from dialer.rules.transcript import Side, Word
from dialer.storage.tables import audit_log, prohibitions
from tests.fakes.web_fixtures import Browser
from tests.fakes.web_server import WebWorld, call_for

PHRASE = "もう電話しないで"


async def talking(world: WebWorld, *, wanted: bool = True) -> AgentCall:
    """Sato talks with a customer, in a campaign whose words are heard."""
    sato = world.team.agents[0]
    call = await call_for(world, sato.id, lead_index=36, seconds_ago=5)
    world.campaigns.change(call.campaign, live_words=wanted)
    if wanted:
        world.live_words.begun(call.call_id, UserId(sato.id), [PHRASE])
        world.live_words.hearing(call.call_id, deaf=False)
    return call


async def flagged(world: WebWorld, call: AgentCall, side: Side = "customer") -> None:
    async with world.database.write() as connection:
        await phrase_flags.add(
            connection,
            NewFlag(call.call_id, world.team.agents[0].id, PHRASE, side, 65_000, world.clock.now()),
        )


async def test_the_desk_shows_words_and_what_may_follow(browser: Browser, world: WebWorld) -> None:
    call = await talking(world)
    words = [Word("結構", 1000, 1400, 0.9), Word("です", 1400, 1700, 0.9)]
    world.live_words.heard(call.call_id, "customer", words, "もう電")
    await browser.log_in("sato")

    page = await browser.page("/desk")
    strip = await browser.page("/desk/words")

    assert f"topics=agent:{world.team.agents[0].id},words:{world.team.agents[0].id}" in page
    for shown in (page, strip):
        assert "結構です" in shown
        assert "もう電…" in shown
        assert "聞き取り中" in shown


async def test_a_campaign_that_wants_no_words_has_no_strip(
    browser: Browser, world: WebWorld
) -> None:
    await talking(world, wanted=False)
    await browser.log_in("sato")
    assert "live-words" not in (await browser.page("/desk")).replace("live_words", "")


async def test_nobody_sees_the_words_of_another_call_on_his_desk(
    browser: Browser, world: WebWorld
) -> None:
    call = await talking(world)
    world.live_words.heard(call.call_id, "customer", [Word("秘密", 0, 1, 1.0)], "")
    await browser.log_in("suzuki")
    assert "秘密" not in await browser.page("/desk/words")
    assert (await browser.get(f"/floor/words/{call.call_id}")).status == 403


async def test_a_phrase_offers_to_prohibit_with_one_key_and_does_nothing_by_itself(
    browser: Browser, world: WebWorld
) -> None:
    call = await talking(world)
    await flagged(world, call)
    await browser.log_in("sato")

    update = await browser.page(f"/desk/update?call={call.call_id}")

    assert "「もう電話しないで」と聞こえました" in update
    offer = re.search(r'<button[^>]*data-key="k"[^>]*hx-post="([^"]+)"', update)
    assert offer is not None
    assert await prohibited(world, call) == []
    await browser.press(offer[1], reason="通話中の発言")
    assert await prohibited(world, call) == ["通話中の発言"]
    after = await browser.page(f"/desk/update?call={call.call_id}")
    assert 'data-key="k"' not in after


async def test_what_the_agent_said_himself_offers_nothing(
    browser: Browser, world: WebWorld
) -> None:
    call = await talking(world)
    await flagged(world, call, "agent")
    await browser.log_in("sato")
    update = await browser.page(f"/desk/update?call={call.call_id}")
    assert "と聞こえました" in update
    assert 'data-key="k"' not in update


async def test_the_floor_shows_phrases_until_somebody_has_noted_them(
    browser: Browser, world: WebWorld
) -> None:
    call = await talking(world)
    await flagged(world, call)
    await browser.log_in("admin")
    floor = await browser.page("/floor")
    assert "「もう電話しないで」" in floor
    assert "1:05" in floor

    assert (await browser.press(f"/floor/phrases/{call.call_id}")).status == 204
    assert (await browser.press(f"/floor/phrases/{call.call_id}")).status == 204

    assert f"{world.team.admin.name}さんが確認済み" in await browser.page("/floor")
    assert await audited(world, "words.phrase_seen") == [{"phrases": PHRASE}]


async def test_an_admin_reads_along_and_that_is_written_down_once(
    browser: Browser, world: WebWorld
) -> None:
    call = await talking(world)
    world.live_words.heard(call.call_id, "agent", [Word("承知しました", 0, 900, 1.0)], "")
    await browser.log_in("admin")
    assert f"/floor/words/{call.call_id}" in await browser.page("/floor")

    for _ in range(3):
        assert "承知しました" in await browser.page(f"/floor/words/{call.call_id}")

    [line] = await audited(world, "transcript.view")
    assert line["live"] is True


async def test_words_of_a_conversation_that_is_not_heard(browser: Browser, world: WebWorld) -> None:
    call = await talking(world, wanted=False)
    await browser.log_in("admin")
    assert "section" not in await browser.page(f"/floor/words/{call.call_id}")
    assert (await browser.get(f"/floor/words/{uuid4()}")).status in (403, 404)
    assert await audited(world, "transcript.view") == []


async def test_pages_hear_of_words_each_of_his_own_and_admins_of_all(
    browser: Browser, world: WebWorld
) -> None:
    sato, suzuki = world.team.agents[:2]
    await browser.log_in("sato")
    response = await browser.get(f"/live?topics=words,words:{suzuki.id},words:{sato.id}")
    assert await _next_event(response.content) == f"words:{sato.id}"
    call = await talking(world)
    world.live_words.heard(call.call_id, "customer", [], "は")
    assert await _next_event(response.content) == f"words:{sato.id}"
    response.close()
    await browser.log_in("admin")
    response = await browser.get("/live?topics=words")
    assert await _next_event(response.content) == "words"
    response.close()


async def _next_event(content: StreamReader) -> str:
    async with asyncio.timeout(5):
        while True:
            line = (await content.readline()).decode()
            if line.startswith("event: "):
                return line.removeprefix("event: ").strip()


async def prohibited(world: WebWorld, call: AgentCall) -> list[str]:
    async with world.database.read() as connection:
        query = select(prohibitions.c.reason).where(prohibitions.c.e164 == call.e164)
        return list((await connection.execute(query)).scalars())


async def audited(world: WebWorld, action: str) -> list[dict[str, object]]:
    async with world.database.read() as connection:
        query = select(audit_log.c.detail).where(audit_log.c.action == action)
        return list((await connection.execute(query)).scalars())
