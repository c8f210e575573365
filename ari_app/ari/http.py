"""The HTTP side of ARI: the handshake of the WebSocket, and file bodies."""

import asyncio
from typing import Any, Final

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSServerHandshakeError,
    encode_basic_auth,
)

from ari_app.ari.errors import (
    AuthenticationFailed,
    ConnectionLost,
    NotConnected,
    ProtocolError,
    refusal,
)

_LARGEST_MESSAGE: Final = 64 * 1024 * 1024
_CREDENTIALS_REFUSED: Final = (401, 403)


class AriHttp:
    """ARI at `url` (up to and with `/ari`) for one user."""

    def __init__(
        self, *, url: str, username: str, password: str, connect_seconds: float, heartbeat: float
    ) -> None:
        self.url = url.rstrip("/")
        self._username = username
        self._connect_seconds = connect_seconds
        self._heartbeat = heartbeat
        self._session = ClientSession(
            headers={"Authorization": encode_basic_auth(username, password)},
            timeout=ClientTimeout(total=None, sock_connect=connect_seconds),
        )

    async def close(self) -> None:
        """Give the sockets back."""
        await self._session.close()

    async def open_socket(self, application: str) -> "ClientWebSocketResponse[Any]":
        """A WebSocket for the events of `application`.

        Raises AuthenticationFailed, NotConnected (nobody answers) or ProtocolError (somebody does,
        but not ARI).
        """
        try:
            async with asyncio.timeout(self._connect_seconds):
                return await self._session.ws_connect(
                    f"{self.url}/events",
                    params={"app": application},
                    heartbeat=self._heartbeat,
                    timeout=ClientWSTimeout(ws_close=1.0),
                    max_msg_size=_LARGEST_MESSAGE,
                    decode_text=False,
                )
        except WSServerHandshakeError as error:
            if error.status in _CREDENTIALS_REFUSED:
                raise AuthenticationFailed(url=self.url, username=self._username) from error
            raise ProtocolError(
                f"{self.url}/events answers with status {error.status} instead of a WebSocket:"
                " is ARI enabled in ari.conf and http.conf?"
            ) from error
        except TimeoutError as error:
            raise NotConnected(
                f"{self.url} does not answer within {self._connect_seconds:g} s"
            ) from error
        except (ClientError, OSError) as error:
            raise NotConnected(f"cannot reach Asterisk at {self.url}: {error}") from error

    async def get(self, uri: str, *, seconds: float) -> bytes:
        """The body of a GET.

        Raises AuthenticationFailed, ConnectionLost or a RequestRefused.
        """
        limit = ClientTimeout(total=seconds)
        try:
            async with self._session.get(f"{self.url}/{uri}", timeout=limit) as response:
                body = await response.read()
        except (ClientError, TimeoutError) as error:
            raise ConnectionLost(f"GET {self.url}/{uri} failed: {error!r}") from error
        if response.status in _CREDENTIALS_REFUSED:
            raise AuthenticationFailed(url=self.url, username=self._username)
        if response.status >= 400:
            words = body.decode("utf-8", errors="replace")[:500]
            raise refusal(method="GET", uri=uri, status=response.status, message=words)
        return body
