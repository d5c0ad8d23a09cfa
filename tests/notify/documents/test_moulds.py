"""A letter out of the mould is the letter that rendering gives, and nobody's words are taken for a mark."""

import binascii
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chassis.ids import new_id
from services.notify.documents.campaigns import Written
from services.notify.documents.mails import LINE_LENGTH_MAX, Encoded, encode_letter
from services.notify.documents.messages import render_letter
from services.notify.documents.moulds import BODY, REFERENCE, SUBJECT, cast
from services.notify.storage.messages import Message, Rule
from tests.notify.documents.test_messages import provider

PORTAL = provider().portal_url
LETTERS = [
    ("Zwykły temat", [["Dzień dobry,"], ["w środę nie będzie wody.", "Przepraszamy."]]),
    ("<b>A & B</b> \"c\" 'd'", [["<script>x</script> & spółka", f"Więcej: {PORTAL}/strony/a?b=1&c=2."]]),
    (f"{SUBJECT} {BODY}", [[f"{BODY} {SUBJECT} {REFERENCE}"]]),
    ("100 % wody %(body)s ", [["w  100 %", ".", "% i\ttabulator, ", "." * 200]]),
    ("Długi " * 20, [["słowo " * 60], ["https://obcy.example/x i " + PORTAL]]),
]


@pytest.mark.parametrize("marketing", [False, True])
@pytest.mark.parametrize("language", ["pl", "en", "uk"])
@pytest.mark.parametrize(("subject", "paragraphs"), LETTERS)
def test_a_filled_mould_is_the_letter_itself(language, marketing, subject, paragraphs):
    message = Message(
        message_id=new_id(),
        rule=Rule.CAMPAIGN,
        language=language,
        name="Anna",
        facts={"marketing": True} if marketing else {},
        expires_at=datetime(2026, 4, 1, tzinfo=UTC),
    )
    written = Written(language, subject, paragraphs)
    token = "abc-DEF" if marketing else ""

    filled = cast(provider(), language, marketing=marketing).fill(message, written, token)

    letter = render_letter(message, provider(), written=written, unsubscribe=token)
    assert read(filled) == read(encode_letter(letter))
    assert max(map(len, (filled.text + filled.html).split(b"\r\n"))) <= LINE_LENGTH_MAX


def read(letter: Encoded) -> Encoded:
    """As a mail program decodes it: lines are broken elsewhere than in a letter that was encoded in one piece."""
    return replace(letter, text=binascii.a2b_qp(letter.text), html=binascii.a2b_qp(letter.html))
