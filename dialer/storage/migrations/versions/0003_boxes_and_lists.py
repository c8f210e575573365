"""Indexes of what each user holds now, of a number's prohibitions, and of the lifted ones."""

from alembic import op
from sqlalchemy import text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.drop_index("ix_mybox_entries_user_id", "mybox_entries")
    _create_index(
        "ix_mybox_entries_held", "mybox_entries", ["user_id", "id"], "released_at IS NULL"
    )
    op.create_index("ix_prohibitions_e164_id", "prohibitions", ["e164", "id"])
    _create_index("ix_prohibitions_lifted", "prohibitions", ["id"], "lifted_at IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_prohibitions_lifted", "prohibitions")
    op.drop_index("ix_prohibitions_e164_id", "prohibitions")
    op.drop_index("ix_mybox_entries_held", "mybox_entries")
    op.create_index("ix_mybox_entries_user_id", "mybox_entries", ["user_id"])


def _create_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=text(where), postgresql_where=text(where))
