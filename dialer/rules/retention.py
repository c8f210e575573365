"""How long a conversation is kept: first its audio goes, then its words.

Days are those since the conversation was recorded, whole ones, by the clock in UTC.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Retention:
    """Days after which audio and words are erased; None: never."""

    recordings_days: int | None = None
    transcripts_days: int | None = None


class Erasure(StrEnum):
    """What is to be erased of a conversation."""

    NOTHING = "nothing"
    AUDIO = "audio"  # its words stay
    ALL = "all"  # audio and words


def shortest(policies: Iterable[Retention]) -> Retention:
    """Of installation, project and campaign each may only shorten what the others keep."""
    given = list(policies)
    return Retention(
        _least(one.recordings_days for one in given),
        _least(one.transcripts_days for one in given),
    )


@dataclass(frozen=True, slots=True)
class Policies:
    """What the settings say of the installation and of campaigns by name."""

    installation: Retention
    by_campaign: Mapping[str, Retention]

    def of(self, campaign: str | None, project: Retention) -> Retention:
        """Of a call, with what its project says."""
        return shortest(
            (self.installation, project, self.by_campaign.get(campaign or "", Retention()))
        )

    def strictest(self, of_projects: Sequence[Retention]) -> Retention:
        """Whatever is not due by this one is due by none."""
        return shortest((self.installation, *self.by_campaign.values(), *of_projects))


KEEP_ALL = Policies(Retention(), {})


def audio_erased_before(policy: Retention, now: datetime) -> datetime | None:
    """Audio recorded before this is erased; None: all of it stays.

    Words are never kept shorter than audio: who has the audio has the words.
    """
    days = _least((policy.recordings_days, policy.transcripts_days))
    return None if days is None else now - timedelta(days=days)


def words_erased_before(policy: Retention, now: datetime) -> datetime | None:
    """Words said before this are erased; None: all of them stay."""
    days = policy.transcripts_days
    return None if days is None else now - timedelta(days=days)


def erasure(policy: Retention, recorded_at: datetime, *, held: bool, now: datetime) -> Erasure:
    """What is to be erased now of a conversation; `held`: a legal hold stands."""
    words, audio = words_erased_before(policy, now), audio_erased_before(policy, now)
    if held:
        return Erasure.NOTHING
    if words is not None and recorded_at < words:
        return Erasure.ALL
    return Erasure.AUDIO if audio is not None and recorded_at < audio else Erasure.NOTHING


def _least(days: Iterable[int | None]) -> int | None:
    return min((one for one in days if one is not None), default=None)
