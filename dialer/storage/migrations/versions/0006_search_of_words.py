"""Finding actions by the words that were written or said."""

import unicodedata
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    Text,
    Uuid,
    column,
    select,
    table,
    text,
)

from dialer.storage.types import UTCDateTime

revision = "0006"
down_revision = "0005"

_GRAMS = {
    "sqlite": [
        "CREATE VIRTUAL TABLE action_grams USING fts5("
        "grams, content='', detail='none', prefix='1', tokenize='ascii')"
    ],
    "postgresql": [
        "CREATE TABLE action_grams (doc_id BIGINT PRIMARY KEY, grams TSVECTOR NOT NULL)",
        "CREATE INDEX ix_action_grams_grams ON action_grams USING gin (grams)",
    ],
}


def upgrade() -> None:
    op.create_table(
        "action_texts",
        Column("doc_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("action_id", Uuid, ForeignKey("actions.id"), nullable=False, unique=True),
        Column("text", Text, nullable=False),
    )
    for statement in _GRAMS[op.get_bind().dialect.name]:
        op.execute(statement)
    _fill(op.get_bind())


def downgrade() -> None:
    op.execute("DROP TABLE action_grams")
    op.drop_table("action_texts")


def _fill(connection: Connection) -> None:
    """With the memos that there are."""
    actions = table("actions", column("id", Uuid), column("at", UTCDateTime), column("memo", Text))
    new = table("action_texts", column("doc_id"), column("action_id", Uuid), column("text"))
    as_grams = {
        "sqlite": "INSERT INTO action_grams (rowid, grams) VALUES (:doc_id, :grams)",
        "postgresql": "INSERT INTO action_grams (doc_id, grams)"
        " VALUES (:doc_id, array_to_tsvector(string_to_array(:grams, ' ')))",
    }[connection.dialect.name]
    taken: set[int] = set()
    memos = connection.execute(select(actions).where(actions.c.memo != ""))
    for lot in memos.partitions(500):
        rows = []
        for action_id, at, memo in lot:
            words = _searchable(memo)
            if words:
                doc_id = _free(at, action_id.int, taken)
                rows.append({"doc_id": doc_id, "action_id": action_id, "text": words})
        if rows:
            connection.execute(new.insert(), rows)
            grams = [{"doc_id": row["doc_id"], "grams": _grams(row["text"])} for row in rows]
            connection.execute(text(as_grams), grams)


def _free(at: datetime, tie: int, taken: set[int]) -> int:
    first = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    doc_id = next(one for step in range(1000) if (one := first + (tie + step) % 1000) not in taken)
    taken.add(doc_id)
    return doc_id


def _searchable(memo: str) -> str:
    hiragana = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
    lines = []
    for line in memo.splitlines():
        plain = unicodedata.normalize("NFKC", line).lower().translate(hiragana)
        lines.append("".join(sign for sign in plain if unicodedata.category(sign)[0] in "LNM"))
    return "\n".join(line for line in lines if line)


def _grams(words: str) -> str:
    found: dict[str, None] = {}
    for line in words.split("\n"):
        found.update(dict.fromkeys(first + second for first, second in pairwise(line)))
        found[line[-1]] = None
    return " ".join(found)
