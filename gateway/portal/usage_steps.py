"""Which part of the use the address asks for, and the addresses of what lies beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from ebok.billing.v1 import readings_pb2
from ebok.common.v1.paging_pb2 import PageRequest
from flask import request

from gateway.portal.invoices import year_asked
from gateway.web.days import date_of, day, day_brief, month_short, month_year

POINT_LENGTH_MAX = 200
ONE_DAY = timedelta(days=1)


class Step(StrEnum):
    """What a bar of the chart is, as the address calls it."""

    YEAR = "rok"
    MONTH = "miesiac"
    DAY = "dzien"
    HOUR = "godzina"


STEPS = {
    Step.YEAR: readings_pb2.USAGE_STEP_YEAR,
    Step.MONTH: readings_pb2.USAGE_STEP_MONTH,
    Step.DAY: readings_pb2.USAGE_STEP_DAY,
    Step.HOUR: readings_pb2.USAGE_STEP_HOUR,
}


@dataclass(frozen=True)
class Asked:
    """What the address says; what it says wrongly is left out."""

    point: str
    step: Step
    year: int
    month: int
    day: int

    def request(self, customer_id: str, page: PageRequest | None = None) -> readings_pb2.GetUsageRequest:
        """The question to billing, on request with readings. Days are of a year, hours of a month, that are named."""
        return readings_pb2.GetUsageRequest(
            customer_id=customer_id,
            service_point_id=self.point,
            step=STEPS[self.step],
            year=self.year,
            month=self.month if self.step in (Step.DAY, Step.HOUR) else 0,
            day=self.day if self.step is Step.HOUR and self.month else 0,
            page=page,
        )


def asked() -> Asked:
    """Of the present request."""
    word = request.args.get("krok", "")
    return Asked(
        point=request.args.get("punkt", "")[:POINT_LENGTH_MAX],
        step=Step(word) if word in list(Step) else Step.MONTH,
        year=year_asked(),
        month=_number("miesiac", 12),
        day=_number("dzien", 31),
    )


def _number(name: str, most: int) -> int:
    """0 for none or for what is no such number."""
    wish = request.args.get(name, "")
    return int(wish) if wish.isascii() and wish.isdigit() and len(wish) <= 2 and int(wish) <= most else 0


def shown_arguments(usage: readings_pb2.GetUsageResponse, step: Step, point: str) -> dict[str, Any]:
    """The arguments of the address of what is shown: the same step, year, month and day, all named."""
    return _arguments(point, step, usage.year, usage.month, usage.day)


def step_url(usage: readings_pb2.GetUsageResponse, step: Step, point: str) -> str:
    """The address of another step, of the same time as far as it is known."""
    return usage_url(_arguments(point, step, usage.year, usage.month, usage.day))


def usage_url(arguments: Mapping[str, str | int | None]) -> str:
    """An address of the page of use, where we are; a page of a list of readings is none of it."""
    return f"{request.path}?{urlencode({name: value for name, value in arguments.items() if value})}"


def _arguments(point: str, step: Step, year: int, month: int, day: int) -> dict[str, Any]:
    """What a step does not need is left out, and so is what is not known."""
    arguments: dict[str, Any] = {"punkt": point, "krok": None if step is Step.MONTH else step.value}
    if step is not Step.YEAR:
        arguments["rok"] = year or None
    if step in (Step.DAY, Step.HOUR):
        arguments["miesiac"] = month or None
    if step is Step.HOUR:
        arguments["dzien"] = day or None
    return arguments


Leaf = tuple[str, str]


def pager(
    usage: readings_pb2.GetUsageResponse, step: Step, point: str
) -> tuple[Leaf | None, str, Leaf | None] | None:
    """What comes before, what is shown, what comes after; None where all is shown at once."""
    if step is Step.MONTH:
        years = list(usage.years)
        before = max((year for year in years if year < usage.year), default=None)
        after = min((year for year in years if year > usage.year), default=None)
        return _year_leaf(before, point), str(usage.year), _year_leaf(after, point)
    if step is Step.DAY:
        first = date(usage.year, usage.month, 1)
        following = (first + timedelta(days=31)).replace(day=1)
        return (
            _leaf(usage, first - ONE_DAY, Step.DAY, point),
            month_year(first),
            _leaf(usage, following, Step.DAY, point),
        )
    if step is Step.HOUR:
        on = date(usage.year, usage.month, usage.day)
        return (
            _leaf(usage, on - ONE_DAY, Step.HOUR, point),
            day(on),
            _leaf(usage, on + ONE_DAY, Step.HOUR, point),
        )
    return None


def _year_leaf(year: int | None, point: str) -> Leaf | None:
    if year is None:
        return None
    return str(year), usage_url(_arguments(point, Step.MONTH, year, 0, 0))


def _leaf(usage: readings_pb2.GetUsageResponse, on: date, step: Step, point: str) -> Leaf | None:
    """A month or a day beside the one shown; none beyond what is known."""
    first, last = date_of(usage.known_from), date_of(usage.read_until)
    whole_month = step is Step.DAY
    if first is None or last is None:
        return None
    if whole_month:
        first, last = (
            first.replace(day=1),
            (last.replace(day=1) + timedelta(days=31)).replace(day=1) - ONE_DAY,
        )
    if not first <= on <= last:
        return None
    label = f"{month_short(on)} {on.year}" if whole_month else day_brief(on)
    return label, usage_url(_arguments(point, step, on.year, on.month, on.day))
