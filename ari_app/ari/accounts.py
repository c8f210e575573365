"""SIP accounts and trunks as configuration that is pushed into Asterisk's memory.

The functions are pure: a phone or trunk becomes a list of changes, and `push` sends them. Names of
options are those of `pjsip.conf`. Asterisk forgets all of it when its process ends, so it is pushed
at every connect (`AriConnection.on_connect`).

Found by trying with Asterisk 22.10: a new PUT replaces an endpoint or auth, but *adds* to the
`contact` of an aor and the `match` of an identify, and does not restart a registration: these are
deleted first. An endpoint that is deleted keeps its live call, but our subscription to its events
ends: subscribe again after adding it back.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ari_app.ari import api
from ari_app.ari.connection import AriConnection
from ari_app.ari.errors import NotFound
from ari_app.ari.requests import AriRequest

TRUNK_PREFIX: Final = "trunk-"


@dataclass(frozen=True, slots=True)
class PhoneAccount:
    """An agent's SIP phone: it registers with `name` and `password`.

    `qualify_seconds`: how often the phone is asked whether it is still there; 0 never.
    `in_browser`: it speaks WebRTC, and comes by WebSocket.
    """

    name: str
    password: str
    display_name: str = ""
    context: str = "kakeru-inbound"
    most_contacts: int = 1
    qualify_seconds: int = 30
    in_browser: bool = False


@dataclass(frozen=True, slots=True)
class Trunk:
    """A carrier. `username` empty: it knows us by our address.

    `register`: log in at the carrier, so that it can reach us and knows that we are there.
    `match`: addresses that its calls come from, `host` if empty.
    `from_user`: user part of the From header, which some carriers insist on.
    `qualify_seconds`: how often a trunk that we register at is sent OPTIONS, which keeps the way
    through a NAT open; 0 never. Others are never asked: not every carrier answers, and Asterisk
    places no more calls on a trunk that does not.
    """

    name: str
    host: str
    port: int = 5060
    username: str = ""
    password: str = ""
    register: bool = False
    outbound_proxy: str = ""
    from_user: str = ""
    from_domain: str = ""
    match: tuple[str, ...] = ()
    transport: str = "udp"
    send_identity: bool = True
    context: str = "kakeru-inbound"
    qualify_seconds: int = 60
    registration_seconds: int = 300

    @property
    def endpoint(self) -> str:
        """Name of its endpoint, as in `PJSIP/<number>@<endpoint>`."""
        return f"{TRUNK_PREFIX}{self.name}"


@dataclass(frozen=True, slots=True)
class PutConfig:
    """Create or replace one object."""

    kind: str
    name: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DeleteConfig:
    """Delete one object, if it is there."""

    kind: str
    name: str


ConfigChange = PutConfig | DeleteConfig


def add_phone(account: PhoneAccount) -> list[ConfigChange]:
    """What makes an account usable; again with other values, what changes it.

    The aor is not deleted, so that a registered phone stays registered.
    """
    return [
        PutConfig("auth", account.name, _password(account.name, account.password)),
        PutConfig(
            "aor",
            account.name,
            (
                ("max_contacts", str(account.most_contacts)),
                ("remove_existing", "yes"),
                ("qualify_frequency", str(account.qualify_seconds)),
                ("qualify_timeout", "3.0"),
            ),
        ),
        PutConfig(
            "endpoint",
            account.name,
            (
                *_media_and_nat(account.context),
                ("aors", account.name),
                ("auth", account.name),
                ("callerid", _caller_id(account)),
                ("device_state_busy_at", "1"),
                *(_WEBRTC if account.in_browser else ()),
            ),
        ),
    ]


def remove_phone(name: str) -> list[ConfigChange]:
    """Take an account away; a call of it that is going on is not cut."""
    return [DeleteConfig(kind, name) for kind in ("endpoint", "aor", "auth")]


def add_trunk(trunk: Trunk) -> list[ConfigChange]:
    """What makes a trunk usable; again with other values, what changes it."""
    name = trunk.endpoint
    proxy = _proxy(trunk)
    changes: list[ConfigChange] = []
    if trunk.username:
        changes.append(PutConfig("auth", name, _password(trunk.username, trunk.password)))
    changes += [
        DeleteConfig("aor", name),
        PutConfig(
            "aor",
            name,
            (
                ("contact", _address(trunk)),
                ("qualify_frequency", str(trunk.qualify_seconds if trunk.register else 0)),
                ("qualify_timeout", "3.0"),
                *proxy,
            ),
        ),
        PutConfig(
            "endpoint",
            name,
            (
                *_media_and_nat(trunk.context),
                ("aors", name),
                ("transport", f"transport-{trunk.transport}"),
                ("send_pai", _yes(trunk.send_identity)),
                ("trust_id_outbound", "yes"),
                *((("outbound_auth", name),) if trunk.username else ()),
                *((("from_user", trunk.from_user),) if trunk.from_user else ()),
                *((("from_domain", trunk.from_domain),) if trunk.from_domain else ()),
                *proxy,
            ),
        ),
        DeleteConfig("identify", name),
        PutConfig(
            "identify",
            name,
            (("endpoint", name), *(("match", each) for each in trunk.match or (trunk.host,))),
        ),
        DeleteConfig("registration", name),
    ]
    if trunk.register:
        changes.append(PutConfig("registration", name, _registration(trunk)))
    return changes


def remove_trunk(trunk_name: str) -> list[ConfigChange]:
    """Take a trunk away; calls that are going on are not cut."""
    name = f"{TRUNK_PREFIX}{trunk_name}"
    return [
        DeleteConfig(kind, name) for kind in ("registration", "identify", "endpoint", "aor", "auth")
    ]


async def push(ari: AriConnection, changes: Iterable[ConfigChange]) -> None:
    """Send changes in order, without waiting for one before sending the next.

    Raises RequestRefused at an option that Asterisk does not take, and what `AriConnection.send`
    raises. Deleting what is not there is fine.
    """
    await asyncio.gather(*(_send(ari, change) for change in changes))


async def _send(ari: AriConnection, change: ConfigChange) -> None:
    try:
        await ari.send(request_for(change), seconds=_PUSH_SECONDS)
    except NotFound:
        if isinstance(change, PutConfig):
            raise


def request_for(change: ConfigChange) -> AriRequest[None]:
    """The request that makes a change."""
    if isinstance(change, PutConfig):
        return api.put_config(change.kind, change.name, change.fields)
    return api.delete_config(change.kind, change.name)


_PUSH_SECONDS: Final = 30.0

# `webrtc` stands for DTLS-SRTP, ICE, AVPF and one port for RTP and RTCP. A page that dies sends no
# BYE: its leg is hung up when its audio has been away so long. (It sends while it is muted, too.)
_SILENT_SECONDS: Final = 4
_WEBRTC: Final = (
    ("webrtc", "yes"),
    ("dtls_auto_generate_cert", "yes"),
    ("rtp_timeout", str(_SILENT_SECONDS)),
    ("rtp_timeout_hold", str(_SILENT_SECONDS)),
)


def _media_and_nat(context: str) -> Sequence[tuple[str, str]]:
    """One codec on every leg (without transcoding no audio is lost at an agent change), audio
    through us, and answers to where packets really come from."""
    return (
        ("context", context),
        ("disallow", "all"),
        ("allow", "ulaw"),
        ("direct_media", "no"),
        ("rtp_symmetric", "yes"),
        ("force_rport", "yes"),
        ("rewrite_contact", "yes"),
        ("dtmf_mode", "auto"),
    )


def _password(username: str, password: str) -> tuple[tuple[str, str], ...]:
    return (("auth_type", "digest"), ("username", username), ("password", password))


def _address(trunk: Trunk) -> str:
    host = f"[{trunk.host}]" if ":" in trunk.host else trunk.host
    suffix = "" if trunk.transport == "udp" else f";transport={trunk.transport}"
    return f"sip:{host}:{trunk.port}{suffix}"


def _proxy(trunk: Trunk) -> tuple[tuple[str, str], ...]:
    """`;lr` makes it a loose route (RFC 3261, 16.12), without which Asterisk rewrites the URI."""
    if not trunk.outbound_proxy:
        return ()
    proxy = trunk.outbound_proxy
    proxy = proxy if proxy.startswith(("sip:", "sips:")) else f"sip:{proxy}"
    proxy = proxy if ";lr" in proxy else f"{proxy};lr"
    return (("outbound_proxy", proxy),)


def _registration(trunk: Trunk) -> tuple[tuple[str, str], ...]:
    host = f"[{trunk.host}]" if ":" in trunk.host else trunk.host
    return (
        ("server_uri", _address(trunk)),
        ("client_uri", f"sip:{trunk.username}@{host}"),
        ("contact_user", trunk.username),
        ("transport", f"transport-{trunk.transport}"),
        ("expiration", str(trunk.registration_seconds)),
        ("retry_interval", "20"),
        ("forbidden_retry_interval", "60"),
        ("max_retries", "1000000"),
        ("max_random_initial_delay", "0"),
        ("endpoint", trunk.endpoint),
        ("line", "yes"),
        *((("outbound_auth", trunk.endpoint),) if trunk.username else ()),
        *_proxy(trunk),
    )


def _caller_id(account: PhoneAccount) -> str:
    shown = (account.display_name or account.name).replace('"', "'")
    return f'"{shown}" <{account.name}>'


def _yes(value: bool) -> str:
    return "yes" if value else "no"
