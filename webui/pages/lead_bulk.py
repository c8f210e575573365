"""What is done to many leads of the list at once: MyBox and prohibition."""

from collections.abc import Sequence

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import mybox, prohibitions
from dialer.users import NotAllowed
from webui.errors import notice
from webui.forms import an_id, chosen_workgroups, field
from webui.lead_lots import Done, change_lots, in_one_transaction
from webui.refusals import refusal
from webui.rendering import words_for
from webui.services import services
from webui.sessions import viewer
from webui.translations import marked


async def put_in_box(request: web.Request) -> web.Response:
    """Into the viewer's own box."""
    user, given = viewer(request), services(request)

    async def put(connection: AsyncConnection, ids: Sequence[int]) -> Done:
        report = await mybox.put_many(
            connection,
            lead_ids=ids,
            user_id=user.id,
            now=given.clock.now(),
            policy=given.settings.mybox,
            by=user,
        )
        return report.done, report.refused

    return await change_lots(
        request, marked("Put into your MyBox"), in_one_transaction(request, put)
    )


async def give(request: web.Request) -> web.Response:
    """Into somebody's box: those in a box are handed over, an admin also puts the others."""
    to_user = an_id(await field(request, "user_id"))
    if to_user is None:
        return notice(request, marked("Choose into whose MyBox."), status=409)

    async def give_some(ids: Sequence[int]) -> Done:
        return await _given(request, ids, to_user)

    try:
        return await change_lots(request, marked("Handed over"), give_some)
    except mybox.MyBoxError as error:
        return notice(request, refusal(error, words_for(request)), status=409)


async def _given(request: web.Request, lead_ids: Sequence[int], to_user: int) -> Done:
    """In two transactions: each locks its numbers once, in their order."""
    user, given = viewer(request), services(request)
    policy, now = given.settings.mybox, given.clock.now()
    async with given.database.write() as connection:
        report = await mybox.hand_over_many(
            connection, lead_ids=lead_ids, to_user_id=to_user, now=now, by=user, policy=policy
        )
    loose = [one for one, error in report.refused.items() if isinstance(error, mybox.NotHeld)]
    if not loose or not user.acts_as_admin:
        return report.done, report.refused
    async with given.database.write() as connection:
        put = await mybox.put_many(
            connection, lead_ids=loose, user_id=to_user, now=now, by=user, policy=policy
        )
    refused = {one: error for one, error in report.refused.items() if one not in loose}
    return report.done + put.done, {**refused, **put.refused}


async def release(request: web.Request) -> web.Response:
    user, given = viewer(request), services(request)

    async def take_out(connection: AsyncConnection, ids: Sequence[int]) -> Done:
        report = await mybox.release_many(connection, lead_ids=ids, now=given.clock.now(), by=user)
        return report.done, report.refused

    return await change_lots(
        request, marked("Taken out of the MyBox"), in_one_transaction(request, take_out)
    )


async def prohibit(request: web.Request) -> web.Response:
    given = services(request)
    reason, groups = await field(request, "reason"), await chosen_workgroups(request)

    async def stop(ids: Sequence[int]) -> Done:
        async with given.database.write() as connection:
            report = await prohibitions.prohibit_leads(
                connection,
                lead_ids=ids,
                now=given.clock.now(),
                reason=reason,
                by=viewer(request),
                workgroup_ids=groups,
            )
        # Only now, after the commit: whoever runs calls cancels those that ring.
        given.live.publish("prohibited", {"numbers": list(report.numbers)})
        refused = {
            lead_id: prohibitions.NoNumber(f"lead {lead_id} has no number")
            for lead_id in report.without_number
        }
        return [one for one in ids if one not in refused], refused

    try:
        return await change_lots(request, marked("Prohibited"), stop)
    except (prohibitions.ProhibitionError, NotAllowed) as error:
        return notice(request, refusal(error, words_for(request)), status=409)
