"""What may be asked of ヒストリー."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dialer.rules.hangup_cause import CallOutcome

ActionKind = Literal["call", "email", "sms", "visit", "memo"]
Direction = Literal["outbound", "inbound"]


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """What to show; None or empty means all. `since` is included, `until` is not.

    `workgroup_id` are the actions of its members as they are now. A result may be a category,
    which means all below it. `talk_least` and `talk_most` are seconds of a conversation that
    has ended, both included. `number` is a phone number in any writing, or the beginning of
    one. `text` is looked for in memos, comments, what was said, and the lead's names.
    """

    project_id: int | None = None
    workgroup_id: int | None = None
    user_id: int | None = None
    campaign_id: int | None = None
    direction: Direction | None = None
    kind: ActionKind | None = None
    outcome: CallOutcome | None = None
    result_id: int | None = None
    number: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    talk_least: int | None = None
    talk_most: int | None = None
    has_recording: bool | None = None
    has_transcript: bool | None = None
    has_comment: bool | None = None
