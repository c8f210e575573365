"""What an admin sets up: links to come in by, custom fields, stages; lists that undo and go on."""

import unicodedata

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)

from dialer.storage.types import UTCDateTime

revision = "0004"
down_revision = "0003"

_ROW_ID = BigInteger().with_variant(Integer, "sqlite")
_IN_PLAY = "finished_at IS NULL AND deleted_at IS NULL AND callback_at IS NULL"
_AT_ONCE = 500


def _bytewise(length: int) -> String:
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def upgrade() -> None:
    connection = op.get_bind()
    # SQLite's tables are changed by copying, for which all that they refer to is read, and
    # an index of an expression cannot be.
    op.drop_index("uq_gate_lanes", "gate_lanes")
    op.add_column("workgroups", Column("deleted_at", UTCDateTime))
    op.add_column(
        "campaigns", Column("project_named", String(200), nullable=False, server_default="")
    )
    op.add_column("users", Column("totp_secret", String(64)))
    op.add_column("users", Column("totp_confirmed_at", UTCDateTime))
    op.add_column("users", Column("totp_last_step", BigInteger))
    _create_user_links()
    _create_recovery_codes()
    _create_stages()
    _create_custom_fields()
    with op.batch_alter_table("action_results") as results:
        results.add_column(_reference("action_results", "stage_id", "stages"))
        results.add_column(Column("retired_at", UTCDateTime))
    with op.batch_alter_table("projects") as projects:
        projects.add_column(_reference("projects", "custom_field_set_id", "custom_field_sets"))
        projects.add_column(Column("calling_hours", JSON))
        projects.add_column(Column("column_choices", JSON, nullable=False, server_default="{}"))
    _change_imports()
    _change_leads(connection)
    op.create_index("ix_callbacks_lead_id", "callbacks", ["lead_id"])
    op.create_index("ix_mybox_entries_lead_id", "mybox_entries", ["lead_id"])
    _create_lead_extras()
    with op.batch_alter_table("calls") as calls:
        calls.drop_constraint("fk_calls_contact_point_id", type_="foreignkey")
    _create_index(
        "ix_actions_result",
        "actions",
        ["project_id", "result_id", "at", "lead_id"],
        where="result_id IS NOT NULL",
    )
    _create_lanes_key()


def downgrade() -> None:
    op.drop_index("uq_gate_lanes", "gate_lanes")
    op.drop_index("ix_actions_result", "actions")
    _forget_contact_points_that_are_gone()
    with op.batch_alter_table("calls") as calls:
        calls.create_foreign_key(
            "fk_calls_contact_point_id", "contact_points", ["contact_point_id"], ["id"]
        )
    op.drop_table("saved_views")
    op.drop_table("lead_changes")
    op.drop_table("custom_values")
    op.drop_index("ix_mybox_entries_lead_id", "mybox_entries")
    op.drop_index("ix_callbacks_lead_id", "callbacks")
    _change_leads_back()
    _change_imports_back()
    with op.batch_alter_table("projects") as projects:
        projects.drop_constraint("fk_projects_custom_field_set_id", type_="foreignkey")
        for name in ("column_choices", "calling_hours", "custom_field_set_id"):
            projects.drop_column(name)
    with op.batch_alter_table("action_results") as results:
        results.drop_constraint("fk_action_results_stage_id", type_="foreignkey")
        results.drop_column("retired_at")
        results.drop_column("stage_id")
    for table in ("custom_fields", "custom_field_sets", "stages", "recovery_codes", "user_links"):
        op.drop_table(table)
    op.drop_column("campaigns", "project_named")
    for name in ("totp_last_step", "totp_confirmed_at", "totp_secret"):
        op.drop_column("users", name)
    op.drop_column("workgroups", "deleted_at")
    _create_lanes_key()


# --- people -------------------------------------------------------------------------


def _create_user_links() -> None:
    op.create_table(
        "user_links",
        Column("id", _ROW_ID, primary_key=True),
        _reference("user_links", "user_id", "users"),
        Column("purpose", String(20), nullable=False),
        Column("token_hash", String(64), nullable=False),
        Column("created_at", UTCDateTime, nullable=False),
        _reference("user_links", "created_by", "users"),
        Column("expires_at", UTCDateTime, nullable=False),
        Column("used_at", UTCDateTime),
        UniqueConstraint("token_hash", name="uq_user_links_token_hash"),
    )
    op.create_index("ix_user_links_user_id", "user_links", ["user_id"])


def _create_recovery_codes() -> None:
    op.create_table(
        "recovery_codes",
        _reference("recovery_codes", "user_id", "users", nullable=False),
        Column("code_hash", String(64), nullable=False),
        Column("used_at", UTCDateTime),
        PrimaryKeyConstraint("user_id", "code_hash", name="pk_recovery_codes"),
    )


# --- projects -----------------------------------------------------------------------


def _create_stages() -> None:
    op.create_table(
        "stages",
        Column("id", _ROW_ID, primary_key=True),
        _reference("stages", "result_set_id", "result_sets", nullable=False),
        Column("name", String(100), nullable=False),
        Column("position", Integer, nullable=False),
        Column("colour", String(20), nullable=False, server_default="grey"),
        UniqueConstraint("result_set_id", "name", name="uq_stages_result_set_id_name"),
    )


def _create_custom_fields() -> None:
    op.create_table(
        "custom_field_sets",
        Column("id", _ROW_ID, primary_key=True),
        Column("name", String(200), nullable=False),
        UniqueConstraint("name", name="uq_custom_field_sets_name"),
    )
    op.create_table(
        "custom_fields",
        Column("id", _ROW_ID, primary_key=True),
        _reference("custom_fields", "set_id", "custom_field_sets", nullable=False),
        Column("name", String(100), nullable=False),
        Column("kind", String(20), nullable=False),
        Column("required", Boolean, nullable=False, server_default=false()),
        Column("position", Integer, nullable=False),
        Column("default_value", Text, nullable=False, server_default=""),
        Column("choices", JSON, nullable=False, server_default="[]"),
        UniqueConstraint("set_id", "name", name="uq_custom_fields_set_id_name"),
    )


# --- leads --------------------------------------------------------------------------


def _change_leads(connection: Connection) -> None:
    # Copying a table loses what SQLAlchemy cannot reflect of an index, so it is made again.
    op.drop_index("ix_leads_calling_order", "leads")
    with op.batch_alter_table("leads", table_kwargs={"sqlite_autoincrement": True}) as leads:
        leads.add_column(Column("custom", JSON, nullable=False, server_default="{}"))
        leads.add_column(Column("search_key", _bytewise(400), nullable=False, server_default=""))
        leads.add_column(_reference("leads", "stage_id", "stages"))
        leads.add_column(Column("merged_into_id", BigInteger))
    _create_calling_order()
    _fill_search_keys(connection)
    op.create_index("ix_leads_search", "leads", ["project_id", "search_key", "id"])
    for name, column in (
        ("ix_leads_stage", "stage_id"),
        ("ix_leads_tried", "last_attempt_at"),
        ("ix_leads_deleted", "deleted_at"),
    ):
        _create_index(name, "leads", ["project_id", column, "id"], where=f"{column} IS NOT NULL")


def _change_leads_back() -> None:
    for name in ("deleted", "tried", "stage", "search", "calling_order"):
        op.drop_index(f"ix_leads_{name}", "leads")
    with op.batch_alter_table("leads", table_kwargs={"sqlite_autoincrement": False}) as leads:
        leads.drop_constraint("fk_leads_stage_id", type_="foreignkey")
        for name in ("merged_into_id", "stage_id", "search_key", "custom"):
            leads.drop_column(name)
    _create_calling_order()


def _create_calling_order() -> None:
    nulls_first = "" if op.get_bind().dialect.name == "sqlite" else " ASC NULLS FIRST"
    _create_index(
        "ix_leads_calling_order",
        "leads",
        ["lane_id", "priority DESC", f"last_attempt_at{nulls_first}", "id", "attempts"],
        where=f"{_IN_PLAY} AND next_attempt_at IS NULL",
    )


def _create_lanes_key() -> None:
    columns = [
        *("project_id", "time_zone", "prohibited_for", "coalesce(box_user_id, 0)"),
        *("number_box_user_ids", "undialable"),
    ]
    op.create_index(
        "uq_gate_lanes", "gate_lanes", [text(column) for column in columns], unique=True
    )


def _fill_search_keys(connection: Connection) -> None:
    after = 0
    while True:
        rows = connection.execute(
            text(
                "SELECT id, name, name_kana, contact_person, email FROM leads "
                "WHERE id > :after ORDER BY id LIMIT :many"
            ),
            {"after": after, "many": _AT_ONCE},
        ).all()
        if not rows:
            return
        connection.execute(
            text("UPDATE leads SET search_key = :key WHERE id = :id"),
            [
                {"id": row.id, "key": _key(row.name_kana, row.name, row.contact_person, row.email)}
                for row in rows
            ],
        )
        after = rows[-1].id


_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


def _key(*texts: str) -> str:
    folded = (
        " ".join(unicodedata.normalize("NFKC", one).lower().translate(_TO_HIRAGANA).split())
        for one in texts
    )
    return "\n".join(filter(None, folded))[:400]


def _create_lead_extras() -> None:
    op.create_table(
        "custom_values",
        _reference("custom_values", "project_id", "projects", nullable=False),
        _reference("custom_values", "field_id", "custom_fields", nullable=False),
        Column("sort_key", _bytewise(100), nullable=False),
        Column("lead_id", BigInteger, nullable=False),
        PrimaryKeyConstraint(
            "project_id", "field_id", "sort_key", "lead_id", name="pk_custom_values"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lead_changes",
        Column("id", _ROW_ID, primary_key=True),
        _reference("lead_changes", "lead_id", "leads", nullable=False),
        Column("at", UTCDateTime, nullable=False),
        _reference("lead_changes", "user_id", "users"),
        _reference("lead_changes", "import_id", "lead_imports"),
        Column("field", String(100), nullable=False),
        Column("old", Text, nullable=False, server_default=""),
        Column("new", Text, nullable=False, server_default=""),
    )
    op.create_index("ix_lead_changes_lead_id_id", "lead_changes", ["lead_id", "id"])
    _create_index(
        "ix_lead_changes_import_id_id",
        "lead_changes",
        ["import_id", "id"],
        where="import_id IS NOT NULL",
    )
    op.create_table(
        "saved_views",
        Column("id", _ROW_ID, primary_key=True),
        _reference("saved_views", "project_id", "projects", nullable=False),
        _reference("saved_views", "user_id", "users", nullable=False),
        Column("name", String(100), nullable=False),
        Column("query", Text, nullable=False),
        Column("shared", Boolean, nullable=False, server_default=false()),
        Column("created_at", UTCDateTime, nullable=False),
        UniqueConstraint(
            "project_id", "user_id", "name", name="uq_saved_views_project_id_user_id_name"
        ),
    )


def _forget_contact_points_that_are_gone() -> None:
    op.execute(
        "UPDATE calls SET contact_point_id = NULL "
        "WHERE contact_point_id NOT IN (SELECT id FROM contact_points)"
    )


# --- imports ------------------------------------------------------------------------

_COUNTS = ("total_rows", "done_rows", "updated", "skipped", "warned")


def _change_imports() -> None:
    with op.batch_alter_table("lead_imports") as imports:
        imports.alter_column("imported_at", new_column_name="created_at", existing_type=UTCDateTime)
        imports.alter_column(
            "taken", new_column_name="created", existing_type=Integer, server_default="0"
        )
        imports.alter_column("refused", existing_type=Integer, server_default="0")
        for name in _COUNTS:
            imports.add_column(Column(name, Integer, nullable=False, server_default="0"))
        imports.add_column(Column("file_hash", String(64), nullable=False, server_default=""))
        imports.add_column(Column("stored_as", String(100), nullable=False, server_default=""))
        imports.add_column(_reference("lead_imports", "created_by", "users"))
        imports.add_column(Column("state", String(20), nullable=False, server_default="done"))
        imports.add_column(Column("choices", JSON, nullable=False, server_default="{}"))
        imports.add_column(Column("summary", JSON, nullable=False, server_default="{}"))
        imports.add_column(Column("error", Text, nullable=False, server_default=""))
        imports.add_column(
            Column("cancel_requested", Boolean, nullable=False, server_default=false())
        )
        imports.add_column(Column("take_back", Boolean, nullable=False, server_default=false()))
        imports.add_column(Column("lease_until", UTCDateTime))
        imports.add_column(Column("lease_by", String(40), nullable=False, server_default=""))
        imports.add_column(Column("finished_at", UTCDateTime))
    with op.batch_alter_table("lead_imports") as imports:
        imports.alter_column("state", existing_type=String(20), server_default=None)
    op.execute(
        "UPDATE lead_imports SET total_rows = created + refused, done_rows = created + refused, "
        "finished_at = created_at"
    )
    op.create_table(
        "lead_import_notes",
        _reference("lead_import_notes", "import_id", "lead_imports", nullable=False),
        Column("row", Integer, nullable=False),
        Column("position", Integer, nullable=False),
        Column("refused", Boolean, nullable=False),
        Column("reason", String(40), nullable=False),
        Column("detail", JSON, nullable=False, server_default="[]"),
        Column("cells", JSON),
        Column("other_row", BigInteger),
        PrimaryKeyConstraint("import_id", "row", "position", name="pk_lead_import_notes"),
    )


def _change_imports_back() -> None:
    op.drop_table("lead_import_notes")
    with op.batch_alter_table("lead_imports") as imports:
        imports.drop_constraint("fk_lead_imports_created_by", type_="foreignkey")
        for name in (
            *("finished_at", "lease_by", "lease_until", "take_back", "cancel_requested"),
            *("error", "summary", "choices"),
            *("state", "created_by", "stored_as", "file_hash", *_COUNTS),
        ):
            imports.drop_column(name)
        imports.alter_column("refused", existing_type=Integer, server_default=None)
        imports.alter_column(
            "created", new_column_name="taken", existing_type=Integer, server_default=None
        )
        imports.alter_column("created_at", new_column_name="imported_at", existing_type=UTCDateTime)


# --- what is alike ------------------------------------------------------------------


def _reference(table: str, name: str, to: str, *, nullable: bool = True) -> Column[int]:
    return Column(
        name, _ROW_ID, ForeignKey(f"{to}.id", name=f"fk_{table}_{name}"), nullable=nullable
    )


def _create_index(name: str, table: str, columns: list[str], *, where: str) -> None:
    op.create_index(
        name,
        table,
        [text(column) for column in columns],
        sqlite_where=text(where),
        postgresql_where=text(where),
    )
