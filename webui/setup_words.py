"""The checklist in words: what each step is, and where it is done."""

from collections.abc import Mapping
from dataclasses import dataclass

from dialer.rules.setup_checklist import SetupStep, Step
from webui.translations import Words, marked


@dataclass(frozen=True, slots=True)
class StepWords:
    """`address` leads to where the step is done; ``{project}`` in it is a project's id.

    `missing` and `done` are one sentence each; `in_project` is the address once there is a
    project, where that is another.
    """

    title: str
    missing: str
    done: str
    button: str
    address: str
    in_project: str = ""


WORDS: Mapping[Step, StepWords] = {
    Step.WORKGROUP: StepWords(
        marked("Workgroup"),
        marked("A workgroup is a team or a branch. Prohibitions hold for it."),
        marked("Workgroups: %(n)s"),
        marked("Make a workgroup"),
        "/workgroups",
    ),
    Step.USERS: StepWords(
        marked("Users"),
        marked("Invite those who call, into a workgroup. Each chooses a password by a link."),
        marked("Users who call: %(n)s"),
        marked("Invite users"),
        "/users",
    ),
    Step.PHONES: StepWords(
        marked("Phones"),
        marked("Give each user a phone: the browser with a headset, or a SIP phone."),
        marked("Users with a phone: %(n)s"),
        marked("Set up phones"),
        "/users",
    ),
    Step.RESULTS: StepWords(
        marked("Action results"),
        marked("What agents choose after a conversation, by one key."),
        marked("Result sets: %(n)s"),
        marked("Choose the results"),
        "/results",
        "/projects/{project}",
    ),
    Step.FIELDS: StepWords(
        marked("Custom fields"),
        marked("What your lists hold beyond name and address. An import offers new ones too."),
        marked("Custom fields: %(n)s"),
        marked("Add fields"),
        "/fields",
        "/projects/{project}",
    ),
    Step.PROJECT: StepWords(
        marked("Project"),
        marked("A project is a list of leads with the people who call it."),
        marked("Projects: %(n)s"),
        marked("Make a project"),
        "/projects",
    ),
    Step.PROJECT_USERS: StepWords(
        marked("Users of the project"),
        marked("Only who is in the project sees and calls its leads."),
        marked("Users in it: %(n)s"),
        marked("Add users"),
        "/projects/{project}/users",
    ),
    Step.LEADS: StepWords(
        marked("Leads"),
        marked("Import a list: CSV or Excel, as it is. It is checked before anything is taken."),
        marked("Leads: %(n)s"),
        marked("Import a list"),
        "/imports?project={project}",
    ),
    Step.SCRIPT: StepWords(
        marked("Script"),
        marked("What agents read from, with the lead's name in it."),
        marked("The script is there"),
        marked("Write the script"),
        "/projects/{project}/script",
    ),
    Step.CAMPAIGN: StepWords(
        marked("Campaign"),
        marked("It says who calls, how fast, by which line and with which number."),
        marked("Campaigns: %(n)s"),
        marked("Make a campaign"),
        "/projects/{project}/campaigns",
    ),
    Step.AGENT_READY: StepWords(
        marked("Somebody is ready"),
        marked("Users log in, open their desk and press Ready; you too, in the role of a user."),
        marked("Ready: %(n)s"),
        marked("See who is there"),
        "/campaigns",
    ),
    Step.RUNNING: StepWords(
        marked("Start"),
        marked("Start the campaign: the first call is made as soon as somebody is ready."),
        marked("Running campaigns: %(n)s"),
        marked("To the campaigns"),
        "/campaigns",
    ),
}
_HINTS: Mapping[str, str] = {
    "nobody_matches": marked(
        "Nobody in the project belongs to a workgroup that the campaign names, so nobody would "
        "get a call."
    ),
    "none_callable": marked("None of the leads has a telephone number that can be called."),
    "no_trunk": marked(
        "There is no telephone line yet. Operations set it up as a trunk in kakeru.yaml."
    ),
}


def sentence(step: SetupStep, _: Words, number: str) -> str:
    """What there is to say about the step now."""
    if step.hint:
        return _(_HINTS[step.hint])
    words = WORDS[step.step]
    return _(words.done, n=number) if step.number else _(words.missing)


def address(step: SetupStep, project_id: int | None) -> str:
    """Where the step is done; without a project first where one is made."""
    words = WORDS[step.step]
    if project_id is None:
        return "/projects" if "{project}" in words.address else words.address
    return (words.in_project or words.address).format(project=project_id)
