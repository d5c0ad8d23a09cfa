"""Twelve customers of Wodociągi Zdrój and what they used, as their provider's program exports it.

Anna lives in ul. Gęsia Łąka, Celina in ul. Leśna; the others are households without a name. The last one's meter is
read on a day that does not exist: its row is refused, and the month has no reading to bill.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import yaml

from chassis.clock import WARSAW
from demo.generator import Household, write_master, write_month

DEMO = Path(__file__).resolve().parents[2] / "demo"
PAYMENT_DAYS = 21
TARIFF, TARIFF_NAME = "WS-E", "Woda i ścieki, gospodarstwa domowe, e-faktura"
WATER, SEWAGE, SUBSCRIPTION = "6.53", "9.30", "17.88"
VAT_PERCENT = 8
TWO_PLACES = Decimal("0.01")
ANNA, CELINA, FAULTY = 0, 2, 11
MISREAD_DAY = "31.02"

# Cubic metres of the two months, by customer: every bill of the town is another amount.
USED = tuple((Decimal(47 + 2 * i) / 10, Decimal(54 + 8 * i) / 10) for i in range(12))
Payment = tuple[str, str, date, int, str]  # id, customer's id, day, grosze, title
STREETS = ("Gęsia Łąka", "Polna", "Leśna", "Źródlana", "Świerkowa", "Młyńska")


def households() -> list[Household]:
    """The customers; the third of the nameless has no e-mail address, the next one wants paper."""
    return [_household(index) for index in range(12)]


def _household(index: int) -> Household:
    name = {ANNA: "Anna", 1: "Bartek", CELINA: "Celina"}.get(index, f"Gospodarstwo domowe nr {index + 1}")
    email = f"{name.lower()}@poczta.example" if index <= CELINA else f"klient{index:02d}@poczta.example"
    return Household(
        index=index,
        name=name,
        street=STREETS[index % len(STREETS)],
        building=str(7 + index),
        flat="",
        company=False,
        nip="",
        email="" if index == 5 else email,
        e_invoice=index != 6,
        sewage=True,
        level=0.0,
        shown=float(100 + 10 * index),
        installed_on=date(2022, 3, 1),
        payer=1.0,
    )


def gets_mail(home: Household) -> bool:
    """Whether a new invoice is told by e-mail."""
    return bool(home.email) and home.e_invoice


@dataclass(frozen=True)
class Months:
    """The two months that are billed, seen from a day."""

    today: date

    @property
    def second(self) -> date:
        """The first day of the month before today's."""
        return _month_before(self.today)

    @property
    def first(self) -> date:
        """The first day of the month before that."""
        return _month_before(self.second)

    @property
    def first_issued_at(self) -> datetime:
        """When the first month's invoices go out: a week after its end."""
        return datetime.combine(self.second + timedelta(days=6), time(10), WARSAW)

    def end(self, month: date) -> date:
        """The last day of a month."""
        return _month_after(month) - timedelta(days=1)


def _month_before(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def _month_after(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def write_mapping(path: Path) -> Path:
    """The demo's mapping of master data and of a month, as one file for one directory."""
    tables = [
        table
        for name in ("mapping.yaml", "mapping_month.yaml")
        for table in yaml.safe_load((DEMO / name).read_text(encoding="utf-8"))["tables"]
    ]
    path.write_text(yaml.safe_dump({"version": 1, "tables": tables}, allow_unicode=True), encoding="utf-8")
    return path


def write_first_delivery(directory: Path, months: Months, *, payments: Sequence[Payment] = ()) -> Path:
    """Everybody and everything, with what the meters showed at the beginning and at the end of the first month; with
    payments, when some came."""
    homes, begin = households(), months.first - timedelta(days=1)
    write_master(directory, homes, contract_from=months.first)
    _only_tariff(directory / "umowy.csv", homes)
    readings = [(home, begin, home.shown) for home in homes]
    readings += [(home, months.end(months.first), _shown(home, 1)) for home in homes]
    write_month(directory, readings, payments)
    return directory


def write_second_delivery(
    directory: Path, months: Months, *, payments: Sequence[Payment] = (), mended: bool = False
) -> Path:
    """The same master data, the second month's readings, payments; one day does not exist, until it is `mended`."""
    homes, end = households(), months.end(months.second)
    write_master(directory, homes, contract_from=months.first)
    _only_tariff(directory / "umowy.csv", homes)
    write_month(directory, [(home, end, _shown(home, 2)) for home in homes], payments)
    if mended:
        return directory
    file = directory / "odczyty.csv"
    right = f"W{FAULTY};{end:%d.%m.%Y}"
    text = file.read_bytes().decode("cp1250")
    assert right in text
    file.write_bytes(text.replace(right, f"W{FAULTY};{MISREAD_DAY}.{end.year}").encode("cp1250"))
    return directory


def _only_tariff(file: Path, homes: list[Household]) -> None:
    """The town has one price list; who wants paper keeps it."""
    text = file.read_bytes().decode("cp1250")
    for code in {home.tariff for home in homes}:
        text = text.replace(f";{code};", f";{TARIFF};")
    file.write_bytes(text.encode("cp1250"))


def _shown(home: Household, month: int) -> float:
    return home.shown + float(sum(USED[home.index][:month]))


def total_of(home: Household, month: int) -> Decimal:
    """What the first (1) or second (2) month costs, by hand: lines, VAT on their sum, each rounded once."""
    used = USED[home.index][month - 1]
    net = sum(
        (_rounded(used * Decimal(price)) for price in (WATER, SEWAGE)), start=_rounded(Decimal(SUBSCRIPTION))
    )
    return net + _rounded(net * VAT_PERCENT / 100)


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(TWO_PLACES, ROUND_HALF_UP)


def printed(amount: Decimal) -> str:
    """As people read it: `109,47`."""
    return f"{amount:.2f}".replace(".", ",")
