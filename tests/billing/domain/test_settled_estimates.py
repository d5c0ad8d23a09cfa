"""What is billed over any sequence of estimates and actual readings, bill after bill."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.metered_use import BilledThrough, MeterFacts, MeterReading, metered_use
from services.billing.domain.readings import Known, Series

METER = MeterFacts(UUID(int=1), "88 104 612", "m3", 5, date(2020, 1, 1), None)
BEGIN = date(2025, 1, 31)
MONTH = timedelta(days=30)
CAME = datetime(2025, 1, 31, tzinfo=UTC)


class Meter:
    """A meter that is read or estimated, and billed after each; accepted as `domain.readings` accepts."""

    def __init__(self, start: Decimal, *, digits: int = 5) -> None:
        self.series = Series(METER.meter_id, METER.installed_on, None, digits)
        self.through = BilledThrough(BEGIN, start)
        self.day = BEGIN
        self.billed: list[Decimal] = []
        self.billed_days: set[date] = {BEGIN}
        self._take(start, "ACTUAL")

    def _take(self, value: Decimal, kind: str) -> None:
        if kind != "ESTIMATED":
            for one in self.series.settled_by(self.day, value):
                self.series.remove(one)
        known = Known(
            UUID(int=self.day.toordinal()),
            METER.meter_id,
            self.day,
            value,
            kind,
            "ACCEPTED",
            "",
            CAME,
            True,
            True,
        )
        self.series.add(known)

    def bill(self, value: Decimal, kind: str) -> tuple[float | Decimal, float | Decimal]:
        """Read, and bill; answers what was billed and where the next bill begins."""
        self.day += MONTH
        self._take(value, kind)
        accepted = tuple(
            MeterReading(day, self.series.by_day[day].value, self.series.by_day[day].kind, decided=True)
            for day in self.series.days
        )
        facts = replace(METER, digits=self.series.digits, accepted=accepted, billed=self.through)
        before = BEGIN + timedelta(days=1)
        [use] = metered_use([facts], contract_from=before, period_from=self.day - MONTH, until_day=self.day)
        self.through = BilledThrough(use.end.day, use.through_value)
        self.billed.append(use.used)
        return use.used, use.through_value


def test_the_worked_example():
    """docs/algorithms/estimates.md: estimated 125, read 118, 123 and 130 after 100."""
    meter = Meter(Decimal(100))
    assert meter.bill(Decimal(125), "ESTIMATED") == (25, 125)
    assert meter.bill(Decimal(118), "ACTUAL") == (0, 125)
    assert meter.bill(Decimal(123), "ACTUAL") == (0, 125)
    assert meter.bill(Decimal(130), "ACTUAL") == (5, 130)
    assert meter.bill(Decimal(136), "ACTUAL") == (6, 136)


def test_over_the_roll_over():
    meter = Meter(Decimal(99_980))
    assert meter.bill(Decimal(10), "ESTIMATED") == (30, 10)
    assert meter.bill(Decimal(99_995), "ACTUAL") == (0, 10)
    assert meter.bill(Decimal(15), "ACTUAL") == (5, 15)


def test_what_is_left_over_is_taken_off_the_next_meter():
    """docs/algorithms/estimates.md: billed through 125, the meter left at 118, the new one shows 10."""
    old = replace(
        METER,
        removed_on=BEGIN + 2 * MONTH,
        accepted=(
            MeterReading(BEGIN, Decimal(100), "ACTUAL"),
            MeterReading(BEGIN + 2 * MONTH, Decimal(118), "FINAL"),
        ),
        billed=BilledThrough(BEGIN + MONTH, Decimal(125)),
    )
    came = BEGIN + 2 * MONTH
    for shown, used, through in ((10, 3, 10), (4, 0, 7)):
        new = replace(
            METER,
            meter_id=UUID(int=2),
            installed_on=came,
            accepted=(
                MeterReading(came, Decimal(0), "ACTUAL"),
                MeterReading(came + MONTH, Decimal(shown), "ACTUAL"),
            ),
        )
        uses = metered_use(
            [old, new],
            contract_from=BEGIN + timedelta(days=1),
            period_from=BEGIN + MONTH,
            until_day=came + MONTH,
        )
        assert [(float(one.used), float(one.through_value)) for one in uses] == [(0, 118), (used, through)]


STEPS = st.lists(
    st.tuples(st.decimals(0, 40, places=3), st.one_of(st.none(), st.decimals(Decimal("-1"), 3, places=3))),
    min_size=1,
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(start=st.integers(0, 99_999), steps=STEPS)
@pytest.mark.timeout(120)
def test_what_is_billed_is_the_most_that_was_ever_shown(start, steps):
    """A meter goes on by the first of each pair; where the second is given, the month is estimated instead: as the last
    reading or estimate plus a part of the usual, too low or too high.
    """
    meter = Meter(Decimal(start))
    true = claimed = most = Decimal(start)
    for used, error in steps:
        true += used
        if error is None:
            shown, kind = true, "ACTUAL"
        else:
            # An estimate never goes back behind what is known.
            shown, kind = max(claimed, claimed + used * (1 + error)).quantize(Decimal("0.001")), "ESTIMATED"
        claimed = shown
        most = max(most, shown)
        billed, _ = meter.bill(shown % 100_000, kind)
        assert billed >= 0
        assert sum(meter.billed) == most - start


@settings(max_examples=200, deadline=None)
@given(start=st.integers(0, 99_999), steps=STEPS)
def test_an_actual_reading_makes_the_bills_agree_with_the_meter(start, steps):
    """Once the meter has passed whatever was estimated, all that was billed is what it measured."""
    meter = Meter(Decimal(start))
    claimed = Decimal(start)
    for used, error in steps:
        claimed += used * (2 + (error or 0))
        meter.bill(claimed.quantize(Decimal("0.001")) % 100_000, "ESTIMATED")
    last = (claimed + 5).quantize(Decimal("0.001"))
    meter.bill(last % 100_000, "ACTUAL")
    assert sum(meter.billed) == last - start
