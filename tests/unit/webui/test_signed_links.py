"""Links to audio are good for one user in one session, for some minutes, and for nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.signed_links import GOOD_SECONDS, MediaLink, Verdict, check, signed_query

NOON = datetime(2026, 11, 24, 3, tzinfo=UTC)
KEY = bytes(range(32))
CALL = UUID("0123abcd-0123-4abc-8abc-0123456789ab")
LINK = MediaLink(f"/recordings/{CALL}/audio", CALL, user_id=7, session="s" * 43)


def made(link: MediaLink = LINK, key: bytes = KEY, now: datetime = NOON) -> dict[str, str]:
    return dict(parse_qsl(signed_query(key, link, now)))


def test_a_link_is_good_for_half_an_hour_and_a_little_longer() -> None:
    query = made()
    for seconds, verdict in (
        (0, Verdict.GOOD),
        (GOOD_SECONDS - 1, Verdict.GOOD),
        (GOOD_SECONDS + 300, Verdict.EXPIRED),
        (86_400, Verdict.EXPIRED),
    ):
        assert check(KEY, LINK, query, NOON + timedelta(seconds=seconds)) is verdict, seconds


def test_links_made_soon_after_one_another_are_the_same() -> None:
    assert made(now=NOON + timedelta(seconds=1)) == made(now=NOON + timedelta(seconds=300))
    assert made(now=NOON + timedelta(seconds=1)) != made(now=NOON + timedelta(seconds=301))


@pytest.mark.parametrize(
    "other",
    [
        replace(LINK, user_id=8),
        replace(LINK, session="t" * 43),
        replace(LINK, call_id=UUID(int=1)),
        replace(LINK, path=f"/recordings/{CALL}/download.wav"),
        # What stands beside one another does not run together.
        replace(LINK, path=LINK.path + str(CALL)[:1], session=LINK.session[1:]),
    ],
)
def test_it_opens_nothing_else(other: MediaLink) -> None:
    assert check(KEY, other, made(), NOON) is Verdict.FORGED
    assert check(KEY, LINK, made(other), NOON) is Verdict.FORGED


def test_another_installation_and_a_later_time_written_by_hand_are_forged() -> None:
    assert check(bytes(32), LINK, made(), NOON) is Verdict.FORGED
    later = {**made(), "until": str(int(made()["until"]) + 300)}
    assert check(KEY, LINK, later, NOON) is Verdict.FORGED


@given(
    until=st.one_of(st.text(max_size=20), st.integers(-(10**15), 10**15).map(str)),
    sign=st.text(max_size=80),
)
def test_nothing_that_was_made_up_is_good(until: str, sign: str) -> None:
    assert check(KEY, LINK, {"until": until, "sign": sign}, NOON) is Verdict.FORGED


@pytest.mark.parametrize("missing", ["until", "sign"])
def test_half_a_link_is_none(missing: str) -> None:
    query = made()
    del query[missing]
    assert check(KEY, LINK, query, NOON) is Verdict.FORGED
