"""リマインダー: whom to call back; a user sees his own and anyone's, an admin all."""

from datetime import timedelta

from dialer.callbacks import Agreed, set_callback
from dialer.messages import UserId
from tests.fakes.web_fixtures import Browser, MakeBrowser
from tests.fakes.web_server import WebWorld


async def agree(world: WebWorld, lead: int, hours: float, user: int | None) -> int:
    lead_id, now = world.team.lead_ids[lead], world.clock.now()
    async with world.database.write() as connection:
        await set_callback(
            connection,
            lead_id=lead_id,
            agreed=Agreed(now + timedelta(hours=hours), None if user is None else UserId(user)),
            by=None,
            now=now,
        )
    return lead_id


async def test_everyone_sees_what_he_may_call_the_earliest_first(
    world: WebWorld, new_browser: MakeBrowser
) -> None:
    sato, suzuki, *_ = world.team.agents
    later = await agree(world, 100, 2, sato.id)
    overdue = await agree(world, 101, -1, None)
    hers = await agree(world, 102, 1, suzuki.id)
    agent, admin, outsider = await new_browser(), await new_browser(), await new_browser()
    await agent.log_in("sato")
    await admin.log_in("admin")
    await outsider.log_in("outsider")
    page = await agent.page("/callbacks")
    places = [page.find(f'href="/leads/{one}"') for one in (overdue, later, hers)]
    assert 0 < places[0] < places[1]
    assert places[2] == -1
    assert "期限超過" in page
    assert f'href="/leads/{overdue}"' not in await agent.page("/callbacks/rows?whose=mine")
    assert f'href="/leads/{later}"' not in await agent.page("/callbacks/rows?whose=anyone")
    everything = await admin.page("/callbacks")
    assert all(f'href="/leads/{one}"' in everything for one in (overdue, later, hers))
    assert "/leads/1" not in await outsider.page("/callbacks/rows")
    assert (await agent.get("/callbacks/rows?after=nonsense")).status == 400


async def test_a_time_is_agreed_on_the_leads_page_and_closed_in_the_list(
    world: WebWorld, browser: Browser
) -> None:
    lead_id = world.team.lead_ids[100]
    await browser.log_in("sato")
    path = f"/leads/{lead_id}/callback"
    for date, time in (("2026-11-24", "09:00"), ("", "09:00"), ("2026-11-25", "soon")):
        assert (await browser.press(path, date=date, time=time, who="me")).status == 409
    done = await browser.press(path, date="2026-11-25", time="10:30", who="me")
    assert (done.status, "leadChanged" in done.headers["HX-Trigger"]) == (200, True)
    assert f'href="/leads/{lead_id}"' in await browser.page("/callbacks?whose=mine")
    assert "再コール 11月25日(水) 10:30" in await browser.page(f"/leads/{lead_id}")
    assert (await browser.press(f"{path}/close")).status == 200
    assert (await browser.press(f"{path}/close")).status == 409
    assert f'href="/leads/{lead_id}"' not in await browser.page("/callbacks/rows")
