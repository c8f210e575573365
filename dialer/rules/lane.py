"""Lanes: leads that the gate treats alike, as far as their numbers, boxes and zone decide.

A project has millions of leads but few lanes. A claim judges the lanes, walks
the leads of those that are open and never steps over the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dialer.messages import UserId
from dialer.rules.eligibility import UNCALLABLE_KINDS, Box, LeadFacts, Refusal


@dataclass(frozen=True, slots=True)
class Lane:
    """`time_zone` empty: the project's. `undialable` says why no number is ever dialled."""

    time_zone: str = ""
    prohibited_for: frozenset[int | None] = frozenset()
    box_user_id: UserId | None = None
    number_box_user_ids: frozenset[UserId] = frozenset()
    undialable: Refusal | None = None


def lane_of(facts: LeadFacts) -> Lane:
    """The lane that a lead belongs in.

    What the company prohibits nobody calls, so for whom else it is prohibited is left out.
    """
    kinds = facts.telephone_kinds
    undialable = None
    if not kinds:
        undialable = Refusal.NO_NUMBER
    elif UNCALLABLE_KINDS.issuperset(kinds):
        undialable = Refusal.NUMBER_KIND
    own = next((box.holder for box in facts.boxes if box.own), None)
    return Lane(
        time_zone=facts.time_zone,
        prohibited_for=(
            frozenset({None}) if None in facts.prohibited_for else facts.prohibited_for
        ),
        box_user_id=own,
        number_box_user_ids=frozenset(box.holder for box in facts.boxes if not box.own) - {own},
        undialable=undialable,
    )


def facts_of_lane(
    lane: Lane,
    *,
    project_id: int,
    project_closed: bool,
    workgroups: Mapping[UserId, frozenset[int]],
) -> LeadFacts:
    """The facts that all leads of the lane share; in everything else nothing speaks against them.

    `workgroups` are those of the users whose boxes are on the leads' numbers.
    """
    own = () if lane.box_user_id is None else (Box(lane.box_user_id),)
    kinds = {None: ("fixed",), Refusal.NO_NUMBER: (), Refusal.NUMBER_KIND: ("premium",)}
    return LeadFacts(
        project_id=project_id,
        prohibited_for=lane.prohibited_for,
        boxes=own
        + tuple(
            Box(holder, own=False, holder_workgroups=workgroups.get(holder, frozenset()))
            for holder in sorted(lane.number_box_user_ids)
        ),
        project_closed=project_closed,
        time_zone=lane.time_zone,
        telephone_kinds=kinds[lane.undialable],
    )
