"""What of a meter's readings one invoice bills: pure rules, no database.

A bill starts from the reading on which the contract's last bill of this meter ended and goes to the newest accepted
reading within the period. A first bill starts from the reading on the eve of the contract (a reading closes its day);
else from the first one of the contract; else, where that would leave nothing to bill, from the last one before it.
A meter that came during the contract starts from its own first reading; one that took another's place and was read only
then has nothing to bill yet.

An actual reading settles an estimate. Where the estimate was billed and too high, what is billed is never billed
again: nothing is, until the meter has passed the value billed through, and that value stays the mark for the next bill.
Where the meter is taken away before, the rest is taken off the next one. Worked numbers: docs/algorithms/estimates.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from services.billing.domain.proration import ONE_DAY, days_in
from services.billing.domain.usage import MeterValue, use_stretches
from services.billing.domain.usual_use import exceeded, usual_use
from services.billing.storage.runs import ParkedReason

NOTHING = Decimal("0.000")


class Park(Exception):
    """This customer gets no invoice in this run; `facts` are for the clerk."""

    def __init__(self, reason: ParkedReason, **facts: str) -> None:
        self.reason = reason
        self.facts = facts
        super().__init__(reason.value)


@dataclass(frozen=True, slots=True)
class MeterReading:
    """One accepted or waiting reading of a meter's main register. `decided`: a clerk looked at it and let it count."""

    day: date
    value: Decimal
    kind: str
    decided: bool = False
    reading_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class BilledThrough:
    """Where the contract's last bill of a meter ended."""

    day: date
    value: Decimal


@dataclass(frozen=True, slots=True)
class MeterFacts:
    """A meter and its readings, by day. `billed` is None before the contract's first bill of it.

    `garden`: a sub-meter behind the main one, itself never billed.
    """

    meter_id: UUID
    serial_number: str
    unit: str
    digits: int
    installed_on: date
    removed_on: date | None
    accepted: tuple[MeterReading, ...] = ()
    waiting: tuple[MeterReading, ...] = ()
    billed: BilledThrough | None = None
    garden: bool = False


@dataclass(frozen=True, slots=True)
class MeterUse:
    """What is billed of a meter: after `start`, up to and with `end`.

    `credited` is what was billed before beyond what the meter had measured, as far as it is taken off here, and
    `left_over` what of it is still to be taken off; negative `credited`: the estimate was too low, and this makes up
    for it. `settled`: the start is an estimate that no longer counts.
    """

    meter: MeterFacts
    start: MeterReading
    end: MeterReading
    used: Decimal
    credited: Decimal = NOTHING
    left_over: Decimal = NOTHING
    settled: bool = False

    @property
    def from_day(self) -> date:
        """The first day billed: the one after the reading that closed its own."""
        return self.start.day + ONE_DAY

    @property
    def through_value(self) -> Decimal:
        """Where the next bill of the meter goes on: what it showed, or as far beyond as was billed already."""
        return (self.end.value + self.left_over) % Decimal(10) ** self.meter.digits


def metered_use(
    meters: Sequence[MeterFacts], *, contract_from: date, period_from: date, until_day: date
) -> list[MeterUse]:
    """The uses of a point's meters of one purpose, in the order in which they were installed. Parks by raising.

    Reasons: READING_WAITS, NO_READING, USE_UNUSUAL.
    """
    uses: list[MeterUse] = []
    ahead = NOTHING  # What a meter that was taken away leaves to be taken off the next one.
    for meter in sorted(meters, key=lambda one: (one.installed_on, one.serial_number)):
        if uses and _has_just_come(meter, period_from=period_from, until_day=until_day):
            continue
        use = _use_of(meter, ahead, contract_from=contract_from, period_from=period_from, until_day=until_day)
        if use is None:
            continue
        ahead = NOTHING
        if meter.removed_on is not None and meter.removed_on <= use.end.day:
            ahead = use.left_over
            use = replace(use, left_over=NOTHING)
        uses.append(use)
    _park_unusual(uses, meters, contract_from=contract_from)
    return uses


def _use_of(
    meter: MeterFacts, ahead: Decimal, *, contract_from: date, period_from: date, until_day: date
) -> MeterUse | None:
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
            **_named(waiting[0]),
        )
    if start is None or end is None or end.day <= start.day:
        if meter.billed is None and meter.removed_on is not None and meter.removed_on < period_from:
            return None  # Long gone and never read for this contract: nothing is known that could be billed.
        last = {"last_read_on": end.day.isoformat()} if end else {}
        raise Park(ParkedReason.NO_READING, meter=meter.serial_number, meter_id=str(meter.meter_id), **last)
    return _between(meter, start, end, accepted, ahead=ahead)


def _has_just_come(meter: MeterFacts, *, period_from: date, until_day: date) -> bool:
    """Whether a meter took another's place in the period and was read only then: the next bill goes on from there."""
    read = [one.day for one in (*meter.accepted, *meter.waiting) if one.day <= until_day]
    return meter.billed is None and meter.installed_on >= period_from and read == [meter.installed_on]


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
        there = next((reading for reading in accepted if reading.day == billed.day), None)
        return there or MeterReading(billed.day, billed.value, "ESTIMATED")
    eve = contract_from - ONE_DAY
    before = [reading for reading in accepted if reading.day <= eve]
    since = [reading for reading in accepted if reading.day > eve]
    if before and before[-1].day == eve:
        return before[-1]
    if len(since) > 1 or not before:
        return since[0] if since else None
    return before[-1]


def _between(
    meter: MeterFacts,
    start: MeterReading,
    end: MeterReading,
    accepted: Sequence[MeterReading],
    *,
    ahead: Decimal,
) -> MeterUse:
    """What was measured up to the end, less what was billed of it before.

    It is measured from the last reading that counts on the day billed through or before. `ahead` comes from the meter
    before.
    """
    counting = [reading for reading in accepted if reading.day <= start.day]
    settled = meter.billed is not None and not (counting and counting[-1].day == start.day)
    base = counting[-1] if counting else end
    measured = _measured(meter, base, [one for one in accepted if base.day < one.day <= end.day], end)
    beyond = _beyond(meter.billed.value, base, digits=meter.digits) if meter.billed is not None else NOTHING
    used = max(measured - beyond - ahead, NOTHING)
    left_over = max(beyond + ahead - measured, NOTHING)
    # A settled start shows the value billed, so that the plain difference takes nothing off.
    credited = min(ahead if settled else beyond + ahead, measured)
    return MeterUse(meter, start, end, used, credited, left_over, settled)


def _measured(
    meter: MeterFacts, base: MeterReading, later: Sequence[MeterReading], end: MeterReading
) -> Decimal:
    series = str(meter.meter_id)
    stretches = use_stretches(
        MeterValue(series, reading.day, reading.value, meter.digits) for reading in (base, *later)
    )
    if sum(days_in(stretch.from_day, stretch.to_day) for stretch in stretches) != (end.day - base.day).days:
        raise Park(
            ParkedReason.READING_WAITS,
            meter=meter.serial_number,
            read_on=end.day.isoformat(),
            value=format(end.value, "f"),
            **_named(end),
        )
    return sum((stretch.quantity for stretch in stretches), start=NOTHING)


def _beyond(billed: Decimal, base: MeterReading, *, digits: int) -> Decimal:
    """How far the value billed through is beyond what the meter showed; negative where it is short of it.

    Either way by less than half the meter's range, so that a roll-over between the two is none.
    """
    meter_range = Decimal(10) ** digits
    beyond = billed - base.value
    if abs(beyond) <= meter_range / 2:
        return beyond
    return beyond - meter_range if beyond > 0 else beyond + meter_range


def _named(reading: MeterReading) -> dict[str, str]:
    return {"reading_id": str(reading.reading_id)} if reading.reading_id is not None else {}


def _park_unusual(uses: Sequence[MeterUse], meters: Sequence[MeterFacts], *, contract_from: date) -> None:
    """More than three times the usual daily use of the year before, all meters of the point together.

    What a clerk has looked at and let count is as it is. The usual is this contract's: what somebody else used
    before it says nothing of them.
    """
    if not uses:
        return
    largest = max(uses, key=lambda use: use.used)
    if largest.end.decided:
        return
    first = min(use.from_day for use in uses)
    last = max(use.end.day for use in uses)
    values = (
        MeterValue(str(meter.meter_id), reading.day, reading.value, meter.digits)
        for meter in meters
        for reading in meter.accepted
    )
    usual = usual_use(values, first=first, last=last, garden=largest.meter.garden, since=contract_from)
    used = sum((use.used for use in uses), start=Decimal("0.000"))
    days = days_in(first, last)
    expected = exceeded(used, days, usual=usual)
    if expected is not None:
        raise Park(
            ParkedReason.USE_UNUSUAL,
            meter=largest.meter.serial_number,
            used=format(used, "f"),
            usual=format(expected, "f"),
            days=str(days),
            unit=largest.meter.unit,
            **_named(largest.end),
        )
