"""The simulated carrier: a second Asterisk that is the telephone network and the agents' phones.

docs/carrier.md says what the numbers do; carrier_sounds what is heard.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ari_app.runtime import carrier_plan, ports, programs
from ari_app.runtime.asterisk_process import AsteriskProcess
from ari_app.runtime.carrier_sounds import AGENTS, make_sounds
from ari_app.runtime.programs import Program
from ari_app.runtime.render import TEMPLATES

_MODULES = (
    "res_timing_timerfd",
    "codec_ulaw",
    "format_pcm",
    "bridge_simple",
    "res_rtp_asterisk",
    "res_sorcery_config",
    "res_sorcery_memory",
    "res_sorcery_astdb",
    "res_pjproject",
    "res_pjsip",
    "res_pjsip_session",
    "res_pjsip_pubsub",
    "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_outbound_registration",
    "res_pjsip_nat",
    "res_pjsip_rfc3326",
    "res_pjsip_sdp_rtp",
    "res_pjsip_logger",
    "chan_pjsip",
    "pbx_config",
    "app_playback",
    "func_timeout",
)


@dataclass(frozen=True, slots=True)
class Agent:
    """A simulated agent's phone: the SIP account that it registers at Kakeru's Asterisk."""

    account: str
    password: str
    voice: int = 0

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", self.account):
            raise ValueError(f"{self.account!r} is no name for a SIP account")


class Carrier(AsteriskProcess):
    """The carrier's process. After `start`, numbers answer at `sip_address`.

    `instant`: every number answers at once, silently, and stays until hung up (for benchmarks).
    """

    def __init__(
        self,
        run_folder: Path,
        *,
        pbx_sip_address: str,
        agents: Sequence[tuple[str, str]] = (),
        seed: int = 0,
        instant: bool = False,
        sip_port: int | None = None,
        sip_host: str = "127.0.0.1",
        rtp_ports: tuple[int, int] | None = None,
        program: Program | None = None,
        die_with_parent: bool = True,
    ) -> None:
        super().__init__(
            "the simulated carrier",
            run_folder,
            program or programs.asterisk(),
            die_with_parent=die_with_parent,
        )
        self.seed = seed
        self.instant = instant
        self.sip_host = sip_host
        self.sip_port = sip_port or ports.free_port(sip_host)
        self.agents = _agents(agents)
        self._rtp_ports = rtp_ports or ports.free_port_range(600, sip_host)
        self._pbx_host, _, self._pbx_port = pbx_sip_address.rpartition(":")

    @property
    def sip_address(self) -> str:
        """HOST:PORT that a trunk sends its calls to."""
        return f"{self.sip_host}:{self.sip_port}"

    async def start(self) -> None:
        """Make the sounds if they are not in the cache, and start.

        Raises PortInUse, FolderUnwritable, DiskFull, PartUnavailable or StartFailed.
        """
        ports.require_free(self.sip_host, self.sip_port, "udp", purpose="the simulated carrier")
        await self._configure()
        await self.launch()

    async def set_agents(self, agents: Sequence[tuple[str, str]]) -> None:
        """Play these agents' phones from now on, by account and password; calls go on.

        Raises FolderUnwritable, DiskFull, or StartFailed when the carrier does not run.
        """
        self.agents = _agents(agents)
        await self._configure()
        for part in ("res_pjsip.so", "res_pjsip_outbound_registration.so", "pbx_config.so"):
            await self.cli(f"module reload {part}")

    async def _configure(self) -> None:
        sounds = await asyncio.to_thread(make_sounds)
        values = {
            "modules": _MODULES,
            "sip_host": self.sip_host,
            "sip_port": self.sip_port,
            "browser_phones": False,
            "rtp_first": self._rtp_ports[0],
            "rtp_last": self._rtp_ports[1],
            "pbx_host": self._pbx_host,
            "pbx_port": self._pbx_port,
            "agents": self.agents,
            "instant": self.instant,
            "sounds": sounds,
            "plan": carrier_plan.plan(seed=self.seed),
        }
        self.configure((TEMPLATES / "common", TEMPLATES / "carrier"), values)

    async def registered_agents(self) -> list[str]:
        """The accounts that Kakeru's Asterisk has accepted."""
        lines = (await self.cli("pjsip show registrations")).splitlines()
        return sorted(
            match[1]
            for line in lines
            if (match := re.match(r"\s*agent-([\w.-]+)/sip:.*\bRegistered\b", line))
        )

    async def hang_up_agent(self, account: str) -> None:
        """Hang up all calls of an agent's phone, as the agent would."""
        for line in (await self.cli("core show channels concise")).splitlines():
            channel, _, extension, *_ = [*line.split("!"), "", "", ""]
            if extension == f"agent-{account}":
                await self.cli(f"channel request hangup {channel}")


def _agents(agents: Sequence[tuple[str, str]]) -> list[Agent]:
    return [
        Agent(account=account, password=password, voice=number % len(AGENTS))
        for number, (account, password) in enumerate(agents)
    ]
