"""Projects, what their agents pick from, and the fields that an admin adds."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)

from dialer.storage.tables.metadata import RowId, metadata
from dialer.storage.types import UTCDateTime

result_sets = Table(
    "result_sets",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
)

# How far a lead has come: 見込み, 商談, 受注 … A result may move it.
stages = Table(
    "stages",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("result_set_id", ForeignKey("result_sets.id"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("position", Integer, nullable=False),
    Column("colour", String(20), nullable=False, server_default="grey"),
    UniqueConstraint("result_set_id", "name"),
)

action_results = Table(
    "action_results",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("result_set_id", ForeignKey("result_sets.id"), nullable=False, index=True),
    Column("parent_id", ForeignKey("action_results.id")),  # None: a category 大項目
    Column("name", String(200), nullable=False),
    Column("position", Integer, nullable=False),
    Column("hotkey", String(1)),  # 1-9 on the desk
    Column("effect", String(20), nullable=False, server_default="none"),
    Column("retry_after_seconds", Integer),  # with effect retry
    Column("colour", String(20)),
    Column("stage_id", ForeignKey("stages.id")),  # moves the lead there, whatever the effect
    Column("retired_at", UTCDateTime),  # no longer offered; history still names it
)

custom_field_sets = Table(
    "custom_field_sets",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
)

custom_fields = Table(
    "custom_fields",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("set_id", ForeignKey("custom_field_sets.id"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("kind", String(20), nullable=False),  # dialer.rules.custom_field.FieldKind
    Column("required", Boolean, nullable=False, server_default=false()),
    Column("position", Integer, nullable=False),
    Column("default_value", Text, nullable=False, server_default=""),  # as a person types it
    Column("choices", JSON, nullable=False, server_default="[]"),
    UniqueConstraint("set_id", "name"),
)

projects = Table(
    "projects",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("time_zone", String(60), nullable=False, server_default="Asia/Tokyo"),
    Column("result_set_id", ForeignKey("result_sets.id")),
    Column("result_required", Boolean, nullable=False, server_default=true()),
    Column("script", Text, nullable=False, server_default=""),
    Column("custom_field_set_id", ForeignKey("custom_field_sets.id")),
    # dialer.campaign.HoursSettings; None: the campaign's alone
    Column("calling_hours", JSON(none_as_null=True)),
    # What was chosen for the columns of the last list, by column name: offered again.
    Column("column_choices", JSON, nullable=False, server_default="{}"),
    # Days after which audio, and then its words, are erased; None: as the campaign or the
    # installation says, and of several the shortest.
    Column("keep_recordings_days", Integer),
    Column("keep_transcripts_days", Integer),
    Column("closed_at", UTCDateTime),
    Column("created_at", UTCDateTime, nullable=False),
)

project_users = Table(
    "project_users",
    metadata,
    Column("project_id", ForeignKey("projects.id"), primary_key=True),
    Column("user_id", ForeignKey("users.id"), primary_key=True, index=True),
)
