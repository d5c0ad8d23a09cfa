"""Fifteen households of San Joan, read every quarter from 1993 to 2017, as a provider that brings them in by a mapping.

The file has meters and readings alone. Each meter gets a customer with water and sewage, whose contract begins with the
first quarter that is billed. What is to come out is reckoned here from the file by itself.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import yaml

from deploy.local.suite import ROOT
from tests.journeys import town

FILE = ROOT.parent / "shared" / "data" / "meters" / "DAIAD_swm_trialA_SanJoan_quarterly.csv"
LAST_DAY = date(2017, 6, 30)
MONTHS = 3


@dataclass(frozen=True)
class Home:
    """A meter of the file with what it showed, each day once, and the first quarter that is billed."""

    key: str
    shown: Sequence[tuple[date, Decimal]]
    first: date

    @property
    def number(self) -> str:
        """The customer's number."""
        return f"SJ-{self.key[:8]}"


def quarters(first: date) -> Iterator[tuple[date, date]]:
    """The quarters from one on, to the end of the file."""
    while first < LAST_DAY:
        following = (first + timedelta(days=95)).replace(day=1)
        yield first, following - timedelta(days=1)
        first = following


def homes(since: date) -> list[Home]:
    """The homes, each billed from the first quarter with one reading in it and one before."""
    shown: dict[str, set[tuple[date, Decimal]]] = {}
    with FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter=";"):
            value = (date.fromisoformat(row["date"]), Decimal(row["consumption"]))
            shown.setdefault(row["user key"], set()).add(value)
    return [Home(key, sorted(values), _first(sorted(values), since)) for key, values in shown.items()]


def _first(shown: Sequence[tuple[date, Decimal]], since: date) -> date:
    for first, last in quarters(since):
        inside = [day for day, _ in shown if first <= day <= last]
        if len(inside) == 1 and shown[0][0] < first:
            return first
    raise AssertionError("no quarter to begin with")


def write(directory: Path, known: Sequence[Home]) -> Path:
    """What the provider's own program would give, beside the file itself."""
    directory.mkdir(parents=True)
    (directory / FILE.name).symlink_to(FILE)
    with (directory / "domy.csv").open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines, delimiter=";")
        table.writerow(
            ["KLUCZ", "NUMER", "DOM", "LICZNIK_OD", "UMOWA_OD", "SCIEKI", "PUNKTY", "UMOWA", "LICZNIK"]
        )
        for place, home in enumerate(known, start=1):
            table.writerow(
                [home.key, home.number, place, home.shown[0][0], home.first, f"{home.key}-s",
                 f"{home.key},{home.key}-s", f"U/{home.number}", home.key[:8]]
            )  # fmt: skip
    return directory


def write_mapping(path: Path) -> Path:
    """One file of homes makes customers, premises, points, meters and contracts; the file of readings is as it is."""
    key, homes_file = "KLUCZ", {"from": "domy.csv", "delimiter": ";"}
    unused = {"KLUCZ", "NUMER", "DOM", "LICZNIK_OD", "UMOWA_OD", "SCIEKI", "PUNKTY", "UMOWA", "LICZNIK"}

    def table(rows: str, columns: dict[str, object]) -> dict[str, object]:
        used = {one if isinstance(one, str) else one.get("column") for one in columns.values()}  # type: ignore[attr-defined]
        return {"rows": rows, **homes_file, "columns": columns, "ignore": sorted(unused - used)}

    tables = [
        table("customers", {
            "external_id": key, "number": "NUMER", "name": "NUMER", "kind": {"constant": "person"},
            "address_line": {"constant": "Carrer Major 1"}, "postcode": {"constant": "03-550"},
            "town": {"constant": "San Joan"}}),
        table("premises", {
            "external_id": key, "street": {"constant": "Carrer Major"}, "building": "DOM",
            "postcode": {"constant": "03-550"}, "town": {"constant": "San Joan"}}),
        table("service_points", {
            "external_id": key, "premises_external_id": key, "commodity": {"constant": "water"}}),
        table("service_points", {
            "external_id": "SCIEKI", "premises_external_id": key, "commodity": {"constant": "sewage"}}),
        table("meters", {
            "external_id": key, "service_point_external_id": key, "serial_number": "LICZNIK",
            "installed_on": "LICZNIK_OD"}),
        table("contracts", {
            "external_id": key, "number": "UMOWA", "customer_external_id": key,
            "tariff_code": {"constant": town.TARIFF}, "starts_on": "UMOWA_OD",
            "service_point_external_ids": {"column": "PUNKTY", "split": ","}}),
        {"rows": "readings", "from": FILE.name, "delimiter": ";",
         "columns": {"meter_external_id": "user key", "read_on": "date", "value": "consumption"}},
    ]  # fmt: skip
    path.write_text(yaml.safe_dump({"version": 1, "tables": tables}, allow_unicode=True), encoding="utf-8")
    return path


def steps_down(home: Home) -> list[date]:
    """The days on which the meter showed less than before."""
    return [now[0] for before, now in zip(home.shown, home.shown[1:], strict=False) if now[1] < before[1]]


def expected(home: Home) -> tuple[Decimal, int]:
    """Cubic metres and grosze of a home's invoices; after a step down a new meter began with nothing."""
    before = [value for day, value in home.shown if day < home.first][-1]
    cubic, grosze = Decimal(0), Decimal(0)
    for first, last in quarters(home.first):
        values = [value for day, value in home.shown if first <= day <= last]
        if not values:
            continue  # Nobody read: no invoice, and the next one has it all.
        used = Decimal(0)
        for value in values:
            used += value - before if value >= before else value
            before = value
        net = sum(_round(100 * part) for part in (
            used * Decimal(town.WATER), used * Decimal(town.SEWAGE), MONTHS * Decimal(town.SUBSCRIPTION)))  # fmt: skip
        cubic, grosze = cubic + used, grosze + net + _round(net * Decimal(town.VAT_PERCENT) / 100)
    return cubic, int(grosze)


def _round(number: Decimal) -> Decimal:
    return number.quantize(Decimal(1), rounding=ROUND_HALF_UP)
