"""All that is kept about a person is handed over, and erased but for the suppression record."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import action_texts, legal_holds
from dialer.person_data import person_data
from dialer.person_erasure import (
    BeingCalled,
    PersonErased,
    UnderHold,
    erase_person,
    would_erase,
)
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.transcript import Word, to_json, utterances
from dialer.storage.engine import Database
from dialer.storage.tables import (
    action_texts as texts,
)
from dialer.storage.tables import (
    actions,
    audit_log,
    callbacks,
    calls,
    comments,
    contact_points,
    lead_changes,
    leads,
    metadata,
    mybox_entries,
    prohibitions,
    recordings,
    transcripts,
)
from dialer.users import NotAllowed
from tests.fakes.recordings import FakeRecordings
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world

PERSON, OTHER = "+81352542287", "+81352542288"
_SECRETS = (
    "山田花子",
    "ヤマダハナコ",
    "本郷",
    PERSON,
    "秘密のメモ",
    "秘密のことば",
    "秘密のコメント",
)


@dataclass(frozen=True, slots=True)
class Known:
    world: SmallWorld
    lead_id: int
    call_id: UUID
    neighbour_id: int
    neighbours_call: UUID


async def test_everything_is_handed_over(database: Database) -> None:
    async with database.write() as connection:
        known = await _fill(connection)
    async with database.read() as connection:
        told = await person_data(connection, PERSON)

    everything = json.dumps(told.records, ensure_ascii=False)
    for secret in _SECRETS:
        assert secret in everything
    assert "鈴木商店" not in everything
    assert [audio.call_id for audio in told.audio] == [known.call_id]
    assert not told.is_empty


async def test_nothing_is_known_of_a_stranger(database: Database) -> None:
    async with database.write() as connection:
        await _fill(connection)
        assert (await person_data(connection, "+81312345678")).is_empty


async def test_only_the_suppression_record_stays(database: Database) -> None:
    async with database.write() as connection:
        known = await _fill(connection)
    foretold = await would_erase(database, Path("/nowhere"), PERSON)
    store = FakeRecordings()

    erased = await _erase(database, store, known)

    assert erased == foretold == PersonErased(leads=1, actions=1, recordings=1)
    assert store.erased == [known.call_id]
    async with database.read() as connection:
        found = await _tables_with(connection, _SECRETS)
        assert found == {"prohibitions", "audit_log"}
        stays = (await connection.execute(select(prohibitions))).one()
        assert (stays.e164, stays.workgroup_id, stays.reason) == (PERSON, None, "本人の求め")
        details = await connection.scalars(
            select(audit_log.c.detail).where(audit_log.c.subject == f"number:{PERSON}")
        )
        told = json.dumps(list(details), ensure_ascii=False)
        assert not any(secret in told for secret in _SECRETS if secret != PERSON)
        # Figures without a person stay: that there was a call, when, by whom, how it went.
        call = (
            await connection.execute(
                select(calls.c.outcome, actions.c.user_id, actions.c.at)
                .join(actions, actions.c.id == calls.c.id)
                .where(calls.c.id == known.call_id)
            )
        ).one()
        assert (call.outcome, call.user_id) == ("connected", known.world.suzuki.id)


async def test_others_are_left_alone(database: Database) -> None:
    async with database.write() as connection:
        known = await _fill(connection)
        before = await _of_neighbour(connection, known)

    await _erase(database, FakeRecordings(), known)

    async with database.read() as connection:
        assert await _of_neighbour(connection, known) == before


async def test_once_more_finds_nothing(database: Database) -> None:
    async with database.write() as connection:
        known = await _fill(connection)
    await _erase(database, FakeRecordings(), known)

    assert await _erase(database, FakeRecordings(), known) == PersonErased(0, 0, 0)


async def test_a_hold_refuses_it(database: Database) -> None:
    async with database.write() as connection:
        known = await _fill(connection)
        hold = await legal_holds.hold_call(
            connection, call_id=known.call_id, reason="訴訟", by=known.world.sato, now=NOON
        )
    with pytest.raises(UnderHold):
        await _erase(database, FakeRecordings(), known)
    async with database.write() as connection:
        await legal_holds.lift(connection, hold_id=hold, by=known.world.sato, now=NOON)
        await legal_holds.hold_number(
            connection, e164=PERSON, reason="調査", by=known.world.sato, now=NOON
        )
    with pytest.raises(UnderHold):
        await _erase(database, FakeRecordings(), known)

    async with database.read() as connection:
        assert (await connection.execute(select(prohibitions))).all() == []


async def test_nobody_is_erased_while_he_is_called(database: Database) -> None:
    async with database.write() as connection:
        known = await _fill(connection)
        await connection.execute(
            update(calls).where(calls.c.id == known.call_id).values(ended_at=None)
        )
    with pytest.raises(BeingCalled):
        await _erase(database, FakeRecordings(), known)


async def test_only_an_admin_erases(database: Database) -> None:
    async with database.write() as connection:
        known = await _fill(connection)
    with pytest.raises(NotAllowed):
        await erase_person(
            database,
            FakeRecordings(),
            Path("/nowhere"),
            e164=PERSON,
            reason="",
            by=known.world.suzuki,
            now=NOON,
        )


async def _erase(
    database: Database, store: FakeRecordings, known: Known, lists: Path = Path("/nowhere")
) -> PersonErased:
    return await erase_person(
        database, store, lists, e164=PERSON, reason="本人の求め", by=known.world.sato, now=NOON
    )


async def _fill(connection: AsyncConnection) -> Known:
    """A person with all that can be known of her, and a neighbour."""
    world = await build_small_world(connection)
    lead_id = await add_lead(
        connection, world.project_id, PERSON, OTHER, name="山田花子", kana="ヤマダハナコ"
    )
    await connection.execute(update(leads).values(city="文京区本郷", extra={"備考": "秘密のメモ"}))
    call_id = await _conversation(connection, world, lead_id, PERSON, "秘密の")
    neighbour_id = await add_lead(
        connection, world.project_id, OTHER, name="鈴木商店", kana="スズキショウテン"
    )
    neighbours_call = await _conversation(connection, world, neighbour_id, OTHER, "隣の")
    for lead, words in ((lead_id, "秘密のメモ"), (neighbour_id, "隣のメモ")):
        await connection.execute(
            insert(lead_changes).values(
                lead_id=lead, at=NOON, user_id=world.sato.id, field="notes", old=words, new=words
            )
        )
        await connection.execute(
            insert(callbacks).values(
                lead_id=lead,
                project_id=world.project_id,
                due_at=NOON + timedelta(days=1),
                note=words,
                created_at=NOON,
            )
        )
        await connection.execute(
            insert(mybox_entries).values(lead_id=lead, user_id=world.suzuki.id, since=NOON)
        )
    return Known(world, lead_id, call_id, neighbour_id, neighbours_call)


async def _conversation(
    connection: AsyncConnection, world: SmallWorld, lead_id: int, e164: str, whose: str
) -> UUID:
    call_id = await add_call(
        connection,
        world,
        lead_id,
        e164=e164,
        outcome=CallOutcome.CONNECTED,
        user=world.suzuki,
        memo=f"{whose}メモ",
        recorded=True,
    )
    said = utterances("customer", [Word(f"{whose}ことば", 0, 500, 1.0)])
    await connection.execute(
        insert(transcripts).values(
            call_id=call_id,
            engine="vosk",
            model="toy",
            language="ja",
            made_at=NOON,
            utterances=to_json(said),
        )
    )
    await connection.execute(
        insert(comments).values(
            action_id=call_id, user_id=world.sato.id, text=f"{whose}コメント", created_at=NOON
        )
    )
    await action_texts.refresh(connection, [call_id])
    return call_id


async def _tables_with(connection: AsyncConnection, secrets: tuple[str, ...]) -> set[str]:
    """Every table of the database that still says one of these."""
    found = set()
    for table in metadata.sorted_tables:
        rows = (await connection.execute(select(table))).all()
        told = json.dumps([list(row) for row in rows], ensure_ascii=False, default=str)
        if any(secret in told for secret in secrets):
            found.add(table.name)
    return found


async def _of_neighbour(connection: AsyncConnection, known: Known) -> list[object]:
    facts: list[object] = []
    for table, column, value in (
        (leads, leads.c.id, known.neighbour_id),
        (contact_points, contact_points.c.lead_id, known.neighbour_id),
        (lead_changes, lead_changes.c.lead_id, known.neighbour_id),
        (callbacks, callbacks.c.lead_id, known.neighbour_id),
        (mybox_entries, mybox_entries.c.lead_id, known.neighbour_id),
        (actions, actions.c.id, known.neighbours_call),
        (calls, calls.c.id, known.neighbours_call),
        (recordings, recordings.c.call_id, known.neighbours_call),
        (transcripts, transcripts.c.call_id, known.neighbours_call),
        (comments, comments.c.action_id, known.neighbours_call),
        (texts, texts.c.action_id, known.neighbours_call),
    ):
        rows = await connection.execute(select(table).where(column == value))
        facts.extend(tuple(row) for row in rows)
    count = select(func.count()).select_from(leads)
    return [*facts, (await connection.execute(count)).scalar_one()]
