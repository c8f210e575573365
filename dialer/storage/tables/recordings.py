"""Audio of conversations: where it lies, its waveform, its words, what is said of it, its end."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    Uuid,
    text,
)

from dialer.storage.tables.metadata import E164, RowId, metadata
from dialer.storage.types import UTCDateTime

recordings = Table(
    "recordings",
    metadata,
    Column("call_id", Uuid, ForeignKey("calls.id"), primary_key=True),
    Column("path", String(500), nullable=False),  # relative to the root of the place
    Column("state", String(20), nullable=False),  # recording ready missing erasing erased
    Column("duration_ms", Integer),
    Column("size_bytes", BigInteger),
    Column("sha256", String(64)),  # of the file as it lies there
    Column("started_at", UTCDateTime, nullable=False),
    Column("place", String(10), nullable=False, server_default="local"),  # local s3
    Column("format", String(10), nullable=False, server_default="wav"),  # wav flac opus
    # Of the samples (16 bits, agent and customer in turn): FLAC and encryption leave it as it is.
    Column("audio_sha256", String(64)),
    Column("key_name", String(40)),  # of the key it is encrypted with; None: not encrypted
    # Its keeping form was read back and found whole; what it was made from is gone.
    Column("kept_at", UTCDateTime),
    # Milliseconds from the beginning while nothing was recorded: [[from, to], ...].
    Column("pauses", JSON, nullable=False, server_default="[]"),
    Column("erased_at", UTCDateTime),
    Column("erased_because", String(20)),  # retention person admin
)
# What is to be erased by policy is found by its age.
Index("ix_recordings_state_started_at", recordings.c.state, recordings.c.started_at)

recording_peaks = Table(
    "recording_peaks",
    metadata,
    Column("call_id", Uuid, ForeignKey("recordings.call_id"), primary_key=True),
    # Two bytes a moment, agent and customer, 0 to 255; moments of equal length.
    Column("peaks", LargeBinary, nullable=False),
)

# What is to be done with recordings in the background. Whoever works on one holds it until
# `lease_until`; a worker that dies leaves it to the next.
recording_jobs = Table(
    "recording_jobs",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("kind", String(20), nullable=False),  # keep transcribe
    Column("call_id", Uuid, ForeignKey("recordings.call_id"), nullable=False, index=True),
    Column("priority", Integer, nullable=False, server_default="0"),  # the highest first
    Column("due_at", UTCDateTime, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("holder", String(40)),
    Column("lease_until", UTCDateTime),
    Column("progress_percent", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    Column("created_at", UTCDateTime, nullable=False),
    Column("finished_at", UTCDateTime),
    Column("state", String(20), nullable=False, server_default="waiting"),  # waiting done failed
)
_WAITING = text("state = 'waiting'")
Index(
    "ix_recording_jobs_waiting",
    recording_jobs.c.kind,
    recording_jobs.c.priority,
    recording_jobs.c.due_at,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)
Index("uq_recording_jobs_kind_call", recording_jobs.c.kind, recording_jobs.c.call_id, unique=True)

transcripts = Table(
    "transcripts",
    metadata,
    Column("call_id", Uuid, ForeignKey("calls.id"), primary_key=True),
    Column("engine", String(40), nullable=False),
    Column("model", String(200), nullable=False),
    Column("language", String(5), nullable=False),
    Column("made_at", UTCDateTime, nullable=False),
    Column("confidence", Float),  # mean of the words', 0 to 1
    # dialer.rules.transcript.Utterance, in the order in which they were said.
    Column("utterances", JSON, nullable=False),
)
Index("ix_transcripts_made_at", transcripts.c.made_at)

comments = Table(
    "comments",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("action_id", Uuid, ForeignKey("actions.id"), nullable=False),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("at_ms", Integer),  # the moment of the recording; None: about the whole
    Column("text", Text, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("edited_at", UTCDateTime),
    Column("deleted_at", UTCDateTime),
)
Index("ix_comments_action_id_at_ms", comments.c.action_id, comments.c.at_ms)
Index("ix_comments_user_id_id", comments.c.user_id, comments.c.id)

# A user's own marks in a recording.
bookmarks = Table(
    "bookmarks",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("call_id", Uuid, ForeignKey("calls.id"), primary_key=True, index=True),
    Column("at_ms", Integer, primary_key=True),
    Column("label", String(200), nullable=False, server_default=""),
    Column("created_at", UTCDateTime, nullable=False),
)

# The library for training: a conversation, or a part of it.
good_examples = Table(
    "good_examples",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("call_id", Uuid, ForeignKey("calls.id"), nullable=False, index=True),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("from_ms", Integer, nullable=False, server_default="0"),
    Column("to_ms", Integer),  # None: to the end
    Column("title", String(200), nullable=False),
    Column("why", Text, nullable=False, server_default=""),
    Column("added_by", ForeignKey("users.id"), nullable=False),
    Column("added_at", UTCDateTime, nullable=False),
    Column("removed_at", UTCDateTime),
)
Index("ix_good_examples_project_id_id", good_examples.c.project_id, good_examples.c.id)

# A watched phrase was heard while people talked.
phrase_flags = Table(
    "phrase_flags",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("call_id", Uuid, ForeignKey("calls.id"), nullable=False, index=True),
    Column("phrase", String(100), nullable=False),
    Column("side", String(10), nullable=False),  # agent customer
    Column("at_ms", Integer, nullable=False),
    Column("heard_at", UTCDateTime, nullable=False, index=True),
    Column("seen_by", ForeignKey("users.id")),
    Column("seen_at", UTCDateTime),
)

# Nothing of the call, or of any call with the number, is erased while one stands.
legal_holds = Table(
    "legal_holds",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("call_id", Uuid, ForeignKey("calls.id"), index=True),
    Column("e164", E164, index=True),
    Column("reason", Text, nullable=False),
    Column("placed_by", ForeignKey("users.id"), nullable=False),
    Column("placed_at", UTCDateTime, nullable=False),
    Column("lifted_by", ForeignKey("users.id")),
    Column("lifted_at", UTCDateTime),
)
