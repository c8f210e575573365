"""What the fake Asterisk does at each request, by method and path."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from tests.fakes.ari_model import FakeBridge, FakeChannel, Plan, Refusal, as_time

if TYPE_CHECKING:
    from tests.fakes.ari_server import FakeAsterisk


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came."""

    method: str
    uri: str
    query: dict[str, str]
    body: Any

    def value(self, name: str, default: str = "") -> str:
        """A parameter, from the query or the body."""
        if name in self.query:
            return self.query[name]
        return str((self.body or {}).get(name, default))


def handle(asterisk: "FakeAsterisk", request: Request) -> Any:
    """The reply's body, None for 204. Raises Refusal."""
    parts = [unquote(part) for part in request.uri.split("/")]
    for method, pattern, function in _ROUTES:
        if method == request.method and _matches(pattern, parts):
            names = [part for part, place in zip(parts, pattern, strict=True) if place == "*"]
            return function(asterisk, request, *names)
    raise Refusal(404, "Resource not found")


def _originate(asterisk: "FakeAsterisk", request: Request, channel_id: str = "") -> Any:
    dialled = request.value("endpoint")
    resource = dialled.partition("/")[2]
    number, _, trunk = resource.rpartition("@")
    endpoint = trunk or resource
    _require_callable(asterisk, endpoint, is_phone=not number)
    variables = (request.body or {}).get("variables") or {}
    channel = FakeChannel(
        id=channel_id or request.value("channelId"),
        name="",
        endpoint=f"PJSIP/{endpoint}",
        number=number,
        dial_string=resource,
        caller_number=request.value("callerId"),
        context=request.value("context", "default"),
        extension=request.value("extension", "s"),
        priority=int(request.value("priority", "1")),
        variables={str(name): str(value) for name, value in variables.items()},
        stasis_application=request.value("app"),
        stasis_arguments=request.value("appArgs"),
    )
    asterisk.switch.originate(channel, ring_seconds=float(request.value("timeout", "30")))
    plan = asterisk.on_originate(channel) if asterisk.on_originate else None
    asterisk.switch.follow(channel, plan or Plan())
    return channel.snapshot()


def _require_callable(asterisk: "FakeAsterisk", endpoint: str, *, is_phone: bool) -> None:
    if not _is_known(asterisk, endpoint) or (is_phone and endpoint not in asterisk.registered):
        raise Refusal(500, "Allocation failed")


def _channel(asterisk: "FakeAsterisk", channel_id: str) -> FakeChannel:
    channel = asterisk.channels.get(channel_id)
    if channel is None:
        raise Refusal(404, "Channel not found")
    return channel


def _bridge(asterisk: "FakeAsterisk", bridge_id: str) -> FakeBridge:
    bridge = asterisk.switch.bridges.get(bridge_id)
    if bridge is None:
        raise Refusal(404, "Bridge not found")
    return bridge


def _list_channels(asterisk: "FakeAsterisk", _request: Request) -> Any:
    return [channel.snapshot() for channel in asterisk.channels.values()]


def _get_channel(asterisk: "FakeAsterisk", _request: Request, channel_id: str) -> Any:
    return _channel(asterisk, channel_id).snapshot()


def _hang_up(asterisk: "FakeAsterisk", request: Request, channel_id: str) -> None:
    code = request.value("reason_code")
    asterisk.switch.drop(_channel(asterisk, channel_id), int(code) if code else None)


def _continue(asterisk: "FakeAsterisk", request: Request, channel_id: str) -> None:
    asterisk.switch.go_on(
        _channel(asterisk, channel_id),
        request.value("context"),
        request.value("extension", "s"),
        int(request.value("priority", "1")),
    )


def _set_variable(asterisk: "FakeAsterisk", request: Request, channel_id: str) -> None:
    channel = _channel(asterisk, channel_id)
    asterisk.switch.set_variable(channel, request.value("variable"), request.value("value"))


def _get_variable(asterisk: "FakeAsterisk", request: Request, channel_id: str) -> Any:
    value = _channel(asterisk, channel_id).variables.get(request.value("variable"))
    if value is None:
        raise Refusal(404, "Provided variable was not found")
    return {"value": value}


def _touch_channel(asterisk: "FakeAsterisk", _request: Request, channel_id: str) -> None:
    _channel(asterisk, channel_id)


def _play(asterisk: "FakeAsterisk", request: Request, channel_id: str, playback_id: str) -> Any:
    channel = _channel(asterisk, channel_id)
    asterisk.switch.play(channel, playback_id, request.value("media"))
    return {"id": playback_id}


def _create_bridge(asterisk: "FakeAsterisk", request: Request, bridge_id: str) -> Any:
    creator = next(iter(asterisk.applications), "")
    bridge = FakeBridge(bridge_id, request.value("name"), creator)
    asterisk.switch.create_bridge(bridge)
    return bridge.snapshot()


def _list_bridges(asterisk: "FakeAsterisk", _request: Request) -> Any:
    return [bridge.snapshot() for bridge in asterisk.switch.bridges.values()]


def _destroy_bridge(asterisk: "FakeAsterisk", _request: Request, bridge_id: str) -> None:
    asterisk.switch.destroy_bridge(_bridge(asterisk, bridge_id))


def _add_to_bridge(asterisk: "FakeAsterisk", request: Request, bridge_id: str) -> None:
    bridge = _bridge(asterisk, bridge_id)
    for channel_id in request.value("channel").split(","):
        channel = asterisk.channels.get(channel_id)
        if channel is None:
            raise Refusal(400, "Channel not found")
        asterisk.switch.enter(bridge, channel)


def _remove_from_bridge(asterisk: "FakeAsterisk", request: Request, bridge_id: str) -> None:
    bridge = _bridge(asterisk, bridge_id)
    channel = asterisk.channels.get(request.value("channel"))
    if channel is None:
        raise Refusal(400, "Channel not found")
    if channel.bridge_id != bridge.id:
        raise Refusal(422, "Channel not in this bridge")
    asterisk.switch.leave(channel)
    bridge.watched = False


def _subscribe(asterisk: "FakeAsterisk", request: Request, name: str) -> Any:
    application = asterisk.applications.get(name)
    if application is None:
        raise Refusal(404, "Application not found")
    sources = request.value("eventSource").split(",")
    for source in sources:
        kind, _, rest = source.partition(":")
        endpoint = rest.partition("/")[2]
        if kind == "endpoint" and not _is_known(asterisk, endpoint):
            raise Refusal(422, "Event source does not exist")
        if kind == "channel" and rest not in asterisk.channels:
            raise Refusal(422, "Event source does not exist")
    application.subscriptions.update(sources)
    return {"name": name}


def _is_known(asterisk: "FakeAsterisk", endpoint: str) -> bool:
    return endpoint in asterisk.endpoints or ("endpoint", endpoint) in asterisk.config


def _unsubscribe(asterisk: "FakeAsterisk", request: Request, name: str) -> Any:
    application = asterisk.applications.get(name)
    if application is None:
        raise Refusal(404, "Application not found")
    application.subscriptions.difference_update(request.value("eventSource").split(","))
    return {"name": name}


def _filter(asterisk: "FakeAsterisk", request: Request, name: str) -> Any:
    application = asterisk.applications.get(name)
    if application is None:
        raise Refusal(404, "Application not found")
    application.allowed = frozenset(each["type"] for each in request.body["allowed"])
    return {"name": name}


def _put_config(asterisk: "FakeAsterisk", request: Request, _module: str, *place: str) -> Any:
    kind, name = place
    fields: dict[str, list[str]] = {}
    if kind in ("aor", "identify"):
        # The real one adds to what it has: contacts and addresses pile up.
        fields = {
            key: list(values) for key, values in asterisk.config.get((kind, name), {}).items()
        }
    for each in request.body["fields"]:
        if each["attribute"] in ("contact", "match", "allow"):
            fields.setdefault(each["attribute"], []).append(each["value"])
        else:
            fields[each["attribute"]] = [each["value"]]
    asterisk.config[kind, name] = fields
    return []


def _delete_config(asterisk: "FakeAsterisk", _request: Request, _module: str, *place: str) -> None:
    kind, name = place
    if asterisk.config.pop((kind, name), None) is None:
        raise Refusal(404, f"Object with id '{name}' not found")
    if kind == "endpoint":
        for application in asterisk.applications.values():
            application.subscriptions.discard(f"endpoint:PJSIP/{name}")


def _endpoints(asterisk: "FakeAsterisk", _request: Request) -> Any:
    pushed = {name for kind, name in asterisk.config if kind == "endpoint"}
    return [
        {
            "technology": "PJSIP",
            "resource": name,
            "state": "online" if _is_online(asterisk, name) else "offline",
            "channel_ids": [],
        }
        for name in sorted(asterisk.endpoints | pushed)
    ]


def _is_online(asterisk: "FakeAsterisk", name: str) -> bool:
    return name in asterisk.registered or name.startswith("trunk-")


def _info(_asterisk: "FakeAsterisk", _request: Request) -> Any:
    return {
        "system": {"version": "22.10.1-fake", "entity_id": "00:00:00:00:00:01"},
        "status": {"startup_time": "2026-01-01T00:00:00.000+0000"},
    }


def _ping(_asterisk: "FakeAsterisk", _request: Request) -> Any:
    now = as_time(datetime.now(UTC))
    return {"ping": "pong", "asterisk_id": "00:00:00:00:00:01", "timestamp": now}


def _matches(pattern: tuple[str, ...], parts: list[str]) -> bool:
    return len(pattern) == len(parts) and all(
        place in ("*", part) for place, part in zip(pattern, parts, strict=True)
    )


_CONFIG: Final = ("asterisk", "config", "dynamic", "*", "*", "*")

_ROUTES: Final[list[tuple[str, tuple[str, ...], Callable[..., Any]]]] = [
    ("POST", ("channels",), _originate),
    ("GET", ("channels",), _list_channels),
    ("POST", ("channels", "*"), _originate),
    ("GET", ("channels", "*"), _get_channel),
    ("DELETE", ("channels", "*"), _hang_up),
    ("POST", ("channels", "*", "continue"), _continue),
    ("POST", ("channels", "*", "variable"), _set_variable),
    ("GET", ("channels", "*", "variable"), _get_variable),
    *[
        (method, ("channels", "*", what), _touch_channel)
        for method in ("POST", "DELETE")
        for what in ("answer", "hold", "moh", "mute", "dtmf")
    ],
    ("POST", ("channels", "*", "play", "*"), _play),
    ("GET", ("bridges",), _list_bridges),
    ("POST", ("bridges", "*"), _create_bridge),
    ("DELETE", ("bridges", "*"), _destroy_bridge),
    ("POST", ("bridges", "*", "addChannel"), _add_to_bridge),
    ("POST", ("bridges", "*", "removeChannel"), _remove_from_bridge),
    ("POST", ("applications", "*", "subscription"), _subscribe),
    ("DELETE", ("applications", "*", "subscription"), _unsubscribe),
    ("PUT", ("applications", "*", "eventFilter"), _filter),
    ("GET", ("endpoints",), _endpoints),
    ("GET", ("asterisk", "info"), _info),
    ("GET", ("asterisk", "ping"), _ping),
    ("PUT", _CONFIG, _put_config),
    ("DELETE", _CONFIG, _delete_config),
]
