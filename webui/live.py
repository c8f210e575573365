"""Live updates: tells open pages that something changed; they fetch the part again.

Only names of topics go out, never data: what a viewer may see is decided where
the fragment is made.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from contextlib import suppress

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from dialer.campaign_projects import project_ids
from dialer.ports import Subscription
from dialer.users import User
from webui.services import services
from webui.sessions import viewer

# A busy campaign changes many times a second; a page is told at most this often. A call
# that arrives is on the agent's desk at once.
_INTERVAL_SECONDS = {
    "agent": 0.02,
    "words": 0.25,
    "floor": 0.5,
    "campaign": 0.5,
    "history": 1.0,
    "comments": 0.5,
}
_PING_SECONDS = 15

REFRESH = "refresh"  # the topic that stands for all of a subscriber's topics

OPEN_STREAMS = web.AppKey("open_streams", set[EventSourceResponse])


async def stream(request: web.Request) -> web.StreamResponse:
    """Server-sent events named by topic, as the query parameter `topics` asks.

    Each topic is sent once at the start: a page that was rendered, or lost its
    connection, before that misses nothing.
    """
    asked = [topic for topic in request.query.get("topics", "").split(",") if topic]
    topics = await allowed_topics(request, viewer(request), asked)
    if request.transport is None:  # the page was closed before it came to this
        return web.Response(status=204)
    subscription = services(request).live.subscribe(*topics)
    open_streams = request.app[OPEN_STREAMS]
    try:
        async with sse_response(request, ping_interval=_PING_SECONDS) as response:
            open_streams.add(response)
            try:
                await _forward(subscription, response, everything=topics)
            finally:
                open_streams.discard(response)
    finally:
        subscription.close()
    return response


async def close_streams(app: web.Application) -> None:
    """Lets go of the open pages, so that the server need not wait for them when it ends."""
    streams = app[OPEN_STREAMS]
    for response in tuple(streams):
        response.stop_streaming()


async def allowed_topics(request: web.Request, user: User, asked: Iterable[str]) -> tuple[str, ...]:
    """What `user` may watch of what his page asks for; the rest is left out silently."""
    given = services(request)
    async with given.database.read() as connection:
        known = await project_ids(connection, given.campaigns.settings())
    campaigns = {name for name, project_id in known.items() if user.sees_project(project_id)}
    return tuple(topic for topic in asked if _may_watch(user, topic, campaigns))


def _may_watch(user: User, topic: str, campaigns: set[str]) -> bool:
    kind, _, subject = topic.partition(":")
    match kind:
        case "agent":
            return subject == str(user.id)
        case "floor":
            return user.acts_as_admin
        case "words":
            return subject == str(user.id) if subject else user.acts_as_admin
        case "campaign":
            return subject in campaigns
        case "history" | "comments":
            return not subject
    return False


async def _forward(
    subscription: Subscription, response: EventSourceResponse, *, everything: Iterable[str]
) -> None:
    """Sends each changed topic, but none more often than `_INTERVAL_SECONDS` says."""
    changed = set(everything)
    something = asyncio.Event()

    async def collect() -> None:
        async for topic, _ in subscription:
            # News was lost on the way: everything may have changed.
            changed.update(everything if topic == REFRESH else (topic,))
            something.set()

    async def send() -> None:
        now = asyncio.get_running_loop().time
        not_before: dict[str, float] = {}
        while True:
            for topic in sorted(one for one in changed if not_before.get(one, 0.0) <= now()):
                changed.discard(topic)
                not_before[topic] = now() + _INTERVAL_SECONDS[topic.partition(":")[0]]
                await response.send(topic, event=topic)
            next_due = min((not_before.get(one, 0.0) for one in changed), default=None)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(next_due):
                    await something.wait()
            something.clear()

    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(collect()), tasks.create_task(_until_gone(send()))]
        await response.wait()
        for task in running:
            task.cancel()


async def _until_gone(sending: Coroutine[None, None, None]) -> None:
    """A page that was closed is no error."""
    with suppress(ConnectionResetError, TimeoutError):
        await sending
