"""What all tables share: the rules of their names, and two types of columns."""

from sqlalchemy import BigInteger, Integer, MetaData, String

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


def bytewise(length: int) -> String:
    """A text compared byte by byte on both, so that an index finds all that begin alike."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


E164 = bytewise(20)
