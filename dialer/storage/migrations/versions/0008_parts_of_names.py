"""On SQLite, an index by which a part of a lead's name is found, kept in step by triggers."""

from alembic import op

revision = "0008"
down_revision = "0007"

_GRAMS = (
    "(SELECT coalesce(group_concat(hex(substr({key}, n, 2)), ' '), '') "
    "FROM lead_grams_places WHERE n <= length({key}))"
)
_NEW, _OLD = _GRAMS.format(key="new.search_key"), _GRAMS.format(key="old.search_key")
_PUT = f"INSERT INTO lead_grams (rowid, grams) VALUES (new.id, {_NEW});"
_TAKE = f"INSERT INTO lead_grams (lead_grams, rowid, grams) VALUES ('delete', old.id, {_OLD});"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute("CREATE TABLE lead_grams_places (n INTEGER PRIMARY KEY)")
    op.execute(
        "INSERT INTO lead_grams_places (n) WITH RECURSIVE place(n) AS "
        "(SELECT 1 UNION ALL SELECT n + 1 FROM place WHERE n < 400) SELECT n FROM place"
    )
    op.execute(
        "CREATE VIRTUAL TABLE lead_grams USING fts5("
        "grams, content='', detail='none', columnsize=0, tokenize='ascii')"
    )
    grams = _GRAMS.format(key="leads.search_key")
    op.execute(f"INSERT INTO lead_grams (rowid, grams) SELECT id, {grams} FROM leads")
    op.execute(f"CREATE TRIGGER tr_lead_grams_put AFTER INSERT ON leads BEGIN {_PUT} END")
    op.execute(
        "CREATE TRIGGER tr_lead_grams_change AFTER UPDATE OF search_key ON leads "
        f"WHEN old.search_key <> new.search_key BEGIN {_TAKE} {_PUT} END"
    )
    op.execute(f"CREATE TRIGGER tr_lead_grams_take AFTER DELETE ON leads BEGIN {_TAKE} END")


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for name in ("put", "change", "take"):
        op.execute(f"DROP TRIGGER tr_lead_grams_{name}")
    op.execute("DROP TABLE lead_grams")
    op.execute("DROP TABLE lead_grams_places")
