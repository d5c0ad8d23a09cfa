"""What a draft prints, made of what it bills: the words of paper, the use chart, where the amount comes from."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from services.billing.domain.billing_facts import Billed, CustomerFacts, Period, PointFacts, Provider
from services.billing.domain.charges import ChargeKind, ChargeLine
from services.billing.domain.differences import parts_of, prices_changed
from services.billing.domain.frozen import (
    PRINTED_UNITS,
    FrozenDifference,
    FrozenInvoice,
    PreviousBill,
    used_of,
)
from services.billing.domain.metered_use import MeterUse
from services.billing.domain.printed import (
    PrintedBuyer,
    PrintedExplanation,
    PrintedInvoice,
    PrintedLine,
    PrintedPayment,
    PrintedReading,
    PrintedShare,
    PrintedTariff,
    PrintedUse,
    PrintedVolume,
)
from services.billing.domain.proration import days_in, months_in
from services.billing.domain.usage import MeterValue, use_bars, use_stretches
from services.billing.domain.vat import vat_totals

USE_BARS = 6


def printed_invoice(
    customer: CustomerFacts,
    billed: Billed,
    charged: Sequence[ChargeLine],
    provider: Provider,
    *,
    buyer: PrintedBuyer,
    period: Period,
    today: date,
) -> PrintedInvoice:
    """What would be printed if it were issued today; number, title and arrears come at issue."""
    totals = vat_totals((line.vat_rate, line.net) for line in charged)
    account = customer.account_number or provider.account_number
    return PrintedInvoice(
        number="",
        issued_on=today,
        period_from=billed.from_day,
        period_until=billed.until_day,
        due_on=today + timedelta(days=period.payment_days),
        seller=provider.seller,
        buyer=buyer,
        payment=PrintedPayment(account, provider.seller.name, "", own_account=bool(customer.account_number)),
        lines=tuple(_printed_line(line) for line in charged),
        vat_rows=totals.rows,
        total_net=totals.net,
        total_vat=totals.vat,
        total_gross=totals.gross,
        to_pay=totals.gross,
        readings=tuple(_printed_reading(point, use) for point, use in billed.uses),
        shares=_printed_shares(billed),
        use=_printed_use(billed),
        tariffs=_printed_tariffs(billed),
        contact=provider.contact,
    )


def _printed_line(line: ChargeLine) -> PrintedLine:
    return PrintedLine(
        name=line.name,
        quantity=line.quantity,
        unit=PRINTED_UNITS.get(line.unit, line.unit),
        unit_price_net=line.price,
        vat_rate=line.vat_rate,
        net=line.net,
        from_day=line.from_day,
        until_day=line.until_day,
    )


def _printed_reading(point: PointFacts, use: MeterUse) -> PrintedReading:
    return PrintedReading(
        meter_serial=use.meter.serial_number,
        commodity=point.commodity.lower(),
        unit=PRINTED_UNITS.get(use.meter.unit, use.meter.unit),
        previous_day=use.start.day,
        previous_value=use.start.value,
        previous_kind=use.start.kind,
        current_day=use.end.day,
        current_value=use.end.value,
        current_kind=use.end.kind,
        used=use.used,
        previous_settled=use.settled,
        credited=use.credited,
        left_over=use.left_over,
        garden=use.meter.garden,
    )


def _printed_shares(billed: Billed) -> tuple[PrintedShare, ...]:
    """How what is a share of another commodity was reckoned, where a garden sub-meter lessens it."""
    sources = {
        component.source: component
        for version in billed.contract.versions
        for component in version.components
        if component.kind is ChargeKind.RATIO
    }
    shares = []
    for source, component in sources.items():
        ours = [use for point, use in billed.uses if point.commodity == source]
        gardens = [use for use in ours if use.meter.garden]
        if not gardens:
            continue
        whole = sum((use.used for use in ours if not use.meter.garden), start=Decimal("0.000"))
        less = sum((use.used for use in gardens), start=Decimal("0.000"))
        unit = gardens[0].meter.unit
        shares.append(
            PrintedShare(
                commodity=component.commodity.lower(),
                source=source.lower(),
                unit=PRINTED_UNITS.get(unit, unit),
                whole=whole,
                less=less,
                rest=max(whole - less, Decimal("0.000")),
            )
        )
    return tuple(shares)


def _printed_use(billed: Billed) -> PrintedUse | None:
    """Six stretches as long as the period, of the first metered point's commodity."""
    if not billed.main_uses:
        return None
    point = billed.main_uses[0][0]
    values = [
        MeterValue(str(meter.meter_id), reading.day, reading.value, meter.digits)
        for other in billed.contract.points
        if other.commodity == point.commodity
        for meter in other.meters
        if not meter.garden
        for reading in meter.accepted
        if reading.day <= billed.until_day
    ]
    months = max(int(months_in(billed.from_day, billed.until_day).to_integral_value()), 1)
    ours = [use for other, use in billed.main_uses if other.commodity == point.commodity]
    used = sum((use.used for use in ours), start=Decimal("0.000"))
    days = days_in(min(use.from_day for use in ours), max(use.end.day for use in ours))
    return PrintedUse(
        commodity=point.commodity.lower(),
        unit=PRINTED_UNITS.get(ours[0].meter.unit, ours[0].meter.unit),
        months_per_bar=months,
        bars=use_bars(
            use_stretches(values), last_month=billed.until_day, months_per_bar=months, bars=USE_BARS
        ),
        average_per_day=(used / days).quantize(Decimal("0.001")),
    )


def _printed_tariffs(billed: Billed) -> tuple[PrintedTariff, ...]:
    """The versions in force on the days billed."""
    first = min([billed.from_day, *(use.from_day for _, use in billed.uses)])
    last = max([billed.until_day, *(use.end.day for _, use in billed.uses)])
    days = sorted(version.valid_from for version in billed.contract.versions)
    in_force = [
        day
        for day, following in zip(days, [*days[1:], date.max], strict=True)
        if day <= last and following > first
    ]
    name = f"{billed.contract.tariff_code} {billed.contract.tariff_name}".strip()
    return tuple(PrintedTariff(name, day) for day in in_force)


def explained(frozen: FrozenInvoice, billed: Billed) -> FrozenInvoice:
    """With the facts of "where it comes from", and the parts of the difference to the invoice before."""
    previous = billed.contract.previous
    printed, lines = frozen.printed, frozen.lines
    months = sum((line.quantity for line in lines if line.kind == ChargeKind.FIXED), start=Decimal(0))
    whole = months_in(billed.from_day, billed.until_day)
    explanation = PrintedExplanation(
        volumes=_volumes(frozen, previous),
        months=int(whole) if months and whole == whole.to_integral_value() else 0,
        previous_total=previous.total_gross if previous else None,
        previous_from=previous.period_from if previous else None,
        previous_until=previous.period_until if previous else None,
        prices_changed=prices_changed(previous, frozen) if previous else False,
        estimated=any("ESTIMATED" in (use.start.kind, use.end.kind) for _, use in billed.uses),
    )
    frozen = frozen.with_printed(explanation=explanation)
    if previous is None:
        return frozen
    parts = parts_of(previous, frozen)
    difference = FrozenDifference(
        previous_number=previous.number,
        previous_from=previous.period_from,
        previous_until=previous.period_until,
        previous_total=previous.total_gross,
        by_volume=parts.by_volume,
        by_price=parts.by_price,
        by_days=parts.by_days,
        previous_used=used_of(previous.lines, frozen.main_commodity),
        used=frozen.used,
        unit=frozen.used_unit,
        previous_days=days_in(previous.period_from, previous.period_until),
        days=days_in(printed.period_from, printed.period_until),
    )
    return replace(frozen, difference=difference)


def _volumes(frozen: FrozenInvoice, previous: PreviousBill | None) -> tuple[PrintedVolume, ...]:
    """What is billed of each commodity, in the order of the lines."""
    found = {}
    for line in frozen.lines:
        if line.kind == ChargeKind.FIXED or line.commodity in found:
            continue
        found[line.commodity] = PrintedVolume(
            commodity=line.commodity.lower(),
            unit=PRINTED_UNITS.get(line.unit, line.unit),
            quantity=used_of(frozen.lines, line.commodity) or Decimal("0.000"),
            previous_quantity=used_of(previous.lines, line.commodity) if previous else None,
        )
    return tuple(found.values())
