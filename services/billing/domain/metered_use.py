"""What of a meter's readings one invoice bills: pure rules, no database.

A bill starts from the reading on which the contract's last bill of this meter ended and goes to the newest accepted
reading within the period. A first bill starts from the reading on the eve of the contract (a reading closes its day);
else from the first one of the contract; else, where that would leave nothing to bill, from the last one before it.
A meter that came during the contract starts from its own first reading.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from services.billing.domain.proration import ONE_DAY, days_in
from services.billing.domain.usage import MeterValue, use_between, use_stretches
from services.billing.storage.runs import ParkedReason

UNUSUAL_TIMES = 3  # Above so many times the usual daily use a person looks first.
USUAL_DAYS = 365  # The usual is that of the year before …
USUAL_DAYS_KNOWN_MIN = 60  # … where at least so many of its days are known.


class Park(Exception):
    """This customer gets no invoice in this run; `facts` are for the clerk."""

    def __init__(self, reason: ParkedReason, **facts: str) -> None:
        self.reason = reason
        self.facts = facts
        super().__init__(reason.value)


@dataclass(frozen=True, slots=True)
class MeterReading:
    """One accepted or waiting reading of a meter's main register."""

    day: date
    value: Decimal
    kind: str


@dataclass(frozen=True, slots=True)
class BilledThrough:
    """Where the contract's last bill of a meter ended."""

    day: date
    value: Decimal


@dataclass(frozen=True, slots=True)
class MeterFacts:
    """A meter and its readings, by day. `billed` is None before the contract's first bill of it."""

    meter_id: UUID
    serial_number: str
    unit: str
    digits: int
    installed_on: date
    removed_on: date | None
    accepted: tuple[MeterReading, ...] = ()
    waiting: tuple[MeterReading, ...] = ()
    billed: BilledThrough | None = None


@dataclass(frozen=True, slots=True)
class MeterUse:
    """What is billed of a meter: after `start`, up to and with `end`."""

    meter: MeterFacts
    start: MeterReading
    end: MeterReading
    used: Decimal

    @property
    def from_day(self) -> date:
        """The first day billed: the one after the reading that closed its own."""
        return self.start.day + ONE_DAY


def metered_use(
    meters: Sequence[MeterFacts], *, contract_from: date, period_from: date, until_day: date
) -> list[MeterUse]:
    """The uses of a point's meters, in the order in which they were installed. Parks by raising.

    Reasons: READING_WAITS, NO_READING, USE_UNUSUAL.
    """
    uses = []
    for meter in sorted(meters, key=lambda one: (one.installed_on, one.serial_number)):
        use = _use_of(meter, contract_from=contract_from, period_from=period_from, until_day=until_day)
        if use is not None:
            uses.append(use)
    _park_unusual(uses, meters, contract_from=contract_from)
    return uses


def _use_of(meter: MeterFacts, *, contract_from: date, period_from: date, until_day: date) -> MeterUse | None:
    """The use of one meter; None where it is settled or was never ours to bill."""
    if meter.installed_on > until_day or _is_settled(meter, contract_from):
        return None
    accepted = [reading for reading in meter.accepted if reading.day <= until_day]
    end = accepted[-1] if accepted else None
    start = _start(meter, accepted, contract_from=contract_from)
    waiting = [
        reading
        for reading in meter.waiting
        if (start is None or reading.day > start.day) and reading.day <= until_day
    ]
    if waiting:
        raise Park(
            ParkedReason.READING_WAITS,
            meter=meter.serial_number,
            read_on=waiting[0].day.isoformat(),
            value=format(waiting[0].value, "f"),
        )
    if start is None or end is None or end.day <= start.day:
        if meter.billed is None and meter.removed_on is not None and meter.removed_on < period_from:
            return None  # Long gone and never read for this contract: nothing is known that could be billed.
        last = {"last_read_on": end.day.isoformat()} if end else {}
        raise Park(ParkedReason.NO_READING, meter=meter.serial_number, **last)
    return _between(meter, start, end, accepted)


def _is_settled(meter: MeterFacts, contract_from: date) -> bool:
    """Removed before the contract, or billed to its last day."""
    if meter.removed_on is None:
        return False
    through = meter.billed.day if meter.billed else contract_from - ONE_DAY
    return meter.removed_on <= through


def _start(
    meter: MeterFacts, accepted: Sequence[MeterReading], *, contract_from: date
) -> MeterReading | None:
    if meter.billed is not None:
        billed = meter.billed
        kind = next((reading.kind for reading in accepted if reading.day == billed.day), "ACTUAL")
        return MeterReading(billed.day, billed.value, kind)
    eve = contract_from - ONE_DAY
    before = [reading for reading in accepted if reading.day <= eve]
    since = [reading for reading in accepted if reading.day > eve]
    if before and before[-1].day == eve:
        return before[-1]
    if len(since) > 1 or not before:
        return since[0] if since else None
    return before[-1]


def _between(
    meter: MeterFacts, start: MeterReading, end: MeterReading, accepted: Sequence[MeterReading]
) -> MeterUse:
    series = str(meter.meter_id)
    shown = [
        start,
        *(reading for reading in accepted if start.day < reading.day <= end.day),
    ]
    stretches = use_stretches(
        MeterValue(series, reading.day, reading.value, meter.digits) for reading in shown
    )
    if sum(days_in(stretch.from_day, stretch.to_day) for stretch in stretches) != (end.day - start.day).days:
        raise Park(
            ParkedReason.READING_WAITS,
            meter=meter.serial_number,
            read_on=end.day.isoformat(),
            value=format(end.value, "f"),
        )
    used = sum((stretch.quantity for stretch in stretches), start=Decimal("0.000"))
    return MeterUse(meter, start, end, used)


def _park_unusual(uses: Sequence[MeterUse], meters: Sequence[MeterFacts], *, contract_from: date) -> None:
    """More than three times the usual daily use of the year before, all meters of the point together.

    The usual is this contract's: what somebody else used before it says nothing of them.
    """
    if not uses:
        return
    first = min(use.from_day for use in uses)
    last = max(use.end.day for use in uses)
    stretches = use_stretches(
        MeterValue(str(meter.meter_id), reading.day, reading.value, meter.digits)
        for meter in meters
        for reading in meter.accepted
        if reading.day < first
    )
    since = max(first - timedelta(days=USUAL_DAYS), contract_from)
    usual = use_between(stretches, from_day=since, until_day=first - ONE_DAY)
    used = sum((use.used for use in uses), start=Decimal("0.000"))
    days = days_in(first, last)
    if usual.days_known < USUAL_DAYS_KNOWN_MIN or not usual.quantity:
        return
    if used * usual.days_known > UNUSUAL_TIMES * usual.quantity * days:
        expected = (usual.quantity / usual.days_known * days).quantize(Decimal("0.001"))
        raise Park(
            ParkedReason.USE_UNUSUAL,
            meter=uses[-1].meter.serial_number,
            used=format(used, "f"),
            usual=format(expected, "f"),
            days=str(days),
            unit=uses[-1].meter.unit,
        )
