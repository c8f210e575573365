"""Who may hear a conversation, read its words and take it away."""

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum


class HearingRight(StrEnum):
    """Why somebody may hear a conversation; the first that holds."""

    ADMIN = "admin"
    MANAGER = "manager"  # of a workgroup of the one who spoke, himself included
    OWN = "own"  # he spoke himself
    EXAMPLE = "example"  # it is in the library of good examples


@dataclass(frozen=True, slots=True)
class Listener:
    """Who wants to hear. `manages`: the workgroups whose manager he is."""

    user_id: int
    acts_as_admin: bool
    sees_project: bool
    manages: Set[int]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A conversation. `workgroups` are those of the user who spoke; nobody may have."""

    user_id: int | None
    workgroups: Set[int]
    is_example: bool


def hearing_right(listener: Listener, spoken: Spoken) -> HearingRight | None:
    """None: he may not. Who does not see the project hears nothing of it."""
    if listener.acts_as_admin:
        return HearingRight.ADMIN
    if not listener.sees_project:
        return None
    if spoken.user_id is not None and listener.manages & spoken.workgroups:
        return HearingRight.MANAGER
    if spoken.user_id == listener.user_id:
        return HearingRight.OWN
    return HearingRight.EXAMPLE if spoken.is_example else None


def may_download(right: HearingRight | None) -> bool:
    """Audio leaves the system only through those who answer for it."""
    return right in (HearingRight.ADMIN, HearingRight.MANAGER)


def may_choose_examples(right: HearingRight | None) -> bool:
    """A good example is heard by all of its project, so those choose it who answer for it."""
    return may_download(right)


def may_see_who_heard(right: HearingRight | None) -> bool:
    """The list of accesses is for those who answer for them."""
    return may_download(right)
