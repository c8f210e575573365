from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.found_words import excerpt, marked, moment_of
from dialer.rules.search_grams import needles_of, searchable
from dialer.rules.transcript import Utterance, Word


def _shown(text: str, typed: str) -> str:
    pieces = marked(text, needles_of(typed))
    return "".join(f"[{one.text}]" if one.found else one.text for one in pieces)


def test_words_are_marked_in_whichever_writing() -> None:
    assert _shown("解約のお電話", "解約") == "[解約]のお電話"
    assert _shown("ｶﾞｽの開栓", "がす") == "[ｶﾞｽ]の開栓"
    assert _shown("ＡＢＣ株式会社", "abc") == "[ＡＢＣ]株式会社"
    assert _shown("もう 電話 しないで", "電話しない") == "もう [電話 しない]で"
    assert _shown("解約、解約", "解約 約") == "[解約]、[解約]"
    assert _shown("何もない", "解約") == "何もない"


def test_an_excerpt_is_what_stands_around_the_words() -> None:
    pieces = excerpt("一行目\n" + "あ" * 60 + "解約" + "い" * 200, needles_of("解約"))
    assert pieces[0].text == pieces[-1].text == "…"
    assert [one.text for one in pieces if one.found] == ["解約"]
    assert sum(len(one.text) for one in pieces) < 100
    assert excerpt("何もない", needles_of("解約")) == ()


def test_the_moment_is_that_of_the_word() -> None:
    words = ("もう", "電話", "しないで")
    said = Utterance(
        "customer",
        tuple(Word(one, 1000 * at, 1000 * at + 900, 1.0) for at, one in enumerate(words)),
    )
    assert moment_of(said, needles_of("電話")) == 1000
    assert moment_of(said, needles_of("話しな")) == 1000
    assert moment_of(said, needles_of("ない")) == 2000
    assert moment_of(said, needles_of("解約")) == 0


_TEXTS = st.text(st.one_of(st.sampled_from("解約ガｶﾞがAａa、 １1㈱①"), st.characters()), max_size=30)


@given(text=_TEXTS, start=st.integers(0, 29), length=st.integers(1, 5))
def test_what_can_be_found_of_a_line_is_marked_in_it(text: str, start: int, length: int) -> None:
    line = " ".join(text.split())
    apart = "".join(searchable([one.text]) for one in marked(line, ()))
    needle = searchable([line])[start : start + length]
    pieces = marked(line, (needle,))
    assert "".join(one.text for one in pieces) == line
    # A few letters (the Greek sigma) are folded by what stands around them.
    if needle and apart == searchable([line]) and "σ" not in apart and "ς" not in apart:
        assert any(one.found for one in pieces)
