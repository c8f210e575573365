"""What can be found of the words of actions: their text, and the index of its pairs of characters.

The index ``action_grams`` is no table of the metadata, because the two databases keep it in ways
of their own: an FTS5 table without content on SQLite, a column of lexemes under a GIN index on
PostgreSQL. Both number their rows by ``doc_id``.
"""

from sqlalchemy import DDL, BigInteger, Column, ForeignKey, Integer, Table, Text, Uuid, event

from dialer.storage.tables.metadata import metadata

action_texts = Table(
    "action_texts",
    metadata,
    # Microseconds since 1970 of the action's time, times 1000, and a number that keeps those of
    # one moment apart: so the newest come first along the key itself.
    Column("doc_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("action_id", Uuid, ForeignKey("actions.id"), nullable=False, unique=True),
    Column("text", Text, nullable=False),  # dialer.rules.search_grams.searchable
)

CREATE_GRAMS = {
    "sqlite": [
        "CREATE VIRTUAL TABLE action_grams USING fts5("
        "grams, content='', detail='none', prefix='1', tokenize='ascii')"
    ],
    "postgresql": [
        "CREATE TABLE action_grams (doc_id BIGINT PRIMARY KEY, grams TSVECTOR NOT NULL)",
        "CREATE INDEX ix_action_grams_grams ON action_grams USING gin (grams)",
    ],
}
for _dialect, _statements in CREATE_GRAMS.items():
    for _statement in _statements:
        _ddl = DDL(_statement)  # type: ignore[no-untyped-call]
        event.listen(action_texts, "after_create", _ddl.execute_if(dialect=_dialect))
