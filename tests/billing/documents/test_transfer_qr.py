"""The code that banking apps scan."""

import cv2
import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.money import Money
from services.billing.documents.transfer_qr import (
    TransferUnsound,
    plain_ascii,
    qr_modules,
    transfer_qr_text,
)

NRB = "92124012340001567890123456"


# The two examples of the recommendation, as published in the tests of IonBazan/pl-qr-payment (MIT).
@pytest.mark.parametrize(("grosze", "field"), [(1200, "001200"), (0, "000000")])
def test_the_examples_of_the_recommendation(grosze, field):
    text = transfer_qr_text("1234567890", NRB, Money(grosze), "Odbiorca 1", "FV 1234/34/2012")

    assert text == f"1234567890|PL|{NRB}|{field}|Odbiorca 1|FV 1234/34/2012|||"


@pytest.mark.parametrize(("grosze", "field"), [(1, "000001"), (999_999, "999999"), (1_000_000, "000000")])
def test_above_six_digits_the_payer_enters_the_amount(grosze, field):
    assert transfer_qr_text("", NRB, Money(grosze), "A", "B").split("|")[3] == field


def test_texts_become_plain_and_short():
    text = transfer_qr_text(
        "123-456-32-18",
        f"PL {NRB}",
        Money(1),
        "Zażółć gęślą jaźń | Łódź",
        "FV/2026/11/003950\n\tklient „311085” – Źdźbło",
    )

    assert text.split("|")[0] == "1234563218"
    assert text.split("|")[4] == "Zazolc gesla jazn Lo"
    assert text.split("|")[5] == 'FV/2026/11/003950 klient "311085'


@pytest.mark.parametrize(
    ("nip", "nrb", "grosze"),
    [
        ("123", NRB, 1),
        ("1234563218", NRB[:-1], 1),
        ("1234563218", "x" * 26, 1),
        ("1234563218", NRB, -1),
        ("١" * 10, NRB, 1),
    ],
)
def test_what_no_bank_takes_is_refused(nip, nrb, grosze):
    with pytest.raises(TransferUnsound):
        transfer_qr_text(nip, nrb, Money(grosze), "A", "B")


@given(st.text(max_size=80), st.text(max_size=80), st.integers(0, 10**9))
def test_whatever_the_names_the_text_keeps_its_nine_fields(recipient, title, grosze):
    text = transfer_qr_text("1234563218", NRB, Money(grosze), recipient, title)

    fields = text.split("|")
    assert len(fields) == 9
    assert text.isascii()
    assert text.isprintable()
    assert len(fields[3]) == 6
    assert len(fields[4]) <= 20
    assert len(fields[5]) <= 32
    assert len(text) <= 160


@given(st.text(max_size=60))
def test_plain_text_stays_plain(text):
    assert plain_ascii(plain_ascii(text)) == plain_ascii(text)


def test_modules_are_read_back():
    text = transfer_qr_text("1234563218", NRB, Money(24378), "Wodociągi Zdrój", "FV/2026/11/003950")
    dark = numpy.array(qr_modules(text), dtype=numpy.uint8)
    picture = numpy.pad(255 * (1 - dark), 4, constant_values=255).repeat(8, axis=0).repeat(8, axis=1)

    assert cv2.QRCodeDetector().detectAndDecode(picture.astype(numpy.uint8))[0] == text
