"""Comments, bookmarks and good examples: what people note in conversations."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.bookmarks import Bookmark, bookmarks_of, put_bookmark, remove_bookmark
from dialer.comments import (
    EmptyComment,
    UnknownComment,
    add_comment,
    comments_of,
    delete_comment,
    edit_comment,
)
from dialer.good_examples import (
    Chosen,
    NotAPart,
    NoTitle,
    UnknownExample,
    change_example,
    choose_example,
    examples_of,
    list_examples,
    remove_example,
)
from dialer.hearing import right_to_hear
from dialer.rules.hangup_cause import CallOutcome
from dialer.rules.hearing import HearingRight
from dialer.storage.engine import Database
from dialer.storage.tables import action_texts, audit_log, recordings
from tests.small_world import NOON, SmallWorld, add_call, add_lead, build_small_world

LATER = NOON + timedelta(minutes=1)


async def _spoken(connection: AsyncConnection, world: SmallWorld) -> UUID:
    """A recorded minute of Suzuki's."""
    lead_id = await add_lead(connection, world.project_id)
    call_id = await add_call(
        connection,
        world,
        lead_id,
        at=NOON,
        outcome=CallOutcome.CONNECTED,
        user=world.suzuki,
        recorded=True,
    )
    await connection.execute(update(recordings).values(state="ready", duration_ms=60_000))
    return call_id


async def _found_text(connection: AsyncConnection, call_id: UUID) -> str:
    query = select(action_texts.c.text).where(action_texts.c.action_id == call_id)
    return await connection.scalar(query) or ""


async def test_comments_stand_in_the_order_of_the_conversation_and_are_found(
    database: Database,
) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        call_id = await _spoken(connection, world)
        for at_ms, text in (
            (40_000, "締めが早い"),
            (None, "全体によい"),
            (5_000, "名乗りが明るい"),
        ):
            await add_comment(
                connection, action_id=call_id, text=text, at_ms=at_ms, by=world.sato, now=NOON
            )
        found = await comments_of(connection, call_id)
        assert [(one.at_ms, one.text) for one in found] == [
            (None, "全体によい"),
            (5_000, "名乗りが明るい"),
            (40_000, "締めが早い"),
        ]
        assert "名乗りが明るい" in await _found_text(connection, call_id)


async def test_ones_own_comment_is_changed_and_deleted_and_an_admin_deletes_anybodys(
    database: Database,
) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        call_id = await _spoken(connection, world)
        mine = await add_comment(
            connection, action_id=call_id, text="初回", at_ms=None, by=world.suzuki, now=NOON
        )
        here = {"action_id": call_id, "comment_id": mine, "now": LATER}
        with pytest.raises(UnknownComment):
            await edit_comment(connection, **here, text="別人", by=world.tanaka)  # type: ignore[arg-type]
        with pytest.raises(UnknownComment):
            await delete_comment(connection, **here, by=world.tanaka)  # type: ignore[arg-type]
        await edit_comment(connection, **here, text=" 二回目 ", by=world.suzuki)  # type: ignore[arg-type]
        (one,) = await comments_of(connection, call_id)
        assert (one.text, one.edited_at) == ("二回目", LATER)
        assert "二回目" in await _found_text(connection, call_id)
        with pytest.raises(UnknownComment):  # of another call
            await delete_comment(
                connection, action_id=UUID(int=1), comment_id=mine, by=world.sato, now=LATER
            )
        await delete_comment(connection, **here, by=world.sato)  # type: ignore[arg-type]
        assert await comments_of(connection, call_id) == ()
        assert "二回目" not in await _found_text(connection, call_id)
        with pytest.raises(UnknownComment):
            await edit_comment(connection, **here, text="後から", by=world.suzuki)  # type: ignore[arg-type]
        done = await connection.scalars(
            select(audit_log.c.action)
            .where(audit_log.c.action.startswith("comment."))
            .order_by(audit_log.c.id)
        )
        assert list(done) == ["comment.add", "comment.edit", "comment.delete"]


async def test_a_comment_says_something(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        call_id = await _spoken(connection, world)
        with pytest.raises(EmptyComment):
            await add_comment(
                connection, action_id=call_id, text=" \0 ", at_ms=None, by=world.sato, now=NOON
            )


async def test_bookmarks_are_ones_own(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        call_id = await _spoken(connection, world)
        for at_ms, label in ((9_000, ""), (3_000, "価格"), (9_000, "反論")):
            await put_bookmark(
                connection, call_id=call_id, at_ms=at_ms, label=label, by=world.sato, now=NOON
            )
        mine = await bookmarks_of(connection, call_id=call_id, by=world.sato)
        assert mine == (Bookmark(3_000, "価格"), Bookmark(9_000, "反論"))
        await remove_bookmark(connection, call_id=call_id, at_ms=3_000, by=world.suzuki)
        assert len(await bookmarks_of(connection, call_id=call_id, by=world.sato)) == 2
        await remove_bookmark(connection, call_id=call_id, at_ms=3_000, by=world.sato)
        assert await bookmarks_of(connection, call_id=call_id, by=world.sato) == (
            Bookmark(9_000, "反論"),
        )
        assert await bookmarks_of(connection, call_id=call_id, by=world.suzuki) == ()


async def test_a_good_example_is_heard_by_all_of_its_project_until_it_is_removed(
    database: Database,
) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        call_id = await _spoken(connection, world)
        chosen = Chosen("断りへの切り返し", "共感してから質問している", 5_000, 20_000)
        with pytest.raises(UnknownExample):  # his own, but it is not for him to choose
            await choose_example(
                connection, call_id=call_id, chosen=chosen, by=world.suzuki, now=NOON
            )
        assert await right_to_hear(connection, call_id=call_id, viewer=world.tanaka) is None
        example = await choose_example(
            connection, call_id=call_id, chosen=chosen, by=world.sato, now=NOON
        )
        right = await right_to_hear(connection, call_id=call_id, viewer=world.tanaka)
        assert right is HearingRight.EXAMPLE
        (one,) = (await list_examples(connection, viewer=world.tanaka)).rows
        assert (one.chosen, one.speaker, one.added_by) == (chosen, "鈴木", "佐藤")
        assert (await list_examples(connection, viewer=world.takahashi)).rows == ()
        await change_example(
            connection,
            example_id=example,
            chosen=Chosen("切り返し", "", 0, 60_000),
            by=world.sato,
            now=LATER,
        )
        (one,) = await examples_of(connection, call_id)
        assert one.chosen == Chosen("切り返し", "", 0, None)
        with pytest.raises(UnknownExample):
            await remove_example(connection, example_id=example, by=world.tanaka, now=LATER)
        await remove_example(connection, example_id=example, by=world.sato, now=LATER)
        assert await right_to_hear(connection, call_id=call_id, viewer=world.tanaka) is None
        assert await examples_of(connection, call_id) == ()
        with pytest.raises(UnknownExample):
            await remove_example(connection, example_id=example, by=world.sato, now=LATER)


async def test_an_example_has_a_title_and_is_a_part_of_its_recording(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        call_id = await _spoken(connection, world)
        for chosen, error in (
            (Chosen("  ", ""), NoTitle),
            (Chosen("逆", "", 20_000, 5_000), NotAPart),
            (Chosen("外", "", 60_000, None), NotAPart),
            (Chosen("負", "", 0, -1), NotAPart),
        ):
            with pytest.raises(error):
                await choose_example(
                    connection, call_id=call_id, chosen=chosen, by=world.sato, now=NOON
                )


async def test_the_library_is_searched_by_project_and_words_and_paged(database: Database) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        call_id = await _spoken(connection, world)
        for number in range(5):
            await choose_example(
                connection,
                call_id=call_id,
                chosen=Chosen(f"例{number}", "クロージング" if number == 3 else ""),
                by=world.sato,
                now=NOON,
            )
        first = await list_examples(connection, viewer=world.sato, limit=2)
        second = await list_examples(connection, viewer=world.sato, limit=2, after=first.next_key)
        titles = [one.chosen.title for one in (*first.rows, *second.rows)]
        assert titles == ["例4", "例3", "例2", "例1"]

        async def found(**asked: object) -> list[str]:
            page = await list_examples(connection, viewer=world.sato, **asked)  # type: ignore[arg-type]
            return [one.chosen.title for one in page.rows]

        assert await found(text="くろーじんぐ") == ["例3"]
        assert len(await found(text="鈴木")) == 5
        assert await found(project_id=world.other_project_id) == []
