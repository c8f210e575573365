"""A floor and campaigns that do what a test says, for the pages."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dialer.callbacks import Agreed
from dialer.campaign import CampaignSettings
from dialer.campaign_draft import CampaignDraft, CampaignDraftError
from dialer.campaign_projects import project_id_of
from dialer.campaign_state import CampaignState, ensure_campaign, set_state
from dialer.campaigns import CampaignLive
from dialer.claiming import ClaimedCall
from dialer.floor_views import AgentCall, AgentView, CannotDial, NoPhone, NotOnACall, ResultRequired
from dialer.messages import CallId, UserId
from dialer.ports import Clock, LiveUpdates
from dialer.recording_pauses import RecordingGoesOn, RecordingSign, RecordingView
from dialer.results import SavedResult, save_result
from dialer.rules.agent_state import AgentState, PhoneMode
from dialer.rules.eligibility import Refused
from dialer.rules.pacing import NotDialling
from dialer.storage.engine import Database
from dialer.users import User


class FakeFloor:
    """Agents change state at once; calls arrive when the test says so."""

    def __init__(self, *, database: Database, clock: Clock, live: LiveUpdates) -> None:
        self._database = database
        self._clock = clock
        self._live = live
        self._agents: dict[int, AgentView] = {}

    def add(self, user: User, state: AgentState = AgentState.OFFLINE) -> None:
        self._agents[user.id] = AgentView(
            user_id=UserId(user.id),
            name=user.name,
            state=state,
            since=self._clock.now(),
            away_reason="",
            away_wish=None,
            phone_mode=PhoneMode.HELD,
            workgroup_ids=user.workgroup_ids,
            call=None,
        )

    def set(
        self,
        user_id: int,
        state: AgentState,
        *,
        since: datetime | None = None,
        away_reason: str = "",
        call: AgentCall | None = None,
    ) -> None:
        """What the telephony, or another hand, did to an agent."""
        self._agents[user_id] = replace(
            self._agents[user_id],
            state=state,
            since=since or self._clock.now(),
            away_reason=away_reason,
            call=call,
        )
        self._live.publish(f"agent:{user_id}", {})
        self._live.publish("floor", {})

    # --- webui.services.Floor -----------------------------------------------------------------

    def agent(self, user_id: int) -> AgentView | None:
        return self._agents.get(user_id)

    def agents(self) -> Sequence[AgentView]:
        return tuple(self._agents.values())

    async def go_ready(self, user_id: int) -> None:
        agent = self._agents.get(user_id)
        if agent is None:
            raise NoPhone
        if agent.state is AgentState.AFTER_CALL_WORK:
            raise ResultRequired
        self.set(user_id, AgentState.READY)

    async def go_away(self, user_id: int, reason: str) -> None:
        agent = self._agents[user_id]
        if agent.call is not None:
            self._agents[user_id] = replace(agent, away_wish=reason)
            return
        self.set(user_id, AgentState.AWAY, away_reason=reason)

    async def log_out(self, user_id: int) -> None:
        self.set(user_id, AgentState.OFFLINE)

    async def hang_up(self, user_id: int) -> None:
        agent = self._agents[user_id]
        if agent.call is None:
            raise NotOnACall
        self.set(user_id, AgentState.AFTER_CALL_WORK, call=agent.call)

    async def save_result(
        self,
        user_id: int,
        call_id: CallId,
        *,
        result_id: int | None,
        memo: str,
        agreed: Agreed | None = None,
    ) -> SavedResult:
        agent = self._agents[user_id]
        if agent.call is None or agent.call.call_id != call_id:
            raise NotOnACall
        async with self._database.write() as connection:
            saved = await save_result(
                connection,
                call_id=call_id,
                user_id=UserId(user_id),
                result_id=result_id,
                memo=memo,
                now=self._clock.now(),
                agreed=agreed,
            )
        if agent.state is AgentState.AFTER_CALL_WORK:
            self.set(user_id, AgentState.READY)
        self._live.publish("history", {})
        if saved.prohibited:
            self._live.publish("prohibited", {"numbers": list(saved.prohibited)})
        return saved


class FakePauses:
    """Recordings as a test says; `refuses`: Asterisk confirms nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.views: dict[int, RecordingView] = {}
        self.refuses = False

    # --- webui.services.RecordingPauses -------------------------------------------------------

    def view(self, user_id: int) -> RecordingView | None:
        return self.views.get(user_id)

    async def pause(self, user_id: int) -> None:
        if user_id not in self.views:
            raise NotOnACall
        if self.refuses:
            raise RecordingGoesOn
        now = self._clock.now()
        until = now + timedelta(minutes=3)
        self.views[user_id] = RecordingView(RecordingSign.PAUSED, now, until)

    async def resume(self, user_id: int) -> None:
        if user_id not in self.views:
            raise NotOnACall
        self.views[user_id] = RecordingView(RecordingSign.ON)


class FakeCampaigns:
    """Campaigns whose live figures are what a test sets in `figures`."""

    def __init__(
        self,
        settings: Sequence[CampaignSettings],
        *,
        database: Database,
        clock: Clock,
        live: LiveUpdates,
    ) -> None:
        self._settings = tuple(settings)
        self._database = database
        self._clock = clock
        self._live = live
        self.figures = {one.name: _quiet(one.name) for one in settings}

    async def add(self, settings: CampaignSettings) -> None:
        self._settings = (*self._settings, settings)
        self.figures[settings.name] = _quiet(settings.name)
        async with self._database.write() as connection:
            project_id = await project_id_of(connection, settings)
            assert project_id is not None
            await ensure_campaign(
                connection,
                name=settings.name,
                project_id=project_id,
                named=settings.project,
                now=self._clock.now(),
            )

    def change(self, name: str, **changed: object) -> None:
        """As if its file had said so."""
        self._settings = tuple(
            one.model_copy(update=changed) if one.name == name else one for one in self._settings
        )

    # --- webui.services.Campaigns -------------------------------------------------------------

    def settings(self) -> Sequence[CampaignSettings]:
        return self._settings

    def live(self, name: str) -> CampaignLive:
        return self.figures[name]

    async def start(self, name: str, *, by: int) -> None:
        await self._set(name, "running")

    async def pause(self, name: str, *, by: int) -> None:
        await self._set(name, "paused")

    async def stop(self, name: str, *, by: int) -> None:
        await self._set(name, "stopped")

    async def _set(self, name: str, state: CampaignState) -> None:
        async with self._database.write() as connection:
            await set_state(connection, name=name, state=state, now=self._clock.now())
        self.figures[name] = replace(self.figures[name], state=state)
        self._live.publish(f"campaign:{name}", {})


class FakeCampaignFiles:
    """Takes new campaigns up without files, or raises `error`."""

    trunks: tuple[str, ...] = ("carrier", "reserve")

    def __init__(self, campaigns: FakeCampaigns) -> None:
        self.error: CampaignDraftError | None = None
        self._campaigns = campaigns

    async def add(self, draft: CampaignDraft) -> None:
        if self.error is not None:
            raise self.error
        await self._campaigns.add(
            CampaignSettings(
                name=draft.name,
                title=draft.title,
                project=draft.project,
                workgroups=list(draft.workgroups),
                mode=draft.mode,
                lines_per_agent=draft.lines_per_agent,
                trunk=draft.trunk,
                caller_ids=list(draft.caller_ids),
            )
        )


class FakeManualCalls:
    """Answers what a test sets in `answer`; an exception is raised. `asked` is the last request."""

    def __init__(self) -> None:
        self.answer: ClaimedCall | Refused | CannotDial = CannotDial("not_ready")
        self.asked: tuple[int, int, int | None, str | None] | None = None

    async def dial(
        self,
        user_id: int,
        lead_id: int,
        *,
        contact_point_id: int | None = None,
        campaign: str | None = None,
    ) -> ClaimedCall | Refused:
        self.asked = (user_id, lead_id, contact_point_id, campaign)
        if isinstance(self.answer, CannotDial):
            raise self.answer
        return self.answer


def _quiet(name: str) -> CampaignLive:
    return CampaignLive(
        name=name,
        state="stopped",
        ready_agents=0,
        on_call=0,
        after_call_work=0,
        away=0,
        ringing=0,
        waiting=0,
        lines_per_agent_now=0.0,
        note=NotDialling.NOT_RUNNING,
        retry_at=None,
    )
