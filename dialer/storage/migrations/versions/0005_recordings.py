"""Recordings that are kept, read, spoken of and erased; managers of workgroups who hear them."""

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    Uuid,
    false,
    text,
)

from dialer.storage.types import UTCDateTime

revision = "0005"
down_revision = "0004"

_ROW_ID = BigInteger().with_variant(Integer, "sqlite")
_E164 = String(20).with_variant(String(20, collation="C"), "postgresql")

_OF_RECORDINGS = (
    "place",
    "format",
    "audio_sha256",
    "key_name",
    "kept_at",
    "pauses",
    "erased_at",
    "erased_because",
)
_OF_PROJECTS = ("keep_recordings_days", "keep_transcripts_days")


def upgrade() -> None:
    op.add_column(
        "user_workgroups", Column("manages", Boolean, nullable=False, server_default=false())
    )
    for name in _OF_PROJECTS:
        op.add_column("projects", Column(name, Integer))
    for column in (
        Column("place", String(10), nullable=False, server_default="local"),
        Column("format", String(10), nullable=False, server_default="wav"),
        Column("audio_sha256", String(64)),
        Column("key_name", String(40)),
        Column("kept_at", UTCDateTime),
        Column("pauses", JSON, nullable=False, server_default="[]"),
        Column("erased_at", UTCDateTime),
        Column("erased_because", String(20)),
    ):
        op.add_column("recordings", column)
    op.create_index("ix_recordings_state_started_at", "recordings", ["state", "started_at"])
    _create_work()
    _create_words()
    _create_what_people_say()
    _create_holds()


def downgrade() -> None:
    for table in (
        "legal_holds",
        "phrase_flags",
        "good_examples",
        "bookmarks",
        "comments",
        "transcripts",
        "recording_jobs",
        "recording_peaks",
    ):
        op.drop_table(table)
    op.drop_index("ix_recordings_state_started_at", "recordings")
    for name in _OF_RECORDINGS:
        op.drop_column("recordings", name)
    for name in _OF_PROJECTS:
        op.drop_column("projects", name)
    op.drop_column("user_workgroups", "manages")


def _create_work() -> None:
    op.create_table(
        "recording_peaks",
        Column("call_id", Uuid, ForeignKey("recordings.call_id"), primary_key=True),
        Column("peaks", LargeBinary, nullable=False),
    )
    op.create_table(
        "recording_jobs",
        Column("id", _ROW_ID, primary_key=True),
        Column("kind", String(20), nullable=False),
        Column("call_id", Uuid, ForeignKey("recordings.call_id"), nullable=False, index=True),
        Column("priority", Integer, nullable=False, server_default="0"),
        Column("due_at", UTCDateTime, nullable=False),
        Column("tries", Integer, nullable=False, server_default="0"),
        Column("holder", String(40)),
        Column("lease_until", UTCDateTime),
        Column("progress_percent", Integer, nullable=False, server_default="0"),
        Column("error", Text, nullable=False, server_default=""),
        Column("created_at", UTCDateTime, nullable=False),
        Column("finished_at", UTCDateTime),
        Column("state", String(20), nullable=False, server_default="waiting"),
    )
    waiting = text("state = 'waiting'")
    op.create_index(
        "ix_recording_jobs_waiting",
        "recording_jobs",
        ["kind", "priority", "due_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index(
        "uq_recording_jobs_kind_call", "recording_jobs", ["kind", "call_id"], unique=True
    )


def _create_words() -> None:
    op.create_table(
        "transcripts",
        Column("call_id", Uuid, ForeignKey("calls.id"), primary_key=True),
        Column("engine", String(40), nullable=False),
        Column("model", String(200), nullable=False),
        Column("language", String(5), nullable=False),
        Column("made_at", UTCDateTime, nullable=False),
        Column("confidence", Float),
        Column("utterances", JSON, nullable=False),
    )
    op.create_index("ix_transcripts_made_at", "transcripts", ["made_at"])
    op.create_table(
        "phrase_flags",
        Column("id", _ROW_ID, primary_key=True),
        Column("call_id", Uuid, ForeignKey("calls.id"), nullable=False, index=True),
        Column("phrase", String(100), nullable=False),
        Column("side", String(10), nullable=False),
        Column("at_ms", Integer, nullable=False),
        Column("heard_at", UTCDateTime, nullable=False, index=True),
        Column("seen_by", _ROW_ID, ForeignKey("users.id")),
        Column("seen_at", UTCDateTime),
    )


def _create_what_people_say() -> None:
    op.create_table(
        "comments",
        Column("id", _ROW_ID, primary_key=True),
        Column("action_id", Uuid, ForeignKey("actions.id"), nullable=False),
        Column("user_id", _ROW_ID, ForeignKey("users.id"), nullable=False),
        Column("at_ms", Integer),
        Column("text", Text, nullable=False),
        Column("created_at", UTCDateTime, nullable=False),
        Column("edited_at", UTCDateTime),
        Column("deleted_at", UTCDateTime),
    )
    op.create_index("ix_comments_action_id_at_ms", "comments", ["action_id", "at_ms"])
    op.create_index("ix_comments_user_id_id", "comments", ["user_id", "id"])
    op.create_table(
        "bookmarks",
        Column("user_id", _ROW_ID, ForeignKey("users.id"), primary_key=True),
        Column("call_id", Uuid, ForeignKey("calls.id"), primary_key=True, index=True),
        Column("at_ms", Integer, primary_key=True),
        Column("label", String(200), nullable=False, server_default=""),
        Column("created_at", UTCDateTime, nullable=False),
    )
    op.create_table(
        "good_examples",
        Column("id", _ROW_ID, primary_key=True),
        Column("call_id", Uuid, ForeignKey("calls.id"), nullable=False, index=True),
        Column("project_id", _ROW_ID, ForeignKey("projects.id"), nullable=False),
        Column("from_ms", Integer, nullable=False, server_default="0"),
        Column("to_ms", Integer),
        Column("title", String(200), nullable=False),
        Column("why", Text, nullable=False, server_default=""),
        Column("added_by", _ROW_ID, ForeignKey("users.id"), nullable=False),
        Column("added_at", UTCDateTime, nullable=False),
        Column("removed_at", UTCDateTime),
    )
    op.create_index("ix_good_examples_project_id_id", "good_examples", ["project_id", "id"])


def _create_holds() -> None:
    op.create_table(
        "legal_holds",
        Column("id", _ROW_ID, primary_key=True),
        Column("call_id", Uuid, ForeignKey("calls.id"), index=True),
        Column("e164", _E164, index=True),
        Column("reason", Text, nullable=False),
        Column("placed_by", _ROW_ID, ForeignKey("users.id"), nullable=False),
        Column("placed_at", UTCDateTime, nullable=False),
        Column("lifted_by", _ROW_ID, ForeignKey("users.id")),
        Column("lifted_at", UTCDateTime),
    )
