"""Uploaded lists that tell of an erased person are deleted; other lists stay."""

from pathlib import Path

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer.person_erasure import (
    BeingImported,
    ListStays,
    PersonErased,
    erase_person,
    would_erase,
)
from dialer.person_lists import has_number
from dialer.rules.import_choices import ImportState
from dialer.storage.engine import Database
from dialer.storage.tables import audit_log, lead_import_notes, lead_imports, leads
from tests.fakes.recordings import FakeRecordings
from tests.list_makers import xlsx_bytes
from tests.small_world import NOON, SmallWorld, add_lead, build_small_world

PERSON, OTHER = "+81352542287", "+81352542288"
HEAD, HERS, THEIRS = "会社名,電話番号\n", "山田花子,03-5254-2287\n", "鈴木商店,03-5254-2288\n"


# --- whether it tells of the person -------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (HEAD + THEIRS + HERS, "utf-8-sig"),
        (HEAD + "髙橋,０３（５２５４）２２８７\n", "cp932"),
        (HEAD + "山田,+81 3 5254 2287\n", "utf-8"),
        (HEAD + "山田,352542287\n", "utf-8"),  # a spreadsheet lost the zero
        ("会社名,市外局番,市内局番,番号\n山田,03,5254,2287\n", "euc_jp"),
        (HEAD + THEIRS + '"山田,03-5254-2287\n', "utf-8"),  # a quote that never ends: no list
        (HEAD + HERS, "utf-16"),
    ],
)
def test_the_number_is_found_in_any_writing(tmp_path: Path, text: str, encoding: str) -> None:
    file = tmp_path / "list"
    file.write_bytes(text.encode(encoding))
    assert has_number(file, PERSON)
    assert not has_number(file, "+81312345678")


def test_the_number_is_found_on_any_sheet(tmp_path: Path) -> None:
    sheets: dict[str, list[list[object]]] = {
        "一枚目": [["会社名", "電話番号"]],
        "二枚目": [["山田花子", 352542287]],
    }
    (tmp_path / "list").write_bytes(xlsx_bytes(sheets))
    assert has_number(tmp_path / "list", PERSON)
    assert not has_number(tmp_path / "list", OTHER)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"\x00" * 100, b"%PDF-1.7"])
def test_what_is_no_list_has_no_number(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list").write_bytes(content)
    assert not has_number(tmp_path / "list", PERSON)


# --- erasing ------------------------------------------------------------------------------------


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """The folder of imports."""
    folder = tmp_path / "imports"
    folder.mkdir()
    return folder


async def _uploaded(
    connection: AsyncConnection,
    world: SmallWorld,
    folder: Path,
    text: str,
    state: ImportState = ImportState.DONE,
) -> int:
    """An import whose file has this text; its id."""
    query = insert(lead_imports).values(
        project_id=world.project_id, file_name="名簿.csv", created_at=NOON, state=state
    )
    import_id: int = (await connection.execute(query.returning(lead_imports.c.id))).scalar_one()
    await connection.execute(
        update(lead_imports)
        .where(lead_imports.c.id == import_id)
        .values(stored_as=f"file-{import_id}")
    )
    (folder / f"file-{import_id}").write_text(text, encoding="utf-8")
    return import_id


async def _erase(database: Database, world: SmallWorld, folder: Path) -> PersonErased:
    return await erase_person(
        database,
        FakeRecordings(),
        folder,
        e164=PERSON,
        reason="本人の求め",
        by=world.sato,
        now=NOON,
    )


async def test_lists_with_the_person_go_and_others_stay(database: Database, lists: Path) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        lead_id = await add_lead(connection, world.project_id, PERSON, name="山田花子")
        came_from = await _uploaded(connection, world, lists, HEAD + "山田花子,後日入力\n")
        await connection.execute(
            update(leads).where(leads.c.id == lead_id).values(import_id=came_from)
        )
        waiting = await _uploaded(connection, world, lists, HEAD + HERS, ImportState.CHECKED)
        other = await _uploaded(connection, world, lists, HEAD + THEIRS)
        gone = await _uploaded(connection, world, lists, HEAD + HERS)
        (lists / f"file-{gone}").unlink()  # its time was over
        for import_id, cells in ((waiting, HERS), (other, THEIRS)):
            await connection.execute(
                insert(lead_import_notes).values(
                    import_id=import_id,
                    row=2,
                    position=0,
                    refused=True,
                    reason="twice",
                    cells=cells.strip().split(","),
                )
            )

    foretold = await would_erase(database, lists, PERSON)
    erased = await _erase(database, world, lists)

    assert erased == foretold == PersonErased(leads=1, actions=0, recordings=0, lists=2)
    assert [file.name for file in lists.iterdir()] == [f"file-{other}"]
    async with database.read() as connection:
        notes = await connection.execute(
            select(lead_import_notes.c.cells).order_by(lead_import_notes.c.import_id)
        )
        assert list(notes.scalars()) == [None, ["鈴木商店", "03-5254-2288"]]
        detail = await connection.scalar(
            select(audit_log.c.detail).where(audit_log.c.action == "person.erase")
        )
        assert detail == {"leads": 1, "actions": 0, "recordings": 0, "lists": 2}


async def test_a_list_that_is_being_imported_is_waited_for(database: Database, lists: Path) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        await add_lead(connection, world.project_id, PERSON, name="山田花子")
        await _uploaded(connection, world, lists, HEAD + HERS, ImportState.IMPORTING)
    with pytest.raises(BeingImported, match=r"名簿\.csv"):
        await _erase(database, world, lists)
    with pytest.raises(BeingImported):
        await would_erase(database, lists, PERSON)
    async with database.read() as connection:
        assert await connection.scalar(select(leads.c.name)) == "山田花子"


async def test_a_list_that_cannot_be_deleted_is_told_and_found_again(
    database: Database, lists: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.write() as connection:
        world = await build_small_world(connection)
        await add_lead(connection, world.project_id, PERSON, name="山田花子")
        await _uploaded(connection, world, lists, HEAD + HERS)

    def refused(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refused)
        with pytest.raises(ListStays, match=r"file-1 \(名簿\.csv\) cannot be deleted"):
            await _erase(database, world, lists)
    assert await _erase(database, world, lists) == PersonErased(0, 0, 0, lists=1)
    assert list(lists.iterdir()) == []
