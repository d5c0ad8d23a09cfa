"""What an invoice says of settled estimates and of the garden, on paper."""

from dataclasses import replace
from decimal import Decimal

import pytest

from services.billing.documents.invoices import render_invoice
from services.billing.domain.printed import PrintedShare
from tests.billing.documents.examples import READING, SEWAGE, STANDING, WATER, printed_invoice
from tests.billing.documents.paper import words


def said(*readings, shares=()):
    return words(render_invoice(printed_invoice(WATER, SEWAGE, STANDING, readings=readings, shares=shares)))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"left_over": Decimal("7.000")}, "zafakturowano już o 7 m³ więcej, niż wskazuje licznik"),
        ({"previous_settled": True}, "Liczymy od wartości, która jest już zafakturowana."),
        ({"credited": Decimal("2.000")}, "odjęliśmy 2 m³, które są już zafakturowane"),
        ({"credited": Decimal("-5.902")}, "doliczyliśmy 5,902 m³, których wtedy nie zafakturowano"),
    ],
)  # fmt: skip
def test_a_settled_estimate_is_said_in_words(changes, sentence):
    assert sentence in said(replace(READING, **changes))
    assert sentence not in said(READING)


def test_a_garden_meter_shows_how_the_sewage_was_reckoned():
    garden = replace(READING, meter_serial="77300138", used=Decimal("6.100"), garden=True)
    share = PrintedShare("sewage", "water", "m³", Decimal("27.400"), Decimal("6.100"), Decimal("21.300"))
    text = said(READING, garden, shares=(share,))
    assert "Podlicznik ogrodowy 77 300 138" in text
    assert "Ścieki: woda 27,4 m³ − ogród 6,1 m³ = 21,3 m³" in text
