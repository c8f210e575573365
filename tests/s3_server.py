"""A store that speaks S3, as a process of its own: moto's server, for tests and benchmarks."""

import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

BUCKET = "kakeru-recordings"


@dataclass(frozen=True, slots=True)
class S3Server:
    """`url` as `endpoint_url`; any keys are taken."""

    url: str
    process: "subprocess.Popen[str]"


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Running, with the empty bucket `BUCKET`, on a port of its own on 127.0.0.1."""
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        url = _address(process)
        request = urllib.request.Request(f"{url}/{BUCKET}", method="PUT")
        with urllib.request.urlopen(request):
            pass
        yield S3Server(url, process)
    finally:
        process.kill()
        process.communicate()


def _address(process: "subprocess.Popen[str]") -> str:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
    raise RuntimeError(f"the S3 server did not start: {''.join(said)}")
