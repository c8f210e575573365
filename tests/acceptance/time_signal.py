"""Audio that tells when it was sent: each second has a note of its own."""

import asyncio
from datetime import UTC, datetime, timedelta

import numpy as np

from tests.acceptance.audio import SAMPLE_RATE, AudioStream, Samples, level_of, tone

STEP_HERTZ = 40.0
SIGNAL_SECONDS = 40
WINDOW_SECONDS = 0.1
_AUDIBLE = 0.02


def time_signal(first_hertz: float) -> bytes:
    """µ-law: the nth second is n steps higher than `first_hertz`."""
    return b"".join(tone(first_hertz + STEP_HERTZ * n) for n in range(SIGNAL_SECONDS))


def began(audio: AudioStream) -> datetime:
    """When a phone began to send."""
    ago = asyncio.get_running_loop().time() - audio.began_at
    return datetime.now(UTC) - timedelta(seconds=ago)


def heard_seconds(side: Samples, first_hertz: float) -> list[int | None]:
    """Which second is heard in each tenth of a second; None: silence."""
    width = int(WINDOW_SECONDS * SAMPLE_RATE)
    return [
        _second_in(side[at : at + width], first_hertz)
        for at in range(0, len(side) - width + 1, width)
    ]


def _second_in(window: Samples, first_hertz: float) -> int | None:
    levels = [level_of(window, first_hertz + STEP_HERTZ * n) for n in range(SIGNAL_SECONDS)]
    loudest = int(np.argmax(levels))
    return loudest if levels[loudest] > _AUDIBLE else None


def loudest_sample(side: Samples, start_seconds: float, end_seconds: float) -> int:
    """Of 32768, between two moments."""
    part = side[int(start_seconds * SAMPLE_RATE) : int(end_seconds * SAMPLE_RATE)]
    return int(np.abs(part.astype(np.int32)).max(initial=0))
