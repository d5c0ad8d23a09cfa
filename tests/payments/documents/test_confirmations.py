"""The confirmation as PDF."""

from dataclasses import replace
from datetime import date

import pytest

from chassis.money import Money
from services.payments.documents.confirmations import render_confirmation
from services.payments.documents.wording import MONTHS, WORDS
from services.payments.domain.confirming import Confirmation, ConfirmedShare
from tests.billing.documents.paper import embedded_fonts, page_count, properties, words

PAID = Confirmation(
    number="P-7K3M-Q2XR",
    customer_number="20411085",
    amount=Money(1_243_78),
    shares=[
        ConfirmedShare("FV/2026/000123", Money(1_000_00)),
        ConfirmedShare("FV/2026/000124", Money(200_00)),
    ],
    credit=Money(43_78),
    refunded=Money(10_00),
    provider="przelewy24",
    provider_order_id="4311223344556",
    method_name="BLIK – Żółw & Spółka <Łódź>",
    started_on=date(2026, 3, 16),
    settled_on=date(2026, 3, 17),
    payee_name="Wodociągi Zdrój",
    payee_lines=["ul. Wodna 1", "57-000 Zdrój"],
    payee_nip="1234563218",
)
SAID = {
    "pl": (
        "Potwierdzenie wpłaty",
        "Kwota 1 243,78 zł",
        "Faktura FV/2026/000123 1 000,00 zł",
        "Nadpłata na koncie klienta 43,78 zł",
        "16 marca 2026",
        "17 marca 2026",
        "Numer klienta 20411085",
        "Strona 1 z 1",
    ),
    "en": (
        "Payment confirmation",
        "Amount 1,243.78 zł",
        "Invoice FV/2026/000124 200.00 zł",
        "Credit on the customer's account 43.78 zł",
        "16 March 2026",
        "Page 1 of 1",
    ),
    "uk": (
        "Підтвердження платежу",
        "Сума 1 243,78 zł",
        "Рахунок-фактура FV/2026/000124 200,00 zł",
        "16 березня 2026",
        "Сторінка 1 з 1",
    ),
}


@pytest.mark.parametrize("language", ["pl", "en", "uk"])
def test_a_confirmation_says_who_paid_what_to_whom(language):
    pdf = render_confirmation(PAID, language)
    text = words(pdf)
    for said in (
        *SAID[language],
        "P-7K3M-Q2XR",
        "Przelewy24",
        "4311223344556",
        "BLIK – Żółw & Spółka <Łódź>",
        "Wodociągi Zdrój ul. Wodna 1 57-000 Zdrój",
        "123-456-32-18",
    ):
        assert said in text
    assert page_count(pdf) == 1
    assert all(embedded_fonts(pdf).values())
    assert properties(pdf)["language"] == {"pl": "pl-PL", "en": "en-GB", "uk": "uk-UA"}[language]
    assert properties(pdf)["title"].endswith("P-7K3M-Q2XR")


def test_the_same_values_give_the_same_bytes():
    assert render_confirmation(PAID, "pl") == render_confirmation(PAID, "pl")


def test_many_invoices_go_on_to_the_next_page():
    shares = [ConfirmedShare(f"FV/2026/{number:06}", Money(1_00)) for number in range(80)]
    pdf = render_confirmation(replace(PAID, shares=shares), "pl")
    pages = page_count(pdf)
    assert pages > 1
    assert f"Strona {pages} z {pages}" in words(pdf, page=pages)
    assert words(pdf).count("Faktura FV/") == 80


def test_what_is_not_there_leaves_no_empty_line():
    bare = replace(PAID, shares=[], credit=PAID.amount, refunded=Money(0), method_name="", payee_nip="")
    text = words(render_confirmation(bare, "pl"))
    assert "Faktura" not in text
    assert "zwrotu" not in text
    assert "Sposób" not in text
    assert "NIP" not in text


def test_every_language_has_every_word():
    assert {frozenset(words) for words in WORDS.values()} == {frozenset(WORDS["pl"])}
    assert all(text for words in WORDS.values() for text in words.values())
    assert all(len(months.split()) == 12 for months in MONTHS.values())
