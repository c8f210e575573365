"""Indexes by which the history is filtered."""

from alembic import op
from sqlalchemy import text

revision = "0009"
down_revision = "0008"

_NO_CALLS = text("kind <> 'call'")
_INBOUND = text("direction = 'inbound'")
_TALKED = text("connected_at IS NOT NULL AND ended_at IS NOT NULL")
_TALK_MS = {
    "sqlite": "CAST(round((julianday(ended_at) - julianday(connected_at)) * 86400000) AS INTEGER)",
    "postgresql": "((EXTRACT(epoch FROM ended_at - connected_at) * 1000::numeric)::bigint)",
}


def upgrade() -> None:
    op.create_index(
        "ix_actions_no_calls",
        "actions",
        ["kind", "at", "id"],
        sqlite_where=_NO_CALLS,
        postgresql_where=_NO_CALLS,
    )
    op.create_index(
        "ix_calls_outcome_claimed_at_id",
        "calls",
        ["outcome", "claimed_at", "id"],
        sqlite_where=text("outcome IS NOT NULL"),
        postgresql_where=text("outcome IS NOT NULL"),
    )
    op.create_index(
        "ix_calls_inbound",
        "calls",
        ["claimed_at", "id"],
        sqlite_where=_INBOUND,
        postgresql_where=_INBOUND,
    )
    # In words of its own on each database, which tests compare with those of the table.
    on_what = _TALK_MS[op.get_bind().dialect.name]
    op.execute(f"CREATE INDEX ix_calls_talk_ms ON calls ({on_what}) WHERE {_TALKED}")


def downgrade() -> None:
    for name in ("talk_ms", "inbound", "outcome_claimed_at_id"):
        op.drop_index(f"ix_calls_{name}", "calls")
    op.drop_index("ix_actions_no_calls", "actions")
