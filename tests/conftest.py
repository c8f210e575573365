"""Fixtures for every kind of test. Those of one kind stand in that folder's conftest.py."""

import os

import pytest
from hypothesis import settings

from tests.databases import (
    database,
    database_url,
    migrated_postgres,
    migrated_sqlite,
    passwords_made_fast,
    postgres,
)

__all__ = [
    "database",
    "database_url",
    "migrated_postgres",
    "migrated_sqlite",
    "passwords_made_fast",
    "postgres",
]

# A run on a busy machine is slow, not wrong; what is wrong is found by the same examples each time.
settings.register_profile("kakeru", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("kakeru")


@pytest.fixture(autouse=True)
def no_settings_from_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own KAKERU_… settings do not decide what tests find (the cache folder may)."""
    for name in [name for name in os.environ if name.startswith("KAKERU_")]:
        if name != "KAKERU_CACHE":
            monkeypatch.delenv(name)
