"""The measure of alignment finds what was shifted."""

import numpy as np
import pytest

from tests.acceptance.alignment import alignment, beeps
from tests.acceptance.audio import SAMPLE_RATE, decode
from tests.acceptance.call_rows import Heard


@pytest.mark.parametrize("sent", [0.0, 0.337, 5.9])
@pytest.mark.parametrize("shifted_ms", [0, 20, -45, 200])
def test_what_was_shifted_is_found_at_both_ends(sent: float, shifted_ms: int) -> None:
    agent = np.tile(decode(beeps(440.0)), 20)
    customer = np.tile(decode(beeps(700.0)), 20)
    late = round((sent + shifted_ms / 1000) * SAMPLE_RATE)
    found = alignment(Heard(agent, np.roll(customer, late)), sent)
    assert found.at_start_ms == pytest.approx(shifted_ms, abs=1.5)
    assert found.at_end_ms == pytest.approx(shifted_ms, abs=1.5)


def test_a_side_that_drifts_is_found_at_the_end() -> None:
    agent = np.tile(decode(beeps(440.0)), 20)
    customer = np.tile(decode(beeps(700.0)), 20)
    drifted = np.delete(customer, slice(80_000, 80_800))  # 100 ms were lost in the middle
    found = alignment(Heard(agent[: len(drifted)], drifted), 0.0)
    assert found.at_start_ms == pytest.approx(0, abs=1.5)
    assert found.at_end_ms == pytest.approx(-100, abs=1.5)
