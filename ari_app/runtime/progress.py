"""Progress of long set-up steps on a terminal or in a log. Standard library only."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_SPINNER = "|/-\\"


class Progress:
    """Writes one line per step: redrawn on a terminal, a line each few seconds elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self.live = self._stream.isatty()

    def say(self, text: str) -> None:
        """Write one line."""
        self._stream.write(f"{text}\n")
        self._stream.flush()

    @contextmanager
    def step(self, label: str) -> Iterator["Step"]:
        """One step; the line is finished with its duration, also when it fails."""
        step = Step(label, self._stream, live=self.live)
        step.percent(0)
        failed = True
        try:
            yield step
            failed = False
        finally:
            step.finish(failed=failed)


class Step:
    """One running step."""

    def __init__(self, label: str, stream: TextIO, *, live: bool) -> None:
        self._label = label
        self._stream = stream
        self._live = live
        self._started = time.monotonic()
        self._drawn_at = 0.0
        self._turns = 0

    def percent(self, value: float) -> None:
        """Show how much is done, 0 to 100."""
        filled = int(max(0.0, min(100.0, value)) / 5)
        self._draw(f"[{'#' * filled}{'.' * (20 - filled)}] {value:3.0f} %")

    def tick(self) -> None:
        """Show that it is still going on where no share is known."""
        self._turns += 1
        seconds = time.monotonic() - self._started
        self._draw(f"{_SPINNER[self._turns % len(_SPINNER)]} {seconds:.0f} s")

    def finish(self, *, failed: bool) -> None:
        """End the line."""
        seconds = time.monotonic() - self._started
        end = "FAILED" if failed else "done"
        start = "\r\x1b[K" if self._live else ""
        self._stream.write(f"{start}  {self._label:<40} {end} ({seconds:.1f} s)\n")
        self._stream.flush()

    def _draw(self, state: str) -> None:
        now = time.monotonic()
        if now - self._drawn_at < (0.1 if self._live else 5.0):
            return
        self._drawn_at = now
        if self._live:
            self._stream.write(f"\r\x1b[K  {self._label:<40} {state}")
        else:
            self._stream.write(f"  {self._label:<40} {state}\n")
        self._stream.flush()
