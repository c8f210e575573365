"""A supervisor hears a conversation: from its words, with her keys, and tells others of it."""

from uuid import UUID

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from sqlalchemy import select, update

from dialer.recording_keeper import write_finished
from dialer.storage.tables import comments, recording_peaks, recordings
from tests.browser.conftest import Visitor
from tests.browser.talks import speak
from tests.fakes.sales_team import two_voices
from tests.fakes.web_server import WebWorld

pytestmark = pytest.mark.real


async def _seconds(audio: Locator) -> float:
    return float(await audio.evaluate("audio => audio.currentTime"))


async def _open(visitor: Visitor, world: WebWorld, at: str = "") -> tuple[Page, Locator]:
    call_id = await speak(world)
    await visitor.log_in("admin")
    await visitor.go(f"/recordings/{call_id}{at}")
    return visitor.page, visitor.page.locator("audio")


async def test_a_word_that_is_clicked_is_heard_and_the_words_follow(
    visitor: Visitor, world: WebWorld
) -> None:
    page, audio = await _open(visitor, world)
    assert await page.locator(".waveform path").count() == 2
    assert await audio.evaluate("audio => audio.readyState") == 0  # no sound was loaded for that
    await page.get_by_text("解約", exact=True).click()
    await expect(audio).to_have_js_property("paused", False)
    assert 11 <= await _seconds(audio) <= 14
    await expect(page.locator("[aria-current='true']").first).to_be_visible()
    await expect(page.locator(".utterance.is-current")).to_contain_text("違約金")
    await page.get_by_role("button", name="0:19 から再生").first.click()
    await expect(page.locator(".utterance.is-current")).to_contain_text("資料")
    assert await audio.evaluate("audio => audio.preservesPitch")


async def test_the_keys_play_seek_change_speed_and_go_from_word_to_word(
    visitor: Visitor, world: WebWorld
) -> None:
    page, audio = await _open(visitor, world, "?t=11.0")
    player, keys = page.locator("[data-player]"), page.keyboard
    await expect(player).to_have_attribute("data-ms", "11000")
    await expect(page.locator("[data-comment-clock]")).to_have_text("0:11")
    await keys.press("ArrowRight")
    await expect(player).to_have_attribute("data-ms", "16000")
    await keys.press("Shift+ArrowLeft")
    await expect(player).to_have_attribute("data-ms", "15000")
    await keys.press(".")
    await expect(page.locator("[aria-current='true']")).to_have_text("ご")
    await keys.press(".")
    await expect(page.locator("[aria-current='true']")).to_have_text("心配")
    await keys.press(",")
    await expect(page.locator("[aria-current='true']")).to_have_text("ご")
    await keys.press("Space")
    await expect(audio).to_have_js_property("paused", False)
    await keys.press("ArrowUp")
    await expect(audio).to_have_js_property("playbackRate", 1.25)
    await keys.press("Space")
    await expect(audio).to_have_js_property("paused", True)
    await page.reload()
    await expect(audio).to_have_js_property("playbackRate", 1.25)


async def test_a_comment_at_a_moment_stands_on_the_wave_and_others_see_it_at_once(
    visitor: Visitor, world: WebWorld, chromium: Browser, address: str
) -> None:
    page, _ = await _open(visitor, world, "?t=20.0")
    marks = page.locator(".mark.is-comment")
    await expect(marks).to_have_count(1)
    other = await chromium.new_context(locale="ja")
    colleague = Visitor(await other.new_page(), address)
    await colleague.log_in("takahashi")
    await colleague.go(page.url.removeprefix(address))
    await expect(colleague.page.locator(".comment")).to_have_count(2)
    await page.keyboard.press("c")
    await page.keyboard.type("最後の確認を忘れずに")
    await page.get_by_role("button", name="コメント", exact=True).click()
    await expect(marks).to_have_count(2)
    await expect(colleague.page.locator(".comment")).to_have_count(3)
    await expect(colleague.page.locator(".comment-list")).to_contain_text("最後の確認を忘れずに")
    async with world.database.read() as connection:
        newest = select(comments.c.at_ms).order_by(comments.c.id.desc()).limit(1)
        assert await connection.scalar(newest) == 20_000
    await other.close()


async def test_b_sets_a_bookmark_where_it_plays(visitor: Visitor, world: WebWorld) -> None:
    page, _ = await _open(visitor, world, "?t=20.0")
    await page.keyboard.press("b")
    await expect(page.locator(".bookmark")).to_have_count(2)
    await expect(page.locator(".mark.is-bookmark")).to_have_count(2)


async def test_a_good_example_plays_its_part_and_ends_there(
    visitor: Visitor, world: WebWorld
) -> None:
    await speak(world)
    await visitor.log_in("suzuki")
    await visitor.go("/examples")
    page, audio = visitor.page, visitor.page.locator("audio")
    await page.get_by_role("button", name="を再生").click()
    await expect(audio).to_have_js_property("paused", False)
    assert 10.5 <= await _seconds(audio) <= 13
    await page.locator("[data-seek]").evaluate(
        "seek => { seek.value = 19800; seek.dispatchEvent(new Event('input')); }"
    )
    await expect(audio).to_have_js_property("paused", True)
    assert 19.7 <= await _seconds(audio) <= 20.5


async def test_an_address_that_was_passed_on_opens_only_for_those_who_may_hear_it(
    visitor: Visitor, world: WebWorld
) -> None:
    call_id = await speak(world)
    await visitor.log_in("admin")
    await visitor.go("/examples")
    await visitor.page.get_by_role("button", name="お手本から外す").click()
    await visitor.page.get_by_role("button", name="実行する").click()
    await expect(visitor.page.locator(".empty-title")).to_have_text("お手本はまだありません")
    await visitor.page.context.clear_cookies()
    await visitor.log_in("watanabe")
    await visitor.go(f"/recordings/{call_id}?t=11.0")
    await expect(visitor.page.locator(".empty-title")).to_have_text(
        "この通話を聞く権限がありません"
    )
    await expect(visitor.page.locator("audio")).to_have_count(0)
    assert "解約" not in await visitor.page.content()


async def test_silence_is_skipped_when_one_wants_it(visitor: Visitor, world: WebWorld) -> None:
    call_id = await speak(world)
    await _record_with_silence(world, call_id)
    await visitor.log_in("admin")
    await visitor.go(f"/recordings/{call_id}")
    page = visitor.page
    await page.evaluate(
        """() => {
          window.heard = [];
          document.querySelector("[data-conversation]").addEventListener("player-time", (event) => {
            if (event.detail.playing) window.heard.push(event.detail.ms);
          });
        }"""
    )
    await page.get_by_label("無音を飛ばす").check()
    await page.locator("[data-play]").click()
    await page.wait_for_function("() => Math.max(0, ...window.heard) > 6500")
    heard = await page.evaluate("() => window.heard")
    assert not [ms for ms in heard if 2600 < ms < 5400]
    assert [ms for ms in heard if ms < 2300]


async def test_a_link_to_the_moment_is_copied(visitor: Visitor, world: WebWorld) -> None:
    page, _ = await _open(visitor, world, "?t=11.0")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="この位置へのリンクをコピー").click()
    await expect(page.locator("[data-said]")).to_have_text("リンクをコピーしました")
    assert await page.evaluate("() => navigator.clipboard.readText()") == page.url


async def _record_with_silence(world: WebWorld, call_id: UUID) -> None:
    """Two seconds of talk, four of silence, two of talk."""
    at = world.clock.now()
    talk = two_voices(2, seed=5)
    world.store.raw_path(call_id, at).write_bytes(talk + bytes(4 * len(talk) // 2) + talk)
    facts = await world.store.finish(call_id, at)
    assert facts is not None
    async with world.database.write() as connection:
        await connection.execute(
            recording_peaks.delete().where(recording_peaks.c.call_id == call_id)
        )
        await connection.execute(
            update(recordings)
            .where(recordings.c.call_id == call_id)
            .values(state="recording", path=facts.path)
        )
        assert await write_finished(connection, call_id, facts)
