"""The result sets that a new installation starts with; teams change them as they like."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ResultEffect = Literal["none", "final", "retry", "callback", "appointment", "prohibit"]

HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class ResultDraft:
    """A result before it has an id. A person who refused is never called again: `prohibit`."""

    name: str
    hotkey: str
    effect: ResultEffect
    colour: str
    retry_after_seconds: int | None = None


Categories = tuple[tuple[str, tuple[ResultDraft, ...]], ...]

# Language: the set's name and its categories.
DEFAULT_RESULTS: Mapping[str, tuple[str, Categories]] = {
    "ja": (
        "標準",
        (
            (
                "成果",
                (
                    ResultDraft("アポ獲得", "1", "appointment", "green"),
                    ResultDraft("資料送付", "2", "retry", "teal", 3 * DAY),
                ),
            ),
            (
                "継続",
                (
                    ResultDraft("再コール", "3", "callback", "blue", DAY),
                    ResultDraft("検討中", "4", "retry", "blue", 7 * DAY),
                    ResultDraft("担当者不在", "5", "retry", "grey", 2 * HOUR),
                    ResultDraft("留守番電話", "6", "retry", "grey", 4 * HOUR),
                ),
            ),
            (
                "終了",
                (
                    ResultDraft("対象外", "7", "final", "grey"),
                    ResultDraft("番号違い", "8", "final", "grey"),
                    ResultDraft("お断り(今後連絡不可)", "9", "prohibit", "red"),
                ),
            ),
        ),
    ),
    "en": (
        "Standard",
        (
            (
                "Success",
                (
                    ResultDraft("Appointment", "1", "appointment", "green"),
                    ResultDraft("Material sent", "2", "retry", "teal", 3 * DAY),
                ),
            ),
            (
                "Follow-up",
                (
                    ResultDraft("Call back", "3", "callback", "blue", DAY),
                    ResultDraft("Thinking it over", "4", "retry", "blue", 7 * DAY),
                    ResultDraft("Contact person away", "5", "retry", "grey", 2 * HOUR),
                    ResultDraft("Voicemail", "6", "retry", "grey", 4 * HOUR),
                ),
            ),
            (
                "Closed",
                (
                    ResultDraft("Not a prospect", "7", "final", "grey"),
                    ResultDraft("Wrong number", "8", "final", "grey"),
                    ResultDraft("Refused: do not call", "9", "prohibit", "red"),
                ),
            ),
        ),
    ),
}
