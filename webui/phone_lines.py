"""Which open page is whose phone: one page per user, and the newest that was allowed to be it."""

from dataclasses import dataclass

from aiohttp import web

TAKEN_OVER = 4001  # close codes of the WebSocket (RFC 6455, 7.4.2); static/js/phone.js knows them
NO_LONGER_ALLOWED = 4003


@dataclass(slots=True)
class _Line:
    page: str
    socket: web.WebSocketResponse | None = None


class PhoneLines:
    """The lines of this process. A page names itself by a random word that it keeps while it is
    open, so that it may come back after the network was away."""

    def __init__(self) -> None:
        self._lines: dict[int, _Line] = {}

    def is_elsewhere(self, user_id: int, page: str) -> bool:
        """Whether another page is this user's phone just now."""
        line = self._lines.get(user_id)
        return line is not None and line.socket is not None and line.page != page

    async def give(self, user_id: int, page: str) -> None:
        """From now on only this page may connect; the one that is connected is told and let go."""
        before = self._lines.get(user_id)
        self._lines[user_id] = _Line(page)
        if before is not None and before.socket is not None:
            await before.socket.close(code=TAKEN_OVER, message=b"another page is the phone now")

    def may_connect(self, user_id: int, page: str) -> bool:
        """Whether this page was given the line, and is not connected already."""
        line = self._lines.get(user_id)
        return line is not None and line.page == page and line.socket is None

    def connected(self, user_id: int, socket: web.WebSocketResponse) -> None:
        self._lines[user_id].socket = socket

    def disconnected(self, user_id: int, socket: web.WebSocketResponse) -> bool:
        """Whether the line was still this one's, and is free now."""
        line = self._lines.get(user_id)
        if line is None or line.socket is not socket:
            return False
        del self._lines[user_id]
        return True

    async def close(self, app: web.Application) -> None:
        """Lets go of all pages when the server ends; they come back by themselves."""
        for line in tuple(self._lines.values()):
            if line.socket is not None:
                await line.socket.close(code=1001, message=b"the server ends")


PHONE_LINES = web.AppKey("phone_lines", PhoneLines)
