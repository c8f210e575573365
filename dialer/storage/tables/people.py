"""The people who log in, their workgroups, and the links by which they come in."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Table, false, true

from dialer.storage.tables.metadata import RowId, metadata
from dialer.storage.types import UTCDateTime

workgroups = Table(
    "workgroups",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    # What was prohibited for it, and lifted, still names it.
    Column("deleted_at", UTCDateTime),
)

users = Table(
    "users",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("login", String(100), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("password_hash", String(200), nullable=False),  # empty: invited, has none yet
    Column("may_administer", Boolean, nullable=False, server_default=false()),
    Column("may_call", Boolean, nullable=False, server_default=true()),
    Column("active", Boolean, nullable=False, server_default=true()),
    Column("language", String(5)),  # None: the browser decides
    # The SIP account of the user's phone. The password is needed in clear: ARI pushes it. A phone
    # in the browser has none here: it gets a new one each time that it connects.
    Column("phone_account", String(80), unique=True),
    Column("phone_password", String(80)),
    Column("phone_mode", String(20), nullable=False, server_default="held"),  # held | per_call
    # Counted up to end every web session of the user at once.
    Column("session_epoch", Integer, nullable=False, server_default="0"),
    Column("created_at", UTCDateTime, nullable=False),
    # The second factor (RFC 6238): asked for once it is confirmed. A step is good once.
    Column("totp_secret", String(64)),
    Column("totp_confirmed_at", UTCDateTime),
    Column("totp_last_step", BigInteger),
)

# An invitation or a new password comes by a link that is good once and for a while. Only the
# hash is kept: who reads the database cannot come in by it.
user_links = Table(
    "user_links",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("user_id", ForeignKey("users.id"), index=True),  # None: whoever makes the first user
    Column("purpose", String(20), nullable=False),  # dialer.user_links.LinkPurpose
    Column("token_hash", String(64), nullable=False, unique=True),  # SHA-256, hexadecimal
    Column("created_at", UTCDateTime, nullable=False),
    Column("created_by", ForeignKey("users.id")),  # None: the program
    Column("expires_at", UTCDateTime, nullable=False),
    Column("used_at", UTCDateTime),
)

# What lets a user in who has lost his second factor: each is good once, and only hashes are kept.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("code_hash", String(64), primary_key=True),  # SHA-256, hexadecimal
    Column("used_at", UTCDateTime),
)

user_workgroups = Table(
    "user_workgroups",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("workgroup_id", ForeignKey("workgroups.id"), primary_key=True, index=True),
    # A manager hears and reads what the members of the workgroup did.
    Column("manages", Boolean, nullable=False, server_default=false()),
)
