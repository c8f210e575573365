"""Result sets as an admin edits them, on both databases."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import result_edits, result_sets, stages
from dialer.result_edits import ResultForm
from dialer.result_set_errors import (
    BadDelay,
    BadName,
    HotkeyTaken,
    NameTaken,
    NotEmpty,
    ResultInUse,
    ResultSetError,
    SetInUse,
    StageInUse,
    UnknownResultSet,
)
from dialer.result_sets import ActionResult
from dialer.storage.engine import Database
from dialer.storage.tables import audit_log, leads, projects
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world


@pytest.fixture
async def world(database: Database) -> SmallWorld:
    async with database.write() as connection:
        return await build_small_world(connection)


async def set_of(connection: AsyncConnection) -> int:
    (only,) = await result_sets.list_sets(connection)
    return only.id


async def named(connection: AsyncConnection, set_id: int, name: str) -> ActionResult:
    return next(
        one
        for category in await result_sets.categories_of_set(connection, set_id)
        for one in category.results
        if one.name == name
    )


async def test_a_set_is_built_from_nothing(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        set_id = await result_sets.create_set(connection, name=" 訪問 ", now=NOON, by=world.sato)
        stage_id = await stages.add_stage(
            connection, set_id, name="見込み", colour="blue", now=NOON
        )
        first = await result_edits.add_category(connection, set_id, name="成果", now=NOON)
        second = await result_edits.add_category(connection, set_id, name="終了", now=NOON)
        won = ResultForm(first, "受注", "final", "green", "1", stage_id=stage_id)
        won_id = await result_edits.add_result(connection, set_id, won, now=NOON)
        later = ResultForm(first, "後日", "retry", "plaid", None, retry_after_seconds=7200)
        later_id = await result_edits.add_result(connection, set_id, later, now=NOON)
        await connection.execute(
            update(projects).where(projects.c.name == "保険").values(result_set_id=set_id)
        )
        offered = await result_sets.results_of_project(connection, world.other_project_id)
        assert [(one.name, one.category, one.colour) for one in offered] == [
            ("受注", "成果", "green"),
            ("後日", "成果", "grey"),
        ]
        assert (offered[0].stage_id, offered[1].retry_after_seconds) == (stage_id, 7200)
        await result_edits.order_results(
            connection, set_id, {second: [later_id], first: [won_id]}, now=NOON
        )
        ordered = await result_sets.categories_of_set(connection, set_id)
        assert [(one.name, [r.name for r in one.results]) for one in ordered] == [
            ("終了", ["後日"]),
            ("成果", ["受注"]),
        ]
        listed = {one.name: one for one in await result_sets.list_sets(connection)}
        assert (listed["訪問"].results, listed["訪問"].projects) == (2, ("保険",))
        audited = await connection.scalars(
            select(audit_log.c.action).where(audit_log.c.subject == f"result:{won_id}")
        )
        assert list(audited) == ["result.add"]


async def test_what_makes_no_sense_is_refused(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        set_id = await set_of(connection)
        appointment = await named(connection, set_id, "アポ獲得")
        form = ResultForm(appointment.category_id, "新しい結果", "retry")
        for bad, error in (
            (replace(form, name=" "), BadName),
            (replace(form, name="ｱﾎﾟ獲得"), NameTaken),
            (replace(form, hotkey="1"), HotkeyTaken),
            (replace(form, retry_after_seconds=5), BadDelay),
            (replace(form, category_id=appointment.id), UnknownResultSet),
            (replace(form, stage_id=987), UnknownResultSet),
            (replace(form, effect="explode"), ResultSetError),  # type: ignore[arg-type]
        ):
            with pytest.raises(error):
                await result_edits.add_result(connection, set_id, bad, now=NOON)
        with pytest.raises(NameTaken):
            await result_edits.add_category(connection, set_id, name="成果", now=NOON)
        with pytest.raises(NotEmpty):
            await result_edits.delete_category(
                connection, set_id, appointment.category_id, now=NOON
            )
        with pytest.raises(UnknownResultSet):
            await result_edits.add_category(connection, 987, name="成果", now=NOON)
        # Its own name and key are no obstacle.
        same = ResultForm(appointment.category_id, "アポ獲得", "appointment", "teal", "1")
        await result_edits.change_result(connection, set_id, appointment.id, same, now=NOON)
        assert (await named(connection, set_id, "アポ獲得")).colour == "teal"


async def test_a_result_that_was_used_is_retired_and_history_still_names_it(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        set_id = await set_of(connection)
        used = await named(connection, set_id, "検討中")
        unused = await named(connection, set_id, "対象外")
        lead_id = await add_lead(connection, world.project_id)
        await add_call(connection, world, lead_id, result_id=used.id)
        with pytest.raises(ResultInUse):
            await result_edits.delete_result(connection, set_id, used.id, now=NOON)
        await result_edits.delete_result(connection, set_id, unused.id, now=NOON)
        await result_edits.retire_result(connection, set_id, used.id, now=NOON)
        offered = await result_sets.results_of_project(connection, world.project_id)
        assert {"検討中", "対象外"} & {one.name for one in offered} == set()
        known = await result_sets.results_of_project(connection, world.project_id, retired=True)
        assert [one.name for one in known if one.retired] == ["検討中"]
        found = await result_sets.result_by_id(connection, used.id)
        assert found is not None
        assert found.name == "検討中"
        # Its key may go to another; then it comes back without it.
        other = ResultForm(used.category_id, "再検討", hotkey=used.hotkey)
        await result_edits.add_result(connection, set_id, other, now=NOON)
        await result_edits.retire_result(connection, set_id, used.id, retired=False, now=NOON)
        again = await named(connection, set_id, "検討中")
        assert (again.retired, again.hotkey) == (False, None)


async def test_a_set_is_copied_with_its_stages_and_deleted_when_nobody_needs_it(
    database: Database, world: SmallWorld
) -> None:
    async with database.write() as connection:
        set_id = await set_of(connection)
        retired = await named(connection, set_id, "番号違い")
        await result_edits.retire_result(connection, set_id, retired.id, now=NOON)
        copy_id = await result_sets.copy_set(connection, set_id, name="写し", now=NOON)
        original = await result_sets.categories_of_set(connection, set_id)
        copied = await result_sets.categories_of_set(connection, copy_id)
        stage_names: dict[int | None, str] = {
            stage.id: stage.name
            for one in (set_id, copy_id)
            for stage in await stages.stages_of_set(connection, one)
        }

        def told(categories: tuple[result_sets.Category, ...]) -> list[tuple[object, ...]]:
            return [
                (
                    category.name,
                    one.name,
                    one.hotkey,
                    one.effect,
                    stage_names.get(one.stage_id or 0),
                )
                for category in categories
                for one in category.results
                if not one.retired
            ]

        assert told(copied) == told(original)
        assert len(set(stage_names)) == 8
        with pytest.raises(SetInUse) as caught:
            await result_sets.delete_set(connection, set_id, now=NOON)
        assert caught.value.projects == ("光回線",)
        await result_sets.delete_set(connection, copy_id, now=NOON)
        assert [one.name for one in await result_sets.list_sets(connection)] == ["標準"]
        lead_id = await add_lead(connection, world.project_id)
        await add_call(connection, world, lead_id, result_id=retired.id)
        await connection.execute(update(projects).values(result_set_id=None))
        with pytest.raises(SetInUse):
            await result_sets.delete_set(connection, set_id, now=NOON)


async def test_a_stage_goes_when_no_lead_is_in_it(database: Database, world: SmallWorld) -> None:
    async with database.write() as connection:
        set_id = await set_of(connection)
        known = await stages.stages_of_set(connection, set_id)
        assert [one.name for one in known] == ["見込み", "商談", "成約", "失注"]
        prospect, talks, won, _ = known
        lead_id = await add_lead(connection, world.project_id)
        await connection.execute(
            update(leads).where(leads.c.id == lead_id).values(stage_id=prospect.id)
        )
        with pytest.raises(StageInUse) as caught:
            await stages.delete_stage(connection, set_id, prospect.id, now=NOON)
        assert caught.value.leads == 1
        await stages.delete_stage(connection, set_id, talks.id, now=NOON)
        assert (await named(connection, set_id, "アポ獲得")).stage_id is None
        with pytest.raises(NameTaken):
            await stages.change_stage(
                connection, set_id, won.id, name="失注", colour="red", now=NOON
            )
        await stages.change_stage(connection, set_id, won.id, name="受注", colour="red", now=NOON)
        await stages.order_stages(connection, set_id, [won.id], now=NOON)
        assert [one.name for one in await stages.stages_of_set(connection, set_id)] == [
            "受注",
            "見込み",
            "失注",
        ]
