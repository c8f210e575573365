"""An index of the last digits of numbers, by which people remember them."""

from alembic import op

revision = "0010"
down_revision = "0009"

_LAST_DIGITS = {"sqlite": "substr(e164, -4)", "postgresql": '"right"(e164::text, 4)'}


def upgrade() -> None:
    # In words of its own on each database, which tests compare with those of the table.
    on_what = _LAST_DIGITS[op.get_bind().dialect.name]
    op.execute(f"CREATE INDEX ix_contact_points_last_digits ON contact_points ({on_what})")


def downgrade() -> None:
    op.drop_index("ix_contact_points_last_digits", "contact_points")
