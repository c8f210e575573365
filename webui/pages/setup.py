"""The checklist: what is still missing before the first call, for a new installation's admin."""

from dataclasses import dataclass

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import projects
from dialer.rules.agent_state import AgentState
from dialer.rules.setup_checklist import (
    SetupStep,
    StepState,
    is_complete,
    next_step,
    setup_checklist,
)
from dialer.setup_facts import setup_facts
from webui.forms import an_id
from webui.rendering import formats_for, render, words_for
from webui.services import services
from webui.sessions import viewer
from webui.setup_words import WORDS, address, sentence


@dataclass(frozen=True, slots=True)
class Line:
    """A step as the page shows it."""

    step: SetupStep
    title: str
    sentence: str
    button: str
    address: str
    is_next: bool

    @property
    def is_done(self) -> bool:
        return self.step.state is StepState.DONE


async def page(request: web.Request) -> web.Response:
    given = services(request)
    _, formats = words_for(request), formats_for(request)
    async with given.database.read() as connection:
        known = await projects.projects_of(connection, viewer(request))
        wanted = an_id(request.query.get("project", ""))
        project = next((one for one in known if one.id == wanted), known[0] if known else None)
        steps = await _steps(request, connection, project.id if project else None)
    first = next_step(steps)
    lines = [
        Line(
            step=one,
            title=_(WORDS[one.step].title),
            sentence=sentence(one, _, formats.number(one.number)),
            button=_(WORDS[one.step].button),
            address=address(one, project.id if project else None),
            is_next=one is first,
        )
        for one in steps
    ]
    wanted_steps = [line for line in lines if line.step.state is not StepState.OPTIONAL]
    return render(
        request,
        "setup.html",
        {
            "lines": lines,
            "projects": known,
            "project": project,
            "done": sum(line.is_done for line in wanted_steps),
            "of": len(wanted_steps),
            "complete": is_complete(steps),
            "ready_to_call": first is None,
        },
    )


async def is_missing_something(request: web.Request) -> bool:
    """Whether an admin's first page is the checklist: calls cannot be made yet at all."""
    async with services(request).database.read() as connection:
        return not is_complete(await _steps(request, connection, None))


async def _steps(
    request: web.Request, connection: AsyncConnection, project_id: int | None
) -> tuple[SetupStep, ...]:
    given = services(request)
    facts = await setup_facts(
        connection,
        campaigns=given.campaigns.settings(),
        trunks=len(given.campaign_files.trunks),
        ready_user_ids=_ready(request),
        project_id=project_id,
    )
    return setup_checklist(facts)


def _ready(request: web.Request) -> list[int]:
    working = (AgentState.READY, AgentState.ON_CALL, AgentState.RESERVED)
    return [one.user_id for one in services(request).floor.agents() if one.state in working]
