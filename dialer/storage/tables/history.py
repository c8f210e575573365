"""What was done toward leads: the actions of ヒストリー, and calls with them."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    Uuid,
    false,
    text,
)

from dialer.storage.tables.metadata import E164, RowId, metadata
from dialer.storage.types import MillisecondsBetween, UTCDateTime

actions = Table(
    "actions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", String(20), nullable=False),  # call email sms visit memo
    Column("at", UTCDateTime, nullable=False),  # of a call: its claimed_at
    Column("lead_id", ForeignKey("leads.id"), nullable=False),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("user_id", ForeignKey("users.id")),
    Column("result_id", ForeignKey("action_results.id")),
    Column("result_at", UTCDateTime),
    Column("memo", Text, nullable=False, server_default=""),
)
Index("ix_actions_lead_id_at", actions.c.lead_id, actions.c.at)
# History is read newest first in pages; the id decides between actions of one moment.
Index("ix_actions_project_id_at_id", actions.c.project_id, actions.c.at, actions.c.id)
Index(
    "ix_actions_result",
    actions.c.project_id,
    actions.c.result_id,
    actions.c.at,
    actions.c.lead_id,
    sqlite_where=text("result_id IS NOT NULL"),
    postgresql_where=text("result_id IS NOT NULL"),
)
Index("ix_actions_user_id_at_id", actions.c.user_id, actions.c.at, actions.c.id)
Index("ix_actions_at_id", actions.c.at, actions.c.id)
# Most actions are calls; the others would be looked for among them.
Index(
    "ix_actions_no_calls",
    actions.c.kind,
    actions.c.at,
    actions.c.id,
    sqlite_where=text("kind <> 'call'"),
    postgresql_where=text("kind <> 'call'"),
)

calls = Table(
    "calls",
    metadata,
    Column("id", Uuid, ForeignKey("actions.id"), primary_key=True),
    Column("direction", String(10), nullable=False, server_default="outbound"),
    Column("campaign_id", ForeignKey("campaigns.id")),
    Column("contact_point_id", RowId),  # which of them it was; it may be gone since
    Column("e164", E164, nullable=False),
    Column("trunk", String(80), nullable=False),
    Column("caller_id", String(20), nullable=False, server_default=""),
    Column("attempt", Integer, nullable=False),  # 1 for the lead's first call
    Column("for_user_id", ForeignKey("users.id")),  # the agent who is held for it, if one is
    Column("claimed_at", UTCDateTime, nullable=False),
    # A claim that is not dialled by then was its claimer's last: the lead goes back.
    Column("lease_until", UTCDateTime),
    Column("dialled_at", UTCDateTime),
    Column("ringing_at", UTCDateTime),
    Column("answered_at", UTCDateTime),
    Column("connected_at", UTCDateTime),  # joined to the agent
    Column("ended_at", UTCDateTime),
    Column("outcome", String(20)),  # dialer.rules.hangup_cause.CallOutcome
    Column("hangup_cause", Integer),  # Q.850
    Column("hung_up_by", String(10), nullable=False, server_default=""),  # agent customer system
    Column("end_estimated", Boolean, nullable=False, server_default=false()),
    # What the gate knew and said when it let the call through.
    Column("decision", JSON, nullable=False, server_default="{}"),
)
Index(
    "uq_calls_open_number",
    calls.c.e164,
    unique=True,
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)
Index("ix_calls_campaign_id_claimed_at", calls.c.campaign_id, calls.c.claimed_at)
Index("ix_calls_e164_claimed_at", calls.c.e164, calls.c.claimed_at)
Index(
    "ix_calls_abandoned",
    calls.c.e164,
    calls.c.ended_at,
    sqlite_where=text("outcome = 'abandoned'"),
    postgresql_where=text("outcome = 'abandoned'"),
)
# History by what came of calls, by who called whom and by how long they talked.
# Not of open calls: SQLite would else take it for any question about a time.
Index(
    "ix_calls_outcome_claimed_at_id",
    calls.c.outcome,
    calls.c.claimed_at,
    calls.c.id,
    sqlite_where=text("outcome IS NOT NULL"),
    postgresql_where=text("outcome IS NOT NULL"),
)
Index(
    "ix_calls_inbound",
    calls.c.claimed_at,
    calls.c.id,
    sqlite_where=text("direction = 'inbound'"),
    postgresql_where=text("direction = 'inbound'"),
)
TALK_MS = MillisecondsBetween(calls.c.connected_at, calls.c.ended_at)
_TALKED = text("connected_at IS NOT NULL AND ended_at IS NOT NULL")
Index("ix_calls_talk_ms", TALK_MS, sqlite_where=_TALKED, postgresql_where=_TALKED)
