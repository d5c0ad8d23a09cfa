"""What a document prints goes to JSON and back without a loss, and sums that disagree are found."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from chassis.money import Money
from services.billing.domain.plain import UnreadableDocument
from services.billing.domain.printed import PrintedContract, PrintedExplanation, PrintedInvoice, disagreements
from tests.billing.documents.examples import printed_contract, printed_invoice


def test_json_brings_back_the_very_same_invoice():
    invoice = printed_invoice()
    stored = json.loads(json.dumps(invoice.to_json()))

    assert PrintedInvoice.from_json(stored) == invoice
    assert PrintedInvoice.from_json(stored).to_json() == stored
    assert stored["total_gross"] == 24378
    assert stored["lines"][0]["quantity"] == "12.000"
    assert stored["due_on"] == "2026-12-12"
    assert stored["template_version"] == 1


def test_json_brings_back_the_very_same_contract():
    contract = printed_contract()

    assert PrintedContract.from_json(json.loads(json.dumps(contract.to_json()))) == contract


def test_a_number_is_stored_without_an_exponent():
    line = replace(printed_invoice().lines[0], quantity=Decimal("1E+3"), unit_price_net=Decimal("1E-7"))
    stored = printed_invoice(line).to_json()["lines"][0]

    assert (stored["quantity"], stored["unit_price_net"]) == ("1000", "0.0000001")


def test_an_older_document_lacks_only_fields_that_have_a_default():
    stored = printed_invoice().to_json()
    del stored["vat_exemption"]
    assert PrintedInvoice.from_json(stored).vat_exemption == ""

    del stored["number"]
    with pytest.raises(UnreadableDocument):
        PrintedInvoice.from_json(stored)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("total_gross", "243.78"),
        ("total_gross", 243.78),
        ("total_gross", True),
        ("due_on", "12.12.2026"),
        ("lines", {}),
        ("seller", None),
        ("number", 7),
        ("readings", [{"meter_serial": "1"}]),
        ("invented", 1),
    ],
)
def test_what_cannot_be_printed_faithfully_is_refused(field, value):
    with pytest.raises(UnreadableDocument):
        PrintedInvoice.from_json(printed_invoice().to_json() | {field: value})


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1,5", 12])
def test_a_quantity_is_a_finite_decimal_in_a_string(number):
    stored = printed_invoice().to_json()
    stored["lines"][0]["quantity"] = number
    with pytest.raises(UnreadableDocument):
        PrintedInvoice.from_json(stored)


def test_a_refusal_does_not_repeat_the_value():
    stored = printed_invoice().to_json()
    stored["buyer"]["name"] = ["Anna"]
    with pytest.raises(UnreadableDocument) as refusal:
        PrintedInvoice.from_json(stored)
    assert "Anna" not in str(refusal.value)


def test_a_sound_invoice_agrees_with_itself():
    assert disagreements(printed_invoice()) == ()
    paid_ahead = printed_invoice(to_pay=Money(24278), explanation=PrintedExplanation(credit=Money(100)))
    assert disagreements(paid_ahead) == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"total_net": Money(22571)},
        {"total_vat": Money(1805)},
        {"total_gross": Money(24377)},
        {"to_pay": Money(1)},
        {"lines": printed_invoice().lines[:2]},
        {"vat_rows": ()},
        {"vat_rows": (replace(printed_invoice().vat_rows[0], gross=Money(1)),)},
        {"period_until": printed_invoice().period_from.replace(month=1)},
    ],
)
def test_what_does_not_add_up_is_found(changed):
    assert disagreements(replace(printed_invoice(), **changed))
