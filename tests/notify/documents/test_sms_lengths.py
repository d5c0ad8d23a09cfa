"""Parts of a text message, as GSM 03.38 counts."""

import pytest

from services.notify.documents.sms_lengths import measure, plain


@pytest.mark.parametrize(
    ("text", "characters", "parts", "is_unicode"),
    [
        ("", 0, 0, False),
        ("a" * 160, 160, 1, False),
        ("a" * 161, 161, 2, False),
        ("a" * 306, 306, 2, False),
        ("a" * 307, 307, 3, False),
        ("{" * 80, 80, 1, False),
        ("{" * 81, 81, 2, False),
        ("ó" * 70, 70, 1, True),
        ("ż" * 70, 70, 1, True),
        ("ż" + "a" * 70, 71, 2, True),
        ("ż" * 135, 135, 3, True),
        ("€@£", 3, 1, False),
        ("😀" * 35, 35, 1, True),
        ("😀" * 36, 36, 2, True),
    ],
)
def test_parts(text, characters, parts, is_unicode):
    length = measure(text)
    assert (length.characters, length.parts, length.is_unicode) == (characters, parts, is_unicode)


def test_plain_letters_take_fewer_parts():
    text = "Wodociągi Zdrój: włącz e-fakturę – „teraz”. " * 3
    assert measure(text).is_unicode
    assert not measure(plain(text)).is_unicode
    assert plain("Żółć – „ą”") == 'Zolc - "a"'
