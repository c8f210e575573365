"""Who may hear whom."""

import pytest

from dialer.rules.hearing import HearingRight, Listener, Spoken, hearing_right, may_download

NOBODY = frozenset[int]()
OF_SUZUKI = Spoken(user_id=2, workgroups={10}, is_example=False)


@pytest.mark.parametrize(
    ("listener", "spoken", "right"),
    [
        (Listener(1, True, False, NOBODY), OF_SUZUKI, HearingRight.ADMIN),
        (Listener(1, True, False, NOBODY), Spoken(None, NOBODY, False), HearingRight.ADMIN),
        (Listener(2, False, True, NOBODY), OF_SUZUKI, HearingRight.OWN),
        (Listener(2, False, False, NOBODY), OF_SUZUKI, None),  # no longer in the project
        (Listener(3, False, True, {10}), OF_SUZUKI, HearingRight.MANAGER),
        (Listener(3, False, True, {11}), OF_SUZUKI, None),
        (Listener(3, False, False, {10}), OF_SUZUKI, None),
        (Listener(3, False, True, NOBODY), OF_SUZUKI, None),
        (Listener(3, False, True, NOBODY), Spoken(2, {10}, True), HearingRight.EXAMPLE),
        (Listener(3, False, False, NOBODY), Spoken(2, {10}, True), None),
        (Listener(3, False, True, {10}), Spoken(None, NOBODY, False), None),
    ],
)
def test_who_may_hear(listener: Listener, spoken: Spoken, right: HearingRight | None) -> None:
    assert hearing_right(listener, spoken) is right


@pytest.mark.parametrize(
    ("right", "may"),
    [
        (HearingRight.ADMIN, True),
        (HearingRight.MANAGER, True),
        (HearingRight.OWN, False),
        (HearingRight.EXAMPLE, False),
        (None, False),
    ],
)
def test_who_may_take_it_away(right: HearingRight | None, may: bool) -> None:
    assert may_download(right) is may
