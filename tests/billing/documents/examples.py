"""Invoices and contracts to print: what is tested is changed with `replace` or by a keyword."""

from datetime import date
from decimal import Decimal
from typing import Any

from chassis.money import Money
from services.billing.domain.printed import (
    PrintedBuyer,
    PrintedClause,
    PrintedContact,
    PrintedContract,
    PrintedExplanation,
    PrintedInvoice,
    PrintedLine,
    PrintedPayment,
    PrintedReading,
    PrintedSeller,
    PrintedServicePoint,
    PrintedTariff,
    PrintedUse,
    PrintedUseBar,
    PrintedVolume,
)
from services.billing.domain.vat import vat_totals

SELLER = PrintedSeller(
    name="Wodociągi Zdrój",
    address_lines=("ul. Wodna 1", "57-000 Zdrój"),
    nip="1234563218",
    tagline="woda i ścieki",
    mark="drop",
)
ANNA = PrintedBuyer("311085", "Anna Źdźbło-Łęcka", ("ul. Lipowa 3", "57-000 Zdrój"))
NRB = "58109010140000000311085261"
CONTACT = PrintedContact(
    portal="ebok.wodociagi-zdroj.example",
    phone="75 000 00 00",
    phone_hours="pon.–pt. 7–17",
    office="ul. Wodna 1, Zdrój",
    emergency="994, całą dobę",
)
WATER = PrintedLine("Woda", Decimal("12.000"), "m³", Decimal("6.53"), "8", Money(7836))
SEWAGE = PrintedLine("Odprowadzenie ścieków", Decimal("12.000"), "m³", Decimal("9.30"), "8", Money(11160))
STANDING = PrintedLine("Abonament", Decimal("2.000"), "mies.", Decimal("17.88"), "8", Money(3576))
READING = PrintedReading(
    meter_serial="77410233",
    commodity="water",
    unit="m³",
    previous_day=date(2026, 8, 31),
    previous_value=Decimal(806),
    previous_kind="REMOTE",
    current_day=date(2026, 10, 31),
    current_value=Decimal(818),
    current_kind="REMOTE",
    used=Decimal(12),
)
EXPLANATION = PrintedExplanation(
    volumes=(
        PrintedVolume("water", "m³", Decimal(12), Decimal(10)),
        PrintedVolume("sewage", "m³", Decimal(12), Decimal(10)),
    ),
    months=2,
    previous_total=Money(20958),
    previous_from=date(2026, 7, 1),
    previous_until=date(2026, 8, 31),
)


USE_BARS = (
    PrintedUseBar(date(2025, 11, 1), date(2025, 12, 31), Decimal(9), Decimal(10)),
    PrintedUseBar(date(2026, 1, 1), date(2026, 2, 28), Decimal(9), Decimal(10)),
    PrintedUseBar(date(2026, 3, 1), date(2026, 4, 30), Decimal(10), Decimal(9)),
    PrintedUseBar(date(2026, 5, 1), date(2026, 6, 30), Decimal(11), Decimal(10)),
    PrintedUseBar(date(2026, 7, 1), date(2026, 8, 31), Decimal(10), Decimal(11)),
    PrintedUseBar(date(2026, 9, 1), date(2026, 10, 31), Decimal(12), Decimal(10)),
)
USE = PrintedUse("water", "m³", 2, USE_BARS, Decimal("0.197"))


def printed_invoice(*lines: PrintedLine, **changed: Any) -> PrintedInvoice:
    """An invoice over the lines (three plain ones), with the VAT that they have."""
    lines = lines or (WATER, SEWAGE, STANDING)
    totals = vat_totals((line.vat_rate, line.net) for line in lines)
    values: dict[str, Any] = {
        "number": "FV/2026/11/003950",
        "issued_on": date(2026, 11, 12),
        "period_from": date(2026, 9, 1),
        "period_until": date(2026, 10, 31),
        "due_on": date(2026, 12, 12),
        "seller": SELLER,
        "buyer": ANNA,
        "payment": PrintedPayment(NRB, "Wodociągi Zdrój", "FV/2026/11/003950"),
        "lines": lines,
        "vat_rows": totals.rows,
        "total_net": totals.net,
        "total_vat": totals.vat,
        "total_gross": totals.gross,
        "to_pay": totals.gross,
        "explanation": EXPLANATION,
        "readings": (READING,),
        "use": USE,
        "tariffs": (PrintedTariff("W2 Zdrój", date(2026, 1, 1)),),
        "contact": CONTACT,
    }
    return PrintedInvoice(**(values | changed))


def printed_contract(**changed: Any) -> PrintedContract:
    """A contract of water and sewage for Anna."""
    values: dict[str, Any] = {
        "number": "UM/2026/000311",
        "concluded_on": date(2026, 8, 20),
        "place": "Zdrój",
        "seller": SELLER,
        "buyer": ANNA,
        "premises": "ul. Lipowa 3, 57-000 Zdrój",
        "service_points": (
            PrintedServicePoint("W-00311", "water", "piwnica", "77410233"),
            PrintedServicePoint("S-00311", "sewage"),
        ),
        "tariff_group": "W2 gospodarstwa domowe",
        "tariff": PrintedTariff("W2 Zdrój", date(2026, 1, 1)),
        "from_day": date(2026, 9, 1),
        "until_day": None,
        "clauses": (
            PrintedClause(
                "Ilość wody", "1. Ilość wody ustala się z wodomierza głównego.\n2. Odczyt zamyka swój dzień."
            ),
            PrintedClause("Płatność", "Termin płatności stoi na fakturze i nie jest krótszy niż 14 dni."),
        ),
    }
    return PrintedContract(**(values | changed))
