"""Polish names: their order and their folded form."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chassis.folding import fold
from services.billing.domain.names import SORT_NAME_LENGTH_MAX, sort_name

POLISH_ALPHABET = "aąbcćdeęfghijklłmnńoópqrsśtuvwxyzźż"


def test_the_letters_stand_in_the_order_of_the_alphabet():
    assert sorted(POLISH_ALPHABET, key=sort_name) == list(POLISH_ALPHABET)


@given(some.text(POLISH_ALPHABET, max_size=12), some.text(POLISH_ALPHABET, max_size=12))
def test_words_stand_in_the_order_of_a_dictionary(one, other):
    def places(word):
        return [POLISH_ALPHABET.index(letter) for letter in word]

    assert (places(one) < places(other)) == (sort_name(one).encode() < sort_name(other).encode())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ŻABA", "żaba"),
        ("Müller", "Muller"),
        ("O'Hara", "O Hara"),
        ("Nowak-Łęcka", "Nowak Łęcka"),
        ("  a  b ", "a b"),
    ],
)
def test_what_a_dictionary_passes_over_does_not_count(one, other):
    assert sort_name(one) == sort_name(other)


def test_ukrainian_names_stand_after_polish_ones():
    assert sorted(["Бойко", "Żaba", "Андрій"], key=sort_name) == ["Żaba", "Андрій", "Бойко"]


@given(some.text(max_size=300))
def test_a_key_is_short_and_its_own_bytes_order_it(name):
    key = sort_name(name)
    assert len(key) <= SORT_NAME_LENGTH_MAX
    assert "\x00" not in key


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Żółta  Łąka", "zolta laka"),
        ("ĄĆĘŁŃÓŚŹŻ", "acelnoszz"),
        ("Straße", "strasse"),
        ("Київ", "киів"),
        ("", ""),
    ],
)
def test_folding_drops_marks_and_case(text, folded):
    assert fold(text) == folded


@given(some.text(max_size=50))
def test_folding_twice_folds_no_more(text):
    for one, other in itertools.pairwise([fold(text), fold(fold(text))]):
        assert one == other
