"""What an admin changes about users, and what he is kept from."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from dialer import mybox, user_changes, users
from dialer.callbacks import Agreed, set_callback
from dialer.messages import UserId
from dialer.mybox import MyBoxError, MyBoxPolicy
from dialer.paging import BadPageKey
from dialer.storage.engine import Database
from dialer.storage.tables import audit_log, callbacks, project_users
from dialer.user_changes import Edit, HoldsLeads, LeadsStay, UnknownGroup
from dialer.user_list import RoleWanted, StateWanted, UserFilter, list_users_page
from dialer.user_names import BROWSER_PHONE
from dialer.users import (
    LastAdmin,
    LoginTaken,
    NoRole,
    NotAllowed,
    PhoneTaken,
    UnknownUser,
    UnusablePhone,
    UserError,
)
from tests.small_world import NOON, PASSWORD, SmallWorld, add_lead, again, build_small_world


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def edited(database: Database, world: SmallWorld, user_id: int, edit: Edit) -> users.User:
    async with database.write() as connection:
        return await user_changes.edit_user(
            connection, user_id=user_id, edit=edit, now=NOON, by=world.sato
        )


async def recorded(database: Database, action: str) -> list[dict[str, object]]:
    async with database.read() as connection:
        query = select(audit_log.c.detail).where(audit_log.c.action == action)
        return list((await connection.execute(query)).scalars())


# --- edits ---------------------------------------------------------------------------------


async def test_a_role_that_is_taken_away_ends_his_web_sessions(
    database: Database, world: SmallWorld
) -> None:
    both = await edited(database, world, world.suzuki.id, Edit(may_administer=True))
    one = await edited(database, world, world.suzuki.id, Edit(may_call=False))
    assert one.session_epoch == both.session_epoch + 1


async def test_name_roles_and_workgroups_change_and_are_on_record(
    database: Database, world: SmallWorld
) -> None:
    edit = Edit(name="鈴木 一郎", may_administer=True, workgroup_ids=[world.osaka])
    suzuki = await edited(database, world, world.suzuki.id, edit)
    assert (suzuki.name, suzuki.acts_as_admin, suzuki.may_call) == ("鈴木 一郎", True, True)
    assert suzuki.workgroup_ids == {world.osaka}
    assert suzuki.session_epoch == world.suzuki.session_epoch  # he may do more: he goes on
    assert await recorded(database, "user.edit") == [{"name": "鈴木 一郎"}]
    assert await recorded(database, "user.roles") == [{"may_administer": True, "may_call": True}]
    assert await recorded(database, "user.workgroups") == [
        {"added": [world.osaka], "removed": [world.tokyo]}
    ]


async def test_what_stays_as_it_is_is_no_change(database: Database, world: SmallWorld) -> None:
    same = Edit(name="鈴木", may_call=True, may_administer=False, workgroup_ids=[world.tokyo])
    assert await edited(database, world, world.suzuki.id, same) == world.suzuki
    assert await edited(database, world, world.suzuki.id, Edit()) == world.suzuki
    assert not await recorded(database, "user.roles")


async def test_nonsense_is_refused(database: Database, world: SmallWorld) -> None:
    for edit, error in (
        (Edit(may_call=False), NoRole),
        (Edit(login="Tanaka"), LoginTaken),
        (Edit(name=" "), users.UnusableLogin),
        (Edit(workgroup_ids=[999]), UnknownGroup),
    ):
        with pytest.raises(error):
            await edited(database, world, world.suzuki.id, edit)
    with pytest.raises(UnknownUser):
        await edited(database, world, 999, Edit(name="x"))


async def test_only_an_admin_edits(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        for by in (world.suzuki, world.sato.as_user()):
            with pytest.raises(NotAllowed):
                await user_changes.edit_user(
                    connection, user_id=world.suzuki.id, edit=Edit(name="x"), now=NOON, by=by
                )


# --- the last admin ---------------------------------------------------------------------------


async def test_the_last_admin_stays_one(database: Database, world: SmallWorld) -> None:
    with pytest.raises(LastAdmin):
        await edited(database, world, world.sato.id, Edit(may_administer=False))
    async with database.write() as connection:
        with pytest.raises(LastAdmin):
            await user_changes.deactivate(
                connection, user_id=world.sato.id, now=NOON, by=world.sato
            )
        # Who is only invited may never come.
        await users.create_user(
            connection, login="ito", name="伊藤", password=None, may_administer=True, now=NOON
        )
        with pytest.raises(LastAdmin):
            await user_changes.deactivate(
                connection, user_id=world.sato.id, now=NOON, by=world.sato
            )


async def test_two_admins_cannot_let_each_other_go_at_once(
    database: Database, world: SmallWorld
) -> None:
    tanaka = await edited(database, world, world.tanaka.id, Edit(may_administer=True))

    async def demote(user_id: int, by: users.User) -> None:
        async with database.write() as connection:
            await user_changes.edit_user(
                connection, user_id=user_id, edit=Edit(may_administer=False), now=NOON, by=by
            )

    ended = await asyncio.gather(
        demote(tanaka.id, world.sato), demote(world.sato.id, tanaka), return_exceptions=True
    )
    assert [type(one) for one in ended if one is not None] == [LastAdmin]


# --- leaving and coming back -------------------------------------------------------------------


async def test_a_leaving_user_first_gives_his_box_to_somebody(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        leads = [await add_lead(connection, world.project_id, f"+8135254000{n}") for n in range(3)]
        for lead in leads:
            await mybox.put(connection, lead_id=lead, user_id=world.suzuki.id, now=NOON)
    async with database.write() as connection:
        with pytest.raises(HoldsLeads) as held:
            await user_changes.deactivate(
                connection, user_id=world.suzuki.id, now=NOON, by=world.sato
            )
        assert held.value.leads == 3
        with pytest.raises(MyBoxError, match="somebody else"):
            await user_changes.deactivate(
                connection,
                user_id=world.suzuki.id,
                leads_to=world.suzuki.id,
                now=NOON,
                by=world.sato,
            )
    await refused_for_want_of_room(database, world)
    async with database.write() as connection:
        await user_changes.deactivate(
            connection, user_id=world.suzuki.id, leads_to=world.tanaka.id, now=NOON, by=world.sato
        )
        assert await user_changes.leads_held(connection, world.tanaka.id, NOON) == 3
        assert not (await again(connection, world.suzuki)).active


async def refused_for_want_of_room(database: Database, world: SmallWorld) -> None:
    with pytest.raises(LeadsStay, match="1 leads"):
        async with database.write() as connection:
            await user_changes.deactivate(
                connection,
                user_id=world.suzuki.id,
                leads_to=world.tanaka.id,
                policy=MyBoxPolicy(limit_per_user=2),
                now=NOON,
                by=world.sato,
            )
    async with database.read() as connection:
        assert (await again(connection, world.suzuki)).active
        assert await user_changes.leads_held(connection, world.suzuki.id, NOON) == 3


async def test_or_lets_everybody_have_it(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        lead = await add_lead(connection, world.project_id, "+81352540001")
        await mybox.put(connection, lead_id=lead, user_id=world.suzuki.id, now=NOON)
        await user_changes.deactivate(
            connection, user_id=world.suzuki.id, release_leads=True, now=NOON, by=world.sato
        )
        assert await mybox.holder_of(connection, lead_id=lead, now=NOON) is None


async def test_what_he_promised_is_kept_by_the_other_or_by_anyone(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        # Tanaka works in the first project only.
        places = (world.project_id, world.other_project_id)
        await connection.execute(
            insert(project_users).values(project_id=world.other_project_id, user_id=world.suzuki.id)
        )
        leads = [
            await add_lead(connection, place, f"+8135254000{n}") for n, place in enumerate(places)
        ]
        due = Agreed(NOON + timedelta(days=1), UserId(world.suzuki.id))
        for lead in leads:
            await set_callback(connection, lead_id=lead, agreed=due, by=None, now=NOON)
        await user_changes.deactivate(
            connection, user_id=world.suzuki.id, leads_to=world.tanaka.id, now=NOON, by=world.sato
        )
        query = select(callbacks.c.lead_id, callbacks.c.user_id)
        kept = {row.lead_id: row.user_id for row in await connection.execute(query)}
    assert kept == {leads[0]: world.tanaka.id, leads[1]: None}


async def test_who_comes_back_logs_in_as_before(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        await user_changes.deactivate(connection, user_id=world.suzuki.id, now=NOON, by=world.sato)
        assert await users.verify_login(connection, login="suzuki", password=PASSWORD) is None
        await user_changes.activate(connection, user_id=world.suzuki.id, now=NOON, by=world.sato)
        assert await users.verify_login(connection, login="suzuki", password=PASSWORD)


# --- phones -------------------------------------------------------------------------------------


async def test_a_phone_gets_a_password_that_is_told_once(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:

        async def phone(account: str, mode: users.PhoneMode = "held") -> str | None:
            return await user_changes.set_phone(
                connection,
                user_id=world.suzuki.id,
                account=account,
                mode=mode,
                now=NOON,
                by=world.sato,
            )

        first = await phone("agent-7")
        assert first
        assert await phone("agent-7", "per_call") is None  # the same phone
        second = await user_changes.new_phone_password(
            connection, user_id=world.suzuki.id, now=NOON, by=world.sato
        )
        logins = {one.account: one.password for one in await users.phone_accounts(connection)}
        assert first != second == logins["agent-7"]
        assert (await again(connection, world.suzuki)).phone_mode == "per_call"
        with pytest.raises(PhoneTaken, match="belongs to tanaka"):
            await phone("phone-tanaka")
        assert await phone("") is None
        assert (await again(connection, world.suzuki)).phone_account is None
    assert first not in str(await recorded(database, "user.phone"))


async def test_a_phone_in_the_browser_has_an_account_of_its_own_and_no_password(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:

        async def phone(account: str) -> str | None:
            return await user_changes.set_phone(
                connection,
                user_id=world.suzuki.id,
                account=account,
                mode="held",
                now=NOON,
                by=world.sato,
            )

        await phone("agent-7")
        assert await phone(BROWSER_PHONE) is None
        suzuki = await again(connection, world.suzuki)
        assert suzuki.phone_in_browser
        assert suzuki.phone_account == f"browser-{suzuki.id}"
        assert user_changes.phone_of(suzuki) == BROWSER_PHONE
        logins = {one.account: one.password for one in await users.phone_accounts(connection)}
        assert logins[suzuki.phone_account] is None
        with pytest.raises(UserError, match="makes its passwords itself"):
            await user_changes.new_phone_password(
                connection, user_id=suzuki.id, now=NOON, by=world.sato
            )
        assert await phone("agent-8")
        suzuki = await again(connection, world.suzuki)
        assert not suzuki.phone_in_browser
        for taken in ("browser-1", "browser-x"):
            with pytest.raises(UnusablePhone, match="or browser"):
                await phone(taken)


# --- the list -----------------------------------------------------------------------------------


async def test_the_list_finds_and_filters(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        await users.create_user(connection, login="ito", name="伊藤", password=None, now=NOON)
        await user_changes.deactivate(connection, user_id=world.tanaka.id, now=NOON, by=world.sato)

        async def found(**wanted: object) -> set[str]:
            page = await list_users_page(
                connection,
                viewer=world.sato,
                wanted=UserFilter(**wanted),  # type: ignore[arg-type]
            )
            return {user.login for user in page.rows}

        assert await found() == {"sato", "suzuki", "takahashi", "ito"}
        assert await found(text="藤") == {"sato", "ito"}
        assert await found(text="SUZ") == {"suzuki"}
        assert await found(role=RoleWanted.ADMIN) == {"sato"}
        assert await found(workgroup_id=world.osaka, state=StateWanted.ALL) == {"tanaka"}
        assert await found(state=StateWanted.DEACTIVATED) == {"tanaka"}
        assert await found(state=StateWanted.INVITED) == {"ito"}


async def test_the_list_turns_by_key(database: Database, world: SmallWorld) -> None:
    async with database.read() as connection:
        seen: list[str] = []
        after: str | None = None
        for _ in range(2):
            page = await list_users_page(
                connection, viewer=world.sato, wanted=UserFilter(), after=after, limit=2
            )
            seen += [user.login for user in page.rows]
            after = page.next_key
        assert after is None
        assert sorted(seen) == ["sato", "suzuki", "takahashi", "tanaka"]
        with pytest.raises(BadPageKey):
            await list_users_page(connection, viewer=world.sato, wanted=UserFilter(), after="x")
        with pytest.raises(NotAllowed):
            await list_users_page(connection, viewer=world.sato.as_user(), wanted=UserFilter())
