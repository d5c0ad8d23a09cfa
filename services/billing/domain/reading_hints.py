"""What helps to read a meter: the reading before, what it should show by now, the window, what was handed in."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from services.billing.domain.handing_in import HISTORY_DAYS, values_of
from services.billing.domain.proration import ONE_DAY, days_in
from services.billing.domain.usage import use_between, use_stretches
from services.billing.domain.usual_use import usual_of, usual_use
from services.billing.storage import photos as stored_photos
from services.billing.storage import readable_meters as stored
from services.billing.storage import reading_windows as stored_windows
from services.billing.storage.meters import MeterPurpose
from services.billing.storage.reading_windows import ReadingWindow
from services.billing.storage.service_points import Commodity

FEBRUARY, LEAP_DAY = 2, 29


@dataclass(frozen=True, slots=True)
class Hint:
    """What a meter should show today; `per_day` is the use behind it."""

    value: Decimal
    per_day: Decimal
    from_last_year: bool


@dataclass(frozen=True, slots=True)
class ReadableMeter:
    """A meter in use with all that helps to read it."""

    meter: Row[Any]
    previous: Row[Any] | None
    hint: Hint | None
    window: ReadingWindow | None
    can_submit: bool
    submitted: Row[Any] | None
    has_photo: bool


def list_readable(session: Session, customer_id: UUID, *, today: date, limit: int) -> list[ReadableMeter]:
    """The meters in use of a customer, in the order of addresses: a handful of queries, however many there are."""
    meters = stored.list_in_use(session, customer_id, today=today, limit=limit)
    windows = stored_windows.list_present(session, {Commodity(one.commodity) for one in meters}, today=today)
    of_meter = {one.meter_id: windows.get(one.commodity) for one in meters}
    is_open = {
        meter_id: window
        for meter_id, window in of_meter.items()
        if window is not None and window.opens_on <= today
    }
    tomorrow = today + ONE_DAY
    before = {
        one.meter_id: is_open[one.meter_id].opens_on if one.meter_id in is_open else tomorrow
        for one in meters
    }
    previous = stored.list_previous(session, customer_id, before)
    handed_in = stored.list_handed_in(session, customer_id, is_open)
    with_photo = stored_photos.find_with_photo(
        session, {row.reading_id for row in handed_in.values()}, customer_id
    )
    by_customer = [one.meter_id for one in meters if not one.is_remote]
    history: dict[UUID, list[Row[Any]]] = defaultdict(list)
    since = today - timedelta(days=HISTORY_DAYS)
    for row in stored.list_history(session, customer_id, by_customer, since=since):
        history[row.of_meter].append(row)
    return [
        ReadableMeter(
            meter=one,
            previous=previous.get(one.meter_id),
            hint=hint(one, previous.get(one.meter_id), history[one.meter_id], today=today),
            window=of_meter[one.meter_id],
            can_submit=one.meter_id in is_open and not one.is_remote,
            submitted=handed_in.get(one.meter_id),
            has_photo=one.meter_id in handed_in and handed_in[one.meter_id].reading_id in with_photo,
        )
        for one in meters
    ]


def hint(meter: Any, previous: Any, history: Sequence[Any], *, today: date) -> Hint | None:
    """What a meter should show: as much more since the last reading as in the same days a year before; else by what is
    usual. None where neither is known."""
    if previous is None or previous.read_on >= today:
        return None
    since = previous.read_on + ONE_DAY
    garden = meter.purpose == MeterPurpose.GARDEN
    first, last = _year_before(since), _year_before(today)
    use = use_between(use_stretches(values_of(history)), from_day=first, until_day=last)
    used: Decimal | None = use.quantity
    same_days = use.days_known == days_in(first, last)
    if not same_days:
        use = usual_use(values_of(history), first=since, last=today, garden=garden)
        used = usual_of(days_in(since, today), use)
    per_day = use.average_per_day
    if used is None or per_day is None:
        return None
    value = (previous.value + used) % Decimal(10) ** meter.digits
    return Hint(value, per_day, from_last_year=same_days or garden)


def _year_before(day: date) -> date:
    """The same day a year before; of the 29th of February the 28th."""
    is_leap_day = (day.month, day.day) == (FEBRUARY, LEAP_DAY)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)
