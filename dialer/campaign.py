"""A campaign as ops describe it: project + workgroups + mode + pacing + hours + retries + trunk.

The YAML files under ``config/campaigns/`` are read into these models by
`ari_app.settings`; nothing here knows about files.
"""

import re
from datetime import date, time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from dialer.rules.calling_hours import (
    WEEKDAYS,
    CallingHours,
    Weekday,
    Window,
    holidays_are_known,
)
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.retention import LONGEST_DAYS, Retention
from dialer.rules.retry import ResultRetry, RetryRules
from dialer.rules.transcription import TranscriptionPolicy
from dialer.rules.watched_phrases import LONGEST_PHRASE, folded


class Settings(BaseModel):
    """Base of everything that is read from YAML: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Mode(StrEnum):
    """How the campaign dials."""

    PROGRESSIVE = "progressive"  # one line per ready agent
    POWER = "power"  # lines_per_agent lines per ready agent


_TIME_RANGE = r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d"
TimeRange = Annotated[str, Field(pattern=rf"^{_TIME_RANGE}$")]
TimeRangeOrClosed = Annotated[str, Field(pattern=rf"^(closed|{_TIME_RANGE})$")]


def _written_as_a_date(value: object) -> object:
    """Pydantic also takes a number of seconds, and 20261229 would be a day in 1970."""
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass  # said below
    raise ValueError(f"must be a date, as 2026-12-29, not {value!r}")


Day = Annotated[date, BeforeValidator(_written_as_a_date)]


class HoursSettings(Settings):
    """When the campaign may call, in the project's time zone."""

    weekdays: dict[Weekday, TimeRange] = Field(
        default_factory=lambda: dict.fromkeys(WEEKDAYS, "08:00-21:00"),
        description="calling window of each weekday; a weekday left out is closed",
    )
    holidays: Literal["open", "closed"] = Field(
        "open", description="whether to call on public holidays"
    )
    holiday_country: str = Field(
        "JP", description="whose public holidays: two letters of ISO 3166, as JP"
    )
    exceptions: dict[Day, TimeRangeOrClosed] = Field(
        default_factory=dict,
        description="days that differ, whatever weekday or holiday they are: a window or closed",
    )

    @field_validator("weekdays", "exceptions")
    @classmethod
    def _opens_before_it_closes(cls, value: dict[Weekday | date, str]) -> dict[Weekday | date, str]:
        for day, window in value.items():
            if window == "closed":
                continue
            opening, closing = window.split("-")
            if opening >= closing:
                raise ValueError(f"{day}: {window} closes before it opens")
            if closing > "24:00":
                raise ValueError(f"{day}: {window} ends after midnight")
        return value

    @field_validator("holiday_country")
    @classmethod
    def _holidays_are_known(cls, value: str) -> str:
        if not holidays_are_known(value):
            raise ValueError(
                f"no public holidays are known for {value!r}; "
                "write a country's two letters of ISO 3166, as JP"
            )
        return value

    def calling_hours(self, time_zone: str) -> CallingHours:
        return CallingHours(
            time_zone=time_zone,
            windows={day: _window(text) for day, text in self.weekdays.items()},
            closed_on_holidays=self.holidays == "closed",
            holiday_country=self.holiday_country,
            exceptions={
                day: None if text == "closed" else _window(text)
                for day, text in self.exceptions.items()
            },
        )


def _window(text: str) -> Window:
    opening, closing = text.split("-")
    # 24:00 is the end of the day, which datetime.time cannot say.
    end = time.max if closing == "24:00" else time.fromisoformat(closing)
    return time.fromisoformat(opening), end


def _with_letters(phrases: list[str]) -> list[str]:
    for phrase in phrases:
        if not folded(phrase):
            raise ValueError(f"{phrase!r} has no letters, so it would never be heard")
    return phrases


WatchedPhrases = Annotated[
    list[Annotated[str, Field(max_length=LONGEST_PHRASE)]],
    Field(max_length=200),
    AfterValidator(_with_letters),
]


class ResultRetrySettings(Settings):
    """How one action result with the effect retry is followed up in this campaign."""

    delay_minutes: int | None = Field(
        None, ge=0, description="minutes to wait; left out: as the result set says"
    )
    limit: int | None = Field(
        None, ge=1, le=50, description="at so many calls of a lead with this result it is finished"
    )


class RetrySettings(Settings):
    """How often a lead is tried, and how long to wait after each outcome."""

    max_attempts: int = Field(3, ge=1, le=50, description="calls to one lead, at most")
    delay_minutes: dict[CallOutcome, Annotated[int, Field(ge=0)]] = Field(
        default_factory=lambda: {
            CallOutcome.NO_ANSWER: 120,
            CallOutcome.BUSY: 15,
            CallOutcome.MACHINE: 240,
            CallOutcome.CONGESTION: 10,
            CallOutcome.HUNG_UP: 240,
            CallOutcome.REFUSED: 60,
            CallOutcome.FAILED: 60,
            CallOutcome.CONNECTED: 1440,
            # And without an agent held for the call not within 72 hours: the gate sees to it.
            CallOutcome.ABANDONED: 60,
        },
        description="minutes to wait after an outcome; unreachable numbers are not tried again",
    )
    limits: dict[CallOutcome, Annotated[int, Field(ge=1, le=50)]] = Field(
        default_factory=dict,
        description="at so many calls of a lead with this outcome it is finished",
    )
    results: dict[str, ResultRetrySettings] = Field(
        default_factory=dict,
        description="by the name of an action result with the effect retry",
    )

    @field_validator("limits")
    @classmethod
    def _counts(cls, value: dict[CallOutcome, int]) -> dict[CallOutcome, int]:
        if CallOutcome.CANCELLED in value:
            raise ValueError("cancelled: a call that we took back is not counted; remove this line")
        return value

    def rules(self) -> RetryRules:
        return RetryRules(
            max_attempts=self.max_attempts,
            delay_seconds={outcome: m * 60 for outcome, m in self.delay_minutes.items()},
            limits=self.limits,
            results={
                name: ResultRetry(
                    None if result.delay_minutes is None else result.delay_minutes * 60,
                    result.limit,
                )
                for name, result in self.results.items()
            },
        )


class TranscribeSettings(Settings):
    """Which recorded conversations are turned into words."""

    longer_than_seconds: float = Field(0, ge=0, description="only those that last longer")
    share: float = Field(
        1.0,
        ge=0,
        le=1,
        description="of these so many, chosen at random: 0.1 is every tenth, 0 is none",
    )

    @property
    def policy(self) -> TranscriptionPolicy:
        """The same for the rules."""
        return TranscriptionPolicy(self.share, self.longer_than_seconds)


class RetentionSettings(Settings):
    """How long conversations are kept; of installation, project and campaign the least counts."""

    recordings_days: int | None = Field(
        None, ge=1, le=LONGEST_DAYS, description="days after which audio is erased; left out: never"
    )
    transcripts_days: int | None = Field(
        None,
        ge=1,
        le=LONGEST_DAYS,
        description="days after which transcripts and comments are erased too; left out: never",
    )

    @property
    def policy(self) -> Retention:
        """The same for the rules."""
        return Retention(self.recordings_days, self.transcripts_days)


class CampaignSettings(Settings):
    """One campaign file. Its name is the file's name without ``.yaml``."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,60}$", description="taken from the file name")
    title: str = Field(
        "", max_length=60, description="what pages call it; left out: the file's name"
    )
    project: str = Field(description="name of the project whose leads are called")
    workgroups: list[str] = Field(min_length=1, description="names of the workgroups that call")
    mode: Mode = Mode.PROGRESSIVE
    lines_per_agent: float = Field(
        1.0, ge=1.0, le=10.0, description="lines per ready agent in mode power (架電倍率)"
    )
    trunk: str = Field(description="name of a trunk in kakeru.yaml")
    caller_ids: list[str] = Field(
        min_length=1, description="numbers shown to the person called, used in turn"
    )
    ring_timeout_seconds: int = Field(
        30, ge=5, le=120, description="an unanswered attempt ends then (the law: within 2 minutes)"
    )
    answer_to_agent_seconds: float = Field(
        2.0, gt=0, le=10, description="an answered call without an agent by then is abandoned"
    )
    after_call_work_seconds: int = Field(
        60, ge=0, le=3600, description="after-call work ends then, unless a result is required"
    )
    abandon_limit_percent: float = Field(
        3.0, ge=0, le=100, description="at this share of abandoned calls: one line per agent"
    )
    call_limit: int | None = Field(
        None, ge=1, description="calls after which dialling ends, for a trial; left out: none"
    )
    record: bool = Field(True, description="record every conversation")
    live_words: bool = Field(
        False,
        description="show what is being said, on the agent's desk and the floor, while they talk; "
        "needs transcripts.model in kakeru.yaml",
    )
    watched_phrases: WatchedPhrases | None = Field(
        None,
        description="with live_words: phrases that raise a flag; left out: those of kakeru.yaml",
    )
    recording_notice: str = Field(
        "",
        description="said to a person who has answered, before he is joined with an agent: that "
        "the conversation is recorded, and why. Japanese is read from kana only. Left out: none",
    )
    recording_notice_sound: Path | None = Field(
        None, description="a sound file (WAV, FLAC, Ogg) that is played instead of a spoken text"
    )
    longest_recording_pause_seconds: int = Field(
        180,
        ge=30,
        le=3600,
        description="an agent may stop the recording that long, then it goes on by itself",
    )
    abandoned_message: str = Field(
        "",
        description="said to a person for whom no agent was free; name your business. Japanese is "
        "read from kana only. Left out: a standard text with the business_name of kakeru.yaml",
    )
    abandoned_sound: Path | None = Field(
        None, description="a sound file (WAV, FLAC, Ogg) that is played instead of a spoken text"
    )
    hours: HoursSettings = HoursSettings()
    retries: RetrySettings = RetrySettings()
    transcribe: TranscribeSettings = TranscribeSettings()
    retention: RetentionSettings = RetentionSettings()

    @property
    def has_notice(self) -> bool:
        """Whether people are told that they are recorded."""
        return bool(self.recording_notice) or self.recording_notice_sound is not None

    @field_validator("hours", "retries", "transcribe", "retention", mode="before")
    @classmethod
    def _empty_means_default(cls, value: object) -> object:
        return {} if value is None else value
