"""Facts of a chunk of customers: rows are read for all of them at once, then put together customer by customer.

Putting together is separate from reading, so that a row that cannot be understood parks its customer alone.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis.money import Money
from services.billing.domain.billing_facts import (
    BilledSpan,
    ContractFacts,
    CustomerFacts,
    Period,
    PointFacts,
    Provider,
)
from services.billing.domain.charges import ChargeComponent, ChargeKind, TariffVersionPrices
from services.billing.domain.frozen import FrozenLine, PreviousBill
from services.billing.domain.metered_use import BilledThrough, MeterFacts, MeterReading
from services.billing.domain.plain import UnreadableDocument, from_plain
from services.billing.domain.printed import PrintedContact, PrintedSeller
from services.billing.domain.printing import USE_BARS
from services.billing.domain.proration import months_in
from services.billing.storage import billing_facts as stored
from services.billing.storage.meters import MeterPurpose
from services.billing.storage.premises import address_line
from services.billing.storage.settings import ProviderSettings

MONTH_DAYS_MAX = 31
MONTHS_PER_YEAR = 12
BEFORE_START_DAYS = 400  # How far before a contract its meters' readings are looked at.

RowList = list[Row[Any]]


@dataclass(frozen=True, slots=True)
class Gathered:
    """The rows of a chunk, by what they belong to."""

    customers: dict[UUID, RowList]
    points: dict[UUID, RowList]
    readings: dict[UUID, RowList]
    components: dict[UUID, RowList]
    previous: dict[UUID, Row[Any]]
    through: dict[tuple[UUID, UUID], Row[Any]]
    spans: dict[UUID, RowList]


def gather(session: Session, period: Period, *, after: UUID, limit: int) -> Gathered:
    """Read the next customers after one, in the order of their ids, and everything their bills are made of."""
    days = {"from_day": period.from_day, "until_day": period.until_day}
    contracts = stored.list_contracts(session, **days, after=after, limit=limit)
    contract_ids = [row.contract_id for row in contracts]
    points = stored.list_points(session, contract_ids) if contract_ids else ()
    through = stored.list_billed_through(session, contract_ids) if contract_ids else ()
    billed = {(row.contract_id, row.meter_id): row for row in through}
    since = _since(contracts, points, billed, period)
    tariff_ids = {row.tariff_id for row in contracts}
    point_ids = {row.service_point_id for row in points}
    return Gathered(
        customers=_by("customer_id", contracts),
        points=_by("contract_id", points),
        readings=_by("meter_id", stored.list_readings(session, since, until_day=period.until_day)),
        components=_by("tariff_id", stored.list_components(session, tariff_ids, until_day=period.until_day)),
        previous={row.contract_id: row for row in stored.list_last_invoices(session, contract_ids)},
        through=billed,
        spans=_by(
            "service_point_id",
            stored.list_billed_spans(session, point_ids, since=min([*since.values(), period.from_day])),
        ),
    )


def _by(name: str, rows: Sequence[Row[Any]]) -> dict[UUID, RowList]:
    found: dict[UUID, RowList] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return dict(found)


def _since(
    contracts: Sequence[Row[Any]],
    points: Sequence[Row[Any]],
    billed: dict[tuple[UUID, UUID], Row[Any]],
    period: Period,
) -> dict[UUID, date]:
    """From which day on each meter's readings are needed: for the bill itself, and for the chart beside it."""
    months = int(months_in(period.from_day, period.until_day)) + 1
    chart = period.from_day - timedelta(days=MONTH_DAYS_MAX * (USE_BARS * months + MONTHS_PER_YEAR))
    starts = {row.contract_id: row.starts_on - timedelta(days=BEFORE_START_DAYS) for row in contracts}
    since: dict[UUID, date] = {}
    for row in points:
        if row.meter_id is not None:
            last = billed.get((row.contract_id, row.meter_id))
            needed = last.until_day if last else starts[row.contract_id]
            since[row.meter_id] = min(chart, needed, since.get(row.meter_id, chart))
    return since


def customer_facts(gathered: Gathered, customer_id: UUID) -> CustomerFacts:
    """One customer of the chunk. Raises whatever its rows are broken by."""
    rows = gathered.customers[customer_id]
    first = rows[0]
    town_line = f"{first.postcode} {first.town}".strip()
    contracts = tuple(_contract(gathered, row) for row in rows)
    return CustomerFacts(
        customer_id=customer_id,
        number=first.number,
        name=first.name,
        nip=first.nip,
        address_lines=(first.address_line, town_line) if first.address_line and town_line else (),
        account_number=first.account_number,
        by_mail=first.by_mail,
        contracts=contracts,
    )


def _contract(gathered: Gathered, row: Row[Any]) -> ContractFacts:
    previous = gathered.previous.get(row.contract_id)
    return ContractFacts(
        contract_id=row.contract_id,
        number=row.contract_number,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        tariff_id=row.tariff_id,
        tariff_code=row.tariff_code,
        tariff_name="" if row.tariff_name == row.tariff_code else row.tariff_name,
        versions=_versions(gathered.components.get(row.tariff_id, [])),
        points=_points(gathered, row.contract_id),
        previous=_previous(previous) if previous else None,
    )


def _previous(row: Row[Any]) -> PreviousBill:
    if not isinstance(row.lines, list):
        raise UnreadableDocument(f"{row.number}: lines are absent")
    return PreviousBill(
        number=row.number,
        period_from=row.period_from,
        period_until=row.period_to,
        total_gross=Money(row.total_gross),
        lines=tuple(from_plain(FrozenLine, line) for line in row.lines),
    )


def _versions(rows: Sequence[Row[Any]]) -> tuple[TariffVersionPrices, ...]:
    components: dict[date, list[ChargeComponent]] = defaultdict(list)
    for row in rows:
        components[row.valid_from].append(
            ChargeComponent(
                kind=ChargeKind(row.basis),
                name=row.name,
                commodity=row.commodity,
                unit=row.unit,
                price=row.price.normalize() + Decimal("0.00"),
                vat_rate=row.vat_rate,
                ratio=row.ratio if row.ratio is not None else Decimal(1),
                source=row.ratio_of or "",
            )
        )
    return tuple(TariffVersionPrices(day, tuple(parts)) for day, parts in sorted(components.items()))


def _points(gathered: Gathered, contract_id: UUID) -> tuple[PointFacts, ...]:
    meters: dict[UUID, list[MeterFacts]] = {}
    firsts: dict[UUID, Row[Any]] = {}
    for row in gathered.points.get(contract_id, []):
        firsts.setdefault(row.service_point_id, row)
        found = meters.setdefault(row.service_point_id, [])
        if row.meter_id is not None:
            found.append(_meter(gathered, contract_id, row))
    return tuple(
        PointFacts(
            service_point_id=point_id,
            code=row.code,
            commodity=row.commodity,
            premises_line=_premises_line(row),
            meters=tuple(meters[point_id]),
            billed=tuple(
                BilledSpan(span.number, span.contract_id, span.meter_id, span.from_day, span.until_day)
                for span in gathered.spans.get(point_id, [])
            ),
        )
        for point_id, row in firsts.items()
    )


def _premises_line(row: Row[Any]) -> str:
    street = address_line(street=row.street, building=row.building, flat=row.flat, town=row.town)
    town_line = f"{row.postcode} {row.town}".strip()
    return ", ".join(part for part in (street, town_line) if part)


def _meter(gathered: Gathered, contract_id: UUID, row: Row[Any]) -> MeterFacts:
    through = gathered.through.get((contract_id, row.meter_id))
    readings = gathered.readings.get(row.meter_id, [])

    def of_status(status: str) -> tuple[MeterReading, ...]:
        return tuple(
            MeterReading(one.read_on, one.value, one.kind, decided=one.decided, reading_id=one.reading_id)
            for one in readings
            if one.status == status
        )

    return MeterFacts(
        meter_id=row.meter_id,
        serial_number=row.serial_number,
        unit=row.unit,
        digits=row.digits,
        installed_on=row.installed_on,
        removed_on=row.removed_on,
        accepted=of_status("ACCEPTED"),
        waiting=of_status("SUBMITTED"),
        billed=BilledThrough(through.until_day, through.until_value) if through else None,
        garden=row.purpose == MeterPurpose.GARDEN,
    )


def provider_of(settings: ProviderSettings | None) -> Provider:
    """The seller as the settings say; nameless before there are any (then nothing can be issued)."""
    if settings is None:
        return Provider(PrintedSeller("", (), ""), PrintedContact(), "")
    seller = PrintedSeller(
        name=settings.name,
        address_lines=(settings.address_line, settings.town_line),
        nip=settings.nip,
        tagline=settings.line,
        mark="drop",
    )
    contact = PrintedContact(
        portal=settings.portal_url.removeprefix("https://").rstrip("/"),
        phone=settings.phone,
        phone_hours=settings.phone_hours,
        office=f"{settings.address_line}, {settings.town_line}",
        emergency=settings.emergency_phone,
    )
    account = re.sub(r"[\s-]", "", settings.account_number).removeprefix("PL")
    return Provider(seller, contact, account)
