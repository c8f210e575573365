"""Why a lead does not go into a MyBox, or out of it."""

from collections.abc import Mapping
from dataclasses import dataclass


class MyBoxError(Exception):
    """What was asked cannot be done; the message says why."""


class UnknownLead(MyBoxError):
    """There is no such lead, or it lies in a project that who asks may not see."""


class NotHeld(MyBoxError):
    """The lead is in nobody's box."""


class HeldByAnother(MyBoxError):
    """Another user holds the lead; `holder_name` is empty when who asks may not know it."""

    def __init__(self, lead_id: int, holder_id: int, holder_name: str) -> None:
        super().__init__(f"lead {lead_id} is in the MyBox of {holder_name or 'another user'}")
        self.lead_id = lead_id
        self.holder_id = holder_id
        self.holder_name = holder_name


class NotAssigned(MyBoxError):
    """The user who should hold the lead is not assigned to its project."""


class BoxFull(MyBoxError):
    """The user holds as many leads as the setting mybox.limit_per_user allows."""

    def __init__(self, lead_id: int, name: str, limit: int) -> None:
        super().__init__(
            f"lead {lead_id} has no room in the MyBox of {name}: {limit} leads are the most "
            "that mybox.limit_per_user allows; release some first"
        )
        self.name = name
        self.limit = limit


class ExpiresTooLate(MyBoxError):
    """Only an admin lets an entry stand longer than the setting mybox.expires_after_days."""


@dataclass(frozen=True, slots=True)
class BoxReport:
    """What became of many leads: done, or refused with the reason."""

    done: tuple[int, ...]
    refused: Mapping[int, MyBoxError]
