"""Every remark on a list has its words on the terminal."""

import pytest

from ari_app.commands.list_remarks import remarks_of
from dialer.rules.list_shape import ListShape, Remark, ShapeNote


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_remark_has_its_words(language: str) -> None:
    remarks = tuple(Remark(note, "B2") for note in ShapeNote)
    shape = ListShape("a.csv", "csv", (), (1, 1), 2, remarks=remarks, suggested_area_code="0265")
    lines = remarks_of(shape, language)
    assert len(set(lines)) == len(ShapeNote)
    assert all(line.endswith(" (B2)") for line in lines)
    assert sum("--area-code 0265" in line for line in lines) == 1
