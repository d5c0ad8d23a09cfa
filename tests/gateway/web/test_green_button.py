"""Green Button files: every element where the schema of ESPI wants it, times and amounts as they are."""

from datetime import UTC, datetime
from xml.etree import ElementTree as Xml

import pytest
from ebok.billing.v1 import meters_pb2, readings_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from gateway.web.green_button import ATOM, ESPI, green_button

POINT = "01930000-0000-7000-8000-0000000000a1"
# The sequences of the schema, as far as they are written here: elements may be missing, never in another order.
SEQUENCES = {
    "UsagePoint": ["roleFlags", "ServiceCategory", "status"],
    "ServiceCategory": ["kind"],
    "LocalTimeParameters": ["dstEndRule", "dstOffset", "dstStartRule", "tzOffset"],
    "MeterReading": [],
    "ReadingType": [
        "accumulationBehaviour",
        "commodity",
        "consumptionTier",
        "currency",
        "dataQualifier",
        "defaultQuality",
        "flowDirection",
        "intervalLength",
        "kind",
        "phase",
        "powerOfTenMultiplier",
        "timeAttribute",
        "tou",
        "uom",
    ],
    "IntervalBlock": ["interval", "IntervalReading"],
    "interval": ["duration", "start"],
    "timePeriod": ["duration", "start"],
    "IntervalReading": ["cost", "currency", "ReadingQuality", "timePeriod", "value"],
}


def use_of(unit="m3", commodity=meters_pb2.COMMODITY_WATER, **values):
    use = readings_pb2.GetUsageResponse(
        unit=unit, year=2026, read_until=Date(year=2026, month=3, day=20), **values
    )
    use.service_point.service_point_id = POINT
    use.service_point.commodity = commodity
    use.service_point.premises.address_line = "ul. Lipowa 7/2"
    return use


def parsed(use, step):
    return Xml.fromstring(green_button(use, step))  # noqa: S314 - our own file


def readings(feed):
    found = []
    for one in feed.iter(f"{{{ESPI}}}IntervalReading"):
        period = one.find(f"{{{ESPI}}}timePeriod")
        begin, seconds = (int(period.findtext(f"{{{ESPI}}}{name}")) for name in ("start", "duration"))
        found.append((datetime.fromtimestamp(begin, UTC), seconds, int(one.findtext(f"{{{ESPI}}}value"))))
    return found


def names(element):
    return [child.tag.rpartition("}")[2] for child in element]


def months():
    use = use_of()
    use.buckets.add(year=2026, month=1)
    use.buckets.add(year=2026, month=2, used="12.5")
    use.buckets.add(year=2026, month=3, used="3.1234", known_until=Date(year=2026, month=3, day=20))
    return use


def test_every_element_is_where_the_schema_wants_it():
    feed = parsed(months(), readings_pb2.USAGE_STEP_MONTH)
    resources = [entry.find(f"{{{ATOM}}}content")[0] for entry in feed.iter(f"{{{ATOM}}}entry")]
    assert [one.tag.rpartition("}")[2] for one in resources] == [
        "UsagePoint",
        "LocalTimeParameters",
        "MeterReading",
        "ReadingType",
        "IntervalBlock",
    ]
    for resource in resources:
        for element in resource.iter():
            order = SEQUENCES.get(element.tag.rpartition("}")[2])
            if order is None:
                assert not names(element), element.tag
            else:
                places = [order.index(name) for name in names(element)]
                assert places == sorted(places), element.tag


def test_every_entry_is_one_of_atom_and_names_itself_once():
    feed = parsed(months(), readings_pb2.USAGE_STEP_MONTH)
    entries = list(feed.iter(f"{{{ATOM}}}entry"))
    for entry in [feed, *entries]:
        assert {"id", "title", "updated"} <= set(names(entry))
    ids = [entry.findtext(f"{{{ATOM}}}id") for entry in [feed, *entries]]
    assert len(set(ids)) == len(ids)
    assert all(one.startswith("urn:uuid:") for one in ids)
    places = {link.get("href") for link in feed.iter(f"{{{ATOM}}}link") if link.get("rel") in ("self", "up")}
    assert {
        link.get("href") for link in feed.iter(f"{{{ATOM}}}link") if link.get("rel") == "related"
    } <= places


def test_months_begin_at_midnight_in_poland_and_one_known_in_part_ends_where_it_is_known():
    assert readings(parsed(months(), readings_pb2.USAGE_STEP_MONTH)) == [
        (datetime(2026, 1, 31, 23, tzinfo=UTC), 28 * 86_400, 12_500),
        (datetime(2026, 2, 28, 23, tzinfo=UTC), 19 * 86_400, 3_123),
    ]


def test_the_day_on_which_the_clock_goes_on_has_an_hour_less():
    use = use_of()
    use.buckets.add(year=2026, month=3, day=29, used="1")
    use.buckets.add(year=2026, month=3, day=30, used="1")
    assert [seconds for _begin, seconds, _value in readings(parsed(use, readings_pb2.USAGE_STEP_DAY))] == [
        23 * 3600,
        24 * 3600,
    ]


@pytest.mark.parametrize(
    ("unit", "commodity", "said"),
    [
        ("m3", meters_pb2.COMMODITY_WATER, {"commodity": "9", "uom": "42", "powerOfTenMultiplier": "-3"}),
        (
            "kWh",
            meters_pb2.COMMODITY_ELECTRICITY,
            {"commodity": "1", "uom": "72", "powerOfTenMultiplier": "0"},
        ),
        ("GJ", meters_pb2.COMMODITY_HEAT, {"commodity": "12", "uom": "31", "powerOfTenMultiplier": "6"}),
    ],
)
def test_hours_with_their_unit(unit, commodity, said):
    use = use_of(unit, commodity)
    begins = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    stamp = Timestamp()
    stamp.FromDatetime(begins)
    use.buckets.add(year=2026, month=10, day=25, used="0.75", starts_at=stamp)
    feed = parsed(use, readings_pb2.USAGE_STEP_HOUR)
    assert readings(feed) == [(begins, 3600, 750)]
    [kind] = feed.iter(f"{{{ESPI}}}ReadingType")
    told = {child.tag.rpartition("}")[2]: child.text for child in kind}
    assert told | said == told
    assert told["intervalLength"] == "3600"


def test_the_file_says_nothing_of_whose_the_point_is_and_is_the_same_each_time():
    use = months()
    content = green_button(use, readings_pb2.USAGE_STEP_MONTH)
    assert b"Lipowa" not in content
    assert content == green_button(use, readings_pb2.USAGE_STEP_MONTH)


def test_without_anything_known_the_block_is_empty():
    feed = parsed(use_of(), readings_pb2.USAGE_STEP_MONTH)
    [block] = feed.iter(f"{{{ESPI}}}IntervalBlock")
    assert not list(block)
