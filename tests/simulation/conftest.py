"""Simulations run in virtual time, on a real SQLite database."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import pytest
import structlog

from tests.fakes.virtual_time import VirtualTimeLoop
from tests.simulation.world import World


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"virtual_time": VirtualTimeLoop}


@pytest.fixture(autouse=True)
def _only_what_is_wrong() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def world(tmp_path: Path, migrated_sqlite: Path) -> AsyncIterator[World]:
    """An installation that is not set up yet; `World.open` does that."""
    file = tmp_path / "kakeru.db"
    shutil.copyfile(migrated_sqlite, file)
    made = World(f"sqlite:///{file}")
    yield made
    await made.close()
