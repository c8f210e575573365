"""Indexes for filters and orders of the lead table: area, attempts, days, callbacks, boxes."""

from alembic import op
from sqlalchemy import text

revision = "0007"
down_revision = "0006"

_INDEXES = {
    "ix_leads_area": ("leads", ["project_id", "prefecture", "id", "city"], None),
    "ix_leads_attempts": ("leads", ["project_id", "attempts", "id"], None),
    "ix_leads_created": ("leads", ["project_id", "created_at", "id"], None),
    "ix_leads_callback": (
        "leads",
        ["project_id", "callback_at", "id"],
        "callback_at IS NOT NULL",
    ),
    "ix_mybox_entries_standing": ("mybox_entries", ["id"], "released_at IS NULL"),
}


def upgrade() -> None:
    for name, (table, columns, condition) in _INDEXES.items():
        where = text(condition) if condition else None
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name, (table, _, _) in _INDEXES.items():
        op.drop_index(name, table)
