"""What stays together at the end of a line."""

import pytest

from gateway.web.typography import bind_spaces


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("woda i ścieki", "pl", "woda i~ścieki"),
        ("W czwartek i w piątek", "pl", "W~czwartek i~w~piątek"),
        ("do 12 grudnia", "pl", "do 12~grudnia"),
        ("ponad 13 m³ wody", "pl", "ponad 13~m³ wody"),
        ("za 89,00 zł razem", "pl", "za 89,00~zł razem"),
        ("najwyżej %(most)d znaków", "pl", "najwyżej %(most)d~znaków"),
        ("(w domu)", "pl", "(w~domu)"),
        ("Asia i", "pl", "Asia i"),
        ("kino i", "pl", "kino i"),
        ("вода і каналізація у домі", "uk", "вода і~каналізація у~домі"),
        ("a house at 12 December", "en", "a house at 12 December"),
    ],
)
def test_short_words_and_numbers_are_bound(text, language, expected):
    assert bind_spaces(text, language) == expected.replace("~", "\u00a0")
