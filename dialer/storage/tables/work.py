"""Campaigns and agents at work."""

from sqlalchemy import Column, ForeignKey, String, Table, Uuid

from dialer.storage.tables.metadata import RowId, metadata
from dialer.storage.types import UTCDateTime

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),  # the YAML file's name
    Column("project_id", ForeignKey("projects.id"), nullable=False, index=True),
    # How the file named the project when it was found: it may have another name since.
    Column("project_named", String(200), nullable=False, server_default=""),
    Column("state", String(20), nullable=False, server_default="stopped"),
    Column("state_changed_at", UTCDateTime, nullable=False),
    Column("state_changed_by", ForeignKey("users.id")),
)

agent_sessions = Table(
    "agent_sessions",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("since", UTCDateTime, nullable=False),
    Column("away_reason", String(100), nullable=False, server_default=""),
    Column("leg", Uuid),  # the agent leg a-<uuid> that is held open
    Column("call_id", Uuid),  # the call that the agent is on, or whose result is due
    Column("logged_in_at", UTCDateTime, nullable=False),
)
