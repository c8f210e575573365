"""Links to come in by: invitations, new passwords, and the first admin of all."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dialer import user_changes, user_links, users
from dialer.storage.engine import Database
from dialer.storage.tables import audit_log
from dialer.storage.tables import user_links as links_table
from dialer.user_links import LINK_LIFE, LinkOver, LinkPurpose
from dialer.users import BadPassword, NotAllowed, UserError
from tests.small_world import NOON, PASSWORD, SmallWorld, again, build_small_world

NEW = "battery staple"


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def link_of(database: Database, world: SmallWorld) -> str:
    async with database.write() as connection:
        link = await user_links.make_link(
            connection, user_id=world.suzuki.id, now=NOON, by=world.sato
        )
    return link.token


async def used(database: Database, token: str, password: str = NEW) -> users.User:
    async with database.write() as connection:
        return await user_links.use_link(connection, token=token, password=password, now=NOON)


async def test_an_invited_user_sets_his_own_password(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        invited = await users.create_user(
            connection, login="ito", name="伊藤", password=None, now=NOON, by=world.sato
        )
        link = await user_links.make_link(connection, user_id=invited.id, now=NOON, by=world.sato)
        assert link.purpose is LinkPurpose.INVITE
        found = await user_links.open_link(connection, token=link.token, now=NOON)
        assert found.user is not None
        assert found.user.login == "ito"
    came = await used(database, link.token)
    assert not came.invited
    async with database.read() as connection:
        assert await users.verify_login(connection, login="ito", password=NEW) == came


async def test_a_link_is_good_once(database: Database, world: SmallWorld) -> None:
    token = await link_of(database, world)
    await used(database, token)
    with pytest.raises(LinkOver):
        await used(database, token, "another staple")
    async with database.read() as connection:
        with pytest.raises(LinkOver):
            await user_links.open_link(connection, token=token, now=NOON)


async def test_a_refused_password_does_not_use_it_up(database: Database, world: SmallWorld) -> None:
    token = await link_of(database, world)
    with pytest.raises(BadPassword):
        await used(database, token, "short")
    await used(database, token)


async def test_a_link_ends_after_three_days(database: Database, world: SmallWorld) -> None:
    token = await link_of(database, world)
    async with database.read() as connection:
        late = NOON + LINK_LIFE
        await user_links.open_link(connection, token=token, now=late - timedelta(seconds=1))
        for text, at in ((token, late), ("never-was", NOON), ("", NOON), ("\udcff", NOON)):
            with pytest.raises(LinkOver):
                await user_links.open_link(connection, token=text, now=at)


async def test_the_newest_link_alone_is_good(database: Database, world: SmallWorld) -> None:
    old = await link_of(database, world)
    new = await link_of(database, world)
    with pytest.raises(LinkOver):
        await used(database, old)
    changed = await used(database, new)
    assert changed.session_epoch == world.suzuki.session_epoch + 1  # his sessions ended


async def test_who_reads_the_database_cannot_come_in_by_it(
    database: Database, world: SmallWorld
) -> None:
    token = await link_of(database, world)
    async with database.read() as connection:
        links = (await connection.execute(select(links_table))).all()
        lines = (await connection.execute(select(audit_log))).all()
    assert token not in str(links) + str(lines)


async def test_a_deactivated_user_has_no_link(database: Database, world: SmallWorld) -> None:
    token = await link_of(database, world)
    async with database.write() as connection:
        await user_changes.deactivate(connection, user_id=world.suzuki.id, now=NOON, by=world.sato)
        with pytest.raises(UserError, match="let him in first"):
            await user_links.make_link(connection, user_id=world.suzuki.id, now=NOON, by=world.sato)
    with pytest.raises(LinkOver):
        await used(database, token)


async def test_only_an_admin_makes_links(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        for by in (world.suzuki, world.sato.as_user()):
            with pytest.raises(NotAllowed):
                await user_links.make_link(connection, user_id=world.tanaka.id, now=NOON, by=by)


async def test_the_first_link_makes_the_first_admin_and_no_second_one(
    database: Database,
) -> None:
    async with database.write() as connection:
        link = await user_links.make_first_link(connection, now=NOON)
        assert link is not None
        admin = await user_links.use_link(
            connection,
            token=link.token,
            password=PASSWORD,
            login="boss",
            name="社長",
            language="ja",
            now=NOON,
        )
        assert admin.acts_as_admin
        assert (await again(connection, admin)).login == "boss"
        assert await user_links.make_first_link(connection, now=NOON) is None


async def test_a_first_link_is_over_as_soon_as_an_admin_can_log_in(
    database: Database,
) -> None:
    async with database.write() as connection:
        link = await user_links.make_first_link(connection, now=NOON)
        assert link is not None
        for login, may_administer in (("agent", False), ("admin", True)):
            # Users that a script made before do not lock the first admin out.
            await user_links.open_link(connection, token=link.token, now=NOON)
            await users.create_user(
                connection,
                login=login,
                name=login,
                password=PASSWORD,
                may_administer=may_administer,
                now=NOON,
            )
        with pytest.raises(LinkOver):
            await user_links.open_link(connection, token=link.token, now=NOON)
        assert await user_links.make_first_link(connection, now=NOON) is None
