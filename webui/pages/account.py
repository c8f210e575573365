"""自分の設定: one's name, language, password, second factor and sessions."""

from collections.abc import Sequence

import segno
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import projects, second_factor, user_changes, users, workgroups
from webui.changes import Change, Changes
from webui.errors import notice
from webui.forms import field
from webui.pages.login import LIMITS
from webui.people_words import ERRORS, people_refusal
from webui.rendering import render
from webui.services import services
from webui.sessions import may_act_as_admin, stay_signed_in, viewer
from webui.translations import known_language, marked

_changes = Changes("accountChanged", ERRORS, people_refusal)


async def page(request: web.Request) -> web.Response:
    given, user = services(request), viewer(request)
    async with given.database.read() as connection:
        begun = await second_factor.enrolment(
            connection, user=user, site_name=given.settings.site_name, box=given.secrets
        )
        groups = await workgroups.list_workgroups(connection)
        work = await projects.projects_of(connection, user)
        left = await second_factor.codes_left(connection, user.id)
    context = {
        "groups": [one.name for one in groups if one.id in user.workgroup_ids],
        "projects": [one.name for one in work if one.id in user.project_ids],
        "begun": begun,
        "qr": _qr(begun.uri) if begun else "",
        "codes_left": left,
        "factor_needed": user.may_administer and not may_act_as_admin(request, user),
        "phone_server": given.settings.phone_server,
    }
    return render(request, "account.html", context)


async def save(request: web.Request) -> web.Response:
    """Name and language."""
    user, name = viewer(request), await field(request, "name")
    language = known_language(await field(request, "language"))

    async def change(connection: AsyncConnection) -> None:
        await user_changes.set_own_name(
            connection, user=user, name=name, now=services(request).clock.now()
        )
        await users.set_language(connection, user_id=user.id, language=language)

    response = await _changes.make(request, change, marked("Saved."))
    if response.status == 200:
        response.headers["HX-Refresh"] = "true"
    return response


async def set_password(request: web.Request) -> web.Response:
    """The old one is asked for, and guessing it here is as slow as at the login."""
    form, user, given = await request.post(), viewer(request), services(request)
    new = str(form.get("new_password", ""))
    if refused := await _wrong_password(request, str(form.get("password", ""))):
        return refused
    if new != str(form.get("again", "")):
        return notice(request, marked("The two new passwords are not the same."), status=409)

    async def change(connection: AsyncConnection) -> None:
        await users.set_password(
            connection, user_id=user.id, password=new, now=given.clock.now(), by=user
        )

    return await _change_and_stay(
        request, change, marked("The password was changed. Other browsers are logged out.")
    )


async def sign_out_everywhere(request: web.Request) -> web.Response:
    """Other browsers; this one stays."""
    user, now = viewer(request), services(request).clock.now()

    async def change(connection: AsyncConnection) -> None:
        await users.end_sessions(connection, user_id=user.id, now=now, by=user)

    return await _change_and_stay(request, change, marked("Other browsers are logged out."))


# --- second factor ----------------------------------------------------------------------------


async def begin_second_factor(request: web.Request) -> web.Response:
    """The password is asked for: who finds a browser open must not lock its user out."""
    if refused := await _wrong_password(request):
        return refused
    user, given = viewer(request), services(request)

    async def change(connection: AsyncConnection) -> None:
        await second_factor.begin(
            connection, user=user, site_name=given.settings.site_name, box=given.secrets
        )

    return await _changes.make(request, change, marked("Read the code with your app."))


async def confirm_second_factor(request: web.Request) -> web.Response:
    code, user, given = await field(request, "code"), viewer(request), services(request)

    async def change(connection: AsyncConnection) -> Sequence[str]:
        now = given.clock.now()
        return await second_factor.confirm(
            connection, user=user, code=code[:100], now=now, box=given.secrets
        )

    return await _new_codes(request, change)


async def renew_recovery_codes(request: web.Request) -> web.Response:
    if refused := await _wrong_password(request):
        return refused
    user = viewer(request)

    async def change(connection: AsyncConnection) -> Sequence[str]:
        now = services(request).clock.now()
        return await second_factor.renew_recovery_codes(connection, user=user, now=now)

    return await _new_codes(request, change)


async def end_second_factor(request: web.Request) -> web.Response:
    """Turns it off, or leaves what was only begun; the password is asked for if it was on."""
    user = viewer(request)
    if user.has_second_factor and (refused := await _wrong_password(request)):
        return refused

    async def change(connection: AsyncConnection) -> None:
        now = services(request).clock.now()
        await second_factor.turn_off(connection, user_id=user.id, now=now, by=user)

    return await _change_and_stay(request, change, marked("The second factor is off."))


async def _new_codes(request: web.Request, change: Change[Sequence[str]]) -> web.Response:
    def answer(codes: Sequence[str]) -> web.Response:
        return _changes.made(render(request, "parts/recovery_codes.html", {"codes": codes}))

    return await _staying(request, await _changes.answer(request, change, answer))


def _qr(uri: str) -> str:
    """An image that a page may show: dark on light in either theme, or no phone reads it."""
    code = segno.make(uri, error="m")
    return code.svg_data_uri(scale=5, border=3, dark="#111111", light="#ffffff")


# --- parts --------------------------------------------------------------------------------------


async def _wrong_password(request: web.Request, password: str | None = None) -> web.Response | None:
    """What to answer when the user's own password was not given; None when it was."""
    given, user, limits = services(request), viewer(request), request.app[LIMITS]
    key, now = f"own:{user.id}", services(request).clock.now()
    if limits.wait(key, "", now):
        return notice(request, marked("Too many attempts. Wait a while."), status=429)
    limits.failed(key, "", now)
    if password is None:
        password = str((await request.post()).get("password", ""))
    async with given.database.read() as connection:
        right = await users.verify_password(connection, user_id=user.id, password=password)
    if not right:
        return notice(request, marked("Your present password is wrong."), status=409)
    limits.succeeded(key, "")
    return None


async def _change_and_stay(
    request: web.Request, change: Change[object], words: str
) -> web.Response:
    return await _staying(request, await _changes.make(request, change, words))


async def _staying(request: web.Request, response: web.Response) -> web.Response:
    """A change that ends the user's sessions does not end this one."""
    if response.status == 200:
        await stay_signed_in(request)
    return response
