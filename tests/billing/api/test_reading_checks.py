"""The door of readings that wait for a clerk."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ebok.billing.v1 import events_pb2, meters_pb2, readings_pb2
from ebok.billing.v1 import reading_checks_pb2 as pb
from ebok.billing.v1.imports_pb2_grpc import ImportServiceStub
from ebok.billing.v1.reading_checks_pb2_grpc import ReadingCheckServiceStub
from ebok.common.v1 import paging_pb2

from chassis.errors import Conflict, FailedPrecondition, Invalid, NotFound, PermissionDenied
from chassis.ids import new_id
from chassis.testing.cast import ANNA_CUSTOMER
from services.billing.storage.meters import MeterPurpose
from services.billing.storage.readings import Reading, ReadingKind, ReadingStatus
from tests.billing.api.test_imports import Connector, counts
from tests.billing.bills import Runs, day, house, prices
from tests.billing.import_rows import reading, whole_house

WAITS = {"status": ReadingStatus.SUBMITTED}


class Desk:
    """What Daria does at the queue."""

    def __init__(self, stub: Any) -> None:
        self.stub = stub

    def queue(self, **wanted: Any) -> Any:
        return self.stub.ListWaitingReadings(pb.ListWaitingReadingsRequest(**wanted))

    def case(self, reading: Any) -> Any:
        return self.stub.GetReadingCase(pb.GetReadingCaseRequest(reading_id=str(reading.reading_id)))

    def accept(self, reading: Any, note: str = "") -> Any:
        request = pb.AcceptReadingRequest(reading_id=str(reading.reading_id), note=note)
        return self.stub.AcceptReading(request).reading

    def reject(self, reading: Any, note: str = "Zły licznik") -> Any:
        request = pb.RejectReadingRequest(reading_id=str(reading.reading_id), note=note)
        return self.stub.RejectReading(request).reading

    def correct(self, reading: Any, value: str, read_on: str = "", note: str = "") -> Any:
        request = pb.CorrectReadingRequest(reading_id=str(reading.reading_id), value=value, note=note)
        if read_on:
            request.read_on.CopyFrom(day(read_on))
        return self.stub.CorrectReading(request).reading

    def estimate(self, meter: Any, read_on: str) -> Any:
        request = pb.EstimateReadingRequest(meter_id=str(meter.meter_id), read_on=day(read_on))
        return self.stub.EstimateReading(request).reading


@pytest.fixture
def desk(billing: Callable[..., Any], as_daria: Any) -> Desk:
    return Desk(billing(ReadingCheckServiceStub, as_daria))


@pytest.fixture
def runs(served: Any, as_edward: Any) -> Runs:
    return Runs(served, as_edward)


@pytest.fixture
def connector(billing: Callable[..., Any], as_system: Callable[..., Any]) -> Connector:
    return Connector(billing(ImportServiceStub, as_system("connector")))


@pytest.fixture
def stands(database: Any) -> Callable[..., list[tuple[str, str, str]]]:
    """Day, value and status of a meter's readings, but those superseded by rows of their own source."""

    def listed(meter: Any) -> list[tuple[str, str, str]]:
        with database.reading() as session:
            rows = session.query(Reading).filter(Reading.meter_id == meter.meter_id).all()
        shown = [(one.read_on.isoformat(), f"{one.value:f}", one.status.value) for one in rows]
        return sorted(shown)

    return listed


def test_a_garden_stands_beside_its_season_a_year_before(desk, given):
    shown = (("2025-01-31", "1"), ("2025-05-31", "5"), ("2025-08-31", "17"), ("2026-05-31", "26"))
    usual = []
    for purpose in (MeterPurpose.GARDEN, MeterPurpose.MAIN):
        meter = given.meter(purpose=purpose)
        for read_on, value in shown:
            given.reading(meter, read_on, value)
        waits = given.reading(meter, "2026-06-30", "40", reason="UNUSUAL", **WAITS)
        usual.append(desk.case(waits).waiting.usual)
    assert usual == ["2.942", "1.726"]


def test_the_queue_begins_with_the_oldest_day_and_counts_reasons(desk, given):
    one, other = house(given), house(given, name="Celina Wolna")
    given.reading(one.meter, "2026-02-28", "700", reason="BELOW_PREVIOUS", **WAITS)
    given.reading(other.meter, "2026-01-31", "900", reason="UNUSUAL", **WAITS)
    given.reading(other.meter, "2026-02-10", "10", reason="BELOW_PREVIOUS", **WAITS)

    everything = desk.queue()
    first = everything.readings[0]

    assert [waiting.reading.value for waiting in everything.readings] == ["900.000", "10.000", "700.000"]
    assert dict(everything.counts) == {"BELOW_PREVIOUS": 2, "UNUSUAL": 1}
    assert (first.customer.name, first.premises.address_line) == ("Celina Wolna", "ul. Lipowa 7/2")
    assert (first.previous.value, first.reading.used, first.also_waiting) == ("818.000", "82.000", 1)
    # 12 m³ in 61 days make 6.098 m³ in 31.
    assert first.usual == "6.098"
    assert [waiting.reading.value for waiting in desk.queue(reason="UNUSUAL").readings] == ["900.000"]
    assert not desk.queue(commodity=meters_pb2.COMMODITY_GAS).readings


def test_the_queue_is_paged_both_ways(desk, given):
    meter = house(given).meter
    for number in range(1, 8):
        given.reading(meter, f"2026-01-0{number}", str(number), reason="BELOW_PREVIOUS", **WAITS)

    first = desk.queue(page=paging_pb2.PageRequest(page_size=3))
    second = desk.queue(page=paging_pb2.PageRequest(page_size=3, cursor=first.page.next_cursor))
    back = desk.queue(page=paging_pb2.PageRequest(page_size=3, cursor=second.page.previous_cursor))

    values = [waiting.reading.value for waiting in [*first.readings, *second.readings]]
    assert values == [f"{number}.000" for number in range(1, 7)]
    assert [one.reading.reading_id for one in back.readings] == [
        one.reading.reading_id for one in first.readings
    ]


def test_a_case_tells_the_course_the_months_and_the_next_one(desk, given):
    meter = house(given).meter
    waiting = given.reading(meter, "2026-01-31", "4", reason="BELOW_PREVIOUS", **WAITS)
    later = given.reading(meter, "2026-02-28", "10", reason="BELOW_PREVIOUS", **WAITS)

    case = desk.case(waiting)

    assert [one.value for one in case.around] == ["806.000", "818.000", "4.000", "10.000"]
    assert case.waiting.reading.used == ""
    assert case.next_reading_id == str(later.reading_id)
    assert (case.meter.serial_number, case.meter.last_value) == (meter.serial_number, "818.000")
    assert len(case.months) == 24
    november, december, january = case.months[-3:]
    assert (november.used, december.used, january.used) == ("5.902", "6.098", "")
    # It fell from 818 to 4 and grew since: a new meter, which began with 4 less the usual 6.098, so with nothing.
    assert case.replacement_hint == "0.000"


@pytest.mark.parametrize(("value", "after"), [("410", "420"), ("4", None), ("10", "4")])
def test_what_merely_fell_is_no_replaced_meter(desk, given, value, after):
    meter = house(given).meter
    waiting = given.reading(meter, "2026-01-31", value, reason="BELOW_PREVIOUS", **WAITS)
    if after:
        given.reading(meter, "2026-02-28", after, reason="BELOW_PREVIOUS", **WAITS)
    assert desk.case(waiting).replacement_hint == ""


@pytest.mark.repeats("ReadingCheckService/AcceptReading")
def test_an_unusual_reading_counts_once_it_is_accepted(desk, given, stands):
    meter = house(given).meter
    waiting = given.reading(meter, "2026-02-28", "900", reason="UNUSUAL", **WAITS)

    first = desk.accept(waiting, "Wyciek, klient potwierdził")
    again = desk.accept(waiting, "Wyciek, klient potwierdził")

    assert first == again
    assert (first.status, first.reason, first.used) == (readings_pb2.READING_STATUS_ACCEPTED, "", "82.000")
    assert first.note == "Wyciek, klient potwierdził"
    assert stands(meter)[-1] == ("2026-02-28", "900.000", "ACCEPTED")


@pytest.mark.parametrize(
    ("read_on", "value", "reason"),
    [
        ("2026-01-31", "700", "METER_RUNS_BACKWARDS"),
        ("2027-01-31", "900", "READING_IN_FUTURE"),
        ("2026-01-31", "100000", "READING_ABOVE_DIGITS"),
        ("2023-01-31", "1", "READING_OUTSIDE_METER_LIFE"),
    ],
)
def test_what_cannot_be_is_not_accepted(desk, given, stands, read_on, value, reason):
    meter = house(given).meter
    waiting = given.reading(meter, read_on, value, reason="BELOW_PREVIOUS", **WAITS)
    with pytest.raises(FailedPrecondition) as refused:
        desk.accept(waiting)
    assert refused.value.reason == reason
    assert (read_on, f"{value}.000", "SUBMITTED") in stands(meter)


def test_the_second_of_a_day_takes_the_place_of_the_first(desk, given, stands):
    meter = house(given).meter
    second = given.reading(meter, "2025-12-31", "820", reason="SECOND_OF_DAY", **WAITS)

    desk.accept(second)

    assert stands(meter)[-2:] == [
        ("2025-12-31", "818.000", "SUPERSEDED"),
        ("2025-12-31", "820.000", "ACCEPTED"),
    ]


def test_a_billed_reading_gives_way_to_none(desk, given, runs, stands):
    given.settings()
    prices(given)
    one = house(given)
    runs.bill()
    second = given.reading(one.meter, "2025-12-31", "820", reason="SECOND_OF_DAY", **WAITS)
    billed = desk.case(second).around[-2]

    for act in (
        lambda: desk.accept(second),
        lambda: desk.reject(billed),
        lambda: desk.correct(billed, "819"),
    ):
        with pytest.raises(FailedPrecondition) as refused:
            act()
        assert refused.value.reason == "READING_BILLED"


@pytest.mark.repeats("ReadingCheckService/RejectReading")
def test_rejecting_what_counted_lets_count_what_it_held_back(desk, given, stands, served):
    meter = house(given).meter
    misread = given.reading(meter, "2026-01-31", "8300")
    given.reading(meter, "2026-02-28", "836", reason="BELOW_PREVIOUS", **WAITS)
    given.reading(meter, "2026-03-05", "835", reason="BELOW_PREVIOUS", **WAITS)
    given.reading(meter, "2026-03-10", "999", reason="UNUSUAL", **WAITS)

    first = desk.reject(misread, "Cyfra za dużo")
    again = desk.reject(misread, "Cyfra za dużo")

    assert (first.status, first.note) == (readings_pb2.READING_STATUS_REJECTED, "Cyfra za dużo")
    assert first == again
    # The first of the two fits now, so the second runs backwards; what is unusual is still for a clerk.
    assert [status for _, _, status in stands(meter)[-4:]] == [
        "REJECTED",
        "ACCEPTED",
        "SUBMITTED",
        "SUBMITTED",
    ]
    assert not served.announced(events_pb2.ReadingRejected)


def test_whoever_handed_a_reading_in_is_told_why_it_does_not_count(desk, given, served):
    one = house(given, customer_id=ANNA_CUSTOMER)
    handed_in = {"kind": ReadingKind.CUSTOMER, "reason": "UNUSUAL", "made_here": True, **WAITS}
    own = given.reading(one.meter, "2026-02-28", "900", **handed_in)
    brought = given.reading(one.meter, "2026-03-01", "901", **(handed_in | {"made_here": False}))

    desk.reject(own, "Na zdjęciu jest 830")
    desk.reject(brought)

    [told] = served.announced(events_pb2.ReadingRejected)
    assert (told.customer_id, told.value, told.note) == (str(ANNA_CUSTOMER), "900.000", "Na zdjęciu jest 830")


def test_the_same_file_again_brings_back_nothing_that_was_decided(desk, connector, stands, database):
    rows = [
        *whole_house(),
        reading("2026-03-01", "90"),
        reading("2026-03-02", "91"),
        reading("2026-03-03", "950"),
    ]
    connector.bring(rows)
    rejected, corrected = [one.reading for one in desk.queue().readings]
    desk.reject(rejected)
    desk.correct(corrected, "109")
    with database.reading() as session:
        meter = session.query(Reading).filter(Reading.value == 109).one()
    before = stands(meter)

    again = connector.bring(rows)

    assert counts(again) == (0, 0, len(rows), 0)
    assert stands(meter) == before
    assert ("2026-03-02", "109.000", "ACCEPTED") in before
    # Another value of a corrected day is a clerk's to judge, not ours to take.
    connector.bring([reading("2026-03-02", "92")])
    assert ("2026-03-02", "109.000", "ACCEPTED") in stands(meter)
    assert ("2026-03-02", "92.000", "SUBMITTED") in stands(meter)


@pytest.mark.repeats("ReadingCheckService/CorrectReading")
def test_a_corrected_reading_counts_in_place_of_the_other(desk, given, stands):
    meter = house(given).meter
    waiting = given.reading(meter, "2026-01-31", "284", reason="BELOW_PREVIOUS", **WAITS)

    first = desk.correct(waiting, "824", note="Przestawione cyfry")
    again = desk.correct(waiting, "824", note="Przestawione cyfry")

    assert first == again
    assert (first.value, first.used) == ("824.000", "6.000")
    assert stands(meter)[-2:] == [
        ("2026-01-31", "284.000", "SUPERSEDED"),
        ("2026-01-31", "824.000", "ACCEPTED"),
    ]
    with pytest.raises(FailedPrecondition) as refused:
        desk.correct(waiting, "825")
    assert refused.value.reason == "READING_DECIDED"


@pytest.mark.parametrize(
    ("value", "read_on", "fault"),
    [
        ("817", "", ("value", "BELOW_PREVIOUS")),
        ("100000", "", ("value", "ABOVE_DIGITS")),
        ("819.1234", "", ("value", "TOO_PRECISE")),
        ("819", "2027-01-01", ("read_on", "IN_FUTURE")),
        ("819", "2020-01-01", ("read_on", "OUTSIDE_METER_LIFE")),
        ("816", "2025-11-30", None),
        ("819", "2025-11-30", ("value", "ABOVE_NEXT")),
    ],
)
def test_a_correction_is_refused_at_its_fields(desk, given, stands, value, read_on, fault):
    meter = house(given).meter
    waiting = given.reading(meter, "2026-01-31", "284", reason="BELOW_PREVIOUS", **WAITS)
    if fault is None:
        assert desk.correct(waiting, value, read_on).read_on == day(read_on)
        return
    before = stands(meter)
    with pytest.raises(Invalid) as refused:
        desk.correct(waiting, value, read_on)
    assert [(one.field, one.reason) for one in refused.value.violations] == [fault]
    assert stands(meter) == before


@pytest.mark.repeats("ReadingCheckService/EstimateReading")
def test_an_estimate_is_of_the_same_days_a_year_before_and_else_of_the_average(desk, given):
    year = {"2024-10-31": "100", "2025-01-31": "140", "2025-10-31": "220"}
    meter = house(given, year, starts_on="2024-11-01").meter

    first = desk.estimate(meter, "2026-01-31")
    again = desk.estimate(meter, "2026-01-31")

    # 92 days from 1 November to 31 January made 40 m³ a year before.
    assert first == again
    assert (first.value, first.kind) == ("260.000", readings_pb2.READING_KIND_ESTIMATED)
    young = house(given, {"2025-10-31": "806", "2025-12-31": "818"}).meter
    # 12 m³ in 61 days make 6.098 m³ in 31.
    assert desk.estimate(young, "2026-01-31").value == "824.098"
    # Between two readings it lies on the line.
    assert desk.estimate(young, "2025-11-30").value == "811.902"


def test_an_estimate_of_a_garden_is_of_its_season_and_else_of_the_average(desk, given):
    """Nothing in winter, as far as that was read: of 90 days from 1 December 44 are known a year before."""
    shown = {"2025-01-15": "10", "2025-03-31": "10", "2025-09-30": "70", "2025-11-30": "70"}
    values = []
    for purpose in (MeterPurpose.GARDEN, MeterPurpose.MAIN):
        meter = given.meter(purpose=purpose)
        for read_on, value in shown.items():
            given.reading(meter, read_on, value)
        values.append(desk.estimate(meter, "2026-02-28").value)
    # 60 m³ in 319 days make 16.928 m³ in 90.
    assert values == ["70.000", "86.928"]
    fresh = given.meter(purpose=MeterPurpose.GARDEN)
    given.reading(fresh, "2025-09-30", "70")
    given.reading(fresh, "2025-11-30", "76")
    # Of its winter nothing is known: 6 m³ in 61 days make 8.852 m³ in 90.
    assert desk.estimate(fresh, "2026-02-28").value == "84.852"


def test_what_cannot_be_estimated_is_not(desk, given):
    meter = house(given, {"2025-12-31": "818"}).meter
    for read_on, reason in (("2026-01-31", "NOTHING_TO_ESTIMATE_FROM"), ("2025-12-31", "ALREADY_READ")):
        with pytest.raises(FailedPrecondition) as refused:
            desk.estimate(meter, read_on)
        assert refused.value.reason == reason
    for read_on, reason in (("2027-01-31", "IN_FUTURE"), ("2020-01-31", "OUTSIDE_METER_LIFE")):
        with pytest.raises(Invalid) as unfit:
            desk.estimate(meter, read_on)
        assert [(one.field, one.reason) for one in unfit.value.violations] == [("read_on", reason)]
    with pytest.raises(NotFound):
        desk.stub.EstimateReading(
            pb.EstimateReadingRequest(meter_id=str(new_id()), read_on=day("2026-01-31"))
        )


def test_two_clerks_at_once_decide_once(desk, given, stands):
    meter = house(given).meter
    waiting = given.reading(meter, "2026-02-28", "900", reason="UNUSUAL", **WAITS)

    def decide(act: Callable[[], Any]) -> str:
        try:
            return str(act().status)
        except (FailedPrecondition, Conflict) as refusal:
            return refusal.reason

    with ThreadPoolExecutor(2) as both:
        said = list(both.map(decide, [lambda: desk.correct(waiting, "830"), lambda: desk.reject(waiting)]))

    kept = [status for day_, _, status in stands(meter) if day_ == "2026-02-28"]
    if "READING_DECIDED" in said:
        assert sorted(kept) in (["ACCEPTED", "SUPERSEDED"], ["REJECTED"])
    else:  # The rejection came first and the correction found it: never both.
        pytest.fail(f"both were let in: {said}, {kept}")


def test_customers_decide_nothing(billing, as_anna, given):
    with pytest.raises(PermissionDenied):
        billing(ReadingCheckServiceStub, as_anna).ListWaitingReadings(pb.ListWaitingReadingsRequest())
