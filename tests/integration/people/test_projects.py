"""Workgroups, projects and the results that agents pick."""

import pytest

from dialer import projects, result_sets, workgroups
from dialer.default_results import DEFAULT_RESULTS
from dialer.storage.engine import Database
from dialer.users import Language
from tests.small_world import NOON, SmallWorld, again, build_small_world


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def test_a_user_sees_the_projects_he_is_assigned_to(
    database: Database, world: SmallWorld
) -> None:
    async with database.read() as connection:
        seen = {
            user.login: [project.name for project in await projects.projects_of(connection, user)]
            for user in (world.sato, world.sato.as_user(), world.suzuki, world.takahashi)
        }
        as_user = await projects.projects_of(connection, world.sato.as_user())
        as_admin = await projects.projects_of(connection, world.sato)
    assert seen["suzuki"] == ["光回線"]
    assert seen["takahashi"] == []
    assert [project.name for project in as_user] == ["光回線"]
    assert {project.name for project in as_admin} == {"保険", "光回線"}


async def test_assigning_twice_is_the_same_as_once(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        for _ in range(2):
            await projects.assign_users(
                connection,
                project_id=world.project_id,
                user_ids=[world.takahashi.id, world.suzuki.id],
                by=world.sato,
                now=NOON,
            )
        assert (await again(connection, world.takahashi)).project_ids == {world.project_id}


async def test_an_unknown_project_names_the_known_ones(
    database: Database, world: SmallWorld
) -> None:
    async with database.read() as connection:
        with pytest.raises(projects.UnknownProject, match="no project '光'") as caught:
            await projects.project_by_name(connection, "光")
        assert (await projects.project_by_name(connection, "光回線")).id == world.project_id
    assert "保険" in str(caught.value)
    assert "光回線" in str(caught.value)


async def test_names_are_taken_once(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        with pytest.raises(projects.NameTaken, match="a project '光回線' already"):
            await projects.create_project(connection, name=" 光回線 ", now=NOON)
        with pytest.raises(workgroups.NameTaken, match="a workgroup '東京' already"):
            await workgroups.create_workgroup(connection, name="東京", now=NOON)


async def test_nonsense_is_refused(database: Database) -> None:
    async with database.write() as connection:
        with pytest.raises(projects.ProjectError, match="no time zone 'Tokyo/Asia'"):
            await projects.create_project(connection, name="x", time_zone="Tokyo/Asia", now=NOON)
        with pytest.raises(projects.ProjectError, match="needs a name"):
            await projects.create_project(connection, name="  ", now=NOON)


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_the_default_results_can_be_used_at_once(
    database: Database, language: Language
) -> None:
    async with database.write() as connection:
        set_id = await result_sets.create_default_result_set(
            connection, language=language, now=NOON
        )
        again_id = await result_sets.create_default_result_set(
            connection, language=language, now=NOON
        )
        project = await projects.create_project(
            connection, name="光回線", result_set_id=set_id, now=NOON
        )
        results = await result_sets.results_of_project(connection, project.id)
        one = await result_sets.result_by_id(connection, results[0].id)

    assert again_id == set_id
    assert one == results[0]
    assert sorted(filter(None, (result.hotkey for result in results))) == list("123456789")
    assert {result.effect for result in results} == {
        "appointment",
        "callback",
        "retry",
        "final",
        "mybox",
        "prohibit",
    }
    categories = [category for category, _ in DEFAULT_RESULTS[language][1]]
    assert list(dict.fromkeys(result.category for result in results)) == categories
    for result in results:
        waits = result.effect in ("retry", "callback", "mybox")
        assert (result.retry_after_seconds is not None) == waits


async def test_a_project_without_results_offers_none(database: Database, world: SmallWorld) -> None:
    async with database.read() as connection:
        assert await result_sets.results_of_project(connection, world.other_project_id) == ()
