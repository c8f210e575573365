"""Sets of custom fields and of action results, as a file describes them."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.commands.set_up_work import Work
from ari_app.settings.set_up import FieldEntry, ResultEntry, ResultSetEntry, StageEntry
from ari_app.settings.validate import did_you_mean
from dialer import custom_fields, result_edits, result_sets, stages
from dialer.custom_field_values import change_field
from dialer.custom_fields import FieldDraft
from dialer.result_edits import DELAYED, ResultForm
from dialer.result_sets import ActionResult, Category

# --- custom fields ----------------------------------------------------------------------


async def apply_field_sets(connection: AsyncConnection, work: Work) -> None:
    """Adds sets and fields, changes those that differ, and puts them in the file's order."""
    known = {one.name: one.id for one in await custom_fields.list_sets(connection)}
    for name, entries in work.wanted.custom_fields.items():
        with work.at("custom_fields", name):
            set_id = known.get(name)
            if set_id is None:
                set_id = await custom_fields.create_set(connection, name=name, now=work.now)
                work.changed(f"set of custom fields {name!r}: added")
            for index, entry in enumerate(entries):
                with work.at("custom_fields", name, index):
                    await _apply_field(connection, work, set_id, name, entry)
            await _order_fields(connection, work, set_id, name, entries)


async def _apply_field(
    connection: AsyncConnection, work: Work, set_id: int, of: str, entry: FieldEntry
) -> None:
    draft = FieldDraft(entry.name, entry.type, entry.required, entry.default, tuple(entry.choices))
    for field in await custom_fields.fields_of_set(connection, set_id):
        if field.name != entry.name:
            continue
        stands = FieldDraft(field.name, field.kind, field.required, field.default, field.choices)
        if stands != draft:
            await change_field(connection, set_id, field.id, draft, now=work.now)
            work.changed(f"custom field {of}/{entry.name}: changed")
        return
    await custom_fields.add_field(connection, set_id, draft, now=work.now)
    work.changed(f"custom field {of}/{entry.name}: added")


async def _order_fields(
    connection: AsyncConnection, work: Work, set_id: int, of: str, entries: Sequence[FieldEntry]
) -> None:
    fields = await custom_fields.fields_of_set(connection, set_id)
    ids = {field.name: field.id for field in fields}
    wanted = [ids[entry.name] for entry in entries if entry.name in ids]
    if wanted != [field.id for field in fields][: len(wanted)]:
        await custom_fields.order_fields(connection, set_id, wanted, now=work.now)
        work.changed(f"set of custom fields {of!r}: put in order")


# --- results ----------------------------------------------------------------------------


async def apply_result_sets(connection: AsyncConnection, work: Work) -> None:
    """Adds sets, stages, categories and results, and changes those that differ."""
    known = {one.name: one.id for one in await result_sets.list_sets(connection)}
    for name, entry in work.wanted.result_sets.items():
        with work.at("result_sets", name):
            set_id = known.get(name)
            if set_id is None:
                set_id = await _create(connection, work, name, entry)
                work.changed(f"result set {name!r}: added")
            await _apply_stages(connection, work, set_id, name, entry.stages)
            await _apply_results(connection, work, set_id, name, entry)


async def _create(connection: AsyncConnection, work: Work, name: str, entry: ResultSetEntry) -> int:
    if entry.standard is None:
        return await result_sets.create_set(connection, name=name, now=work.now)
    return await result_sets.create_default_result_set(
        connection, language=entry.standard, name=name, now=work.now
    )


async def _apply_stages(
    connection: AsyncConnection, work: Work, set_id: int, of: str, entries: Sequence[StageEntry]
) -> None:
    known = {one.name: one for one in await stages.stages_of_set(connection, set_id)}
    for index, entry in enumerate(entries):
        with work.at("result_sets", of, "stages", index):
            stage = known.get(entry.name)
            if stage is None:
                await stages.add_stage(
                    connection, set_id, name=entry.name, colour=entry.colour, now=work.now
                )
                work.changed(f"stage {of}/{entry.name}: added")
            elif stage.colour != entry.colour:
                await stages.change_stage(
                    connection,
                    set_id,
                    stage.id,
                    name=entry.name,
                    colour=entry.colour,
                    now=work.now,
                )
                work.changed(f"stage {of}/{entry.name}: changed")
    ordered = await stages.stages_of_set(connection, set_id)
    ids = {one.name: one.id for one in ordered}
    wanted = [ids[entry.name] for entry in entries if entry.name in ids]
    if wanted != [one.id for one in ordered][: len(wanted)]:
        await stages.order_stages(connection, set_id, wanted, now=work.now)
        work.changed(f"stages of {of!r}: put in order")


async def _apply_results(
    connection: AsyncConnection, work: Work, set_id: int, of: str, entry: ResultSetEntry
) -> None:
    stage_ids = {one.name: one.id for one in await stages.stages_of_set(connection, set_id)}
    for category, entries in entry.results.items():
        place = ("result_sets", of, "results", category)
        with work.at(*place):
            found = await result_sets.categories_of_set(connection, set_id)
            category_id = next((one.id for one in found if one.name == category), None)
            if category_id is None:
                category_id = await result_edits.add_category(
                    connection, set_id, name=category, now=work.now
                )
                work.changed(f"category {of}/{category}: added")
            for index, result in enumerate(entries):
                if result.stage is not None and result.stage not in stage_ids:
                    hint = did_you_mean(result.stage, stage_ids)
                    problem = f"the set has no stage {result.stage!r}{hint}"
                    work.complain((*place, index, "stage"), problem)
                    continue
                with work.at(*place, index):
                    stage_id = stage_ids.get(result.stage or "")
                    await _apply_result(
                        connection, work, set_id, of, _form(category_id, result, stage_id)
                    )
    await _order_results(connection, work, set_id, of, entry)


def _form(category_id: int, entry: ResultEntry, stage_id: int | None) -> ResultForm:
    return ResultForm(
        category_id=category_id,
        name=entry.name,
        effect=entry.does,
        colour=entry.colour,
        hotkey=str(entry.key) if entry.key else None,
        retry_after_seconds=entry.seconds if entry.does in DELAYED else None,
        stage_id=stage_id,
    )


async def _apply_result(
    connection: AsyncConnection, work: Work, set_id: int, of: str, form: ResultForm
) -> None:
    result = _named(await result_sets.categories_of_set(connection, set_id), form.name)
    if result is None:
        await result_edits.add_result(connection, set_id, form, now=work.now)
        work.changed(f"result {of}/{form.name}: added")
        return
    if result.retired:
        await result_edits.retire_result(connection, set_id, result.id, retired=False, now=work.now)
        work.changed(f"result {of}/{form.name}: offered again")
    if _as_form(result) != form:
        await result_edits.change_result(connection, set_id, result.id, form, now=work.now)
        work.changed(f"result {of}/{form.name}: changed")


def _named(found: Sequence[Category], name: str) -> ActionResult | None:
    """The one that is offered, else a retired one."""
    some = [one for category in found for one in category.results if one.name == name]
    return next((one for one in some if not one.retired), some[0] if some else None)


def _as_form(result: ActionResult) -> ResultForm:
    return ResultForm(
        category_id=result.category_id,
        name=result.name,
        effect=result.effect,
        colour=result.colour,
        hotkey=result.hotkey,
        retry_after_seconds=result.retry_after_seconds,
        stage_id=result.stage_id,
    )


async def _order_results(
    connection: AsyncConnection, work: Work, set_id: int, of: str, entry: ResultSetEntry
) -> None:
    """Those of the file first, as it names them; then the others as they were."""
    found = await result_sets.categories_of_set(connection, set_id)
    places = {name: place for place, name in enumerate(entry.results)}
    last = len(places)
    wanted: dict[int, list[int]] = {}
    for category in sorted(found, key=lambda one: places.get(one.name, last)):
        wanted[category.id] = _in_order(category, entry.results.get(category.name, ()))
    stands = {category.id: [one.id for one in category.results] for category in found}
    if list(wanted.items()) != list(stands.items()):
        await result_edits.order_results(connection, set_id, wanted, now=work.now)
        work.changed(f"results of {of!r}: put in order")


def _in_order(category: Category, entries: Sequence[ResultEntry]) -> list[int]:
    order = {entry.name: place for place, entry in enumerate(entries)}
    return [
        one.id for one in sorted(category.results, key=lambda one: order.get(one.name, len(order)))
    ]
