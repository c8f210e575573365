"""Leads, how to reach them, and what was agreed with them."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from dialer.storage.tables.metadata import E164, RowId, bytewise, metadata
from dialer.storage.types import LastDigits, NullsFirst, UTCDateTime

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
    # Values of custom fields by field id, {"12": "渋谷"}: the truth. `custom_values` finds them.
    Column("custom", JSON, nullable=False, server_default="{}"),
    # dialer.rules.search_text.lead_key: what the lead is found and sorted by.
    Column("search_key", bytewise(400), nullable=False, server_default=""),
    Column("stage_id", ForeignKey("stages.id")),
    Column("created_at", UTCDateTime, nullable=False),
    Column("deleted_at", UTCDateTime),
    Column("merged_into_id", BigInteger),  # the lead that took over everything of this one
    # What the gate asks on every claim, kept on the row so that one index answers it.
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("last_attempt_at", UTCDateTime),
    Column("next_attempt_at", UTCDateTime),  # None: at once
    Column("finished_at", UTCDateTime),  # a final result or the last attempt: no more calls
    Column("callback_at", UTCDateTime),  # the time of its open callback
    Column("time_zone", String(60), nullable=False, server_default=""),  # empty: the project's
    Column("lane_id", ForeignKey("gate_lanes.id"), nullable=False),
    # The audit log and addresses of pages name leads by id, so an id is never used again.
    sqlite_autoincrement=True,
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
# Sorts by name, and is read instead of the rows when a part of a name is looked for.
Index("ix_leads_search", leads.c.project_id, leads.c.search_key, leads.c.id)
Index(
    "ix_leads_stage",
    leads.c.project_id,
    leads.c.stage_id,
    leads.c.id,
    sqlite_where=text("stage_id IS NOT NULL"),
    postgresql_where=text("stage_id IS NOT NULL"),
)
Index(
    "ix_leads_tried",
    leads.c.project_id,
    leads.c.last_attempt_at,
    leads.c.id,
    sqlite_where=text("last_attempt_at IS NOT NULL"),
    postgresql_where=text("last_attempt_at IS NOT NULL"),
)
# Leads of a prefecture in the order of import; with the city, so that looking for a part of
# it reads nothing else.
Index("ix_leads_area", leads.c.project_id, leads.c.prefecture, leads.c.id, leads.c.city)
Index("ix_leads_attempts", leads.c.project_id, leads.c.attempts, leads.c.id)
Index("ix_leads_created", leads.c.project_id, leads.c.created_at, leads.c.id)
Index(
    "ix_leads_callback",
    leads.c.project_id,
    leads.c.callback_at,
    leads.c.id,
    sqlite_where=text("callback_at IS NOT NULL"),
    postgresql_where=text("callback_at IS NOT NULL"),
)
Index(
    "ix_leads_deleted",
    leads.c.project_id,
    leads.c.deleted_at,
    leads.c.id,
    sqlite_where=text("deleted_at IS NOT NULL"),
    postgresql_where=text("deleted_at IS NOT NULL"),
)

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


Index("ix_contact_points_last_digits", LastDigits(contact_points.c.e164))

# What a filter or an order by a custom field reads: one row for each value of a lead, made
# from `leads.custom` in the transaction that writes that (decision 0011). No foreign key to
# leads: a row is found by all of its key, which the lead's own values tell.
custom_values = Table(
    "custom_values",
    metadata,
    Column("project_id", ForeignKey("projects.id"), primary_key=True),
    Column("field_id", ForeignKey("custom_fields.id"), primary_key=True),
    Column("sort_key", bytewise(100), primary_key=True),  # dialer.rules.custom_field.sort_key
    Column("lead_id", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)

# What people and imports changed in a lead. An import's lines say how to undo it.
lead_changes = Table(
    "lead_changes",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("lead_id", ForeignKey("leads.id"), nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("user_id", ForeignKey("users.id")),  # None: the program
    Column("import_id", ForeignKey("lead_imports.id")),
    Column("field", String(100), nullable=False),  # "name", "custom:12", "contact:34" …
    Column("old", Text, nullable=False, server_default=""),
    Column("new", Text, nullable=False, server_default=""),
)
Index("ix_lead_changes_lead_id_id", lead_changes.c.lead_id, lead_changes.c.id)
Index(
    "ix_lead_changes_import_id_id",
    lead_changes.c.import_id,
    lead_changes.c.id,
    sqlite_where=text("import_id IS NOT NULL"),
    postgresql_where=text("import_id IS NOT NULL"),
)

# Filters, columns and order of the lead table under a name, for one user or for everybody.
saved_views = Table(
    "saved_views",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("query", Text, nullable=False),  # as in the address of the page
    Column("shared", Boolean, nullable=False, server_default=false()),
    Column("created_at", UTCDateTime, nullable=False),
    UniqueConstraint("project_id", "user_id", "name"),
)

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("lead_id", ForeignKey("leads.id"), nullable=False, index=True),
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
