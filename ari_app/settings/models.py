"""What can be set in ``config/kakeru.yaml``.

Every field's description is its documentation in the JSON Schema, which editors show.
All addresses that something listens on are loopback unless told otherwise.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, PrivateAttr, SecretStr, field_validator, model_validator

from ari_app.settings.recordings import RecordingsSettings
from dialer.campaign import CampaignSettings, RetentionSettings, WatchedPhrases
from dialer.campaign import Settings as Section
from dialer.rules.list_shape import ListLimits
from dialer.rules.mybox import MyBoxPolicy
from dialer.rules.retention import Policies
from dialer.rules.watched_phrases import WATCHED_BY_DEFAULT

Port = Annotated[int, Field(ge=1, le=65535)]
HostName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]+$", max_length=253)]
TrunkName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class DatabaseSettings(Section):
    """Where everything but audio is kept."""

    url: str | None = Field(
        None,
        description="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; "
        "left out: kakeru.db in the data folder",
    )

    @field_validator("url")
    @classmethod
    def _known_kind(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value


class WebSettings(Section):
    """The web pages."""

    host: HostName = Field("127.0.0.1", description="address that the web server listens on")
    port: Port = Field(8080, description="TCP port of the web server")
    public_url: str | None = Field(
        None,
        description="address that people type, as https://kakeru.example.jp; "
        "with https, cookies are sent over https only",
    )

    @field_validator("public_url")
    @classmethod
    def _whole_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise ValueError("must be like https://kakeru.example.jp")
        return value.rstrip("/")


class HealthSettings(Section):
    """What monitoring asks: /healthz, /readyz and /metrics, without a login."""

    host: HostName = Field("127.0.0.1", description="address that it listens on")
    port: Port = Field(8081, description="its TCP port")


class PortRange(Section):
    """A range of UDP ports, both ends included."""

    first: Port = 10000
    last: Port = 10999

    @model_validator(mode="after")
    def _upwards(self) -> Self:
        if self.last - self.first < 3:
            raise ValueError("a call takes four ports: last must be at least first + 3")
        return self


class AsteriskSettings(Section):
    """The telephone exchange. Managed: Kakeru starts it and sets it up; external: you do."""

    mode: Literal["managed", "external"] = Field(
        "managed", description="managed: Kakeru starts its own Asterisk; external: it runs already"
    )
    ari_url: str | None = Field(
        None, description="external only: base address of ARI, as http://10.0.0.5:8088/ari"
    )
    ari_username: str = Field("kakeru", min_length=1, description="external: user of ari.conf")
    ari_password: SecretStr | None = Field(
        None, description="external: its password; better in KAKERU_ARI_PASSWORD"
    )
    ari_port: Port = Field(8088, description="managed: TCP port of ARI, on loopback")
    sip_host: HostName = Field(
        "127.0.0.1", description="managed: address that phones and carriers reach us on"
    )
    sip_port: Port = Field(5060, description="managed: UDP and TCP port of SIP")
    rtp_ports: PortRange = Field(
        PortRange(), description="managed: UDP ports of audio; a call takes four"
    )
    phone_ping_seconds: int = Field(
        0,
        ge=0,
        le=3600,
        description="ask the agents' phones this often whether they are there (SIP OPTIONS), which "
        "keeps the way through NAT open; one that does not answer is not rung; 0: never",
    )
    external_address: str = Field(
        "", description="managed: our address as phones and carriers outside see it (behind NAT)"
    )
    local_networks: list[str] = Field(
        default_factory=list, description="managed: networks (CIDR) that need no external_address"
    )

    @field_validator("ari_url")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be like http://10.0.0.5:8088/ari")
        return value.rstrip("/")


class TrunkSettings(Section):
    """A carrier that calls go out through."""

    host: HostName = Field(description="the carrier's SIP server")
    port: Port = Field(5060, description="its port")
    transport: Literal["udp", "tcp"] = Field("udp", description="how SIP gets there")
    username: str = Field("", description="our account there; empty: it knows us by our address")
    password: SecretStr = Field(
        SecretStr(""), description="its password; better in KAKERU_TRUNK_<NAME>_PASSWORD"
    )
    registers: bool = Field(False, description="log in there, as most carriers with accounts want")
    from_user: str = Field("", description="user part of From, where the carrier insists on one")
    from_domain: str = Field("", description="domain part of From, likewise")
    dial_format: Literal["national", "e164", "e164_plus"] = Field(
        "national", description="03…, 813… or +813…: how the carrier wants numbers"
    )
    max_calls_per_second: float = Field(
        1.0, gt=0, le=500, description="new calls per second that the carrier allows"
    )
    max_channels: int = Field(
        10, ge=1, le=10000, description="calls at the same time that the carrier allows"
    )


class TranscriptsSettings(Section):
    """Turning recorded conversations into words."""

    engine: Literal["vosk", "sherpa-onnx"] = Field("vosk", description="what recognises speech")
    model: Path | None = Field(
        None, description="folder of its model; left out: there are no transcripts"
    )
    language: Literal["ja", "en"] = Field("ja", description="language of the model")
    workers: int = Field(
        1, ge=1, le=64, description="processes at it; each has the model in memory"
    )


class LiveWordsSettings(Section):
    """Words of conversations while they go on, for campaigns with live_words."""

    workers: int = Field(
        1, ge=1, le=64, description="processes that listen; each has the model in memory"
    )
    host: HostName = Field(
        "127.0.0.1",
        description="address that they listen on, as Asterisk reaches it; a free port each",
    )
    watched_phrases: WatchedPhrases = Field(
        list(WATCHED_BY_DEFAULT),
        description="phrases that raise a flag; a campaign may name its own",
    )


class ImportsSettings(Section):
    """Lists that become leads."""

    folder: Path | None = Field(
        None, description="folder of the uploaded lists; left out: imports in the data folder"
    )
    largest_file_mb: int = Field(
        200, ge=1, le=10_000, description="largest list that is taken, in megabytes (2^20 bytes)"
    )
    most_rows: int = Field(
        2_000_000, ge=1, le=100_000_000, description="most rows that a list may have"
    )
    keep_files_days: int = Field(
        30,
        ge=1,
        le=3650,
        description="days after which an uploaded list is deleted; what became of it stays",
    )

    @property
    def limits(self) -> ListLimits:
        """The same for the use cases."""
        return ListLimits(file_bytes=self.largest_file_mb * 1024**2, rows=self.most_rows)


class MyBoxSettings(Section):
    """MyBox: leads that one user keeps for himself."""

    expires_after_days: int | None = Field(
        None,
        ge=1,
        le=3650,
        description="days after which a lead leaves a MyBox by itself; left out: never",
    )
    limit_per_user: int | None = Field(
        None, ge=1, le=1_000_000, description="leads that one user may hold; left out: any number"
    )

    @property
    def policy(self) -> MyBoxPolicy:
        """The same for the use cases."""
        days = self.expires_after_days
        return MyBoxPolicy(
            expires_after=None if days is None else timedelta(days=days),
            limit_per_user=self.limit_per_user,
        )


class SecuritySettings(Section):
    """Logging in and staying logged in."""

    session_hours: int = Field(
        12, ge=1, le=168, description="hours after which everybody must log in again"
    )
    idle_minutes: int = Field(
        240,
        ge=5,
        le=10_080,
        description="minutes without a page opened or a button pressed, after which too",
    )
    second_factor_for_admins: bool = Field(
        False, description="nobody administers before he has turned on his second factor"
    )


class KakeruSettings(Section):
    """One installation."""

    business_name: str = Field(
        min_length=1, max_length=100, description="your company's name, as people called hear it"
    )
    time_zone: str = Field("Asia/Tokyo", description="zone of times on pages and in reports")
    language: Literal["ja", "en"] = Field("ja", description="where a browser does not tell")
    data_folder: Path = Field(
        Path("../var"), description="database, recordings and run files; from this file's folder"
    )
    database: DatabaseSettings = DatabaseSettings()
    web: WebSettings = WebSettings()
    health: HealthSettings = HealthSettings()
    asterisk: AsteriskSettings = AsteriskSettings()
    trunks: dict[TrunkName, TrunkSettings] = Field(
        default_factory=dict, description="carriers by name, as campaigns refer to them"
    )
    recordings: RecordingsSettings = RecordingsSettings()
    transcripts: TranscriptsSettings = TranscriptsSettings()
    live_words: LiveWordsSettings = LiveWordsSettings()
    retention: RetentionSettings = RetentionSettings()
    mybox: MyBoxSettings = MyBoxSettings()
    imports: ImportsSettings = ImportsSettings()
    security: SecuritySettings = SecuritySettings()

    @field_validator(
        "database",
        "web",
        "health",
        "asterisk",
        "trunks",
        "recordings",
        "transcripts",
        "live_words",
        "retention",
        "mybox",
        "imports",
        "security",
        mode="before",
    )
    @classmethod
    def _empty_means_default(cls, value: object) -> object:
        return {} if value is None else value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"no time zone is called {value!r}; write one like Asia/Tokyo") from (
                error
            )
        return value


class Settings(KakeruSettings):
    """The whole of `config/`: one installation with its campaigns."""

    campaigns: tuple[CampaignSettings, ...] = Field(
        (), description="one for each file in campaigns/, by name"
    )
    # Where those files lie; None when the settings come from no folder.
    _campaign_folder: Path | None = PrivateAttr(None)

    @property
    def campaign_folder(self) -> Path | None:
        """Absolute."""
        return self._campaign_folder

    def with_campaign_folder(self, folder: Path) -> "Settings":
        """The same, read from files in this folder."""
        copy = self.model_copy()
        copy._campaign_folder = folder.absolute()
        return copy

    @property
    def database_url(self) -> str:
        """The database, as `dialer.storage.engine.open_database` takes it."""
        return self.database.url or f"sqlite:///{self.data_folder / 'kakeru.db'}"

    @property
    def model_path(self) -> Path | None:
        """Absolute; None: speech is not recognised."""
        model = self.transcripts.model
        return None if model is None else self.data_folder / model

    @property
    def retention_policies(self) -> Policies:
        """How long conversations are kept, as far as the settings say."""
        return Policies(
            self.retention.policy, {one.name: one.retention.policy for one in self.campaigns}
        )

    @property
    def recordings_folder(self) -> Path:
        """Absolute."""
        return self.data_folder / (self.recordings.folder or "recordings")

    @property
    def imports_folder(self) -> Path:
        """Absolute."""
        return self.data_folder / (self.imports.folder or "imports")

    @property
    def run_folder(self) -> Path:
        """Rendered Asterisk configuration, sockets, process ids, generated secrets."""
        return self.data_folder / "run"

    @property
    def log_folder(self) -> Path:
        return self.data_folder / "log"

    @property
    def cookies_over_https_only(self) -> bool:
        return (self.web.public_url or "").startswith("https://")

    def campaign(self, name: str) -> CampaignSettings | None:
        return next((one for one in self.campaigns if one.name == name), None)
