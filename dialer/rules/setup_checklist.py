"""What is still missing before the first call: a decision over what is there.

The steps stand in the order in which a manager takes them; the first that is open and not
optional is the next one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    WORKGROUP = "workgroup"
    USERS = "users"
    PHONES = "phones"
    RESULTS = "results"
    FIELDS = "fields"
    PROJECT = "project"
    PROJECT_USERS = "project_users"
    LEADS = "leads"
    SCRIPT = "script"
    CAMPAIGN = "campaign"
    AGENT_READY = "agent_ready"
    RUNNING = "running"


class StepState(StrEnum):
    DONE = "done"
    OPEN = "open"
    OPTIONAL = "optional"  # open, and calls are possible without it
    WAITING = "waiting"  # something before it is missing


@dataclass(frozen=True, slots=True)
class SetupFacts:
    """What is there, for the whole installation or for one project (then of that project).

    `callers` are active users who may call, have a password and are in a workgroup; `trunks`
    telephone lines that the settings describe. `members` are callers in the project;
    `matching_members` are in a workgroup of one of its campaigns as well. The others are
    numbers, too.
    """

    workgroups: int = 0
    callers: int = 0
    callers_with_phone: int = 0
    result_sets: int = 0
    custom_fields: int = 0
    projects: int = 0
    members: int = 0
    matching_members: int = 0
    leads: int = 0
    callable_leads: int = 0
    scripts: int = 0
    trunks: int = 0
    campaigns: int = 0
    running_campaigns: int = 0
    agents_ready: int = 0
    calls_made: int = 0


@dataclass(frozen=True, slots=True)
class SetupStep:
    """`number` is what the step's sentence speaks of; `hint` names a sentence that says more:

    ``nobody_matches`` (no member is in a campaign's workgroup), ``none_callable`` (no lead
    has a number that is called), ``no_trunk``.
    """

    step: Step
    state: StepState
    number: int
    hint: str = ""


_OPTIONAL = frozenset({Step.FIELDS, Step.SCRIPT})
# What a step cannot be taken without.
_NEEDS: Mapping[Step, Step] = {
    Step.PHONES: Step.USERS,
    Step.PROJECT_USERS: Step.PROJECT,
    Step.LEADS: Step.PROJECT,
    Step.SCRIPT: Step.PROJECT,
    Step.CAMPAIGN: Step.PROJECT,
    Step.AGENT_READY: Step.PHONES,
    Step.RUNNING: Step.CAMPAIGN,
}


def setup_checklist(facts: SetupFacts) -> tuple[SetupStep, ...]:
    """Every step with its state, in order."""
    numbers = _numbers(facts)
    done = {step for step in Step if numbers[step] > 0}
    return tuple(
        SetupStep(step, _state(step, done), numbers[step], _hint(step, facts)) for step in Step
    )


def next_step(steps: tuple[SetupStep, ...]) -> SetupStep | None:
    """The first to take; None when calls can be made."""
    return next((one for one in steps if one.state is StepState.OPEN), None)


def is_complete(steps: tuple[SetupStep, ...]) -> bool:
    """Whether everything is there that stays: who is at his desk now does not count."""
    passing = {Step.AGENT_READY, Step.RUNNING}
    return not any(
        one.state in (StepState.OPEN, StepState.WAITING) and one.step not in passing
        for one in steps
    )


def _numbers(facts: SetupFacts) -> dict[Step, int]:
    """A step is done when its number is not 0."""
    return {
        Step.WORKGROUP: facts.workgroups,
        Step.USERS: facts.callers,
        Step.PHONES: facts.callers_with_phone,
        Step.RESULTS: facts.result_sets,
        Step.FIELDS: facts.custom_fields,
        Step.PROJECT: facts.projects,
        Step.PROJECT_USERS: facts.members if _somebody_matches(facts) else 0,
        Step.LEADS: facts.leads if facts.callable_leads else 0,
        Step.SCRIPT: facts.scripts,
        Step.CAMPAIGN: facts.campaigns,
        Step.AGENT_READY: facts.agents_ready,
        Step.RUNNING: facts.running_campaigns,
    }


def _state(step: Step, done: set[Step]) -> StepState:
    if step in done:
        return StepState.DONE
    if _NEEDS.get(step, step) not in done | {step}:
        return StepState.WAITING
    return StepState.OPTIONAL if step in _OPTIONAL else StepState.OPEN


def _somebody_matches(facts: SetupFacts) -> bool:
    return facts.matching_members > 0 or facts.campaigns == 0


def _hint(step: Step, facts: SetupFacts) -> str:
    if step is Step.PROJECT_USERS and facts.members and not _somebody_matches(facts):
        return "nobody_matches"
    if step is Step.LEADS and facts.leads and not facts.callable_leads:
        return "none_callable"
    if step is Step.CAMPAIGN and not facts.campaigns and not facts.trunks:
        return "no_trunk"
    return ""
