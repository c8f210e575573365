"""The stress test of the gate in small: it finds nothing, and with a clause missing it would."""

import asyncio
import json
import sys
from typing import Any

import pytest

from dialer.rules.eligibility import Refusal
from tests.checkout import ROOT

_SMALL = ("--claims", "800", "--leads", "160", "--claimers", "3", "--kills", "0")


async def stress(*options: str) -> tuple[int, dict[str, Any]]:
    """Exit code and figures of `python -m tests.benchmarks.gate_stress`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.benchmarks.gate_stress",
        *options,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, json.loads(said.splitlines()[-1])


async def test_many_claimers_and_writers_with_kills_break_no_rule() -> None:
    code, figures = await stress("--quick")
    assert (figures["violations"], figures["double_open"], figures["lost"]) == (0, 0, 0)
    assert figures["claims"] >= 6_000
    assert all(figures[name]["kills"] > 0 for name in ("sqlite", "postgresql"))
    assert code == 0


# Where there is no number there is nothing to dial, whatever the gate says.
@pytest.mark.parametrize("clause", [one for one in Refusal if one is not Refusal.NO_NUMBER])
async def test_with_a_clause_missing_the_stress_test_fails(clause: Refusal) -> None:
    code, figures = await stress(*_SMALL, "--only", "sqlite", "--without", clause)
    found = figures["sqlite"]
    assert code == 1
    # Two calls at once to a number cannot even be written down.
    told = found["double_open"] + found["collided"] if clause is Refusal.IN_CALL else 0
    assert told or found["against"].get(clause), found
