"""Keys of pages travel through URLs and come back as they were, or are refused."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.paging import (
    LARGEST_PAGE,
    BadPageKey,
    bounded,
    decode_key,
    encode_key,
    page_of,
)


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.uuids(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_a_key_comes_back_as_it_was(at: datetime, id_: UUID, number: int, text: str) -> None:
    key = encode_key(at, id_, number, text)
    assert decode_key(key, datetime, UUID, int, str) == (at, id_, number, text)
    assert key.isascii()
    assert not set(key) & set("+/=&?# ")


@given(st.text())
def test_nothing_else_is_taken(text: str) -> None:
    try:
        (number,) = decode_key(text, int)
    except BadPageKey:
        return
    assert type(number) is int


@pytest.mark.parametrize(
    "key",
    [
        encode_key("2026-11-24T12:00:00"),  # without a zone
        encode_key("yesterday"),
        encode_key(7),
        encode_key("2026-11-24T12:00:00+00:00", 1),
    ],
)
def test_a_key_of_another_list_is_refused(key: str) -> None:
    with pytest.raises(BadPageKey):
        decode_key(key, datetime)


def test_the_last_page_has_no_next() -> None:
    assert page_of([1, 2], limit=2, key=lambda row: (row,)).next_key is None
    page = page_of([1, 2, 3], limit=2, key=lambda row: (row,))
    assert page.rows == (1, 2)
    assert page.next_key is not None
    assert decode_key(page.next_key, int) == (2,)


@pytest.mark.parametrize(("asked", "given_"), [(-1, 1), (0, 1), (50, 50), (10**9, LARGEST_PAGE)])
def test_pages_are_of_a_sensible_size(asked: int, given_: int) -> None:
    assert bounded(asked) == given_
