"""The index of custom values: written in the transaction that writes `leads.custom`.

`leads.custom` is the truth; `custom_values` holds its sort keys, so that a filter or an
order by a custom field reads an index in a list of a million leads (decision 0011).
Whoever changes the one calls `replace_values` with what was there before.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.rules.custom_field import CustomField, Values, keys_of
from dialer.storage.batches import batches
from dialer.storage.tables import custom_values


@dataclass(frozen=True, slots=True)
class ValueChange:
    """The custom values of one lead before and after."""

    lead_id: int
    old: Values
    new: Values


async def replace_values(
    connection: AsyncConnection,
    *,
    project_id: int,
    fields: Mapping[int, CustomField],
    changes: Sequence[ValueChange],
) -> None:
    """Keeps the index in step with `changes`; `fields` are those of the project, by id."""
    gone: list[tuple[int, str, int]] = []
    come: list[tuple[int, str, int]] = []
    for change in changes:
        before = set(keys_of(fields, change.old))
        after = set(keys_of(fields, change.new))
        gone += [(field_id, key, change.lead_id) for field_id, key in sorted(before - after)]
        come += [(field_id, key, change.lead_id) for field_id, key in sorted(after - before)]
    await replace_keys(connection, project_id=project_id, gone=gone, come=come)


async def replace_keys(
    connection: AsyncConnection,
    *,
    project_id: int,
    gone: Sequence[tuple[int, str, int]],
    come: Sequence[tuple[int, str, int]],
) -> None:
    """Removes and adds rows of the index, each as field id, sort key and lead id."""
    row = tuple_(custom_values.c.field_id, custom_values.c.sort_key, custom_values.c.lead_id)
    for some in batches(gone):
        await connection.execute(
            delete(custom_values).where(custom_values.c.project_id == project_id, row.in_(some))
        )
    if come:
        await connection.execute(
            insert(custom_values),
            [
                {"project_id": project_id, "field_id": field_id, "sort_key": key, "lead_id": lead}
                for field_id, key, lead in come
            ],
        )


def index_rows(
    project_id: int, fields: Mapping[int, CustomField], lead_id: int, values: Values
) -> Iterator[dict[str, object]]:
    """The rows of `custom_values` for a new lead: for those who insert many at once."""
    for field_id, key in dict.fromkeys(keys_of(fields, values)):
        yield {
            "project_id": project_id,
            "field_id": field_id,
            "sort_key": key,
            "lead_id": lead_id,
        }
