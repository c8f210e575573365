"""What the pages need from the rest of the program, as one value handed in at the start."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from aiohttp import web

from dialer.callbacks import Agreed
from dialer.campaign import CampaignSettings
from dialer.campaign_draft import CampaignDraft
from dialer.campaigns import CampaignLive
from dialer.claiming import ClaimedCall
from dialer.floor_views import AgentView
from dialer.live_words import LiveWords
from dialer.messages import CallId
from dialer.ports import Clock, LiveUpdates, RecordingStore
from dialer.recording_pauses import RecordingView
from dialer.recording_room import RecordingRoom
from dialer.results import SavedResult
from dialer.rules.eligibility import Refused
from dialer.rules.list_shape import ListLimits
from dialer.rules.mybox import NO_POLICY, MyBoxPolicy
from dialer.rules.retention import KEEP_ALL, Policies
from dialer.secret_box import SecretBox
from dialer.storage.engine import Database


class Floor(Protocol):
    """The agents and what they press. Its methods raise FloorError subclasses."""

    def agent(self, user_id: int) -> AgentView | None: ...

    def agents(self) -> Sequence[AgentView]: ...

    async def go_ready(self, user_id: int) -> None: ...

    async def go_away(self, user_id: int, reason: str) -> None: ...

    async def log_out(self, user_id: int) -> None: ...

    async def hang_up(self, user_id: int) -> None: ...

    async def save_result(
        self,
        user_id: int,
        call_id: CallId,
        *,
        result_id: int | None,
        memo: str,
        agreed: Agreed | None = None,
    ) -> SavedResult: ...


class RecordingPauses(Protocol):
    """The recordings of conversations that go on. Its methods raise FloorError subclasses."""

    def view(self, user_id: int) -> RecordingView | None:
        """None while the agent talks with nobody."""

    async def pause(self, user_id: int) -> None: ...

    async def resume(self, user_id: int) -> None: ...


class Campaigns(Protocol):
    """The campaigns of this installation and their runners."""

    def settings(self) -> Sequence[CampaignSettings]: ...

    def live(self, name: str) -> CampaignLive: ...

    async def start(self, name: str, *, by: int) -> None: ...

    async def pause(self, name: str, *, by: int) -> None: ...

    async def stop(self, name: str, *, by: int) -> None: ...


class CampaignFiles(Protocol):
    """New campaigns, where an installation's campaigns are files that ops own."""

    trunks: tuple[str, ...]

    async def add(self, draft: CampaignDraft) -> None:
        """The running program knows it at once. Raises CampaignDraftError."""


class ManualCalls(Protocol):
    """Calls by hand. Raises `dialer.floor_views.CannotDial`."""

    async def dial(
        self,
        user_id: int,
        lead_id: int,
        *,
        contact_point_id: int | None = None,
        campaign: str | None = None,
    ) -> ClaimedCall | Refused: ...


class ImportWork(Protocol):
    """Whoever works on imports in the background."""

    def wake(self) -> None:
        """An import has been given something to do."""


class PhonesUnavailable(Exception):
    """Phones in the browser cannot be connected just now; the message says why."""


class BrowserPhones(Protocol):
    """What phones in the browser need of the telephone exchange."""

    address: str
    """Where it speaks SIP by WebSocket; only Kakeru itself must reach it."""

    async def let_in(self, account: str, *, instead: bool = False) -> str:
        """A new password; no other is good any more. `instead`: of another page, whose call ends.

        Raises PhonesUnavailable.
        """

    async def shut_out(self, account: str) -> None:
        """The password is worth nothing any more. What rings is given up; conversations go on."""


@dataclass(frozen=True, slots=True)
class Imports:
    """Where lists lie, how large they may be, and who works on them."""

    folder: Path
    limits: ListLimits
    work: ImportWork


@dataclass(frozen=True, slots=True)
class WebSettings:
    """How this installation presents itself."""

    site_name: str = "Kakeru"
    business_name: str = ""  # in whose name agents call
    time_zone: str = "Asia/Tokyo"
    language: str = "ja"  # when the browser asks for none that we have
    secure_cookies: bool = False  # True behind HTTPS
    session_hours: int = 12  # whatever is done in it
    idle_minutes: int = 240
    second_factor_for_admins: bool = False
    public_url: str = ""  # what people type; empty: the address that they came by
    phone_server: str = ""  # what SIP phones are given, as host:port
    mybox: MyBoxPolicy = NO_POLICY
    has_speech_model: bool = False  # conversations can be turned into words


@dataclass(frozen=True, slots=True)
class WebServices:
    """Everything the pages use. `session_key` is 32 random bytes kept per installation, and
    `secrets` seals what its database must not tell."""

    database: Database
    floor: Floor
    campaigns: Campaigns
    manual_calls: ManualCalls
    pauses: RecordingPauses
    live: LiveUpdates
    recordings: RecordingStore
    imports: Imports
    campaign_files: CampaignFiles
    browser_phones: BrowserPhones
    session_key: bytes
    secrets: SecretBox
    clock: Clock
    settings: WebSettings
    room: RecordingRoom = field(default_factory=RecordingRoom)
    retention: Policies = KEEP_ALL
    live_words: LiveWords | None = None


SERVICES = web.AppKey("services", WebServices)


def services(request: web.Request) -> WebServices:
    return request.app[SERVICES]
