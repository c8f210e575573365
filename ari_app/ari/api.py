"""ARI's resources, one function for each call that we make.

A function here sends nothing: it returns the request, and the connection sends it, waiting
(`await ari.send(api.ping())`) or not (`ari.send_soon(api.hang_up(id), on_failure=…)`).
Parameters follow the API description of Asterisk 22 (`rest-api/api-docs`). Ids are percent-encoded
here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote

from ari_app.ari.events import Bridge, Channel, parse_bridge, parse_channel
from ari_app.ari.requests import AriRequest, QueryValue, ignore_body

_ALWAYS_ALLOWED: Final = "RESTResponse"


# Channels -----------------------------------------------------------------------------------------


def originate(
    *,
    endpoint: str,
    channel_id: str,
    context: str,
    extension: str = "s",
    priority: int = 1,
    ring_seconds: int,
    caller_id: str | None = None,
    variables: Mapping[str, str] | None = None,
    codecs: str | None = None,
) -> AriRequest[None]:
    """Call `endpoint`; when it answers it goes to the dialplan at `context,extension,priority`.

    `ring_seconds` without an answer end the call. Refused with 409 while a channel lives whose id
    begins with `channel_id`; with 500 (`ServerFailed`) if the endpoint is unknown or the phone not
    registered. After a 409 Asterisk (22.10) may say 409 in the second case too, from a stale
    `errno`: whether a call with this id lives is for `get_channel` to say.
    """
    body: dict[str, Any] = {
        "endpoint": endpoint,
        "context": context,
        "extension": extension,
        "priority": priority,
        "timeout": ring_seconds,
        "channelId": channel_id,
    }
    if caller_id is not None:
        body["callerId"] = caller_id
    if codecs is not None:
        body["formats"] = codecs
    if variables:
        body["variables"] = variables
    return AriRequest("POST", "channels", ignore_body, body=body)


def originate_to_application(
    *,
    endpoint: str,
    channel_id: str,
    application: str,
    arguments: str = "",
    ring_seconds: int,
    caller_id: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> AriRequest[None]:
    """Call `endpoint` straight into a Stasis application.

    If the application is not connected when it answers, the call is dropped: customers go through
    the dialplan instead, which has a fallback.
    """
    body: dict[str, Any] = {
        "endpoint": endpoint,
        "app": application,
        "appArgs": arguments,
        "timeout": ring_seconds,
        "channelId": channel_id,
    }
    if caller_id is not None:
        body["callerId"] = caller_id
    if variables:
        body["variables"] = variables
    return AriRequest("POST", "channels", ignore_body, body=body)


def hang_up(channel_id: str, *, cause: int | None = None) -> AriRequest[None]:
    """End a channel, ringing or answered; `cause` is a Q.850 code (16 normal, 17 busy …)."""
    query = {} if cause is None else {"reason_code": cause}
    return AriRequest("DELETE", _path("channels", channel_id), ignore_body, query)


def continue_in_dialplan(
    channel_id: str, *, context: str, extension: str = "s", priority: int = 1
) -> AriRequest[None]:
    """Let a channel leave Stasis and go on at a place of the dialplan."""
    return AriRequest(
        "POST",
        _path("channels", channel_id, "continue"),
        ignore_body,
        {"context": context, "extension": extension, "priority": priority},
    )


def answer(channel_id: str) -> AriRequest[None]:
    """Answer an incoming channel."""
    return AriRequest("POST", _path("channels", channel_id, "answer"), ignore_body)


def get_channel(channel_id: str) -> AriRequest[Channel]:
    """A channel as it is now."""
    return AriRequest("GET", _path("channels", channel_id), parse_channel)


def list_channels() -> AriRequest[list[Channel]]:
    """All channels of this Asterisk, ours and others'. Give it a generous time limit under load."""
    return AriRequest("GET", "channels", _channels)


def audio_source(channel_id: str) -> AriRequest[int]:
    """The SSRC of the RTP that a channel receives; 0 before the first packet."""
    return AriRequest("GET", _path("channels", channel_id, "rtp_statistics"), _source_of)


def set_variable(channel_id: str, name: str, value: str) -> AriRequest[None]:
    """Set a channel variable or a dialplan function such as `TIMEOUT(absolute)`."""
    return AriRequest(
        "POST",
        _path("channels", channel_id, "variable"),
        ignore_body,
        {"variable": name, "value": value},
    )


def get_variable(channel_id: str, name: str) -> AriRequest[str]:
    """The value of a channel variable or function."""
    return AriRequest(
        "GET", _path("channels", channel_id, "variable"), _value_of, {"variable": name}
    )


def play(channel_id: str, *, media: str, playback_id: str) -> AriRequest[None]:
    """Play `sound:NAME` to a channel; `PlaybackFinished` tells when it is over."""
    return AriRequest(
        "POST",
        _path("channels", channel_id, "play", playback_id),
        ignore_body,
        {"media": media},
    )


SnoopDirection = Literal["in", "out"]


def snoop(
    channel_id: str, *, snoop_id: str, spy: SnoopDirection, application: str, arguments: str
) -> AriRequest[None]:
    """A new channel, in the application, that gets what another one receives (`in`) or is sent
    (`out`), 50 frames a second with silence where there is nothing. It ends with the other.
    """
    query: dict[str, QueryValue] = {"spy": spy, "app": application, "appArgs": arguments}
    return AriRequest("POST", _path("channels", channel_id, "snoop", snoop_id), ignore_body, query)


def stop_playing(playback_id: str) -> AriRequest[None]:
    """End what `play` began; `PlaybackFinished` comes at once. Refused with 404 when it is over."""
    return AriRequest("DELETE", _path("playbacks", playback_id), ignore_body)


# Bridges ------------------------------------------------------------------------------------------


def create_bridge(bridge_id: str, *, kind: str = "mixing", name: str = "") -> AriRequest[None]:
    """Create a bridge with our id; refused with 409 if there is one."""
    query: dict[str, QueryValue] = {"type": kind}
    if name:
        query["name"] = name
    return AriRequest("POST", _path("bridges", bridge_id), ignore_body, query)


def add_to_bridge(bridge_id: str, *channel_ids: str) -> AriRequest[None]:
    """Put channels that are in our application into a bridge.

    Refused with 404 without such a bridge, 400 without such a channel, 409 or 422 if a channel is
    not in our application.
    """
    return AriRequest(
        "POST",
        _path("bridges", bridge_id, "addChannel"),
        ignore_body,
        {"channel": ",".join(channel_ids)},
    )


def remove_from_bridge(bridge_id: str, channel_id: str) -> AriRequest[None]:
    """Take a channel out of a bridge; it stays in our application."""
    return AriRequest(
        "POST", _path("bridges", bridge_id, "removeChannel"), ignore_body, {"channel": channel_id}
    )


def destroy_bridge(bridge_id: str) -> AriRequest[None]:
    """Destroy a bridge; channels in it stay in our application.

    It is gone soon after the reply, not before. `BridgeDestroyed` comes only while Asterisk counts
    us as interested, which ends with `remove_from_bridge`: do not wait for it.
    """
    return AriRequest("DELETE", _path("bridges", bridge_id), ignore_body)


def list_bridges() -> AriRequest[list[Bridge]]:
    """All bridges of this Asterisk."""
    return AriRequest("GET", "bridges", _bridges)


# Our application ----------------------------------------------------------------------------------


def subscribe(application: str, *event_sources: str) -> AriRequest[None]:
    """Receive the events of `channel:ID`, `bridge:ID`, `endpoint:TECH/NAME`, `deviceState:NAME`.

    Refused with 422 if the source does not exist. A subscription to an endpoint ends when the
    endpoint is deleted, not when it is replaced.
    """
    return AriRequest(
        "POST",
        _path("applications", application, "subscription"),
        ignore_body,
        {"eventSource": ",".join(event_sources)},
    )


def unsubscribe(application: str, *event_sources: str) -> AriRequest[None]:
    """Undo `subscribe`."""
    return AriRequest(
        "DELETE",
        _path("applications", application, "subscription"),
        ignore_body,
        {"eventSource": ",".join(event_sources)},
    )


def filter_events(application: str, event_types: Iterable[str]) -> AriRequest[None]:
    """Receive only these types; replies are always let through, or none would come any more.

    Asterisk forgets the filter when the socket ends.
    """
    allowed = dict.fromkeys([*event_types, _ALWAYS_ALLOWED])
    return AriRequest(
        "PUT",
        _path("applications", application, "eventFilter"),
        ignore_body,
        body={"allowed": [{"type": event_type} for event_type in allowed]},
    )


# Asterisk -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AsteriskInfo:
    """Who answers."""

    version: str
    entity_id: str
    started: str
    """When this process came up; another value means that pushed accounts are gone."""


def asterisk_info() -> AriRequest[AsteriskInfo]:
    """Version and start time of the Asterisk."""
    return AriRequest("GET", "asterisk/info", _asterisk_info)


def ping() -> AriRequest[None]:
    """Nothing, but through Asterisk and back."""
    return AriRequest("GET", "asterisk/ping", ignore_body)


def put_config(
    kind: str, name: str, fields: Iterable[tuple[str, str]], *, module: str = "res_pjsip"
) -> AriRequest[None]:
    """Create or replace a configuration object; takes effect at once for new calls.

    `kind`: auth, aor, endpoint, registration, identify; all of them under `res_pjsip`.
    """
    body = {"fields": [{"attribute": attribute, "value": value} for attribute, value in fields]}
    return AriRequest(
        "PUT",
        _path("asterisk", "config", "dynamic", module, kind, name),
        ignore_body,
        body=body,
    )


def delete_config(kind: str, name: str, *, module: str = "res_pjsip") -> AriRequest[None]:
    """Delete a configuration object; a live call of a deleted endpoint goes on. Refused with 404
    if there is none."""
    return AriRequest(
        "DELETE", _path("asterisk", "config", "dynamic", module, kind, name), ignore_body
    )


def _path(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)


def _channels(body: Any) -> list[Channel]:
    return [parse_channel(data) for data in body]


def _bridges(body: Any) -> list[Bridge]:
    return [parse_bridge(data) for data in body]


def _source_of(body: Any) -> int:
    return int(body.get("remote_ssrc", 0))


def _value_of(body: Any) -> str:
    return str(body["value"])


def _asterisk_info(body: Any) -> AsteriskInfo:
    return AsteriskInfo(
        version=body["system"]["version"],
        entity_id=body["system"]["entity_id"],
        started=body["status"]["startup_time"],
    )
