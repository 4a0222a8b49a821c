"""Looking for many words at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prodcheck.extract.words import Words

SOME = (b"load(", b"torch.load(", b"a", b"aa", b"\xc3\xa9t", b"\n")


@given(st.lists(st.sampled_from([*SOME, b"x", b"\xff", b"torch."])).map(b"".join))
def test_every_place_is_found_in_order(data: bytes) -> None:
    words = Words(SOME)
    plain = sorted(
        (start + len(word) - 1, -len(word), number)
        for number, word in enumerate(SOME)
        for start in range(len(data))
        if data.startswith(word, start)
    )
    assert list(words.find(data)) == [(end, number) for end, _, number in plain]


def test_words_given_twice_count_once() -> None:
    words = Words([b"pickle", b"yaml", b"pickle"])
    assert words.words == (b"pickle", b"yaml")
    assert [words.words[n] for _, n in words.find(b"import yaml, pickle")] == [b"yaml", b"pickle"]
