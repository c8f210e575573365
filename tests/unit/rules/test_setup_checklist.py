"""What is missing before the first call, in the order in which it is done."""

from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.setup_checklist import (
    SetupFacts,
    Step,
    StepState,
    is_complete,
    next_step,
    setup_checklist,
)

EVERYTHING = SetupFacts(**{field.name: 3 for field in fields(SetupFacts)})
FACTS = st.builds(SetupFacts, **{field.name: st.integers(0, 2) for field in fields(SetupFacts)})


def state(facts: SetupFacts, step: Step) -> StepState:
    return next(one.state for one in setup_checklist(facts) if one.step is step)


def test_a_new_installation_begins_with_a_workgroup() -> None:
    steps = setup_checklist(SetupFacts())
    first = next_step(steps)
    assert first is not None
    assert first.step is Step.WORKGROUP
    assert not is_complete(steps)
    # What needs a project says so, rather than leading nowhere.
    assert state(SetupFacts(), Step.LEADS) is StepState.WAITING
    assert state(SetupFacts(projects=1), Step.LEADS) is StepState.OPEN


def test_with_everything_there_nothing_is_missing() -> None:
    steps = setup_checklist(EVERYTHING)
    assert next_step(steps) is None
    assert is_complete(steps)
    assert {one.state for one in steps} == {StepState.DONE}


def test_fields_and_script_are_optional() -> None:
    steps = setup_checklist(replace(EVERYTHING, custom_fields=0, scripts=0))
    assert next_step(steps) is None
    assert is_complete(steps)


def test_a_set_up_installation_stays_so_when_everybody_goes_home() -> None:
    steps = setup_checklist(replace(EVERYTHING, agents_ready=0, running_campaigns=0))
    assert is_complete(steps)
    first = next_step(steps)
    assert first is not None
    assert first.step is Step.AGENT_READY


def test_members_whom_no_campaign_serves_are_no_members() -> None:
    facts = replace(EVERYTHING, matching_members=0)
    step = next_step(setup_checklist(facts))
    assert step is not None
    assert (step.step, step.hint) == (Step.PROJECT_USERS, "nobody_matches")
    # Before there is a campaign nobody can tell.
    assert state(replace(facts, campaigns=0), Step.PROJECT_USERS) is StepState.DONE


def test_leads_that_cannot_be_called_do_not_count() -> None:
    step = next_step(setup_checklist(replace(EVERYTHING, callable_leads=0)))
    assert step is not None
    assert (step.step, step.hint) == (Step.LEADS, "none_callable")


def test_without_a_line_the_campaign_waits_for_operations() -> None:
    steps = setup_checklist(replace(EVERYTHING, campaigns=0, trunks=0))
    assert next(one.hint for one in steps if one.step is Step.CAMPAIGN) == "no_trunk"


@given(FACTS)
def test_there_is_always_a_way_on(facts: SetupFacts) -> None:
    """Whoever takes the next step again and again gets to the end."""
    steps = setup_checklist(facts)
    assert [one.step for one in steps] == list(Step)
    step = next_step(steps)
    if step is None:
        assert not any(one.state is StepState.WAITING for one in steps)
        return
    assert step.state is StepState.OPEN


@given(FACTS, st.sampled_from([field.name for field in fields(SetupFacts)]))
def test_more_of_anything_but_campaigns_undoes_no_step(facts: SetupFacts, name: str) -> None:
    """A campaign may show that nobody in the project is in its workgroups."""
    more = replace(facts, **{name: getattr(facts, name) + 1})
    done = {one.step for one in setup_checklist(facts) if one.state is StepState.DONE}
    still = {one.step for one in setup_checklist(more) if one.state is StepState.DONE}
    assert done - still <= ({Step.PROJECT_USERS} if name == "campaigns" else set())
