"""The second factor: codes that a phone shows (RFC 6238), each of which is good once."""

from collections.abc import Mapping
from datetime import datetime

CODE_DIGITS = 6
STEP_SECONDS = 30
_STEPS_OFF = 1  # a phone's clock may be this many steps behind or before ours


def steps_to_try(now: datetime) -> tuple[int, ...]:
    """The steps (30 s each, counted since 1970) whose codes are taken now, likeliest first."""
    step = int(now.timestamp()) // STEP_SECONDS
    return (step, *(step + off for one in range(1, _STEPS_OFF + 1) for off in (-one, one)))


def accepted_step(code: str, codes: Mapping[int, str], *, last_step: int | None) -> int | None:
    """The step of a typed `code`, given the `codes` by step; None when it lets nobody in.

    Neither a code that was used nor an older one is taken: whoever looked over a shoulder
    comes too late. `last_step` is that of the code used last, None: never one.
    """
    typed = "".join(code.split())
    return next(
        (
            step
            for step, right in codes.items()
            if typed == right and (last_step is None or step > last_step)
        ),
        None,
    )
