"""What machines ask: is it alive, may it be sent work, and how is it doing.

On an address of its own, loopback by default, because nobody logs in for these:
``/healthz`` (the process answers), ``/readyz`` (database and Asterisk answer) and
``/metrics`` (Prometheus).
"""

from collections.abc import Iterable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ari_app.ari.connection import AriConnection, ConnectionState
from ari_app.controller import Controller
from dialer.storage.engine import Database, StorageError, check_database

_REGISTRY = web.AppKey("registry", CollectorRegistry)


def create_health_app(
    *,
    database: Database,
    ari: AriConnection,
    controller: Controller,
    registry: CollectorRegistry,
) -> web.Application:
    """The application; `registry` holds what the parts have counted."""
    registry.register(_LiveFigures(controller))

    async def ready(_: web.Request) -> web.Response:
        problems = []
        if ari.state is not ConnectionState.CONNECTED:
            problems.append(f"Asterisk: {ari.problem or ari.state}")
        try:
            await check_database(database)
        except StorageError as error:
            problems.append(str(error))
        return web.json_response(
            {"ready": not problems, "problems": problems}, status=503 if problems else 200
        )

    app = web.Application()
    app[_REGISTRY] = registry
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", _metrics)
    return app


async def _alive(_: web.Request) -> web.Response:
    return web.json_response({"alive": True})


async def _metrics(request: web.Request) -> web.Response:
    body = generate_latest(request.app[_REGISTRY])
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


class _LiveFigures(Collector):
    """Calls by phase and agents by state, read when asked."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def collect(self) -> Iterable[Metric]:
        yield _by_label(
            "kakeru_calls",
            "Live calls by phase.",
            "phase",
            (call.phase.value for call in self._controller.calls.states()),
        )
        yield _by_label(
            "kakeru_agents",
            "Agents on the floor by state.",
            "state",
            (agent.state.value for agent in self._controller.floor.states()),
        )


def _by_label(name: str, help_text: str, label: str, values: Iterable[str]) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=[label])
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    for value, number in counts.items():
        family.add_metric([value], number)
    return family
