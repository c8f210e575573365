"""Two controllers never run one installation."""

import subprocess
import sys
from pathlib import Path

import pytest

from ari_app.commands.failures import CommandFailed
from ari_app.commands.only_one import only_one
from tests.checkout import ROOT

HOLDER = """
import sys
from pathlib import Path
from ari_app.commands.only_one import only_one
with only_one(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_one_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    with (
        only_one(tmp_path),
        pytest.raises(CommandFailed, match="already running"),
        only_one(tmp_path),
    ):
        raise AssertionError("both were let in")
    with only_one(tmp_path):
        pass


def test_the_first_may_even_be_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(CommandFailed, match=f"process {holder.pid}"), only_one(tmp_path):
            raise AssertionError("both were let in")
        holder.kill()
    with only_one(tmp_path):
        pass
