"""Words as people read them."""

from hypothesis import given
from hypothesis import strategies as st

from dialer.rules.transcript import (
    Utterance,
    Word,
    conversation,
    from_json,
    join_words,
    mean_confidence,
    text_of,
    to_json,
    utterances,
)


def _word(text: str, start_ms: int, end_ms: int, confidence: float = 1.0) -> Word:
    return Word(text, start_ms, end_ms, confidence)


def test_japanese_stands_without_spaces() -> None:
    assert join_words(["もう", "電話", "し", "ない", "で"]) == "もう電話しないで"


def test_other_words_are_parted() -> None:
    assert join_words(["please", "call", "me"]) == "please call me"


def test_mixed_words_are_parted_where_the_writing_changes() -> None:
    assert join_words(["弊社", "の", "CRM", "です"]) == "弊社の CRM です"


def test_no_words_are_no_text() -> None:
    assert join_words([]) == ""


def test_a_pause_ends_an_utterance() -> None:
    said = utterances(
        "agent", [_word("はい", 0, 300), _word("では", 1499, 1700), _word("次", 2900, 3000)]
    )

    assert [one.text for one in said] == ["はいでは", "次"]
    assert (said[0].start_ms, said[0].end_ms) == (0, 1700)


def test_a_conversation_is_in_the_order_of_speaking() -> None:
    agent = utterances("agent", [_word("もしもし", 100, 500), _word("はい", 5000, 5300)])
    customer = utterances("customer", [_word("はい", 900, 1200)])

    said = conversation(agent, customer)

    assert [(one.side, one.text) for one in said] == [
        ("agent", "もしもし"),
        ("customer", "はい"),
        ("agent", "はい"),
    ]
    assert text_of(said) == "もしもし\nはい\nはい"


def test_confidence_is_the_mean_over_words() -> None:
    agent = utterances("agent", [_word("a", 0, 1, 0.5), _word("b", 2, 3, 1.0)])
    customer = utterances("customer", [_word("c", 0, 1, 0.0)])

    assert mean_confidence((*agent, *customer)) == 0.5
    assert mean_confidence(()) is None


_WORDS = st.lists(
    st.builds(
        _word,
        st.text(min_size=1, max_size=5),
        st.integers(0, 10**7),
        st.integers(0, 10**7),
        st.integers(0, 1000).map(lambda share: share / 1000),
    ),
    min_size=1,
    max_size=5,
)


@given(st.lists(st.builds(Utterance, st.sampled_from(["agent", "customer"]), _WORDS.map(tuple))))
def test_what_is_kept_comes_back(said: list[Utterance]) -> None:
    assert from_json(to_json(said)) == tuple(said)
