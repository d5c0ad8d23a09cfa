"""Where an amount comes from, in words."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from chassis.money import Money
from services.billing.documents.explaining import (
    how_vat_was_rounded,
    use_against_last_year,
    what_else,
    what_it_is_for,
    why_it_changed,
)
from services.billing.documents.wording import NBSP
from services.billing.domain.printed import PrintedExplanation, PrintedUse, PrintedVolume
from services.billing.domain.vat import vat_row
from tests.billing.documents.examples import EXPLANATION, USE, USE_BARS, printed_invoice


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


def said(**changed) -> str:
    return plain(why_it_changed(printed_invoice(explanation=replace(EXPLANATION, **changed))))


def volumes(used: str, before: str | None) -> tuple[PrintedVolume, ...]:
    return (PrintedVolume("water", "m³", Decimal(used), None if before is None else Decimal(before)),)


def test_what_it_is_for():
    assert (
        plain(what_it_is_for(printed_invoice())) == "12 m³ wody, tyle samo ścieków i 2 miesiące abonamentu."
    )
    other = replace(EXPLANATION, volumes=volumes("1.5", None), months=1)
    assert plain(what_it_is_for(printed_invoice(explanation=other))) == "1,5 m³ wody i 1 miesiąc abonamentu."
    assert what_it_is_for(printed_invoice(explanation=PrintedExplanation())) == ""


def test_more_used_costs_more():
    assert said() == "O 34,20 zł więcej niż za lipiec i sierpień, bo poszło o 2 m³ więcej."


def test_less_paid_though_more_used():
    assert said(previous_total=Money(30000)) == (
        "O 56,22 zł mniej niż za lipiec i sierpień, choć poszło o 2 m³ więcej."
    )


def test_prices_are_the_reason_when_nothing_else_is():
    alone = said(volumes=volumes("12", "12"), prices_changed=True)
    assert alone == "O 34,20 zł więcej niż za lipiec i sierpień, bo zmieniły się ceny."
    both = printed_invoice(explanation=replace(EXPLANATION, prices_changed=True))
    assert "ceny" not in why_it_changed(both)
    assert "Zmieniły się też ceny" in what_else(both)


def test_a_longer_period_is_named():
    assert "bo poszło o 2 m³ więcej i okres jest o 30 dni dłuższy." in said(previous_from=date(2026, 8, 1))


@pytest.mark.parametrize(
    ("first", "last", "named"),
    [
        ((2025, 9, 1), (2025, 10, 31), "za wrzesień i październik 2025"),
        ((2025, 12, 1), (2026, 1, 31), "za 1 grudnia 2025 – 31 stycznia 2026"),
        ((2026, 6, 29), (2026, 8, 30), "za 29 czerwca – 30 sierpnia"),
    ],
)
def test_the_previous_period_is_named(first, last, named):
    assert named in said(previous_from=date(*first), previous_until=date(*last))


def test_the_same_amount_and_a_first_invoice():
    assert said(previous_total=Money(24378)) == "Tyle samo co za lipiec i sierpień."
    assert why_it_changed(printed_invoice(explanation=PrintedExplanation())) == ""


def test_what_else_there_is_to_know():
    assert (
        what_else(printed_invoice())
        == "Ceny się nie zmieniły. Poprzednie rachunki są zapłacone, nie masz zaległości."
    )
    facts = replace(EXPLANATION, arrears=Money(1000), credit=Money(500), estimated=True)
    assert plain(what_else(printed_invoice(explanation=facts))) == (
        "Ceny się nie zmieniły. Zużycie jest szacowane, rozliczymy je po odczycie. "
        "Odliczyliśmy Twoją nadpłatę 5,00 zł. "
        "Z wcześniejszych rachunków pozostaje jeszcze 10,00 zł, nie ma ich w tej kwocie."
    )
    assert what_else(printed_invoice(explanation=PrintedExplanation())) == ""


def test_the_rounding_of_vat_is_shown_where_there_was_one():
    row = vat_row(Money(22572), rate="8")
    assert plain(how_vat_was_rounded(row)) == "8 % z 225,72 zł = 18,0576 zł, po zaokrągleniu 18,06 zł."
    assert how_vat_was_rounded(vat_row(Money(10000), rate="8")) == ""
    assert how_vat_was_rounded(vat_row(Money(12345), rate="ZW")) == ""


def test_use_against_last_year():
    assert plain(use_against_last_year(USE)) == "O 2 m³ więcej niż rok temu, średnio 197 litrów na dobę."
    same = replace(USE_BARS[-1], last_year=Decimal("12.004"))
    assert use_against_last_year(replace(USE, bars=(same,))).startswith("Tyle samo co rok temu, ")
    unknown = replace(USE_BARS[-1], last_year=None)
    assert use_against_last_year(replace(USE, bars=(unknown,), average_per_day=None)) == ""
    power = PrintedUse("electricity", "kWh", 1, (unknown,), Decimal("5.249"))
    assert plain(use_against_last_year(power)) == "Średnio 5,2 kWh na dobę."
