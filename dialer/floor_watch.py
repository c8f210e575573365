"""What an admin changes about agents holds while they are on the floor, whichever process does it.

Who is let go, or may not call any more, leaves it; who is put into other workgroups or projects
takes their calls and no others.
"""

import asyncio

import structlog

from dialer.agent_profiles import load_profiles
from dialer.floor import Floor
from dialer.rules.agent_state import AgentState
from dialer.storage.engine import Database
from dialer.storage.faults import DATABASE_ERRORS

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS = 2.0


class FloorWatch:
    """Start `run` as a task."""

    def __init__(self, *, floor: Floor, database: Database) -> None:
        self._floor = floor
        self._database = database
        self._failing = False

    async def run(self) -> None:
        """Looks until cancelled; while the database is away everybody stays as he was."""
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            try:
                await self._look()
            except DATABASE_ERRORS as error:
                if not self._failing:
                    log.error("agents cannot be looked up; will try again", error=str(error))
                self._failing = True
            else:
                self._failing = False

    async def _look(self) -> None:
        present = [
            agent.user_id for agent in self._floor.states() if agent.state is not AgentState.OFFLINE
        ]
        if not present:
            return
        async with self._database.read() as connection:
            found = await load_profiles(connection, present)
        self._floor.know(present, found)
