"""Audio goes first, words later, and what a legal hold keeps stays; killed anywhere, it goes on."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import action_texts, legal_holds, retention
from dialer.ports import KeptAudio, RecordingFault
from dialer.retention import Erased, erase_due
from dialer.retention_outlook import Outlook, Outlooks, outlook
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.retention import Policies, Retention
from dialer.rules.transcript import Word, to_json, utterances
from dialer.storage.engine import Database
from dialer.storage.tables import (
    audit_log,
    comments,
    projects,
    recording_peaks,
    recordings,
    transcripts,
)
from dialer.users import NotAllowed
from recordings.store import LocalRecordingStore
from tests.fakes.recordings import FakeRecordings
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world

NUMBER, OTHER_NUMBER = "+81352542287", "+81352542288"


def _policies(audio: int | None, words: int | None, **campaigns: Retention) -> Policies:
    return Policies(Retention(audio, words), campaigns)


async def test_audio_goes_first_and_words_later(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        young, old, oldest = [await _spoken(connection, world, days) for days in (10, 100, 400)]
    store = FakeRecordings()

    erased = await erase_due(database, store, _policies(90, 365), NOON)

    assert erased == Erased(audio=2, words=1)
    assert set(store.erased) == {old, oldest}
    async with database.read() as connection:
        assert await _states(connection) == {young: "ready", old: "erased", oldest: "erased"}
        assert set(await connection.scalars(select(transcripts.c.call_id))) == {young, old}
        assert await _count(connection, comments) == 2
        assert set(await connection.scalars(select(recording_peaks.c.call_id))) == {young}
        row = (
            await connection.execute(select(recordings).where(recordings.c.call_id == old))
        ).one()
        assert (row.path, row.sha256, row.erased_because) == ("", None, "retention")
        assert row.erased_at == NOON


async def test_words_that_are_erased_are_no_longer_found(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        await _spoken(connection, world, 400)

    await erase_due(database, FakeRecordings(), _policies(90, 365), NOON)

    async with database.read() as connection:
        joined, condition, _ = action_texts.found("解約", is_sqlite=database.is_sqlite)
        query = select(func.count()).select_from(joined).where(condition)
        assert (await connection.execute(query)).scalar_one() == 0


async def test_the_shortest_of_installation_project_and_campaign_counts(
    database: Database,
) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        await _spoken(connection, world, 20)
        await connection.execute(
            update(projects)
            .where(projects.c.id == world.project_id)
            .values(keep_recordings_days=30)
        )

    async def counted(policies: Policies) -> Erased:
        return await erase_due(database, FakeRecordings(), policies, NOON, dry_run=True)

    assert await counted(_policies(90, None)) == Erased()
    assert await counted(_policies(90, None, autumn=Retention(15, None))) == Erased(audio=1)
    assert await counted(_policies(90, None, other=Retention(15, None))) == Erased()
    async with database.write() as connection:
        await connection.execute(update(projects).values(keep_recordings_days=10))
    assert await counted(_policies(90, None)) == Erased(audio=1)


async def test_a_dry_run_erases_nothing(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        call_id = await _spoken(connection, world, 400)
    store = FakeRecordings()

    assert await erase_due(database, store, _policies(1, 1), NOON, dry_run=True) == Erased(1, 1)

    assert store.erased == []
    async with database.read() as connection:
        assert await _states(connection) == {call_id: "ready"}


async def test_a_hold_keeps_a_call_or_all_with_a_number(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        held = await _spoken(connection, world, 400)
        of_number = await _spoken(connection, world, 400, e164=OTHER_NUMBER)
        free = await _spoken(connection, world, 400)
        hold = await legal_holds.hold_call(
            connection, call_id=held, reason="訴訟", by=world.sato, now=NOON
        )
        await legal_holds.hold_number(
            connection, e164=OTHER_NUMBER, reason="調査", by=world.sato, now=NOON
        )
    store = FakeRecordings()

    await erase_due(database, store, _policies(90, 365), NOON)
    assert store.erased == [free]

    async with database.write() as connection:
        await legal_holds.lift(connection, hold_id=hold, by=world.sato, now=NOON)
        standing = await legal_holds.list_holds(connection)
        assert [(one.e164, one.reason) for one in standing.rows] == [(OTHER_NUMBER, "調査")]
    await erase_due(database, store, _policies(90, 365), NOON)
    assert store.erased == [free, held]
    assert of_number not in store.erased


async def test_holds_are_an_admins_and_need_a_reason(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        call_id = await _spoken(connection, world, 1)
        with pytest.raises(NotAllowed):
            await legal_holds.hold_call(
                connection, call_id=call_id, reason="x", by=world.suzuki, now=NOON
            )
        with pytest.raises(legal_holds.NoReason):
            await legal_holds.hold_call(
                connection, call_id=call_id, reason=" ", by=world.sato, now=NOON
            )
        with pytest.raises(legal_holds.NothingToHold):
            await legal_holds.hold_call(
                connection, call_id=uuid4(), reason="x", by=world.sato, now=NOON
            )
        with pytest.raises(legal_holds.NotStanding):
            await legal_holds.lift(connection, hold_id=1, by=world.sato, now=NOON)


class _Dies(FakeRecordings):
    """Removes so many files and then cannot."""

    left = 1

    async def erase(self, kept: KeptAudio) -> None:
        if not self.left:
            raise RecordingFault("the disk is away")
        self.left -= 1
        await super().erase(kept)


async def test_what_was_begun_goes_on_in_the_next_run(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        calls = {await _spoken(connection, world, 100) for _ in range(3)}
    with pytest.raises(RecordingFault):
        await erase_due(database, _Dies(), _policies(90, None), NOON)
    async with database.read() as connection:
        assert await _states(connection) == dict.fromkeys(calls, "erasing")

    store = FakeRecordings()
    await erase_due(database, store, _policies(90, None), NOON + timedelta(days=1))

    assert set(store.erased) == calls
    async with database.read() as connection:
        assert await _states(connection) == dict.fromkeys(calls, "erased")


async def test_each_erasure_is_in_the_audit_log(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        call_id = await _spoken(connection, world, 400)

    await erase_due(database, FakeRecordings(), _policies(90, 365), NOON)

    async with database.read() as connection:
        lines = await connection.execute(
            select(audit_log.c.action, audit_log.c.subject, audit_log.c.detail).where(
                audit_log.c.action.like("%.erase")
            )
        )
        assert {tuple(map(str, line)) for line in lines} == {
            ("recording.erase", f"call:{call_id}", "{'because': 'retention'}"),
            ("transcript.erase", f"call:{call_id}", "{'because': 'retention'}"),
        }


async def test_many_are_erased_some_at_a_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    async with database.write() as connection:
        world = await build_small_world(connection)
        for _ in range(5):
            await _spoken(connection, world, 100)
    steps: list[Erased] = []

    await erase_due(database, FakeRecordings(), _policies(90, None), NOON, progress=steps.append)

    assert [step.audio for step in steps] == [2, 4, 5]


async def test_the_files_are_gone(database: Database, tmp_path: Path) -> None:
    store = LocalRecordingStore(tmp_path / "recordings", settle_seconds=0.01)
    async with database.write() as connection:
        world = await build_small_world(connection)
        call_id = await _spoken(connection, world, 100)
        raw = store.raw_path(call_id, NOON)
        raw.write_bytes(b"\1\0\2\0" * 8000)
        facts = await store.finish(call_id, NOON)
        assert facts is not None
        await connection.execute(update(recordings).values(path=facts.path))

    await erase_due(database, store, _policies(90, None), NOON)

    assert [path for path in store.root.rglob("*") if path.is_file()] == []


async def _spoken(
    connection: AsyncConnection, world: SmallWorld, days_ago: int, *, e164: str = NUMBER
) -> UUID:
    """A recorded conversation with a transcript, a comment and a drawing."""
    at = NOON - timedelta(days=days_ago)
    lead_id = await add_lead(connection, world.project_id)
    call_id = await add_call(
        connection,
        world,
        lead_id,
        at=at,
        e164=e164,
        outcome=CallOutcome.CONNECTED,
        user=world.suzuki,
        recorded=True,
    )
    said = utterances("customer", [Word("解約", 0, 500, 0.9)])
    await connection.execute(
        insert(transcripts).values(
            call_id=call_id,
            engine="vosk",
            model="toy",
            language="ja",
            made_at=at,
            utterances=to_json(said),
        )
    )
    await connection.execute(
        insert(comments).values(
            action_id=call_id, user_id=world.sato.id, text="よい説明", created_at=at
        )
    )
    await connection.execute(insert(recording_peaks).values(call_id=call_id, peaks=b"\1\2"))
    await action_texts.refresh(connection, [call_id])
    return call_id


async def _states(connection: AsyncConnection) -> dict[UUID, str]:
    rows = await connection.execute(select(recordings.c.call_id, recordings.c.state))
    return {row.call_id: row.state for row in rows}


async def _count(connection: AsyncConnection, table: object) -> int:
    count = select(func.count()).select_from(table)  # type: ignore[arg-type]
    return int((await connection.execute(count)).scalar_one())


async def test_the_outlook_says_what_goes_when_and_what_a_hold_keeps(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        for days in (10, 85, 86, 100, 400):
            await _spoken(connection, world, days)
        held = await _spoken(connection, world, 84)
        await legal_holds.hold_call(
            connection, call_id=held, reason="訴訟", by=world.sato, now=NOON
        )
    policies = _policies(90, 365)

    found = await outlook(database, policies, NOON)

    assert found == Outlooks(
        (
            Outlook(0, Erased(audio=2, words=1), held=0),
            Outlook(7, Erased(audio=4, words=1), held=1),
            Outlook(30, Erased(audio=4, words=1), held=1),
        ),
        is_more=False,
    )
    assert await erase_due(database, FakeRecordings(), policies, NOON) == found.within[0].erased
    assert (await outlook(database, _policies(None, None), NOON)).within[2].erased == Erased()


async def test_the_outlook_looks_at_no_more_than_it_should(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        for _ in range(3):
            await _spoken(connection, world, 100)

    found = await outlook(database, _policies(90, 365), NOON, days=(0,), most=3)

    assert found == Outlooks((Outlook(0, Erased(audio=3), held=0),), is_more=True)


async def test_a_hold_that_is_lifted_says_why(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        hold = await legal_holds.hold_number(
            connection, e164=NUMBER, reason="調査", by=world.sato, now=NOON
        )
        await legal_holds.lift(
            connection, hold_id=hold, by=world.sato, now=NOON, reason=" 調査終了 "
        )
        query = select(audit_log.c.detail).where(audit_log.c.action == "hold.lift")
        assert await connection.scalar(query) == {"hold": hold, "reason": "調査終了"}
