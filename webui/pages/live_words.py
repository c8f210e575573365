"""Live words: what is being said, on the agent's desk and for admins; phrases that were heard."""

from uuid import UUID

from aiohttp import web

from dialer import phrase_flags
from dialer.floor_views import AgentCall, AgentView
from dialer.messages import CallId
from dialer.phrase_flags import PhraseFlag
from webui.hearing import require_right, write_down
from webui.rendering import render
from webui.services import services
from webui.sessions import viewer


async def mine(request: web.Request) -> web.Response:
    """The words of the agent's own conversation."""
    agent = services(request).floor.agent(viewer(request).id)
    call = agent.call if agent else None
    return render(request, "parts/desk_words.html", words_on_desk(request, call))


async def of_call(request: web.Request) -> web.Response:
    """The words of somebody's conversation. Who looks is written down, as for a transcript."""
    given, call_id = services(request), CallId(UUID(request.match_info["call_id"]))
    async with given.database.read() as connection:
        right = await require_right(request, connection, call_id)
    agent = next((one for one in given.floor.agents() if _is_on(one, call_id)), None)
    words = given.live_words.of_call(call_id) if given.live_words else None
    if agent is None or words is None:
        return render(request, "parts/floor_words.html", {"agent": None})
    await write_down(request, "transcript.view", call_id, right, live=True)
    return render(request, "parts/floor_words.html", {"agent": agent, "words": words})


async def seen(request: web.Request) -> web.Response:
    """An admin knows of the phrases that were heard in a call."""
    given = services(request)
    call_id = UUID(request.match_info["call_id"])
    async with given.database.write() as connection:
        await phrase_flags.see(
            connection, call_id=call_id, now=given.clock.now(), by=viewer(request)
        )
    given.live.publish("floor", {})
    return web.Response(status=204)


def words_on_desk(request: web.Request, call: AgentCall | None) -> dict[str, object]:
    """For `parts/desk_words.html`; nothing where the campaign wants no words."""
    given = services(request)
    wanted = call is not None and any(
        one.name == call.campaign and one.live_words for one in given.campaigns.settings()
    )
    words = given.live_words.of_user(viewer(request).id) if given.live_words else None
    if call is None or words is None or words.call_id != call.call_id:
        words = None
    return {
        "words": words,
        "words_wanted": wanted,
        "no_model": wanted and not given.settings.has_speech_model,
    }


async def phrases_of(request: web.Request, *agents: AgentView | None) -> list[PhraseFlag]:
    """What was heard in the calls that these agents are on, or whose results are due."""
    call_ids = [agent.call.call_id for agent in agents if agent and agent.call]
    if not call_ids:
        return []
    async with services(request).database.read() as connection:
        found = await phrase_flags.of_calls(connection, call_ids)
    return [flag for call_id in call_ids for flag in found.get(call_id, ())]


def heard_now(request: web.Request) -> frozenset[CallId]:
    """The calls whose words can be looked at."""
    words = services(request).live_words
    return words.calls() if words else frozenset()


def _is_on(agent: AgentView, call_id: CallId) -> bool:
    return agent.call is not None and agent.call.call_id == call_id
