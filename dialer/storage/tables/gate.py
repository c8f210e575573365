"""Who must not be called: boxes, prohibitions, and the lanes that they put leads in."""

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, func, text

from dialer.storage.tables.metadata import E164, RowId, metadata
from dialer.storage.types import UTCDateTime

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


mybox_entries = Table(
    "mybox_entries",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("lead_id", ForeignKey("leads.id"), nullable=False, index=True),
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
# What everybody holds, newest last, without all that was ever held.
Index(
    "ix_mybox_entries_standing",
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
