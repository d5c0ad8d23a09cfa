"""Where an invoice's amount comes from, in sentences made of its frozen facts. PDF and HTML say the same."""

from decimal import ROUND_HALF_UP, Decimal

from chassis.money import Money
from services.billing.documents.wording import (
    commodity_of,
    day_range,
    figure,
    listed,
    measure,
    months_named,
    plural,
    vat_name,
    whole_months,
    zloty,
)
from services.billing.domain.printed import PrintedInvoice, PrintedUse, PrintedVatRow
from services.billing.domain.proration import days_in
from services.billing.domain.vat import exact_vat

LITRES_PER_M3 = 1000
SAME_LENGTH_DAYS = 3  # Two periods of whole months differ by as much without anybody calling one longer.


def what_it_is_for(invoice: PrintedInvoice) -> str:
    """The first sentence: "12 m³ wody, tyle samo ścieków i 2 miesiące abonamentu."; "" when nothing is known."""
    facts = invoice.explanation
    parts: list[str] = []
    for volume in facts.volumes:
        first = facts.volumes[0]
        same = parts and (volume.quantity, volume.unit) == (first.quantity, first.unit)
        how_much = "tyle samo" if same else measure(volume.quantity, volume.unit)
        parts.append(f"{how_much} {commodity_of(volume.commodity)}")
    if facts.months:
        word = plural(facts.months, "miesiąc", "miesiące", "miesięcy")
        parts.append(f"{facts.months} {word} abonamentu")
    return f"{listed(parts)}." if parts else ""


def why_it_changed(invoice: PrintedInvoice) -> str:
    """The difference from last time and its reasons; "" on a first invoice."""
    facts = invoice.explanation
    if facts.previous_total is None or facts.previous_from is None or facts.previous_until is None:
        return ""
    before = _period_named(invoice)
    difference = invoice.total_gross - facts.previous_total
    if not difference:
        return f"Tyle samo co za {before}."
    more = difference > Money.zero()
    direction = "więcej" if more else "mniej"
    pushing, against = _reasons(invoice, more=more)
    said = f"O {zloty(abs(difference))} {direction} niż za {before}"
    if pushing:
        said += f", bo {listed(pushing)}"
    if against:
        said += f", choć {listed(against)}"
    return f"{said}."


def _period_named(invoice: PrintedInvoice) -> str:
    facts = invoice.explanation
    if facts.previous_from is None or facts.previous_until is None:
        raise ValueError("a previous total without its period")
    first, last = facts.previous_from, facts.previous_until
    if first.year == last.year == invoice.period_until.year:
        return months_named(first, last)
    if first.year == last.year and whole_months(first, last) in (1, 2):
        return f"{months_named(first, last)} {last.year}"
    return day_range(first, last)


def _reasons(invoice: PrintedInvoice, *, more: bool) -> tuple[list[str], list[str]]:
    """What pushed the amount where it went, and what pulled the other way."""
    facts = invoice.explanation
    pushing: list[str] = []
    against: list[str] = []
    if facts.volumes and facts.volumes[0].previous_quantity is not None:
        main = facts.volumes[0]
        used = main.quantity - facts.volumes[0].previous_quantity
        if used:
            side = pushing if (used > 0) == more else against
            side.append(f"poszło o {measure(abs(used), main.unit)} {'więcej' if used > 0 else 'mniej'}")
    if facts.previous_from is not None and facts.previous_until is not None:
        now = days_in(invoice.period_from, invoice.period_until)
        longer = now - days_in(facts.previous_from, facts.previous_until)
        if abs(longer) > SAME_LENGTH_DAYS:
            side = pushing if (longer > 0) == more else against
            days = f"{abs(longer)} {plural(abs(longer), 'dzień', 'dni', 'dni')}"
            side.append(f"okres jest o {days} {'dłuższy' if longer > 0 else 'krótszy'}")
    # Whether prices rose or fell is not among the facts: they are named as the reason only when no other is.
    if facts.prices_changed and not pushing:
        pushing.append("zmieniły się ceny")
    return pushing, against


def what_else(invoice: PrintedInvoice) -> str:
    """Prices, arrears, credit and estimates, in short sentences."""
    facts = invoice.explanation
    said: list[str] = []
    if facts.previous_total is not None and not facts.prices_changed:
        said.append("Ceny się nie zmieniły.")
    if facts.prices_changed and "zmieniły się ceny" not in why_it_changed(invoice):
        said.append("Zmieniły się też ceny, są przy pozycjach.")
    if facts.estimated:
        said.append("Zużycie jest szacowane, rozliczymy je po odczycie.")
    if facts.credit:
        said.append(f"Odliczyliśmy Twoją nadpłatę {zloty(facts.credit)}.")
    if facts.arrears:
        said.append(
            f"Z wcześniejszych rachunków pozostaje jeszcze {zloty(facts.arrears)}, nie ma ich w tej kwocie."
        )
    elif facts.previous_total is not None:
        said.append("Poprzednie rachunki są zapłacone, nie masz zaległości.")
    return " ".join(said)


def how_vat_was_rounded(row: PrintedVatRow) -> str:
    """ "8 % z 225,72 zł = 18,0576 zł, po zaokrągleniu 18,06 zł."; "" where there was nothing to round."""
    exact = exact_vat(row.net, rate=row.rate)
    if exact == row.vat.decimal:
        return ""
    whole = f"{vat_name(row.rate)} z {zloty(row.net)} = {figure(exact, places_min=2)} zł"
    return f"{whole}, po zaokrągleniu {zloty(row.vat)}."


def use_against_last_year(use: PrintedUse) -> str:
    """ "O 2 m³ więcej niż rok temu, średnio 197 litrów na dobę." """
    if not use.bars:
        return ""
    last = use.bars[-1]
    parts = []
    if last.last_year is not None:
        difference = (last.this_year - last.last_year).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
        if difference:
            direction = "więcej" if difference > 0 else "mniej"
            parts.append(f"o {measure(abs(difference), use.unit)} {direction} niż rok temu")
        else:
            parts.append("tyle samo co rok temu")
    if use.average_per_day is not None:
        parts.append(f"średnio {_per_day(use.average_per_day, use.unit)} na dobę")
    said = ", ".join(parts)
    return f"{said[0].upper()}{said[1:]}." if said else ""


def _per_day(average: Decimal, unit: str) -> str:
    if unit == "m³":
        litres = int((average * LITRES_PER_M3).quantize(Decimal(1), rounding=ROUND_HALF_UP))
        return f"{figure(Decimal(litres))} {plural(litres, 'litr', 'litry', 'litrów')}"
    return measure(average.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP), unit)
