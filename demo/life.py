"""Two years of Wodociągi Zdrój, lived through on the suite's own clock.

Each month: readings and payments come in through the connector, the month is calculated and issued. The last month
is left calculated for the manager to look at and issue; four of its customers are parked, three of them by readings
that wait for a clerk. A reading window has just
opened, so that whoever has a meter without a radio can hand in a reading.
"""

import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

from ebok.billing.v1 import runs_pb2

from chassis import wire
from chassis.clock import WARSAW, SystemClock, warsaw_date
from chassis.money import Money
from demo.doors import Suite, until
from demo.generator import Household, make_households, read_month, write_master, write_month
from demo.office import Office
from demo.people import EDWARD, add_staff, claim, register
from demo.tariffs import DECISION, SOURCE, TARIFFS, VALID_FROM

HERE = Path(__file__).parent
MONTHS = 24
PAYMENT_DAYS = 21
DAYS_TO_ISSUE = 10
DAYS_SINCE_LAST_ISSUE = 9
REPLACED_SHOWS_AT_LEAST = 20.0
WINDOW_SINCE_DAYS, WINDOW_LEFT_DAYS = 2, 12
MONTH_NAMES = (
    "styczeń", "luty", "marzec", "kwiecień", "maj", "czerwiec",
    "lipiec", "sierpień", "wrzesień", "październik", "listopad", "grudzień",
)  # fmt: skip


@dataclass(frozen=True)
class Issued:
    """An invoice the demo may pay."""

    home: Household
    number: str
    total: Money
    due_on: date


def live(suite: Suite, *, seed: int, customers: int, say: Callable[[str], None]) -> list[dict[str, str]]:
    """Load everything; answers the logins to print. The clock is back to the machine's at the end."""
    chance = random.Random(seed)  # noqa: S311 - a demo, the same for the same seed
    homes = make_households(chance, customers)
    today = warsaw_date(SystemClock().now())
    months = list(_months_before(today, MONTHS))
    with tempfile.TemporaryDirectory(prefix="ebok-demo-") as files:
        life = Life(suite, chance, homes, Path(files), today)
        try:
            staff = life.begin(months[0])
            for index, month in enumerate(months, start=1):
                say(f"{MONTH_NAMES[month.month - 1]} {month.year} ({index} of {len(months)})")
                life.live_month(month, to_come=len(months) - index)
        finally:
            suite.set_clock(timedelta())
        logins = staff + life.let_people_in()
        say(", ".join(f"{what} {spent:.0f} s" for what, spent in life.spent_s.items()))
        return logins


class Life:
    """The company while the demo loads."""

    def __init__(
        self, suite: Suite, chance: random.Random, homes: list[Household], files: Path, today: date
    ) -> None:
        self._suite = suite
        self._chance = chance
        self._homes = homes
        self._by_number = {home.number: home for home in homes}
        self._files = files
        self._today = today
        self._owed: list[Issued] = []
        self._paid = 0
        self._last_of: dict[str, Issued] = {}
        self._mailed: dict[str, str] = {}  # customer → their newest mail that was waited for
        self._office = Office(suite, *EDWARD)
        self.spent_s: dict[str, float] = defaultdict(
            float
        )  # by what was done, in the order of the first time

    def begin(self, first_month: date) -> list[dict[str, str]]:
        """Settings, staff, prices, master data and the first readings, as on the day before the first month."""
        self._move_to(first_month)
        with self._timed("founded"):
            staff = add_staff(self._suite, self._files)
            for tariff in TARIFFS:
                for year, valid_from in enumerate(VALID_FROM):
                    lines = list(tariff.components(year))
                    self._office.publish(
                        tariff.code,
                        tariff.name,
                        lines,
                        valid_from=valid_from,
                        decision=DECISION,
                        source=SOURCE,
                    )
        master = self._files / "master"
        write_master(master, self._homes, contract_from=first_month)
        self._bring_in(master, "mapping.yaml")
        begun = [(home, first_month - timedelta(days=1), home.shown) for home in self._homes]
        write_month(self._files / "begin", begun, [])
        self._bring_in(self._files / "begin", "mapping_month.yaml")
        return staff

    def live_month(self, month: date, *, to_come: int) -> None:
        """Use water, read, pay what came due, calculate; issue unless it is the last month.

        The month before the last is issued a few days ago, so that there is something to pay.
        """
        end = _next_month(month) - timedelta(days=1)
        last = to_come == 0
        if last:
            self._move_to(self._today)
            self._bring_in(self._files / "master", "mapping.yaml")
        else:
            lately = self._today - timedelta(days=DAYS_SINCE_LAST_ISSUE)
            self._move_to(lately if to_come == 1 else min(end + timedelta(days=DAYS_TO_ISSUE), lately))
        read_month(self._chance, self._homes, month)
        directory = self._files / f"{month:%Y-%m}"
        payments = self._payments(warsaw_date(self._suite.clock.now()))
        write_month(directory, self._readings(end, last=last), payments)
        self._bring_in(directory, "mapping_month.yaml")
        run = self._calculate(month, end)
        if not last:
            self._issue(run)
        if to_come == 1:
            self._office.plan_window(
                self._today - timedelta(days=WINDOW_SINCE_DAYS),
                self._today + timedelta(days=WINDOW_LEFT_DAYS),
            )

    def let_people_in(self) -> list[dict[str, str]]:
        """Anna and Celina register and claim their accounts, as anybody does."""
        logins = []
        for home in (home for home in self._homes if home.name in ("Anna", "Celina")):
            with self._timed("registered"):
                login = register(self._suite, home.name, home.email)
                issued = self._last_of[home.number]
                claim(self._suite, login, home.number, issued.number, issued.total)
            logins.append({"who": f"{home.name}, klientka", **login})
        return logins

    def _move_to(self, day: date) -> None:
        wanted = datetime.combine(day, time_of_day(8), WARSAW)
        self._suite.set_clock(timedelta() if day == self._today else wanted - SystemClock().now())

    def _readings(self, day: date, *, last: bool) -> Iterator[tuple[Household, date, float]]:
        """Everybody's; in the last month one meter stays silent, one shows less than before, one was misread by a digit
        too many, and one was replaced without anybody saying so.
        """
        silent, stepped, misread, replaced = (
            self._homes[at] if at < len(self._homes) else None for at in (7, 11, 15, 19)
        )
        for home in self._homes:
            if last and home is silent:
                continue
            if last and home is replaced and home.shown > REPLACED_SHOWS_AT_LEAST:
                yield home, day - timedelta(days=14), 2.3
                yield home, day, 5.1
                continue
            shown = home.shown
            if last and home is stepped and home.shown > 60:
                shown -= 40
            elif last and home is misread:
                shown += 100_000
            yield home, day, max(shown, 0.0)

    def _payments(self, until_day: date) -> Iterator[tuple[str, str, date, int, str]]:
        """Most pay in time, some late, some a part, a few not at all lately."""
        still_owed = []
        for issued in self._owed:
            paid_on = issued.due_on - timedelta(days=self._chance.randint(1, 12))
            if issued.home.payer < 0.12:
                paid_on += timedelta(days=self._chance.randint(12, 40))
            if paid_on > until_day:
                still_owed.append(issued)
                continue
            if issued.home.payer < 0.03 and (self._today - issued.due_on).days < 100:
                continue
            share = 0.5 if 0.03 <= issued.home.payer < 0.05 and self._chance.random() < 0.3 else 1.0
            self._paid += 1
            grosze = max(int(issued.total.grosze * share), 1)
            yield f"W{self._paid:06d}", f"O{issued.home.index}", paid_on, grosze, issued.number
        self._owed = still_owed

    def _calculate(self, month: date, end: date) -> runs_pb2.BillingRun:
        name = f"Woda i ścieki, {MONTH_NAMES[month.month - 1]} {month.year}"
        with self._timed("calculated"):
            return self._office.calculate(name, month, end, payment_days=PAYMENT_DAYS)

    def _issue(self, run: runs_pb2.BillingRun) -> None:
        mailed_to = ""
        with self._timed("issued"):
            self._office.issue(run)
            for invoice in self._office.invoices(run):
                home = self._by_number[invoice.customer_number]
                total = wire.unpack_money(invoice.total_gross)
                issued = Issued(home, invoice.number, total, wire.unpack_date(invoice.due_on))
                self._owed.append(issued)
                self._last_of[home.number] = issued
                if home.e_invoice and home.email:
                    mailed_to = invoice.customer_id
        with self._timed("mailed"):
            self._wait_for_mail(mailed_to)

    def _wait_for_mail(self, customer_id: str) -> None:
        """Until the last one's mail has left: a month later, a mail about this invoice would come too late."""

        def look() -> str:
            newest = self._office.newest_mail(customer_id)
            return "" if newest == self._mailed.get(customer_id) else newest

        self._mailed[customer_id] = until(look, f"the mail of the customer {customer_id} to leave")

    def _bring_in(self, directory: Path, mapping: str) -> None:
        with self._timed("imported"):
            self._suite.bring_in(directory, HERE / mapping)

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            self.spent_s[what] += time.monotonic() - started


def _months_before(today: date, count: int) -> Iterator[date]:
    """The first days of the last `count` whole months, the oldest first."""
    first = today.replace(day=1)
    numbers = range(first.year * 12 + first.month - 1 - count, first.year * 12 + first.month - 1)
    yield from (date(number // 12, number % 12 + 1, 1) for number in numbers)


def _next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)
