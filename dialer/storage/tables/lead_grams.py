"""On SQLite, the pairs of characters of leads' search keys, by which a part of a name is found.

The index ``lead_grams`` is no table of the metadata: an FTS5 table without content, numbered as
leads are. Triggers keep it in step with `leads.search_key`, whoever writes that. Each pair is
kept as the hexadecimal digits of its bytes, so that no tokenizer has an opinion on it;
``lead_grams_places`` are the places where a pair may begin, as a trigger can count nothing.
PostgreSQL reads the index of names, which takes it half as long.

A migration that copies the table `leads` loses its triggers and must make them again.
"""

from sqlalchemy import DDL, event

from dialer.storage.tables.leads import leads

_LONGEST_KEY = 400


def _grams(key: str) -> str:
    return (
        f"(SELECT coalesce(group_concat(hex(substr({key}, n, 2)), ' '), '') "
        f"FROM lead_grams_places WHERE n <= length({key}))"
    )


_PUT = f"INSERT INTO lead_grams (rowid, grams) VALUES (new.id, {_grams('new.search_key')});"
_TAKE = (
    "INSERT INTO lead_grams (lead_grams, rowid, grams) "
    f"VALUES ('delete', old.id, {_grams('old.search_key')});"
)
CREATE_LEAD_GRAMS = (
    "CREATE TABLE lead_grams_places (n INTEGER PRIMARY KEY)",
    "INSERT INTO lead_grams_places (n) WITH RECURSIVE place(n) AS "
    f"(SELECT 1 UNION ALL SELECT n + 1 FROM place WHERE n < {_LONGEST_KEY}) SELECT n FROM place",
    "CREATE VIRTUAL TABLE lead_grams USING fts5("
    "grams, content='', detail='none', columnsize=0, tokenize='ascii')",
    f"CREATE TRIGGER tr_lead_grams_put AFTER INSERT ON leads BEGIN {_PUT} END",
    "CREATE TRIGGER tr_lead_grams_change AFTER UPDATE OF search_key ON leads "
    f"WHEN old.search_key <> new.search_key BEGIN {_TAKE} {_PUT} END",
    f"CREATE TRIGGER tr_lead_grams_take AFTER DELETE ON leads BEGIN {_TAKE} END",
)
for _statement in CREATE_LEAD_GRAMS:
    _ddl = DDL(_statement)  # type: ignore[no-untyped-call]
    event.listen(leads, "after_create", _ddl.execute_if(dialect="sqlite"))
