"""Lists on their way in: what was asked for, how far it is, and what became of each row."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    false,
)

from dialer.storage.tables.metadata import RowId, metadata
from dialer.storage.types import UTCDateTime

lead_imports = Table(
    "lead_imports",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("project_id", ForeignKey("projects.id"), nullable=False, index=True),
    Column("file_name", String(400), nullable=False),  # as the person calls it
    Column("file_hash", String(64), nullable=False, server_default=""),  # SHA-256, hexadecimal
    Column("stored_as", String(100), nullable=False, server_default=""),  # in the imports folder
    Column("created_at", UTCDateTime, nullable=False),
    Column("created_by", ForeignKey("users.id")),  # None: the command line
    Column("state", String(20), nullable=False),  # dialer.rules.import_choices.ImportState
    # How the file is to be read, what its columns mean, and what to do with duplicates.
    Column("choices", JSON, nullable=False, server_default="{}"),
    Column("total_rows", Integer, nullable=False, server_default="0"),
    Column("done_rows", Integer, nullable=False, server_default="0"),  # goes on from there
    Column("created", Integer, nullable=False, server_default="0"),
    Column("updated", Integer, nullable=False, server_default="0"),
    Column("skipped", Integer, nullable=False, server_default="0"),
    Column("refused", Integer, nullable=False, server_default="0"),
    Column("warned", Integer, nullable=False, server_default="0"),
    Column("summary", JSON, nullable=False, server_default="{}"),  # counts by reason and note
    Column("error", Text, nullable=False, server_default=""),
    Column("cancel_requested", Boolean, nullable=False, server_default=false()),
    Column("take_back", Boolean, nullable=False, server_default=false()),  # and undo what is in
    Column("lease_until", UTCDateTime),  # a worker is at it; afterwards another may take over
    Column("lease_by", String(40), nullable=False, server_default=""),  # which worker it is
    Column("finished_at", UTCDateTime),
)

# What there is to say of a row.
lead_import_notes = Table(
    "lead_import_notes",
    metadata,
    Column("import_id", ForeignKey("lead_imports.id"), primary_key=True),
    Column("row", Integer, primary_key=True),  # as a spreadsheet counts
    Column("position", Integer, primary_key=True),  # several notes of one row
    Column("refused", Boolean, nullable=False),  # False: taken, but worth a look
    Column("reason", String(40), nullable=False),  # dialer.rules.lead_problem
    Column("detail", JSON, nullable=False, server_default="[]"),
    Column("cells", JSON),  # of a refused row: to be mended and dropped again
    Column("other_row", BigInteger),
)
