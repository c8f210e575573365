"""Saved views: a user's own, those that are shared, and what the table opens with."""

import pytest

from dialer import saved_views
from dialer.saved_views import BadViewName, TooManyViews, UnknownView
from dialer.storage.engine import Database
from dialer.users import NotAllowed, User
from tests.small_world import NOON, SmallWorld, build_small_world


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def save(
    database: Database, world: SmallWorld, by: User, name: str, *, shared: bool = False
) -> int:
    async with database.write() as connection:
        return await saved_views.save_view(
            connection,
            project_id=world.project_id,
            name=name,
            query=f"q={name}",
            shared=shared,
            by=by,
            now=NOON,
        )


async def seen(database: Database, world: SmallWorld, viewer: User) -> dict[str, bool]:
    """The names of the views, and whether the viewer may change them."""
    async with database.read() as connection:
        views = await saved_views.list_views(connection, project_id=world.project_id, viewer=viewer)
    return {view.name: view.mine for view in views}


async def test_a_view_is_ones_own_unless_it_is_shared(
    database: Database, world: SmallWorld
) -> None:
    await save(database, world, world.suzuki, "自分用")
    await save(database, world, world.suzuki, "今週の再コール", shared=True)
    assert await seen(database, world, world.suzuki) == {"今週の再コール": True, "自分用": True}
    assert await seen(database, world, world.tanaka) == {"今週の再コール": False}
    assert await seen(database, world, world.sato) == {"今週の再コール": True}
    assert await seen(database, world, world.takahashi) == {}  # not of the project


async def test_saving_under_the_same_name_replaces(database: Database, world: SmallWorld) -> None:
    first = await save(database, world, world.suzuki, "東京")
    assert await save(database, world, world.suzuki, "  東京 ", shared=True) == first
    assert await save(database, world, world.tanaka, "東京") != first


async def test_only_its_owner_or_an_admin_changes_a_shared_view(
    database: Database, world: SmallWorld
) -> None:
    view_id = await save(database, world, world.suzuki, "共有", shared=True)
    own_id = await save(database, world, world.suzuki, "自分用")
    async with database.write() as connection:
        with pytest.raises(NotAllowed):
            await saved_views.delete_view(connection, view_id=view_id, by=world.tanaka)
        with pytest.raises(UnknownView):
            await saved_views.delete_view(connection, view_id=own_id, by=world.tanaka)
        with pytest.raises(BadViewName):
            await saved_views.change_view(
                connection, view_id=view_id, name="自分用", shared=True, by=world.suzuki
            )
        await saved_views.change_view(
            connection, view_id=view_id, name="全員用", shared=True, by=world.sato
        )
    assert await seen(database, world, world.tanaka) == {"全員用": False}
    async with database.write() as connection:
        await saved_views.delete_view(connection, view_id=view_id, by=world.suzuki)
    assert await seen(database, world, world.tanaka) == {}


@pytest.mark.parametrize("name", ["", " 　", "長" * 101])
async def test_a_view_needs_a_name(database: Database, world: SmallWorld, name: str) -> None:
    with pytest.raises(BadViewName):
        await save(database, world, world.suzuki, name)


async def test_views_have_a_bound(
    database: Database, world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_views, "MOST_VIEWS", 2)
    await save(database, world, world.tanaka, "他人の", shared=True)
    for name in ("一", "二"):
        await save(database, world, world.suzuki, name)
    with pytest.raises(TooManyViews):
        await save(database, world, world.suzuki, "三")
    await save(database, world, world.suzuki, "二")  # in the place of the old one


async def test_the_table_opens_with_what_was_chosen(database: Database, world: SmallWorld) -> None:
    shared = await save(database, world, world.tanaka, "共有", shared=True)
    own = await save(database, world, world.tanaka, "自分用")

    async def opens_with() -> str:
        async with database.read() as connection:
            return await saved_views.start_query(
                connection, project_id=world.project_id, user_id=world.suzuki.id
            )

    assert await opens_with() == ""
    async with database.write() as connection:
        await saved_views.start_with(connection, view_id=shared, by=world.suzuki, now=NOON)
        with pytest.raises(UnknownView):
            await saved_views.start_with(connection, view_id=own, by=world.suzuki, now=NOON)
    assert await opens_with() == "q=共有"
    assert await seen(database, world, world.suzuki) == {"共有": False}
    async with database.write() as connection:
        await saved_views.set_start(
            connection, project_id=world.project_id, query="", by=world.suzuki, now=NOON
        )
        with pytest.raises(UnknownView):
            await saved_views.set_start(
                connection, project_id=world.project_id, query="", by=world.takahashi, now=NOON
            )
    assert await opens_with() == ""
