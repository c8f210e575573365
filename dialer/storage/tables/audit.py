"""Who did what, when and from where. Triggers let nobody change or remove a line."""

from sqlalchemy import DDL, JSON, Column, ForeignKey, Index, String, Table, event

from dialer.storage.tables.metadata import RowId, metadata
from dialer.storage.types import UTCDateTime

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
