"""Green Button: the use of a service point as ESPI (NAESB REQ.21) in an Atom feed, for programs that read such files.

One UsagePoint with one MeterReading, whose ReadingType says the unit and whose IntervalBlock holds the values: whole
thousandths of the unit. Ids are made of the point's id, so that the same use is the same entry in every file. Nothing
in it says whose the point is, or where.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5
from xml.etree import ElementTree as Xml

from ebok.billing.v1 import meters_pb2, readings_pb2

from chassis.clock import WARSAW
from chassis.errors import NotFound
from gateway.web.days import date_of

MIMETYPE = "application/atom+xml"
ATOM, ESPI = "http://www.w3.org/2005/Atom", "http://naesb.org/espi"
RESOURCE = "/espi/1_1/resource"
THOUSANDTHS = 3
# ServiceCategory.kind, CommodityKind.
_COMMODITIES = {
    meters_pb2.COMMODITY_ELECTRICITY: (0, 1),
    meters_pb2.COMMODITY_GAS: (1, 7),
    meters_pb2.COMMODITY_WATER: (2, 9),
    meters_pb2.COMMODITY_HOT_WATER: (2, 9),
    meters_pb2.COMMODITY_HEAT: (4, 12),
    meters_pb2.COMMODITY_SEWAGE: (6, 11),
}
# UnitSymbolKind, and the power of ten of a thousandth of the unit: m³, Wh, J.
_UNITS = {"m3": (42, -3), "kWh": (72, 0), "GJ": (31, 6)}
_ENERGY, _VOLUME = 12, 58  # MeasurementKind
_STEPS = {
    readings_pb2.USAGE_STEP_HOUR: 3600,
    readings_pb2.USAGE_STEP_DAY: 86_400,
}
# From the last Sunday of March at 2:00 until the last of October at 3:00 by the clock, an hour more.
_LOCAL_TIME = (
    ("dstEndRule", "AE0E3000"),
    ("dstOffset", 3600),
    ("dstStartRule", "3E0E2000"),
    ("tzOffset", 3600),
)

for _prefix, _namespace in (("", ATOM), ("espi", ESPI)):
    Xml.register_namespace(_prefix, _namespace)


def green_button(use: readings_pb2.GetUsageResponse, step: "readings_pb2.UsageStep") -> bytes:
    """The file; the same use is the same bytes. Buckets that nothing is known of are left out.

    Refuses NOT_FOUND for a customer without a meter.
    """
    point = use.service_point
    if not point.service_point_id:
        raise NotFound
    now = _midnight(date_of(use.read_until) or date(max(use.year, 1970), 1, 1))
    point_id = UUID(point.service_point_id)
    category, commodity = _COMMODITIES.get(point.commodity, (0, 0))
    symbol, power = _UNITS[use.unit]
    feed = _element(None, ATOM, "feed")
    _text(feed, ATOM, "id", uuid5(point_id, "feed").urn)
    _text(feed, ATOM, "title", f"Green Button, {use.unit}")
    _text(feed, ATOM, "updated", _stamp(now))
    usage_point = f"{RESOURCE}/UsagePoint/{point_id}"
    reading = f"{usage_point}/MeterReading/{uuid5(point_id, 'reading')}"
    kind = f"{RESOURCE}/ReadingType/{uuid5(point_id, f'type {use.unit} {step}')}"
    local_time = f"{RESOURCE}/LocalTimeParameters/{uuid5(point_id, 'time')}"

    content = _entry(
        feed,
        point_id,
        "UsagePoint",
        usage_point,
        related=[f"{usage_point}/MeterReading", local_time],
        now=now,
    )
    _text(_element(content, ESPI, "ServiceCategory"), ESPI, "kind", category)
    content = _entry(feed, uuid5(point_id, "time"), "LocalTimeParameters", local_time, now=now)
    for name, value in _LOCAL_TIME:
        _text(content, ESPI, name, value)
    _entry(
        feed,
        uuid5(point_id, "reading"),
        "MeterReading",
        reading,
        related=[f"{reading}/IntervalBlock", kind],
        now=now,
    )
    content = _entry(feed, uuid5(point_id, f"type {use.unit} {step}"), "ReadingType", kind, now=now)
    said: dict[str, str | int | None] = {
        "accumulationBehaviour": 4,  # the difference of two values
        "commodity": commodity,
        "flowDirection": 1,  # from the network to the customer
        "intervalLength": _STEPS.get(step),  # months and years differ
        "kind": _VOLUME if use.unit == "m3" else _ENERGY,
        "powerOfTenMultiplier": power,
        "uom": symbol,
    }
    for name, said_of in said.items():
        if said_of is not None:
            _text(content, ESPI, name, said_of)
    _add_block(feed, point_id, reading, use, now)
    Xml.indent(feed, space=" ")
    return bytes(Xml.tostring(feed, encoding="utf-8", xml_declaration=True))


def _add_block(
    feed: Xml.Element, point_id: UUID, reading: str, use: readings_pb2.GetUsageResponse, now: datetime
) -> None:
    spans = list(_spans(use))
    block_id = uuid5(point_id, f"block {spans[0][0]:%Y-%m-%dT%H} {len(spans)}" if spans else "block")
    content = _entry(feed, block_id, "IntervalBlock", f"{reading}/IntervalBlock/{block_id}", now=now)
    if not spans:
        return
    _period(content, "interval", spans[0][0], spans[-1][1])
    for begin, end, value in spans:
        one = _element(content, ESPI, "IntervalReading")
        _period(one, "timePeriod", begin, end)
        _text(one, ESPI, "value", int(value.scaleb(THOUSANDTHS).to_integral_value()))


def _spans(use: readings_pb2.GetUsageResponse) -> Iterator[tuple[datetime, datetime, Decimal]]:
    """When each bucket begins and ends, and what was used in it; one that is known in part ends where that does."""
    for bucket in use.buckets:
        if not bucket.used:
            continue
        if bucket.HasField("starts_at"):
            begin = bucket.starts_at.ToDatetime(tzinfo=UTC)
            yield begin, begin + timedelta(hours=1), Decimal(bucket.used)
            continue
        first = date(bucket.year, bucket.month or 1, bucket.day or 1)
        last = date_of(bucket.known_until) if bucket.HasField("known_until") else None
        yield _midnight(first), _midnight(last or _after(bucket, first)), Decimal(bucket.used)


def _after(bucket: readings_pb2.UsageBucket, first: date) -> date:
    """The first day after a bucket that is known as a whole."""
    if bucket.day:
        return first + timedelta(days=1)
    if bucket.month:
        return (first + timedelta(days=31)).replace(day=1)
    return first.replace(year=first.year + 1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=WARSAW)


def _entry(
    feed: Xml.Element, entry_id: UUID, name: str, address: str, *, related: Sequence[str] = (), now: datetime
) -> Xml.Element:
    """An entry of the feed; answers its resource, still empty."""
    entry = _element(feed, ATOM, "entry")
    _text(entry, ATOM, "id", entry_id.urn)
    _element(entry, ATOM, "link", rel="self", href=address)
    _element(entry, ATOM, "link", rel="up", href=address.rpartition("/")[0])
    for one in related:
        _element(entry, ATOM, "link", rel="related", href=one)
    _text(entry, ATOM, "title", name)
    resource = _element(_element(entry, ATOM, "content", type="application/xml"), ESPI, name)
    _text(entry, ATOM, "published", _stamp(now))
    _text(entry, ATOM, "updated", _stamp(now))
    return resource


def _period(parent: Xml.Element, name: str, begin: datetime, end: datetime) -> None:
    period = _element(parent, ESPI, name)
    first, last = int(begin.timestamp()), int(end.timestamp())
    _text(period, ESPI, "duration", last - first)
    _text(period, ESPI, "start", first)


def _element(parent: Xml.Element | None, namespace: str, name: str, **attributes: str) -> Xml.Element:
    tag = f"{{{namespace}}}{name}"
    return Xml.Element(tag, attributes) if parent is None else Xml.SubElement(parent, tag, attributes)


def _text(parent: Xml.Element, namespace: str, name: str, value: object) -> None:
    _element(parent, namespace, name).text = str(value)


def _stamp(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
