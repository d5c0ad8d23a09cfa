"""What a page shows of use: years, or the months of one, with the year before beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis.errors import NotFound
from services.billing.domain.usage import MeterValue, Use, UseStretch, months_use, use_stretches, years_use
from services.billing.storage import readings as stored

MONTHS = 12


class ServicePointNotFound(NotFound):
    """The customer has no such service point."""

    reason = "SERVICE_POINT_NOT_FOUND"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A month (1…12) or a whole year (0). None: nothing is known of it. `known_until`: only a part is."""

    year: int
    month: int
    used: Decimal | None
    used_year_before: Decimal | None
    known_until: date | None


@dataclass(frozen=True, slots=True)
class UsageView:
    """The buckets in time order, the years there are data of, and the last day read."""

    unit: str
    year: int
    years: tuple[int, ...]
    buckets: tuple[Bucket, ...]
    read_until: date | None


def view_usage(
    session: Session, customer_id: UUID, service_point_id: UUID, *, by_month: bool, year: int, today: date
) -> UsageView:
    """The use at a point, of the days of the customer's contracts. `year` 0: the newest with data."""
    rows = stored.list_accepted(session, customer_id, service_point_id)
    return view_of(rows, by_month=by_month, year=year, today=today)


def view_of(
    rows: Sequence[Row[Any]], *, by_month: bool, year: int, today: date, first_year: int | None = None
) -> UsageView:
    """The same of accepted readings in hand. `first_year`: there are data since then, of which not all are in hand."""
    stretches = use_stretches(
        MeterValue(str(row.meter_id), row.read_on, row.value, row.digits) for row in rows
    )
    years = _years_of(stretches)
    if first_year is not None and years:
        years = tuple(range(min(first_year, years[0]), years[-1] + 1))
    shown = year or (years[-1] if years else today.year)
    read_until = max((row.read_on for row in rows), default=None)
    if by_month:
        first = date(shown - 1, 1, 1)
        uses = months_use(stretches, first_month=first, months=2 * MONTHS)
        buckets = [
            _bucket(uses[MONTHS + month], uses[month], month=month + 1, read_until=read_until)
            for month in range(MONTHS)
        ]
    else:
        first_year = years[0] - 1 if years else shown
        uses = years_use(stretches, first_year=first_year, years=len(years) + 1)
        buckets = [_bucket(now, before, month=0, read_until=read_until) for before, now in pairwise(uses)]
    return UsageView(rows[-1].unit if rows else "", shown, years, tuple(buckets), read_until)


def _years_of(stretches: Sequence[UseStretch]) -> tuple[int, ...]:
    """From the first year with use to the last, the gaps too."""
    if not stretches:
        return ()
    first = min(stretch.from_day.year for stretch in stretches)
    return tuple(range(first, max(stretch.to_day.year for stretch in stretches) + 1))


def _bucket(use: Use, before: Use, *, month: int, read_until: date | None) -> Bucket:
    cut = read_until is not None and use.from_day <= read_until < use.until_day
    return Bucket(
        year=use.from_day.year,
        month=month,
        used=use.quantity if use.days_known else None,
        used_year_before=before.quantity if before.days_known else None,
        known_until=read_until if cut and use.days_known else None,
    )
