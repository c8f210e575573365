"""Every table, in the order in which a new installation fills them.

What must never happen is forbidden here rather than hoped for in code: the
partial unique indexes allow one open call per number, one holder per boxed
lead, one standing prohibition per number and workgroup and one open callback
per lead; triggers let nobody change or remove a line of the audit log.
"""

from sqlalchemy import (
    DDL,
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    event,
    false,
    func,
    text,
    true,
)

from dialer.storage.types import NullsFirst, UTCDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only where the key's type is exactly INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")

# Compared byte by byte on both, so that an index finds all numbers that begin with some digits.
E164 = String(20).with_variant(String(20, collation="C"), "postgresql")


# --- people -------------------------------------------------------------------------

workgroups = Table(
    "workgroups",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
)

users = Table(
    "users",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("login", String(100), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("may_administer", Boolean, nullable=False, server_default=false()),
    Column("may_call", Boolean, nullable=False, server_default=true()),
    Column("active", Boolean, nullable=False, server_default=true()),
    Column("language", String(5)),  # None: the browser decides
    # The SIP account of the user's phone. The password is needed in clear: ARI pushes it.
    Column("phone_account", String(80), unique=True),
    Column("phone_password", String(80)),
    Column("phone_mode", String(20), nullable=False, server_default="held"),  # held | per_call
    # Counted up to end every web session of the user at once.
    Column("session_epoch", Integer, nullable=False, server_default="0"),
    Column("created_at", UTCDateTime, nullable=False),
)

user_workgroups = Table(
    "user_workgroups",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("workgroup_id", ForeignKey("workgroups.id"), primary_key=True, index=True),
)


# --- projects and their result sets ---------------------------------------------------

result_sets = Table(
    "result_sets",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
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
    Column("closed_at", UTCDateTime),
    Column("created_at", UTCDateTime, nullable=False),
)

project_users = Table(
    "project_users",
    metadata,
    Column("project_id", ForeignKey("projects.id"), primary_key=True),
    Column("user_id", ForeignKey("users.id"), primary_key=True, index=True),
)


# --- leads ------------------------------------------------------------------------------

# Leads of one project that the gate treats alike as far as *other* rows decide: whose number
# is prohibited for whom, whose box they are in. A claim chooses lanes and walks only those, so
# that it never steps over the leads that it must leave alone (decision 0010).
gate_lanes = Table(
    "gate_lanes",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("time_zone", String(60), nullable=False, server_default=""),  # empty: the project's
    # Workgroups with a standing prohibition of one of the numbers: "3 7"; "*": the company.
    Column("prohibited_for", Text, nullable=False, server_default=""),
    Column("box_user_id", ForeignKey("users.id")),  # who holds these leads
    # Who holds other leads with one of their numbers: "12 15".
    Column("number_box_user_ids", Text, nullable=False, server_default=""),
    # Why none of their numbers is ever dialled: "no_number", "number_kind", or empty.
    Column("undialable", String(20), nullable=False, server_default=""),
)
Index(
    "uq_gate_lanes",
    gate_lanes.c.project_id,
    gate_lanes.c.time_zone,
    gate_lanes.c.prohibited_for,
    func.coalesce(gate_lanes.c.box_user_id, 0),
    gate_lanes.c.number_box_user_ids,
    gate_lanes.c.undialable,
    unique=True,
)

lead_imports = Table(
    "lead_imports",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("project_id", ForeignKey("projects.id"), nullable=False, index=True),
    Column("file_name", String(400), nullable=False),
    Column("imported_at", UTCDateTime, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
)

leads = Table(
    "leads",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("import_id", ForeignKey("lead_imports.id"), index=True),
    Column("name", String(400), nullable=False),
    Column("name_kana", String(400), nullable=False, server_default=""),
    Column("contact_person", String(200), nullable=False, server_default=""),
    Column("postal_code", String(20), nullable=False, server_default=""),
    Column("prefecture", String(40), nullable=False, server_default=""),
    Column("city", String(200), nullable=False, server_default=""),
    Column("building", String(400), nullable=False, server_default=""),
    Column("email", String(320), nullable=False, server_default=""),
    Column("website", String(500), nullable=False, server_default=""),
    Column("notes", Text, nullable=False, server_default=""),
    Column("extra", JSON, nullable=False, server_default="{}"),  # columns nobody mapped
    Column("created_at", UTCDateTime, nullable=False),
    Column("deleted_at", UTCDateTime),
    # What the gate asks on every claim, kept on the row so that one index answers it.
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("last_attempt_at", UTCDateTime),
    Column("next_attempt_at", UTCDateTime),  # None: at once
    Column("finished_at", UTCDateTime),  # a final result or the last attempt: no more calls
    Column("callback_at", UTCDateTime),  # the time of its open callback
    Column("time_zone", String(60), nullable=False, server_default=""),  # empty: the project's
    Column("lane_id", ForeignKey("gate_lanes.id"), nullable=False),
)
_IN_PLAY = "finished_at IS NULL AND deleted_at IS NULL AND callback_at IS NULL"
_DUE = f"{_IN_PLAY} AND next_attempt_at IS NULL"
_WAITING = f"{_IN_PLAY} AND next_attempt_at IS NOT NULL"
# The claim reads a lane's due leads in calling order, those never tried first, and stops
# after n of them. With their attempts, so that counting them needs nothing else.
Index(
    "ix_leads_calling_order",
    leads.c.lane_id,
    leads.c.priority.desc(),
    NullsFirst(leads.c.last_attempt_at),
    leads.c.id,
    leads.c.attempts,
    sqlite_where=text(_DUE),
    postgresql_where=text(_DUE),
)
Index(
    "ix_leads_waiting",
    leads.c.lane_id,
    leads.c.next_attempt_at,
    sqlite_where=text(_WAITING),
    postgresql_where=text(_WAITING),
)
Index("ix_leads_project_id_id", leads.c.project_id, leads.c.id)

contact_points = Table(
    "contact_points",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("lead_id", ForeignKey("leads.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),  # mobile phone fax email line other
    Column("label", String(100), nullable=False, server_default=""),
    Column("position", Integer, nullable=False),
    Column("raw", String(200), nullable=False),  # as it was written
    Column("e164", E164, index=True),  # None: not a number that can be called
    Column("number_kind", String(20), nullable=False, server_default=""),  # mobile fixed premium …
    Column("note", String(200), nullable=False, server_default=""),  # extension, 代表 …
    Column("zero_restored", Boolean, nullable=False, server_default=false()),
    Column("attempts", Integer, nullable=False, server_default="0"),
)


# --- callbacks ------------------------------------------------------------------------

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("lead_id", ForeignKey("leads.id"), nullable=False),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("user_id", ForeignKey("users.id")),  # who calls; None: anyone
    Column("due_at", UTCDateTime, nullable=False),
    Column("note", String(500), nullable=False, server_default=""),
    Column("created_at", UTCDateTime, nullable=False),
    Column("created_by", ForeignKey("users.id")),
    Column("closed_at", UTCDateTime),  # kept, replaced, taken back or overtaken
)
_OPEN_CALLBACK = text("closed_at IS NULL")
Index(
    "uq_callbacks_open_lead",
    callbacks.c.lead_id,
    unique=True,
    sqlite_where=_OPEN_CALLBACK,
    postgresql_where=_OPEN_CALLBACK,
)
Index(
    "ix_callbacks_due",
    callbacks.c.project_id,
    callbacks.c.user_id,
    callbacks.c.due_at,
    callbacks.c.lead_id,
    sqlite_where=_OPEN_CALLBACK,
    postgresql_where=_OPEN_CALLBACK,
)


# --- who must not be called -----------------------------------------------------------

mybox_entries = Table(
    "mybox_entries",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("lead_id", ForeignKey("leads.id"), nullable=False),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("since", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime),
    Column("released_at", UTCDateTime),
    Column("released_by", ForeignKey("users.id")),
)
Index(
    "uq_mybox_entries_held_lead",
    mybox_entries.c.lead_id,
    unique=True,
    sqlite_where=text("released_at IS NULL"),
    postgresql_where=text("released_at IS NULL"),
)

# What a user holds, newest last: his list, and how many there are.
Index(
    "ix_mybox_entries_held",
    mybox_entries.c.user_id,
    mybox_entries.c.id,
    sqlite_where=text("released_at IS NULL"),
    postgresql_where=text("released_at IS NULL"),
)
Index(
    "ix_mybox_entries_expiring",
    mybox_entries.c.expires_at,
    sqlite_where=text("released_at IS NULL AND expires_at IS NOT NULL"),
    postgresql_where=text("released_at IS NULL AND expires_at IS NOT NULL"),
)

prohibitions = Table(
    "prohibitions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("e164", E164, nullable=False),
    Column("workgroup_id", ForeignKey("workgroups.id")),  # None: the whole company
    Column("reason", String(500), nullable=False, server_default=""),
    Column("prohibited_at", UTCDateTime, nullable=False),
    Column("prohibited_by", ForeignKey("users.id")),
    Column("lifted_at", UTCDateTime),
    Column("lifted_by", ForeignKey("users.id")),
    Column("lift_reason", String(500)),
)
Index(
    "uq_prohibitions_standing",
    prohibitions.c.e164,
    func.coalesce(prohibitions.c.workgroup_id, 0),
    unique=True,
    sqlite_where=text("lifted_at IS NULL"),
    postgresql_where=text("lifted_at IS NULL"),
)
# Lists are read newest first, all of them or those of one workgroup.
Index("ix_prohibitions_workgroup_id_id", prohibitions.c.workgroup_id, prohibitions.c.id)
Index("ix_prohibitions_e164_id", prohibitions.c.e164, prohibitions.c.id)
Index(
    "ix_prohibitions_lifted",
    prohibitions.c.id,
    sqlite_where=text("lifted_at IS NOT NULL"),
    postgresql_where=text("lifted_at IS NOT NULL"),
)


# --- campaigns at work ------------------------------------------------------------------

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),  # the YAML file's name
    Column("project_id", ForeignKey("projects.id"), nullable=False, index=True),
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


# --- history ------------------------------------------------------------------------------

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
Index("ix_actions_user_id_at_id", actions.c.user_id, actions.c.at, actions.c.id)
Index("ix_actions_at_id", actions.c.at, actions.c.id)

calls = Table(
    "calls",
    metadata,
    Column("id", Uuid, ForeignKey("actions.id"), primary_key=True),
    Column("direction", String(10), nullable=False, server_default="outbound"),
    Column("campaign_id", ForeignKey("campaigns.id")),
    Column("contact_point_id", ForeignKey("contact_points.id")),
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

recordings = Table(
    "recordings",
    metadata,
    Column("call_id", Uuid, ForeignKey("calls.id"), primary_key=True),
    Column("path", String(500), nullable=False),  # relative to the recordings root
    Column("state", String(20), nullable=False),  # recording ready missing
    Column("duration_ms", Integer),
    Column("size_bytes", BigInteger),
    Column("sha256", String(64)),
    Column("started_at", UTCDateTime, nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at", UTCDateTime, nullable=False, index=True),
    Column("user_id", ForeignKey("users.id")),
    Column("action", String(60), nullable=False),  # "recording.play", "prohibition.add" …
    Column("subject", String(200), nullable=False),
    Column("detail", JSON, nullable=False, server_default="{}"),
    Column("address", String(60), nullable=False, server_default=""),
)
Index("ix_audit_log_subject_id", audit_log.c.subject, audit_log.c.id)
Index("ix_audit_log_user_id_id", audit_log.c.user_id, audit_log.c.id)

_ONLY_GROWS = {
    "sqlite": [
        f"CREATE TRIGGER audit_log_keeps_{change.lower()} BEFORE {change} ON audit_log "
        "BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END"
        for change in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION audit_log_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log only grows'; END $$",
        "CREATE TRIGGER audit_log_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_only_grows()",
    ],
}
for _dialect, _statements in _ONLY_GROWS.items():
    for _statement in _statements:
        _ddl = DDL(_statement)  # type: ignore[no-untyped-call]
        event.listen(audit_log, "after_create", _ddl.execute_if(dialect=_dialect))
