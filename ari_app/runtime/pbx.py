"""Kakeru's own Asterisk: its settings, its configuration and its start."""

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import aiohttp

from ari_app.runtime import ports, programs
from ari_app.runtime.asterisk_process import AsteriskProcess
from ari_app.runtime.errors import StartFailed
from ari_app.runtime.programs import Program
from ari_app.runtime.render import TEMPLATES, kept_secret

_MODULES = (
    # Time and formats. One codec on every leg is ulaw; the others play files of other kinds.
    "res_timing_timerfd",
    "codec_ulaw",
    "codec_alaw",
    "codec_resample",
    "format_pcm",
    "format_wav",
    "format_sln",
    "bridge_simple",
    "bridge_native_rtp",
    "bridge_softmix",
    "bridge_holding",
    "res_rtp_asterisk",
    "res_srtp",
    # SIP
    "res_sorcery_config",
    "res_sorcery_memory",
    "res_sorcery_astdb",
    "res_pjproject",
    "res_pjsip",
    "res_pjsip_session",
    "res_pjsip_pubsub",
    "res_pjsip_authenticator_digest",
    "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_endpoint_identifier_user",
    "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_outbound_registration",
    "res_pjsip_registrar",
    "res_pjsip_caller_id",
    "res_pjsip_nat",
    "res_pjsip_path",
    "res_pjsip_rfc3326",
    "res_pjsip_dtmf_info",
    "res_pjsip_empty_info",
    "res_pjsip_sdp_rtp",
    "res_pjsip_transport_websocket",
    "res_pjsip_logger",
    "chan_pjsip",
    # Dialplan
    "pbx_config",
    "app_stasis",
    "app_playback",
    "app_mixmonitor",
    "res_audiosocket",
    "app_audiosocket",
    "func_timeout",
    "func_channel",
    "func_callerid",
    "func_hangupcause",
    # ARI
    "res_http_websocket",
    "res_websocket_client",
    "res_stasis",
    "res_stasis_answer",
    "res_stasis_playback",
    "res_stasis_recording",
    "res_stasis_snoop",
    "res_stasis_device_state",
    "res_ari",
    "res_ari_model",
    "res_ari_applications",
    "res_ari_asterisk",
    "res_ari_bridges",
    "res_ari_channels",
    "res_ari_endpoints",
    "res_ari_events",
    "res_ari_playbacks",
    "res_ari_recordings",
)


@dataclass(frozen=True, slots=True)
class PbxSettings:
    """Addresses of Kakeru's Asterisk.

    `rtp_ports`: first and last UDP port for audio; a call between two phones takes four.
    `external_address`: what phones and carriers outside `local_networks` (CIDR) see of it.
    """

    run_folder: Path
    http_port: int
    sip_port: int
    rtp_ports: tuple[int, int]
    http_host: str = "127.0.0.1"
    sip_host: str = "127.0.0.1"
    external_address: str = ""
    local_networks: tuple[str, ...] = ()
    ari_username: str = "kakeru"

    @staticmethod
    def on_free_ports(run_folder: Path, *, rtp_ports: int = 400) -> "PbxSettings":
        """Settings on loopback with ports that are free just now."""
        return PbxSettings(
            run_folder=run_folder,
            http_port=ports.free_port(),
            sip_port=ports.free_port(),
            rtp_ports=ports.free_port_range(rtp_ports),
        )


class Pbx(AsteriskProcess):
    """Kakeru's Asterisk. After `start`, ARI answers at `ari_url` with `ari_password`."""

    def __init__(
        self,
        settings: PbxSettings,
        *,
        program: Program | None = None,
        die_with_parent: bool = False,
    ) -> None:
        super().__init__(
            "Kakeru's Asterisk",
            settings.run_folder,
            program or programs.asterisk(),
            die_with_parent=die_with_parent,
        )
        self.settings = settings

    @property
    def ari_url(self) -> str:
        """Base address of ARI, without a slash at its end."""
        return f"http://{self.settings.http_host}:{self.settings.http_port}/ari"

    @property
    def ari_password(self) -> str:
        """The password of `settings.ari_username`, generated once per run folder."""
        return kept_secret(self.run_folder / "secrets" / "ari_password")

    @property
    def sip_address(self) -> str:
        """HOST:PORT where phones register."""
        return f"{self.settings.sip_host}:{self.settings.sip_port}"

    async def start(self) -> None:
        """Start it, or take over the one that an earlier process left running here.

        Raises PortInUse, FolderUnwritable, DiskFull or StartFailed.
        """
        running = await self.running_already()
        if running is not None:
            self.adopt(running)
        else:
            self._require_ports()
            self.configure((TEMPLATES / "common", TEMPLATES), self._values())
            await self.launch()
        await self._wait_for_ari(3.0 if self.adopted else 10.0)

    def _require_ports(self) -> None:
        own = self.settings
        ports.require_free(own.http_host, own.http_port, "tcp", purpose="ARI")
        ports.require_free(own.sip_host, own.sip_port, "udp", purpose="SIP")
        ports.require_free(own.sip_host, own.sip_port, "tcp", purpose="SIP")

    def _values(self) -> dict[str, object]:
        own = self.settings
        return {
            "modules": _MODULES,
            "http_host": own.http_host,
            "http_port": own.http_port,
            "ari_username": own.ari_username,
            "ari_password": self.ari_password,
            "user_agent": "Kakeru",
            "sip_host": own.sip_host,
            "sip_port": own.sip_port,
            "external_address": own.external_address,
            "local_networks": own.local_networks,
            "rtp_first": own.rtp_ports[0],
            "rtp_last": own.rtp_ports[1],
            "browser_phones": True,
            "seen_as": addresses_seen_as(own.external_address),
        }

    async def _wait_for_ari(self, timeout: float) -> None:
        last = "no answer"
        login = aiohttp.encode_basic_auth(self.settings.ari_username, self.ari_password)
        headers = {"Authorization": login}
        limit = aiohttp.ClientTimeout(total=2)
        deadline = asyncio.get_running_loop().time() + timeout
        async with aiohttp.ClientSession(headers=headers, timeout=limit) as session:
            while asyncio.get_running_loop().time() < deadline and self.pid is not None:
                try:
                    async with session.get(f"{self.ari_url}/asterisk/ping") as response:
                        if response.status == 200:
                            return
                        last = f"HTTP status {response.status}"
                except (aiohttp.ClientError, TimeoutError) as error:
                    last = str(error) or type(error).__name__
                await asyncio.sleep(0.05)
        said = self.last_words()
        if self.adopted:
            said = (
                f"Process {self.pid} was left running in {self.run_folder} with other settings. "
                "End it, then start again."
            )
        else:
            self.kill()
        raise StartFailed(f"{self.name}: ARI at {self.ari_url} does not answer: {last}.\n{said}")


def addresses_seen_as(external_address: str) -> dict[str, str]:
    """Which address of this machine browsers outside know under which other one.

    A browser is told addresses and no names, so a name gives nothing here.
    """
    try:
        family = socket.AF_INET6 if ip_address(external_address).version == 6 else socket.AF_INET
    except ValueError:
        return {}
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((external_address, 9))  # sends nothing: only the way is looked up
        except OSError:
            return {}
        return {asking.getsockname()[0]: external_address}
