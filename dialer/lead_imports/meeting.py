"""What the rows of a batch meet in the database: leads with their numbers or keys, 禁止, boxes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.rules.custom_field import CustomField
from dialer.rules.import_fate import Met
from dialer.rules.lead_row import LeadDraft
from dialer.storage.lead_import_queries import (
    LeadThere,
    boxed_among,
    leads_by_number,
    leads_by_value,
    prohibited_among,
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known about the numbers and keys of some rows."""

    project_id: int
    import_id: int
    key: CustomField | None  # None: the number is the key
    by_number: Mapping[str, Sequence[LeadThere]]
    by_value: Mapping[str, Sequence[LeadThere]]
    prohibited: frozenset[str]
    boxed: frozenset[str]

    def keys_of(self, row: LeadDraft) -> tuple[str, ...]:
        """What tells that two rows are about one lead."""
        return keys_of(row, self.key)

    def matches(self, row: LeadDraft) -> list[LeadThere]:
        """Leads of the project that the row is about, in order of their ids."""
        known = self.by_number if self.key is None else self.by_value
        found = {
            there.lead_id: there
            for key in self.keys_of(row)
            for there in known.get(key, ())
            if there.project_id == self.project_id
        }
        return [found[lead_id] for lead_id in sorted(found)]

    def met_by(self, row: LeadDraft, *, in_file: bool = False) -> Met:
        """`in_file`: an earlier row of the same batch has made the lead already."""
        matches = self.matches(row)
        return Met(
            in_file=in_file or any(there.import_id == self.import_id for there in matches),
            in_project=any(there.import_id != self.import_id for there in matches),
            elsewhere=any(
                there.project_id != self.project_id
                for number in row.callable_numbers
                for there in self.by_number.get(number, ())
            ),
            prohibited=not self.prohibited.isdisjoint(_all_numbers(row)),
            boxed=not self.boxed.isdisjoint(_all_numbers(row)),
        )


def keys_of(row: LeadDraft, key: CustomField | None) -> tuple[str, ...]:
    """What tells that two rows are about one lead: their numbers, or the value of a field."""
    if key is None:
        return row.callable_numbers
    value = row.custom.get(key.key)
    return (value,) if isinstance(value, str) else ()


def _all_numbers(row: LeadDraft) -> list[str]:
    """Fax included: what is said about one of its numbers is said about the lead."""
    return [contact.e164 for contact in row.contacts if contact.e164 is not None]


async def look_around(
    connection: AsyncConnection,
    rows: Sequence[LeadDraft],
    *,
    project_id: int,
    import_id: int,
    key: CustomField | None,
) -> Surroundings:
    """What is known, as this transaction sees it, about all that `rows` say."""
    callable_numbers = {number for row in rows for number in row.callable_numbers}
    numbers = {number for row in rows for number in _all_numbers(row)}
    values = {value for row in rows for value in keys_of(row, key)} if key else set()
    return Surroundings(
        project_id=project_id,
        import_id=import_id,
        key=key,
        by_number=await leads_by_number(connection, callable_numbers),
        by_value=await leads_by_value(connection, project_id, key, values) if key else {},
        prohibited=frozenset(await prohibited_among(connection, numbers)),
        boxed=frozenset(await boxed_among(connection, numbers)),
    )
