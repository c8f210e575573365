"""The result sets that a new installation starts with; teams change them as they like."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ResultEffect = Literal["none", "final", "retry", "callback", "appointment", "mybox", "prohibit"]

HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class ResultDraft:
    """A result before it has an id. A person who refused is never called again: `prohibit`."""

    name: str
    hotkey: str | None
    effect: ResultEffect
    colour: str
    retry_after_seconds: int | None = None
    stage: str = ""  # where it moves the lead; empty: nowhere


Categories = tuple[tuple[str, tuple[ResultDraft, ...]], ...]

# Language: how far a lead has come, with colours. One that nobody has reached has no stage.
DEFAULT_STAGES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "ja": (("見込み", "blue"), ("商談", "violet"), ("成約", "green"), ("失注", "brown")),
    "en": (("Prospect", "blue"), ("In talks", "violet"), ("Won", "green"), ("Lost", "brown")),
}

# Language: the set's name and its categories.
DEFAULT_RESULTS: Mapping[str, tuple[str, Categories]] = {
    "ja": (
        "標準",
        (
            (
                "成果",
                (
                    ResultDraft("アポ獲得", "1", "appointment", "green", stage="商談"),
                    ResultDraft("資料送付", "2", "retry", "teal", 3 * DAY, stage="見込み"),
                    ResultDraft("成約", None, "final", "green", stage="成約"),
                ),
            ),
            (
                "継続",
                (
                    ResultDraft("再コール", "3", "callback", "blue", DAY),
                    ResultDraft("検討中", "4", "retry", "blue", 7 * DAY, stage="見込み"),
                    ResultDraft("担当者不在", "5", "retry", "grey", 2 * HOUR),
                    ResultDraft("留守番電話", "6", "retry", "grey", 4 * HOUR),
                    ResultDraft("自分で追う", None, "mybox", "violet", DAY, stage="見込み"),
                ),
            ),
            (
                "終了",
                (
                    ResultDraft("対象外", "7", "final", "grey", stage="失注"),
                    ResultDraft("番号違い", "8", "final", "grey"),
                    ResultDraft("お断り(今後連絡不可)", "9", "prohibit", "red", stage="失注"),
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
                    ResultDraft("Appointment", "1", "appointment", "green", stage="In talks"),
                    ResultDraft("Material sent", "2", "retry", "teal", 3 * DAY, stage="Prospect"),
                    ResultDraft("Closed the deal", None, "final", "green", stage="Won"),
                ),
            ),
            (
                "Follow-up",
                (
                    ResultDraft("Call back", "3", "callback", "blue", DAY),
                    ResultDraft("Thinking it over", "4", "retry", "blue", 7 * DAY, "Prospect"),
                    ResultDraft("Contact person away", "5", "retry", "grey", 2 * HOUR),
                    ResultDraft("Voicemail", "6", "retry", "grey", 4 * HOUR),
                    ResultDraft("I follow it up", None, "mybox", "violet", DAY, stage="Prospect"),
                ),
            ),
            (
                "Closed",
                (
                    ResultDraft("Not a prospect", "7", "final", "grey", stage="Lost"),
                    ResultDraft("Wrong number", "8", "final", "grey"),
                    ResultDraft("Refused: do not call", "9", "prohibit", "red", stage="Lost"),
                ),
            ),
        ),
    ),
}
