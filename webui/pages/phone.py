"""The phone in the browser: a password for one page, and that page's way to Asterisk.

The page speaks SIP over a WebSocket of Kakeru's own address, so that it needs to reach nothing
else; what it says is passed on to Asterisk's WebSocket, which stays on loopback. Who may speak is
decided by the session, and looked at again while the line is open; that he is who he says, by
Asterisk, with the password of this page.
"""

import asyncio
import re
from collections.abc import Coroutine
from typing import Final

import aiohttp
import structlog
from aiohttp import WSMsgType, web

from dialer.storage.faults import DATABASE_ERRORS
from dialer.users import User
from webui.forms import field
from webui.phone_lines import NO_LONGER_ALLOWED, PHONE_LINES
from webui.security import is_own_origin
from webui.services import PhonesUnavailable, services
from webui.sessions import user_still_signed_in, viewer

log = structlog.get_logger(__name__)

_SIP: Final = ("sip",)  # the subprotocol of RFC 7118
_LARGEST_MESSAGE_BYTES = 64 * 1024
_HEARTBEAT_SECONDS = 10.0
_CONNECT_SECONDS = 5.0
_CLOSE_SECONDS = 1.0  # a page that is gone does not answer
_LOOK_EVERY_SECONDS = 5.0
_PAGE: Final = re.compile(r"[A-Za-z0-9-]{8,64}")

Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def credentials(request: web.Request) -> web.Response:
    """JSON: the account and a fresh password for the page that asks, which is the phone then.

    `take` is given by who wants it although another page is the phone.
    """
    user, page = viewer(request), await field(request, "page")
    if not _PAGE.fullmatch(page):
        raise web.HTTPBadRequest
    if not user.phone_in_browser or user.phone_account is None:
        return _problem("no-phone", status=403)
    lines = request.app[PHONE_LINES]
    elsewhere = lines.is_elsewhere(user.id, page)
    if elsewhere and not await field(request, "take"):
        return _problem("elsewhere", status=409)
    phones = services(request).browser_phones
    try:
        password = await phones.let_in(user.phone_account, instead=elsewhere)
    except PhonesUnavailable as error:
        log.warning("a phone in the browser cannot be connected", error=str(error))
        return _problem("unavailable", status=503)
    await lines.give(user.id, page)
    return web.json_response({"account": user.phone_account, "password": password})


async def line(request: web.Request) -> web.StreamResponse:
    """The WebSocket of the page that was given credentials, passed on to Asterisk's."""
    given, user, lines = services(request), viewer(request), request.app[PHONE_LINES]
    if not is_own_origin(request, given.settings.public_url):
        raise web.HTTPForbidden(reason="a page of another place")
    if not user.phone_in_browser:
        raise web.HTTPForbidden(reason="this user has no phone in the browser")
    if not lines.may_connect(user.id, request.query.get("page", "")):
        raise web.HTTPConflict(reason="another page is the phone")
    browser = web.WebSocketResponse(
        protocols=_SIP,
        heartbeat=_HEARTBEAT_SECONDS,
        timeout=_CLOSE_SECONDS,
        max_msg_size=_LARGEST_MESSAGE_BYTES,
    )
    if not browser.can_prepare(request).protocol:
        raise web.HTTPBadRequest(reason="a WebSocket that speaks sip is expected here")
    lines.connected(user.id, browser)
    try:
        return await _pass_on(request, user, browser)
    finally:
        if lines.disconnected(user.id, browser) and user.phone_account is not None:
            await given.browser_phones.shut_out(user.phone_account)


async def _pass_on(
    request: web.Request, user: User, browser: web.WebSocketResponse
) -> web.StreamResponse:
    async with aiohttp.ClientSession() as client, await _asterisk(request, client) as asterisk:
        if request.transport is None:  # the page was closed before it came to this
            return web.Response(status=204)
        await browser.prepare(request)
        await _until_one_ends(
            _copy(browser, asterisk),
            _copy(asterisk, browser),
            _while_allowed(request, user, browser),
        )
        await browser.close()
    return browser


async def _asterisk(
    request: web.Request, client: aiohttp.ClientSession
) -> aiohttp.ClientWebSocketResponse:
    address = services(request).browser_phones.address
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            return await client.ws_connect(
                address, protocols=_SIP, max_msg_size=_LARGEST_MESSAGE_BYTES
            )
    except (aiohttp.ClientError, TimeoutError) as error:
        log.error("Asterisk's WebSocket for phones does not answer", url=address, error=str(error))
        raise web.HTTPServiceUnavailable from error


async def _copy(source: Socket, target: Socket) -> None:
    """SIP is text; anything else, and the end of either side, ends it."""
    async for message in source:
        if message.type is not WSMsgType.TEXT:
            return
        try:
            await target.send_str(message.data)
        except ConnectionResetError:
            return


async def _while_allowed(request: web.Request, user: User, browser: web.WebSocketResponse) -> None:
    """Ends when he is logged out, let go, or given another phone."""
    while True:
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
        try:
            now = await user_still_signed_in(request)
        except DATABASE_ERRORS as error:  # conversations go on while the database is away
            log.warning("who has a phone cannot be looked up", error=str(error))
            continue
        if now is None or not now.may_call or now.phone_account != user.phone_account:
            await browser.close(code=NO_LONGER_ALLOWED, message=b"log in again")
            return


async def _until_one_ends(*work: Coroutine[None, None, None]) -> None:
    tasks = [asyncio.create_task(each) for each in work]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _problem(name: str, *, status: int) -> web.Response:
    """static/js/phone.js knows the names."""
    return web.json_response({"problem": name}, status=status)
