"""What a browser asks for of a file, and what it is given."""

import pytest

from webui.byte_range import OutOfRange, part_of


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 10)),
        ("bytes=90-", (90, 10)),
        ("bytes=90-500", (90, 10)),
        ("bytes=-10", (90, 10)),
        ("bytes=-500", (0, 100)),
        ("Bytes= 5-5 ", (5, 1)),
    ],
)
def test_one_part_is_found(header: str, part: tuple[int, int]) -> None:
    assert part_of(header, 100) == part


@pytest.mark.parametrize(
    "header", ["", "bytes=0-1, 5-6", "bytes=5-1", "bytes=-", "lines=1-2", "bytes=a-b", "bytes=1"]
)
def test_what_makes_no_sense_and_several_parts_are_the_whole(header: str) -> None:
    assert part_of(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_beyond_the_end_there_is_nothing(header: str) -> None:
    with pytest.raises(OutOfRange):
        part_of(header, 100)


def test_of_an_empty_file_no_part_is_there() -> None:
    with pytest.raises(OutOfRange):
        part_of("bytes=0-", 0)
