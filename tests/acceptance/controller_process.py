"""A controller in a process of its own, so that a test can kill it.

    python -m tests.acceptance.controller_process BLUEPRINT.json

It writes `up` when it is connected to Asterisk, and answers each line that it reads with one line:

    ready USER   the agent becomes ready           ok
    hangup USER  the agent hangs the customer up   ok
    pause USER   the agent stops the recording     ok
    resume USER  the agent lets it go on           ok
    recording USER  what he sees of it             {"recording": "on"}
    floor        the agents' states                {"1": "ready", …}
"""

import asyncio
import json
import sys
from pathlib import Path

from tests.acceptance.blueprint import Blueprint, Running, running


async def main(file: Path) -> None:
    blueprint = Blueprint.model_validate_json(file.read_text(encoding="utf-8"))
    async with running(blueprint) as run:
        await run.ari.wait_connected(seconds=20)
        print("up", flush=True)
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
        )
        while line := await lines.readline():
            print(await _answer(run, line.decode().split()), flush=True)


async def _answer(run: Running, words: list[str]) -> str:
    floor = run.controller.floor
    match words:
        case ["ready", user_id]:
            await floor.go_ready(int(user_id))
        case ["hangup", user_id]:
            await floor.hang_up(int(user_id))
        case ["pause", user_id]:
            await run.controller.pauses.pause(int(user_id))
        case ["resume", user_id]:
            await run.controller.pauses.resume(int(user_id))
        case ["recording", user_id]:
            view = run.controller.pauses.view(int(user_id))
            return json.dumps({"recording": view.sign if view else None})
        case ["floor"]:
            return json.dumps({str(agent.user_id): agent.state for agent in floor.agents()})
        case _:
            raise ValueError(f"no such command: {words}")
    return "ok"


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
