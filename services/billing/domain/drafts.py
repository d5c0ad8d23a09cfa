"""From the facts of a customer to drafts of invoices, or to the reason why a person must look first: no database.

One invoice for each contract that holds in the period. The first thing that stands in the way parks the customer as a
whole; nothing is half-billed. Before a draft leaves here its sums are checked against its lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from chassis.money import Money
from services.billing.domain.billing_facts import (
    Billed,
    BilledSpan,
    ContractFacts,
    CustomerFacts,
    Period,
    PointFacts,
    Provider,
)
from services.billing.domain.charges import ChargeKind, ChargeLine, Consumption, NoPriceForDay, charge_lines
from services.billing.domain.frozen import (
    FrozenInvoice,
    FrozenLine,
    FrozenReading,
    FrozenSpan,
    gross_by_commodity,
    used_of,
)
from services.billing.domain.metered_use import MeterFacts, MeterUse, Park, metered_use
from services.billing.domain.printed import PrintedBuyer, disagreements
from services.billing.domain.printing import explained, printed_invoice
from services.billing.domain.vat import vat_totals
from services.billing.storage.invoices import SpanBasis
from services.billing.storage.runs import ParkedReason

METERED = (ChargeKind.PER_UNIT, ChargeKind.RATIO)


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice but for its number and days."""

    contract_id: UUID
    tariff_id: UUID
    frozen: FrozenInvoice


def drafts_of(customer: CustomerFacts, period: Period, provider: Provider, *, today: date) -> list[Draft]:
    """The customer's drafts, one for each contract that has no bill of these days yet. Parks by raising."""
    if not customer.contracts:
        raise Park(ParkedReason.CONTRACT_BROKEN)
    bills = {contract.contract_id: _bill_of(contract, period) for contract in customer.contracts}
    pending = [contract for contract in customer.contracts if bills[contract.contract_id] is None]
    if not pending:
        raise Park(ParkedReason.ALREADY_BILLED, invoice=next(filter(None, bills.values())))
    return [_draft(customer, contract, period, provider, today=today) for contract in pending]


def _bill_of(contract: ContractFacts, period: Period) -> str | None:
    """The number of the invoice that bills all the contract's days of the period; None where there is none.

    So the days can be run again for those who were left behind.
    """
    from_day, until_day = _days_of(contract, period)
    numbers = None
    for point in contract.points:
        ours = {
            span.number
            for span in point.billed
            if span.contract_id == contract.contract_id
            and span.meter_id is None
            and span.from_day <= from_day
            and span.until_day >= until_day
        }
        numbers = ours if numbers is None else numbers & ours
    return min(numbers) if numbers else None


def _days_of(contract: ContractFacts, period: Period) -> tuple[date, date]:
    """The days of the period on which the contract holds."""
    return max(period.from_day, contract.starts_on), min(
        period.until_day, contract.ends_on or period.until_day
    )


def _draft(
    customer: CustomerFacts, contract: ContractFacts, period: Period, provider: Provider, *, today: date
) -> Draft:
    buyer = _buyer(customer, contract)
    billed = _billed(contract, period)
    _park_billed_use(billed)
    charged = _charged(billed)
    lines = _lines(charged, billed)
    totals = vat_totals((line.vat_rate, line.net) for line in lines)
    metered = [line for line in lines if line.kind != ChargeKind.FIXED]
    main = metered[0].commodity if metered else ""
    frozen = FrozenInvoice(
        printed=printed_invoice(customer, billed, charged, provider, buyer=buyer, period=period, today=today),
        lines=lines,
        readings=tuple(_reading(point, use) for point, use in billed.uses),
        spans=_spans(billed),
        gross=gross_by_commodity(lines, totals),
        tariff_label=f"{contract.tariff_code} {contract.tariff_name}".strip(),
        premises_line=contract.points[0].premises_line,
        main_commodity=main,
        used=used_of(lines, main),
        used_unit=metered[0].unit if metered else "",
    )
    frozen = explained(frozen, billed)
    _park_unsound(frozen)
    return Draft(contract.contract_id, contract.tariff_id, frozen)


def _buyer(customer: CustomerFacts, contract: ContractFacts) -> PrintedBuyer:
    if not contract.points:
        raise Park(ParkedReason.CONTRACT_BROKEN, contract=contract.number)
    if not customer.address_lines:
        raise Park(ParkedReason.NO_ADDRESS)
    premises = contract.points[0].premises_line
    elsewhere = premises and premises != ", ".join(customer.address_lines)
    return PrintedBuyer(
        customer_number=customer.number,
        name=customer.name,
        address_lines=customer.address_lines,
        nip=customer.nip,
        premises=premises if elsewhere else "",
    )


def _billed(contract: ContractFacts, period: Period) -> Billed:
    from_day, until_day = _days_of(contract, period)
    if until_day < from_day:
        raise Park(ParkedReason.CONTRACT_BROKEN, contract=contract.number)
    _park_billed_days(contract, from_day, until_day)
    if not contract.versions:
        raise Park(ParkedReason.NO_TARIFF, tariff=contract.tariff_code)
    metered = {
        component.source if component.kind is ChargeKind.RATIO else component.commodity
        for version in contract.versions
        for component in version.components
        if component.kind in METERED
    }
    shared = {
        component.source
        for version in contract.versions
        for component in version.components
        if component.kind is ChargeKind.RATIO
    }
    uses = []
    for point in contract.points:
        if point.commodity not in metered:
            continue
        mains = [meter for meter in point.meters if not meter.garden]
        if not any(_in_use(meter, from_day, until_day) for meter in mains):
            raise Park(ParkedReason.NO_METER, point=point.code, commodity=point.commodity)
        days = {"contract_from": contract.starts_on, "period_from": from_day, "until_day": until_day}
        uses += [(point, use) for use in metered_use(mains, **days)]
        if point.commodity in shared:  # Else nothing depends on what went to the garden.
            gardens = [meter for meter in point.meters if meter.garden]
            uses += [(point, use) for use in metered_use(gardens, **days)]
    return Billed(contract, from_day, until_day, tuple(uses))


def _in_use(meter: MeterFacts, from_day: date, until_day: date) -> bool:
    return meter.installed_on <= until_day and (meter.removed_on is None or meter.removed_on >= from_day)


def _park_billed_days(contract: ContractFacts, from_day: date, until_day: date) -> None:
    """Never two invoices for the same point and days."""
    for point in contract.points:
        for span in point.billed:
            if span.meter_id is None and _overlap(span, from_day, until_day):
                raise Park(ParkedReason.ALREADY_BILLED, invoice=span.number)


def _park_billed_use(billed: Billed) -> None:
    """Never two invoices for the same use."""
    for point, use in billed.uses:
        for span in point.billed:
            if span.meter_id == use.meter.meter_id and _overlap(span, use.from_day, use.end.day):
                raise Park(ParkedReason.ALREADY_BILLED, invoice=span.number, meter=use.meter.serial_number)


def _overlap(span: BilledSpan, from_day: date, until_day: date) -> bool:
    return span.from_day <= until_day and from_day <= span.until_day


def _charged(billed: Billed) -> tuple[ChargeLine, ...]:
    consumptions = [
        Consumption(point.commodity, use.from_day, use.end.day, use.used, sub_meter=use.meter.garden)
        for point, use in billed.uses
    ]
    tariff = billed.contract.tariff_code
    try:
        charged = charge_lines(
            period_from=billed.from_day,
            period_until=billed.until_day,
            consumptions=consumptions,
            versions=billed.contract.versions,
        )
    except NoPriceForDay as missing:
        raise Park(ParkedReason.NO_PRICE, tariff=tariff, **missing.metadata) from missing
    if not charged:
        raise Park(ParkedReason.NO_PRICE, tariff=tariff, day=billed.from_day.isoformat())
    return charged


def _lines(charged: Sequence[ChargeLine], billed: Billed) -> tuple[FrozenLine, ...]:
    """The lines with their days: a fixed one is for the period, any other for what was measured."""
    fixed_days = (billed.from_day, billed.until_day)
    used_days = (
        min((use.from_day for _, use in billed.main_uses), default=billed.from_day),
        max((use.end.day for _, use in billed.main_uses), default=billed.until_day),
    )
    lines = []
    for line in charged:
        first, last = fixed_days if line.kind is ChargeKind.FIXED else used_days
        lines.append(
            FrozenLine(
                kind=line.kind.value,
                name=line.name,
                commodity=line.commodity,
                unit=line.unit,
                quantity=line.quantity,
                price=line.price,
                vat_rate=line.vat_rate,
                net=line.net,
                from_day=line.from_day or first,
                until_day=line.until_day or last,
            )
        )
    return tuple(lines)


def _spans(billed: Billed) -> tuple[FrozenSpan, ...]:
    fixed = [
        FrozenSpan(str(point.service_point_id), SpanBasis.PERIOD.value, billed.from_day, billed.until_day)
        for point in billed.contract.points
    ]
    used = [
        FrozenSpan(
            str(point.service_point_id),
            SpanBasis.USE.value,
            use.from_day,
            use.end.day,
            str(use.meter.meter_id),
            use.through_value,
        )
        for point, use in billed.uses
    ]
    return (*fixed, *used)


def _reading(point: PointFacts, use: MeterUse) -> FrozenReading:
    return FrozenReading(
        meter_id=str(use.meter.meter_id),
        meter_serial=use.meter.serial_number,
        commodity=point.commodity,
        unit=use.meter.unit,
        from_day=use.start.day,
        until_day=use.end.day,
        value_from=use.start.value,
        value_until=use.end.value,
        kind=use.end.kind,
        used=use.used,
        start_settled=use.settled,
        credited=use.credited,
        left_over=use.left_over,
        garden=use.meter.garden,
    )


def _park_unsound(frozen: FrozenInvoice) -> None:
    """The last safety bound: sums that disagree or anything negative is for a person."""
    printed = frozen.printed
    found = list(disagreements(printed))
    negative = [line.name for line in printed.lines if line.net < Money(0) or line.quantity < 0]
    if negative or printed.total_gross < Money(0):
        found.append("something is negative")
    if sum(part.gross.grosze for part in frozen.gross) != printed.total_gross.grosze:
        found.append("commodities do not make the total")
    if found:
        raise Park(
            ParkedReason.TOTALS_DIFFER,
            lines=str(sum(line.net.grosze for line in printed.lines)),
            total=str(printed.total_net.grosze),
            fault=found[0],
        )
