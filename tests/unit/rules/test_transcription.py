"""Which conversations are turned into words."""

from random import Random
from uuid import UUID

import pytest

from dialer.rules.transcription import NONE, TranscriptionPolicy, is_transcribed

_RANDOM = Random(1)
_CALLS = [UUID(int=_RANDOM.getrandbits(128), version=4) for _ in range(4000)]


@pytest.mark.parametrize(
    ("policy", "seconds", "wanted"),
    [
        (TranscriptionPolicy(), 1.0, True),
        (TranscriptionPolicy(), 0.0, False),
        (TranscriptionPolicy(longer_than_seconds=30), 30.0, False),
        (TranscriptionPolicy(longer_than_seconds=30), 30.1, True),
        (NONE, 600.0, False),
    ],
)
def test_all_those_that_last(policy: TranscriptionPolicy, seconds: float, wanted: bool) -> None:
    assert {is_transcribed(policy, call_id, seconds) for call_id in _CALLS} == {wanted}


def test_a_share_of_them() -> None:
    tenth = [is_transcribed(TranscriptionPolicy(share=0.1), call_id, 60) for call_id in _CALLS]
    assert 0.08 < sum(tenth) / len(tenth) < 0.12


def test_a_larger_share_has_the_smaller_in_it() -> None:
    for call_id in _CALLS:
        if is_transcribed(TranscriptionPolicy(share=0.1), call_id, 60):
            assert is_transcribed(TranscriptionPolicy(share=0.3), call_id, 60)
