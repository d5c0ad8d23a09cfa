"""The tables of an invoice: its lines, VAT per rate, and what the meters showed."""

from collections.abc import Sequence

from chassis.money import Money, sum_money
from services.billing.documents.explaining import how_vat_was_rounded
from services.billing.documents.layout import (
    DENSE,
    HALF_RIGHT,
    HEADING,
    LEFT,
    NOTE,
    RIGHT,
    ROOMY,
    STRONG,
    Block,
    Column,
    TableLook,
    gap,
    joined,
    paragraph,
    table_head,
    table_row,
)
from services.billing.documents.reading_notes import reading_notes, reading_title, share_notes
from services.billing.documents.wording import (
    READING_KINDS,
    day_range,
    grouped,
    long_day,
    measure,
    months_named,
    price,
    vat_name,
    whole_months,
    zloty,
)
from services.billing.domain.printed import (
    PrintedInvoice,
    PrintedLine,
    PrintedReading,
    PrintedShare,
    PrintedVatRow,
)
from services.billing.domain.vat import VAT_RATES

LINE_COLUMNS = (
    Column("Pozycja", LEFT, 186, to_right=False),
    Column("Ilość", 300.47, 66),
    Column("Cena netto", 385.5, 78),
    Column("VAT", 436.5, 34),
    Column("Wartość netto", RIGHT, 100),
)
MONTH_UNIT = "mies."


def line_name(line: PrintedLine, invoice: PrintedInvoice) -> str:
    """What a line is for; with its days where it covers a part of the period, its months where it is sold by them."""
    if line.from_day is not None and line.until_day is not None:
        return f"{line.name}, {day_range(line.from_day, line.until_day, year=False)}"
    months = whole_months(invoice.period_from, invoice.period_until)
    if line.unit == MONTH_UNIT and months in (1, 2) and line.quantity == months:
        return f"{line.name}, {months_named(invoice.period_from, invoice.period_until)}"
    return line.name


def lines_head() -> Block:
    """The titles over the lines; repeated on each page."""
    return table_head(LINE_COLUMNS)


def line_rows(
    lines: Sequence[PrintedLine], invoice: PrintedInvoice, *, look: TableLook = ROOMY
) -> list[Block]:
    """A block for each line, so that a table may go on to the next page between any two."""
    return [
        table_row(
            LINE_COLUMNS,
            (
                line_name(line, invoice),
                measure(line.quantity, line.unit),
                price(line.unit_price_net),
                vat_name(line.vat_rate),
                zloty(line.net),
            ),
            look=look,
        )
        for line in lines
    ]


def vat_table(invoice: PrintedInvoice, *, x0: float = HALF_RIGHT, x1: float = RIGHT) -> Block:
    """Net, tax and gross for each rate and together, and how the tax was rounded; for a correction its difference."""
    width = x1 - x0
    columns = (
        Column("Różnica" if invoice.correction else "Stawka VAT", x0, width * 0.16, to_right=False),
        Column("Netto", x0 + width * 0.415, width * 0.3),
        Column("VAT", x0 + width * 0.707, width * 0.28),
        Column("Brutto", x1, width * 0.3),
    )
    rows = vat_differences(invoice) if invoice.correction else invoice.vat_rows
    blocks = [table_head(columns, x0=x0, x1=x1)]
    for row in rows:
        cells = (vat_name(row.rate), zloty(row.net), zloty(row.vat), zloty(row.gross))
        rule = "strong" if row is rows[-1] else "light"
        blocks.append(table_row(columns, cells, look=DENSE, x0=x0, x1=x1, rule=rule))
    blocks.append(_vat_total(rows, columns, x0, x1))
    if not invoice.correction:
        notes = [note for note in map(how_vat_was_rounded, rows) if note]
        blocks += [paragraph(note, NOTE, x=x0, width=width) for note in notes]
    if invoice.vat_exemption:
        blocks.append(paragraph(f"Zwolnienie z VAT: {invoice.vat_exemption}", NOTE, x=x0, width=width))
    return joined(blocks)


def _vat_total(rows: Sequence[PrintedVatRow], columns: Sequence[Column], x0: float, x1: float) -> Block:
    sums = (
        sum_money(row.net for row in rows),
        sum_money(row.vat for row in rows),
        sum_money(row.gross for row in rows),
    )
    return table_row(columns, ("Razem", *map(zloty, sums)), look=DENSE, style=STRONG, x0=x0, x1=x1, rule="")


def vat_differences(invoice: PrintedInvoice) -> tuple[PrintedVatRow, ...]:
    """What a correction changes in each rate: after less before."""
    before = invoice.correction.vat_before if invoice.correction else ()
    nets: dict[str, list[Money]] = {}
    taxes: dict[str, list[Money]] = {}
    for row in invoice.vat_rows:
        nets.setdefault(row.rate, []).append(row.net)
        taxes.setdefault(row.rate, []).append(row.vat)
    for row in before:
        nets.setdefault(row.rate, []).append(-row.net)
        taxes.setdefault(row.rate, []).append(-row.vat)
    differences = (
        (rate, sum_money(nets[rate]), sum_money(taxes[rate])) for rate in VAT_RATES if rate in nets
    )
    return tuple(PrintedVatRow(rate, net, vat, net + vat) for rate, net, vat in differences)


def reading_table(
    reading: PrintedReading,
    shares: Sequence[PrintedShare] = (),
    *,
    x0: float = HALF_RIGHT,
    x1: float = RIGHT,
) -> Block:
    """What a meter showed at both ends, how it was read, what that makes, and why where it is not the difference."""
    width = x1 - x0
    columns = (
        Column("Dzień", x0, width * 0.45, to_right=False),
        Column("Odczyt", x0 + width * 0.707, width * 0.3),
        Column("Stan", x1, width * 0.3),
    )
    name = f"{reading_title(reading)} {grouped(reading.meter_serial)}"
    title = f"{name}, {reading.register}" if reading.register else name
    ends = (
        (reading.previous_day, reading.previous_kind, reading.previous_value),
        (reading.current_day, reading.current_kind, reading.current_value),
    )
    blocks = [paragraph(title, HEADING, x=x0, width=width), gap(6), table_head(columns, x0=x0, x1=x1)]
    for day, kind, value in ends:
        cells = (long_day(day), READING_KINDS.get(kind, kind.lower()), measure(value, reading.unit))
        blocks.append(table_row(columns, cells, look=DENSE, x0=x0, x1=x1))
    total = ("Zużycie", "", measure(reading.used, reading.unit))
    blocks.append(table_row(columns, total, look=DENSE, style=STRONG, x0=x0, x1=x1, rule=""))
    notes = [*reading_notes(reading), *share_notes(reading, shares)]
    blocks += [paragraph(note, NOTE, x=x0, width=width) for note in notes]
    return joined(blocks)
