"""The button that calls a lead by hand."""

from datetime import timedelta
from uuid import UUID

import pytest

from dialer.claiming import ClaimedCall
from dialer.floor_views import CannotDial
from dialer.messages import CallId
from dialer.rules.eligibility import Refusal, Refused
from dialer.rules.pacing import NotDialling
from tests.fakes.web_fixtures import Browser
from tests.fakes.web_server import WebWorld
from webui.labels import CANNOT_DIAL, REFUSALS


def a_call(world: WebWorld, lead_id: int) -> ClaimedCall:
    return ClaimedCall(
        call_id=CallId(UUID(int=1)),
        lead_id=lead_id,
        e164="+81663882655",
        caller_id="0312345678",
        attempt=1,
        lease_until=world.clock.now() + timedelta(seconds=60),
    )


async def test_the_call_is_made_and_the_desk_shown(browser: Browser, world: WebWorld) -> None:
    lead_id = world.team.lead_ids[36]
    world.manual_calls.answer = a_call(world, lead_id)
    await browser.log_in("sato")
    assert 'id="dial-lead"' in await browser.page(f"/leads/{lead_id}")
    answer = await browser.press(f"/leads/{lead_id}/dial", contact_point_id="7")
    assert answer.headers["HX-Redirect"] == "/desk"
    assert world.manual_calls.asked == (world.team.agents[0].id, lead_id, 7, None)


async def test_a_refusal_is_told_in_words_with_its_end(browser: Browser, world: WebWorld) -> None:
    lead_id = world.team.lead_ids[36]
    await browser.log_in("sato")
    world.manual_calls.answer = Refused(Refusal.PROHIBITED)
    answer = await browser.press(f"/leads/{lead_id}/dial")
    assert answer.status == 409
    # The page around the button asks for a part of itself: the notice is not that.
    assert answer.headers["HX-Reselect"] == "[data-notice]"
    assert "禁止" in await answer.text()
    world.manual_calls.answer = Refused(
        Refusal.OUTSIDE_HOURS, world.clock.now() + timedelta(days=1)
    )
    assert "から架電できます" in await (await browser.press(f"/leads/{lead_id}/dial")).text()
    world.manual_calls.answer = CannotDial("not_ready")
    assert "待機" in await (await browser.press(f"/leads/{lead_id}/dial")).text()


async def test_programs_are_answered_in_json(browser: Browser, world: WebWorld) -> None:
    lead_id = world.team.lead_ids[36]
    await browser.log_in("sato")
    headers = {"Accept": "application/json", "X-CSRF-Token": browser.token}
    world.manual_calls.answer = Refused(Refusal.BOXED)
    refused = await browser.client.post(f"/leads/{lead_id}/dial", headers=headers)
    assert refused.status == 409
    assert (await refused.json())["refused"] == "boxed"
    world.manual_calls.answer = a_call(world, lead_id)
    made = await browser.client.post(f"/leads/{lead_id}/dial", headers=headers)
    assert (await made.json())["call_id"] == str(UUID(int=1))


async def test_an_admin_has_no_such_button(browser: Browser, world: WebWorld) -> None:
    lead_id = world.team.lead_ids[36]
    await browser.log_in(world.team.admin.login)
    await browser.act_as("admin")
    assert 'id="dial-lead"' not in await browser.page(f"/leads/{lead_id}")
    assert (await browser.press(f"/leads/{lead_id}/dial")).status == 403


@pytest.mark.parametrize("reason", [*Refusal, *NotDialling, "not_ready", "no_campaign"])
def test_every_reason_has_words(reason: str) -> None:
    assert reason in REFUSALS or reason in CANNOT_DIAL
