import re
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from dialer import prohibitions
from dialer.campaign import HoursSettings
from dialer.recording_pauses import RecordingSign, RecordingView
from dialer.rules.agent_state import AgentState
from dialer.rules.callback_time import proposed_time
from dialer.rules.eligibility import Refusal
from dialer.storage.tables import action_results, actions, callbacks
from tests.fakes.web_fixtures import Browser
from tests.fakes.web_server import WebWorld, call_for


async def memo_and_result(world: WebWorld, call_id: object) -> tuple[str, int | None]:
    async with world.database.read() as connection:
        row = (
            await connection.execute(
                select(actions.c.memo, actions.c.result_id).where(actions.c.id == call_id)
            )
        ).one()
        return row.memo, row.result_id


async def test_pressing_ready_and_away_changes_the_state(browser: Browser, world: WebWorld) -> None:
    sato = world.team.agents[0]
    await browser.log_in("sato")
    assert 'data-state="ready"' in await (await browser.press("/desk/ready")).text()
    away = await (await browser.press("/desk/away", reason="lunch")).text()
    assert 'data-state="away"' in away
    assert "昼食" in away
    assert world.floor.agents()[0].away_reason == "lunch"
    assert (await browser.press("/desk/away", reason="anything")).status == 400
    await browser.press("/desk/offline")
    agent = world.floor.agent(sato.id)
    assert agent is not None
    assert agent.state is AgentState.OFFLINE


async def test_the_desk_shows_who_is_on_the_line(browser: Browser, world: WebWorld) -> None:
    await browser.log_in("sato")
    call = await call_for(world, world.team.agents[0].id, lead_index=36, seconds_ago=5)
    page = await browser.page("/desk")
    assert f"/leads/{call.lead_id}" in page
    assert "06-6388-2655" in page
    assert "アポ獲得" in page
    assert 'data-key="1"' in page
    assert "これまでのアクション" in page


async def test_an_update_for_the_call_that_is_shown_leaves_the_memo_alone(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    call = await call_for(world, world.team.agents[0].id, lead_index=36, seconds_ago=5)
    same = await browser.page(f"/desk/update?call={call.call_id}")
    assert 'id="desk-state"' not in same
    assert 'id="desk-results"' in same
    assert 'id="memo"' not in same
    another = await browser.page("/desk/update?call=")
    assert 'id="memo"' in another


async def test_the_result_is_saved_with_its_memo_and_ends_the_work(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    sato, result = world.team.agents[0], world.team.results[0]
    call = await call_for(world, sato.id, lead_index=36, seconds_ago=5)
    world.floor.set(sato.id, AgentState.AFTER_CALL_WORK, call=call)
    response = await browser.press(
        f"/desk/calls/{call.call_id}/result",
        result_id=str(result.id),
        memo="金曜に訪問",
        call=str(call.call_id),
    )
    assert 'data-state="ready"' in await response.text()
    assert await memo_and_result(world, call.call_id) == ("金曜に訪問", result.id)


async def test_a_refusal_prohibits_the_number_at_once(browser: Browser, world: WebWorld) -> None:
    await browser.log_in("sato")
    refusal = next(one for one in world.team.results if one.effect == "prohibit")
    call = await call_for(world, world.team.agents[0].id, lead_index=36, seconds_ago=5)
    told = world.live.subscribe("prohibited")
    await browser.press(f"/desk/calls/{call.call_id}/result", result_id=str(refusal.id), memo="")
    async with world.database.read() as connection:
        standing = await prohibitions.standing(connection, e164s=[call.e164])
    assert [one.workgroup_id for one in standing] == [world.team.workgroup_id]
    topic, data = await anext(aiter(told))
    assert (topic, data["numbers"]) == ("prohibited", [call.e164])
    told.close()


async def test_a_result_that_the_project_does_not_have_is_refused(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    call = await call_for(world, world.team.agents[0].id, lead_index=36, seconds_ago=5)
    for result_id in ("999999", "x", ""):
        response = await browser.press(
            f"/desk/calls/{call.call_id}/result", result_id=result_id, memo=""
        )
        assert response.status == 400, result_id


async def test_the_memo_is_kept_while_it_is_typed(browser: Browser, world: WebWorld) -> None:
    await browser.log_in("sato")
    call = await call_for(world, world.team.agents[0].id, lead_index=36, seconds_ago=5)
    response = await browser.press(f"/desk/calls/{call.call_id}/memo", memo="担当は")
    assert response.status == 204
    assert await memo_and_result(world, call.call_id) == ("担当は", None)


async def test_another_agents_call_is_not_mine_to_write_on(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("suzuki")
    call = await call_for(world, world.team.agents[0].id, lead_index=36, seconds_ago=5)
    memo = await browser.press(f"/desk/calls/{call.call_id}/memo", memo="x")
    result = await browser.press(
        f"/desk/calls/{call.call_id}/result",
        result_id=str(world.team.results[0].id),
        memo="x",
    )
    assert memo.status == result.status == 409
    assert await memo_and_result(world, call.call_id) == ("", None)


async def test_what_the_floor_refuses_is_said_in_words(browser: Browser, world: WebWorld) -> None:
    await browser.log_in("sato")
    response = await browser.press("/desk/hang-up")
    assert response.status == 409
    assert "この通話はすでに終了しています" in await response.text()


async def test_a_lost_phone_is_told(browser: Browser, world: WebWorld) -> None:
    await browser.log_in("sato")
    sato = world.team.agents[0]
    world.floor.set(sato.id, AgentState.OFFLINE, away_reason="phone_lost")
    assert "電話機との接続が切れました" in await browser.page("/desk")


async def test_what_was_decided_during_the_call_is_told(browser: Browser, world: WebWorld) -> None:
    sato = world.team.agents[0]
    await browser.log_in("sato")
    call = await call_for(world, sato.id, lead_index=36, seconds_ago=5)
    assert "通話中に、このリードは禁止されました。" not in await browser.page("/desk")
    told = replace(call, notice=Refusal.PROHIBITED)
    world.floor.set(sato.id, AgentState.ON_CALL, call=told)
    assert "通話中に、このリードは禁止されました。" in await browser.page("/desk")


async def test_the_time_that_a_result_proposes_is_its_own(
    browser: Browser, world: WebWorld
) -> None:
    async with world.database.write() as connection:
        await connection.execute(
            update(action_results)
            .where(action_results.c.effect == "callback")
            .values(retry_after_seconds=2 * 3600)
        )
    await browser.log_in("sato")
    await call_for(world, world.team.agents[0].id, lead_index=36, seconds_ago=5)
    at = proposed_time(
        world.clock.now(), timedelta(hours=2), HoursSettings().calling_hours("Asia/Tokyo")
    ).astimezone(ZoneInfo("Asia/Tokyo"))
    page = await browser.page("/desk")
    assert f'name="callback_date" required value="{at:%Y-%m-%d}"' in page
    assert f'name="callback_time" required value="{at:%H:%M}"' in page


async def test_a_callback_has_a_time_and_a_caller(browser: Browser, world: WebWorld) -> None:
    sato = world.team.agents[0]
    await browser.log_in("sato")
    call = await call_for(world, sato.id, lead_index=36, seconds_ago=5)
    page = await browser.page("/desk")
    found = re.search(r'data-opens="callback-(\d+)"', page)
    assert found is not None
    assert f'<dialog id="callback-{found[1]}"' in page
    tomorrow = (world.clock.now() + timedelta(days=1)).astimezone(ZoneInfo("Asia/Tokyo"))
    assert f'value="{tomorrow.date().isoformat()}"' in page
    saved = {
        "result_id": found[1],
        "callback_date": tomorrow.date().isoformat(),
        "callback_time": "10:30",
        "callback_for": "me",
    }
    past = await browser.press(
        f"/desk/calls/{call.call_id}/result", **(saved | {"callback_date": "2020-01-01"})
    )
    assert past.status == 409
    assert "これから先の日時" in await past.text()
    assert (await browser.press(f"/desk/calls/{call.call_id}/result", **saved)).status == 200
    async with world.database.read() as connection:
        row = (
            await connection.execute(select(callbacks).where(callbacks.c.lead_id == call.lead_id))
        ).one()
    assert row.user_id == sato.id
    assert row.due_at.astimezone(ZoneInfo("Asia/Tokyo")).strftime("%H:%M") == "10:30"


async def test_the_recording_is_paused_and_resumed_by_a_key(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    sato = world.team.agents[0].id
    await call_for(world, sato, lead_index=36, seconds_ago=5)
    world.pauses.views[sato] = RecordingView(RecordingSign.ON)
    page = await browser.page("/desk")
    assert 'data-key="shift+p"' in page
    assert "録音中" in page
    paused = await (await browser.press("/desk/recording/pause")).text()
    assert "録音一時停止中" in paused
    assert "3:00 で自動で再開します" in paused
    assert "録音を再開" in paused
    view = world.pauses.views[sato]
    world.pauses.views[sato] = replace(view, warned=True)
    assert "まもなく自動で再開します" in await browser.page("/desk")
    resumed = await (await browser.press("/desk/recording/resume")).text()
    assert "録音中" in resumed
    world.pauses.views[sato] = RecordingView(RecordingSign.ON, by_itself=True)
    assert "録音を自動で再開しました" in await browser.page("/desk")


async def test_who_cannot_pause_is_told_that_the_recording_goes_on(
    browser: Browser, world: WebWorld
) -> None:
    await browser.log_in("sato")
    assert (await browser.press("/desk/recording/pause")).status == 409
    sato = world.team.agents[0].id
    await call_for(world, sato, lead_index=36, seconds_ago=5)
    world.pauses.views[sato] = RecordingView(RecordingSign.ON)
    world.pauses.refuses = True
    refused = await browser.press("/desk/recording/pause")
    assert refused.status == 409
    assert "会話は録音されています" in await refused.text()


async def test_the_desk_tells_that_the_notice_is_played(browser: Browser, world: WebWorld) -> None:
    await browser.log_in("sato")
    sato = world.team.agents[0].id
    await call_for(world, sato, lead_index=36, seconds_ago=5)
    world.pauses.views[sato] = RecordingView(RecordingSign.NOTICE)
    page = await browser.page("/desk")
    assert "録音のお知らせを再生中" in page
    assert 'data-key="shift+p"' not in page
