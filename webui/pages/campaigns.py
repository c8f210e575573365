"""キャンペーン: what each one does now, how far it is, and its start, pause and stop."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import campaign_state, held_back
from dialer.campaign import CampaignSettings, Mode
from dialer.campaign_state import CampaignCounts, CampaignRow
from dialer.campaigns import CampaignLive
from dialer.floor_views import AgentView
from dialer.held_back import LeadsHeldBack
from dialer.ports import Clock
from dialer.rules.agent_state import AgentState
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.pacing import NotDialling
from dialer.running_campaign import CampaignNotReady, load_campaign
from webui.formats import midnight
from webui.labels import CALM_NOTES
from webui.pages.live_words import heard_now, phrases_of
from webui.rendering import render
from webui.services import services
from webui.sessions import viewer

_COUNT_EVERY = timedelta(seconds=5)
_COUNT_AGAIN_AT_LATEST = timedelta(minutes=5)
_BUSY_FIRST = (
    AgentState.ON_CALL,
    AgentState.RESERVED,
    AgentState.READY,
    AgentState.AFTER_CALL_WORK,
    AgentState.LOGGING_IN,
    AgentState.AWAY,
)


@dataclass(frozen=True, slots=True)
class Card:
    """One campaign as the page shows it.

    `stock` are its leads; None while the campaign's file names what is not there.
    """

    row: CampaignRow
    settings: CampaignSettings
    live: CampaignLive
    today: CampaignCounts
    stock: LeadsHeldBack | None

    @property
    def lines_per_agent(self) -> float:
        """架電倍率 as it is now (the abandonment limit may have lowered it), or as it is set."""
        if self.row.state == "running" and self.live.lines_per_agent_now:
            return self.live.lines_per_agent_now
        return self.settings.lines_per_agent if self.settings.mode is Mode.POWER else 1.0

    @property
    def outcomes(self) -> tuple[tuple[str, int], ...]:
        """Those that occurred today, always in the same order."""
        counted = self.today.by_outcome
        return tuple((one.value, counted[one]) for one in CallOutcome if counted.get(one))

    @property
    def is_stuck(self) -> bool:
        """Running, and not dialling for a reason that somebody should look at."""
        note = self.live.note
        return self.row.state == "running" and note is not None and note not in CALM_NOTES

    @property
    def note(self) -> str | None:
        """The reason to show; a campaign that does not run needs none."""
        note = self.live.note
        if self.row.state != "running" or note is None or note == NotDialling.NOT_RUNNING:
            return None
        return str(note)


async def page(request: web.Request) -> web.Response:
    user = viewer(request)
    cards = await _cards(request)
    topics = [f"campaign:{card.row.name}" for card in cards]
    context: dict[str, object] = {"cards": cards}
    if user.acts_as_admin:
        context |= await _floor(request)
        topics += ["floor", "words"]
    context["topics"] = ",".join(topics)
    return render(request, "campaigns.html", context)


async def card(request: web.Request) -> web.Response:
    return await _card_response(request)


async def agents(request: web.Request) -> web.Response:
    """Who is on the floor, and what they do."""
    return render(request, "parts/floor.html", await _floor(request))


async def start(request: web.Request) -> web.Response:
    return await _press(request, services(request).campaigns.start)


async def pause(request: web.Request) -> web.Response:
    return await _press(request, services(request).campaigns.pause)


async def stop(request: web.Request) -> web.Response:
    return await _press(request, services(request).campaigns.stop)


async def _press(request: web.Request, action: Callable[..., Awaitable[None]]) -> web.Response:
    await action(request.match_info["campaign"], by=viewer(request).id)
    return await _card_response(request)


async def _card_response(request: web.Request) -> web.Response:
    cards = await _cards(request, only=request.match_info["campaign"])
    if not cards:
        raise web.HTTPNotFound
    return render(request, "parts/campaign_card.html", {"card": cards[0]})


async def _cards(request: web.Request, *, only: str | None = None) -> list[Card]:
    given = services(request)
    known = {settings.name: settings for settings in given.campaigns.settings()}
    now = given.clock.now()
    today = midnight(now, given.settings.time_zone)
    cards = []
    async with given.database.read() as connection:
        for row in await campaign_state.campaign_rows(connection, viewer=viewer(request)):
            settings = known.get(row.name)
            if settings is None or only not in (None, row.name):
                continue
            cards.append(
                Card(
                    row=row,
                    settings=settings,
                    live=given.campaigns.live(row.name),
                    today=await campaign_state.counts(connection, campaign_id=row.id, since=today),
                    stock=await request.app[STOCKS].of(connection, row, settings, given.clock),
                )
            )
    return cards


class Stocks:
    """Counts a campaign's leads now and then, however many pages watch it.

    The counts read every lead of the project, and a busy card is fetched twice a second:
    at most a twentieth of the time is spent on counting.
    """

    def __init__(self) -> None:
        self._counted: dict[int, tuple[datetime, LeadsHeldBack | None]] = {}

    async def of(
        self,
        connection: AsyncConnection,
        row: CampaignRow,
        settings: CampaignSettings,
        clock: Clock,
    ) -> LeadsHeldBack | None:
        now = clock.now()
        again_at, stock = self._counted.get(row.id, (now, None))
        if now < again_at <= now + _COUNT_AGAIN_AT_LATEST:
            return stock
        stock = None
        with suppress(CampaignNotReady):  # the card shows why, from the runner
            campaign = await load_campaign(connection, settings)
            stock = await held_back.held_back(connection, campaign.claim_request, now)
        pause = max(_COUNT_EVERY, 20 * (clock.now() - now))
        self._counted[row.id] = (now + min(pause, _COUNT_AGAIN_AT_LATEST), stock)
        return stock


STOCKS = web.AppKey("stocks", Stocks)


async def _floor(request: web.Request) -> dict[str, object]:
    def order(agent: AgentView) -> tuple[int, str]:
        state = AgentState(agent.state)
        return (_BUSY_FIRST.index(state), agent.name)

    present = [
        agent for agent in services(request).floor.agents() if agent.state != AgentState.OFFLINE
    ]
    return {
        "agents": sorted(present, key=order),
        "phrases": await phrases_of(request, *present),
        "heard_now": heard_now(request),
    }
