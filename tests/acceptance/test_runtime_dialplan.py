"""What callers meet in the dialplan while the controller is away, busy or dead."""

import asyncio
from pathlib import Path

import pytest

from ari_app.ari.connection import AriConnection
from ari_app.ari.events import ChannelDestroyed, ChannelStateChange
from ari_app.runtime import speech
from ari_app.runtime.carrier_plan import Kind, behaviour_of, plan
from tests.acceptance.carrier_rig import Rig, carrier_rig

pytestmark = pytest.mark.real


def someone_who_stays() -> str:
    """The number of a person who answers soon and does not hang up by himself."""
    staying = [n for n in plan() if behaviour_of(n).kind is Kind.ANSWERS_AND_WAITS]
    return "03123456" + min(staying, key=lambda n: behaviour_of(n).ring_seconds)


def the_message() -> tuple[str, float]:
    """A message, and its length in seconds."""
    path = speech.prompt("かけるしょうじです。しつれいいたしました。", language="ja")
    return str(path), path.with_suffix(".ulaw").stat().st_size / speech.SAMPLE_RATE


async def seconds_of_conversation(rig: Rig, channel_id: str) -> float:
    """From the answer to the end, which is awaited."""
    end = await rig.wait_for(
        ChannelDestroyed, lambda event: event.channel.id == channel_id, seconds=25
    )
    up = await rig.wait_for(
        ChannelStateChange,
        lambda event: event.channel.id == channel_id and event.channel.state == "Up",
        seconds=1,
    )
    assert end.cause == 16
    return (end.time - up.time).total_seconds()


async def test_who_answers_while_the_controller_is_away_hears_the_message(tmp_path: Path) -> None:
    message, length = the_message()
    async with carrier_rig(tmp_path, application="onlooker") as rig:
        call = await rig.originate(someone_who_stays(), message=message, deadman=30)
        assert await seconds_of_conversation(rig, call) == pytest.approx(length, abs=0.7)


async def test_who_is_not_connected_in_time_hears_the_message(tmp_path: Path) -> None:
    message, length = the_message()
    async with carrier_rig(tmp_path) as rig:
        call = await rig.originate(someone_who_stays(), message=message, deadman=2)
        await rig.in_stasis(call, seconds=12)
        assert await seconds_of_conversation(rig, call) == pytest.approx(2 + length, abs=0.9)


async def test_who_waits_for_a_dead_controller_is_released(tmp_path: Path) -> None:
    message, length = the_message()
    async with carrier_rig(tmp_path, application="onlooker") as rig:
        controller = AriConnection(
            url=rig.pbx.ari_url,
            username=rig.pbx.settings.ari_username,
            password=rig.pbx.ari_password,
            application="kakeru",
        )
        async with controller:
            await controller.wait_connected(seconds=5)
            call = await rig.originate(someone_who_stays(), message=message, deadman=3)
            await rig.wait_for(
                ChannelStateChange,
                lambda event: event.channel.id == call and event.channel.state == "Up",
                seconds=12,
            )
            await asyncio.sleep(0.5)
        assert await seconds_of_conversation(rig, call) == pytest.approx(3 + length, abs=0.9)
