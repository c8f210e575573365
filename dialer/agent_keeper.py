"""Storing changed agents, so that a new run of the program finds the floor as it was."""

import asyncio
from collections.abc import Mapping

import structlog

from dialer.agent_profiles import write_agents
from dialer.messages import UserId
from dialer.rules.agent_state import Agent
from dialer.storage.engine import Database
from dialer.storage.faults import DATABASE_ERRORS

log = structlog.get_logger(__name__)

_WRITE_RETRY_SECONDS = 1.0


class AgentKeeper:
    """Writes agents of `agents` that are said to have changed; start `run` as a task."""

    def __init__(self, database: Database, agents: Mapping[UserId, Agent]) -> None:
        self._database = database
        self._agents = agents
        self._unwritten: set[UserId] = set()
        self._wake = asyncio.Event()

    def changed(self, user_id: UserId) -> None:
        self._unwritten.add(user_id)
        self._wake.set()

    async def run(self) -> None:
        """Writes until cancelled; while the database is away it remembers who has changed."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            changed, self._unwritten = self._unwritten, set()
            try:
                await self._write(changed)
            except DATABASE_ERRORS as error:
                log.error("agents cannot be stored; will try again", error=str(error))
                self._unwritten |= changed
                self._wake.set()
                await asyncio.sleep(_WRITE_RETRY_SECONDS)
            except asyncio.CancelledError:
                self._unwritten |= changed  # `close` stores them
                raise

    async def close(self) -> None:
        """Writes what is left. Raises SQLAlchemyError when the database is away."""
        if self._unwritten:
            await self._write(self._unwritten)

    async def _write(self, user_ids: set[UserId]) -> None:
        async with self._database.write() as connection:
            await write_agents(connection, [self._agents[user_id] for user_id in user_ids])
