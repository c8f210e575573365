"""What the gate asks: lanes, callbacks, leases of claims, an audit log that only grows.

Every lead goes into the lane that its numbers, its box and its zone put it in.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import phonenumbers
from alembic import op
from phonenumbers import timezone
from sqlalchemy import BigInteger, Column, Connection, ForeignKey, Integer, String, Text, text

from dialer.storage.types import UTCDateTime

revision = "0002"
down_revision = "0001"

_ROW_ID = BigInteger().with_variant(Integer, "sqlite")
_OPEN = "finished_at IS NULL AND deleted_at IS NULL"
_IN_PLAY = f"{_OPEN} AND callback_at IS NULL"
_AT_ONCE = 500


def upgrade() -> None:
    connection = op.get_bind()
    _create_lanes()
    op.drop_index("ix_leads_calling_order", "leads")
    op.add_column("leads", Column("callback_at", UTCDateTime))
    op.add_column("leads", Column("time_zone", String(60), nullable=False, server_default=""))
    op.add_column("leads", Column("lane_id", _ROW_ID))
    _fill_lanes(connection)
    with op.batch_alter_table("leads") as leads:
        leads.alter_column("lane_id", nullable=False, existing_type=_ROW_ID)
        leads.create_foreign_key("fk_leads_lane_id", "gate_lanes", ["lane_id"], ["id"])
    nulls_first = "" if connection.dialect.name == "sqlite" else " ASC NULLS FIRST"
    _create_index(
        "ix_leads_calling_order",
        "leads",
        ["lane_id", "priority DESC", f"last_attempt_at{nulls_first}", "id", "attempts"],
        where=f"{_IN_PLAY} AND next_attempt_at IS NULL",
    )
    _create_index(
        "ix_leads_waiting",
        "leads",
        ["lane_id", "next_attempt_at"],
        where=f"{_IN_PLAY} AND next_attempt_at IS NOT NULL",
    )
    _create_callbacks()
    with op.batch_alter_table("calls") as calls:
        calls.add_column(
            Column("for_user_id", _ROW_ID, ForeignKey("users.id", name="fk_calls_for_user_id"))
        )
        calls.add_column(Column("lease_until", UTCDateTime))
    _create_index(
        "ix_calls_abandoned", "calls", ["e164", "ended_at"], where="outcome = 'abandoned'"
    )
    _create_index(
        "ix_mybox_entries_expiring",
        "mybox_entries",
        ["expires_at"],
        where="released_at IS NULL AND expires_at IS NOT NULL",
    )
    _create_index("ix_prohibitions_workgroup_id_id", "prohibitions", ["workgroup_id", "id"])
    _create_index("ix_audit_log_subject_id", "audit_log", ["subject", "id"])
    _create_index("ix_audit_log_user_id_id", "audit_log", ["user_id", "id"])
    # Last: while tables are copied, SQLite's indexes are read, and this one cannot be.
    _create_index(
        "uq_gate_lanes",
        "gate_lanes",
        [
            "project_id",
            "time_zone",
            "prohibited_for",
            "coalesce(box_user_id, 0)",
            "number_box_user_ids",
            "undialable",
        ],
        unique=True,
    )
    for statement in _ONLY_GROWS[connection.dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    connection = op.get_bind()
    for statement in _MAY_SHRINK[connection.dialect.name]:
        op.execute(statement)
    op.drop_index("uq_gate_lanes", "gate_lanes")
    op.drop_index("ix_audit_log_user_id_id", "audit_log")
    op.drop_index("ix_audit_log_subject_id", "audit_log")
    op.drop_index("ix_prohibitions_workgroup_id_id", "prohibitions")
    op.drop_index("ix_mybox_entries_expiring", "mybox_entries")
    op.drop_index("ix_calls_abandoned", "calls")
    with op.batch_alter_table("calls") as calls:
        calls.drop_constraint("fk_calls_for_user_id", type_="foreignkey")
        calls.drop_column("lease_until")
        calls.drop_column("for_user_id")
    op.drop_table("callbacks")
    op.drop_index("ix_leads_waiting", "leads")
    op.drop_index("ix_leads_calling_order", "leads")
    with op.batch_alter_table("leads") as leads:
        leads.drop_constraint("fk_leads_lane_id", type_="foreignkey")
        leads.drop_column("lane_id")
        leads.drop_column("time_zone")
        leads.drop_column("callback_at")
    _create_index(
        "ix_leads_calling_order",
        "leads",
        ["project_id", "priority DESC", "attempts", "id"],
        where=_OPEN,
    )
    op.drop_table("gate_lanes")


def _create_index(
    name: str, table: str, columns: list[str], *, where: str = "", unique: bool = False
) -> None:
    condition = text(where) if where else None
    op.create_index(
        name,
        table,
        [text(column) for column in columns],
        unique=unique,
        sqlite_where=condition,
        postgresql_where=condition,
    )


def _create_lanes() -> None:
    op.create_table(
        "gate_lanes",
        Column("id", _ROW_ID, primary_key=True),
        Column(
            "project_id",
            _ROW_ID,
            ForeignKey("projects.id", name="fk_gate_lanes_project_id"),
            nullable=False,
        ),
        Column("time_zone", String(60), nullable=False, server_default=""),
        Column("prohibited_for", Text, nullable=False, server_default=""),
        Column("box_user_id", _ROW_ID, ForeignKey("users.id", name="fk_gate_lanes_box_user_id")),
        Column("number_box_user_ids", Text, nullable=False, server_default=""),
        Column("undialable", String(20), nullable=False, server_default=""),
    )


def _create_callbacks() -> None:
    op.create_table(
        "callbacks",
        Column("id", _ROW_ID, primary_key=True),
        Column(
            "lead_id", _ROW_ID, ForeignKey("leads.id", name="fk_callbacks_lead_id"), nullable=False
        ),
        Column(
            "project_id",
            _ROW_ID,
            ForeignKey("projects.id", name="fk_callbacks_project_id"),
            nullable=False,
        ),
        Column("user_id", _ROW_ID, ForeignKey("users.id", name="fk_callbacks_user_id")),
        Column("due_at", UTCDateTime, nullable=False),
        Column("note", String(500), nullable=False, server_default=""),
        Column("created_at", UTCDateTime, nullable=False),
        Column("created_by", _ROW_ID, ForeignKey("users.id", name="fk_callbacks_created_by")),
        Column("closed_at", UTCDateTime),
    )
    still_open = "closed_at IS NULL"
    _create_index("uq_callbacks_open_lead", "callbacks", ["lead_id"], where=still_open, unique=True)
    _create_index(
        "ix_callbacks_due",
        "callbacks",
        ["project_id", "user_id", "due_at", "lead_id"],
        where=still_open,
    )


# --- which lane a lead is in ------------------------------------------------------------


@dataclass(slots=True)
class _Lead:
    """What is not plain about a lead."""

    zone: str = ""
    prohibited_for: set[int] = field(default_factory=set)  # 0: the company
    box: int | None = None
    number_boxes: set[int] = field(default_factory=set)
    undialable: str = ""

    def lane(self) -> tuple[str, str, int | None, str, str]:
        prohibited = "*" if 0 in self.prohibited_for else _words(self.prohibited_for)
        others = _words(self.number_boxes - {self.box})
        return self.zone, prohibited, self.box, others, self.undialable


def _words(ids: set[int | None] | set[int]) -> str:
    return " ".join(str(one) for one in sorted(one for one in ids if one))


def _fill_lanes(connection: Connection) -> None:
    project_zones = {
        row.id: row.time_zone
        for row in connection.execute(text("SELECT id, time_zone FROM projects"))
    }
    for project_id in project_zones:
        lane_id = _lane(connection, project_id, ("", "", None, "", ""))
        connection.execute(
            text("UPDATE leads SET lane_id = :lane WHERE project_id = :project"),
            {"lane": lane_id, "project": project_id},
        )
    special = _special_leads(connection)
    by_lane: dict[tuple[int, tuple[str, str, int | None, str, str]], list[int]]
    by_lane = defaultdict(list)
    for lead_id, project_id in _projects_of(connection, sorted(special)):
        lead = special[lead_id]
        if lead.zone == project_zones[project_id]:
            lead.zone = ""
        by_lane[project_id, lead.lane()].append(lead_id)
    for (project_id, lane), lead_ids in by_lane.items():
        lane_id = _lane(connection, project_id, lane)
        connection.execute(
            text("UPDATE leads SET lane_id = :lane, time_zone = :zone WHERE id = :id"),
            [{"lane": lane_id, "zone": lane[0], "id": lead_id} for lead_id in lead_ids],
        )


def _lane(
    connection: Connection, project_id: int, lane: tuple[str, str, int | None, str, str]
) -> int:
    values = {
        "project": project_id,
        "zone": lane[0],
        "prohibited": lane[1],
        "box": lane[2],
        "others": lane[3],
        "undialable": lane[4],
    }
    found = connection.execute(
        text(
            "SELECT id FROM gate_lanes WHERE project_id = :project AND time_zone = :zone "
            "AND prohibited_for = :prohibited AND coalesce(box_user_id, 0) = :held "
            "AND number_box_user_ids = :others AND undialable = :undialable"
        ),
        {**values, "held": lane[2] or 0},
    ).scalar_one_or_none()
    if found is None:
        found = connection.execute(
            text(
                "INSERT INTO gate_lanes (project_id, time_zone, prohibited_for, box_user_id, "
                "number_box_user_ids, undialable) VALUES (:project, :zone, :prohibited, "
                ":box, :others, :undialable) RETURNING id"
            ),
            values,
        ).scalar_one()
    return int(found)


def _special_leads(connection: Connection) -> dict[int, _Lead]:
    special: dict[int, _Lead] = defaultdict(_Lead)
    for row in connection.execute(text(_PROHIBITED)):
        special[row.lead_id].prohibited_for.add(row.workgroup_id or 0)
    for row in connection.execute(text(_BOXED)):
        special[row.lead_id].box = row.user_id
    for row in connection.execute(text(_BOXED_BY_NUMBER)):
        special[row.lead_id].number_boxes.add(row.user_id)
    for row in connection.execute(text(_UNDIALABLE)):
        special[row.id].undialable = "number_kind" if row.telephones else "no_number"
    for row in connection.execute(text(_ABROAD)):
        lead = special[row.lead_id]
        lead.zone = lead.zone or _zone(row.e164)
    return special


def _zone(e164: str) -> str:
    zones = timezone.time_zones_for_number(phonenumbers.parse(e164))
    return zones[0] if len(zones) == 1 and not zones[0].startswith("Etc/") else ""


def _projects_of(connection: Connection, lead_ids: list[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start in range(0, len(lead_ids), _AT_ONCE):
        some = ", ".join(str(int(one)) for one in lead_ids[start : start + _AT_ONCE])
        rows = connection.execute(text(f"SELECT id, project_id FROM leads WHERE id IN ({some})"))
        found += [(row.id, row.project_id) for row in rows]
    return found


_TELEPHONE = "e164 IS NOT NULL AND kind IN ('mobile', 'phone', 'other')"
_DIALABLE = f"{_TELEPHONE} AND number_kind NOT IN ('premium', 'uan', 'emergency', 'service')"
_PROHIBITED = """
    SELECT DISTINCT point.lead_id, prohibition.workgroup_id
    FROM prohibitions prohibition JOIN contact_points point ON point.e164 = prohibition.e164
    WHERE prohibition.lifted_at IS NULL
"""
_BOXED = "SELECT lead_id, user_id FROM mybox_entries WHERE released_at IS NULL"
_BOXED_BY_NUMBER = """
    SELECT DISTINCT other.lead_id, entry.user_id
    FROM mybox_entries entry
    JOIN contact_points held ON held.lead_id = entry.lead_id
    JOIN contact_points other ON other.e164 = held.e164 AND other.lead_id <> held.lead_id
    WHERE entry.released_at IS NULL
"""
_UNDIALABLE = f"""
    SELECT leads.id, (SELECT count(*) FROM contact_points
                      WHERE lead_id = leads.id AND {_TELEPHONE}) AS telephones
    FROM leads
    WHERE NOT EXISTS (SELECT 1 FROM contact_points WHERE lead_id = leads.id AND {_DIALABLE})
"""
_ABROAD = f"""
    SELECT lead_id, e164 FROM contact_points
    WHERE {_TELEPHONE} AND e164 NOT LIKE '+81%' ORDER BY lead_id, position, id
"""


# --- the audit log ------------------------------------------------------------------------

_ONLY_GROWS = {
    "sqlite": [
        f"CREATE TRIGGER audit_log_keeps_{event.lower()} BEFORE {event} ON audit_log "
        "BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END"
        for event in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION audit_log_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log only grows'; END $$",
        "CREATE TRIGGER audit_log_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_only_grows()",
    ],
}
_MAY_SHRINK = {
    "sqlite": [
        "DROP TRIGGER audit_log_keeps_update",
        "DROP TRIGGER audit_log_keeps_delete",
    ],
    "postgresql": [
        "DROP TRIGGER audit_log_only_grows ON audit_log",
        "DROP FUNCTION audit_log_only_grows",
    ],
}
