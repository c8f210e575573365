"""An index of what each user holds now, without all that he ever held."""

from alembic import op
from sqlalchemy import text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    held = text("released_at IS NULL")
    op.create_index(
        "ix_mybox_entries_held",
        "mybox_entries",
        ["user_id", "id"],
        sqlite_where=held,
        postgresql_where=held,
    )


def downgrade() -> None:
    op.drop_index("ix_mybox_entries_held", "mybox_entries")
