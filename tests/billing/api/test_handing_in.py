"""The door through which readings are handed in."""

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
import sqlalchemy as sa
from ebok.billing.v1 import events_pb2, ledger_pb2, meters_pb2
from ebok.billing.v1 import readings_pb2 as pb
from ebok.billing.v1.ledger_pb2_grpc import LedgerServiceStub
from ebok.billing.v1.readings_pb2_grpc import ReadingServiceStub
from PIL import Image

from chassis import wire
from chassis.errors import FailedPrecondition, Invalid, NotFound, PermissionDenied
from chassis.ids import new_id
from chassis.testing.cast import ANNA_CUSTOMER, CELINA_CUSTOMER
from services.billing.storage.intervals import IntervalReading
from services.billing.storage.meters import MeterPurpose
from services.billing.storage.readings import ReadingKind, ReadingStatus
from services.billing.storage.service_points import Commodity
from tests.billing.given import day
from tests.billing.pictures import PLACE, picture
from tests.billing.windows import Windows

TODAY = "2026-03-16"


class Desk:
    """Hands in and writes down readings of one meter."""

    def __init__(self, stub, meter, customer_id=ANNA_CUSTOMER):
        self.stub, self.meter, self.customer_id = stub, meter, customer_id

    def submit(self, value, read_on="", **given):
        request = pb.SubmitReadingRequest(
            customer_id=str(self.customer_id), meter_id=str(self.meter.meter_id), value=value, **given
        )
        if read_on:
            request.read_on.CopyFrom(wire.pack_date(day(read_on)))
        return self.stub.SubmitReading(request).reading

    def record(self, value, read_on, kind=pb.READING_KIND_ACTUAL, **given):
        request = pb.RecordReadingRequest(
            customer_id=str(self.customer_id),
            meter_id=str(self.meter.meter_id),
            value=value,
            read_on=wire.pack_date(day(read_on)),
            kind=kind,
            **given,
        )
        return self.stub.RecordReading(request).reading

    def readable(self):
        request = pb.ListReadableMetersRequest(customer_id=str(self.customer_id))
        return list(self.stub.ListReadableMeters(request).meters)

    def listed(self):
        request = pb.ListReadingsRequest(customer_id=str(self.customer_id))
        return [
            (one.read_on.month, one.read_on.day, one.value, pb.ReadingStatus.Name(one.status)[15:])
            for one in self.stub.ListReadings(request).readings
        ]

    def photo(self, reading_id):
        request = pb.GetReadingPhotoRequest(customer_id=str(self.customer_id), reading_id=reading_id)
        return self.stub.GetReadingPhoto(request).content


def faults(act):
    with pytest.raises(Invalid) as refused:
        act()
    return [(fault.field, fault.reason) for fault in refused.value.violations]


def refusal(act):
    with pytest.raises((FailedPrecondition, NotFound)) as refused:
        act()
    return refused.value.reason


@pytest.fixture
def windows(served, as_edward):
    return Windows(served, as_edward)


@pytest.fixture
def anna(given):
    return given.customer("Anna", customer_id=ANNA_CUSTOMER)


@pytest.fixture
def meter(given, anna):
    """A year of six cubic metres a month, read at the ends of months."""
    meter = given.supply(anna, starts_on="2024-01-01")
    for number, read_on in enumerate(
        (
            *(
                "2025-01-31",
                "2025-02-28",
                "2025-03-31",
                "2025-04-30",
                "2025-05-31",
                "2025-06-30",
                "2025-07-31",
            ),
            *(
                "2025-08-31",
                "2025-09-30",
                "2025-10-31",
                "2025-11-30",
                "2025-12-31",
                "2026-01-31",
                "2026-02-28",
            ),
        )
    ):
        given.reading(meter, read_on, str(100 + 6 * number))
    return meter


@pytest.fixture
def desk(billing, as_anna, meter, windows):
    windows.save()
    return Desk(billing(ReadingServiceStub, as_anna), meter)


@pytest.fixture
def clerk(billing, as_daria, meter):
    return Desk(billing(ReadingServiceStub, as_daria), meter)


@pytest.mark.repeats("ReadingService/SubmitReading")
def test_a_reading_counts_at_once_and_a_repeat_answers_it(desk, announced):
    first = desk.submit("181")
    again = desk.submit("181")

    assert again == first
    assert (first.status, first.kind) == (pb.READING_STATUS_ACCEPTED, pb.READING_KIND_CUSTOMER)
    assert (first.value, first.used, first.reason) == ("181.000", "3.000", "")
    [event] = announced(events_pb2.ReadingSubmitted)
    assert (event.value, event.unit, event.waits) == ("181.000", "m3", False)
    assert (event.customer_id, event.reading_id) == (str(ANNA_CUSTOMER), first.reading_id)
    assert event.commodity == meters_pb2.COMMODITY_WATER


def test_another_value_of_the_day_takes_its_place_while_nothing_is_billed_on_it(desk, database):
    first = desk.submit("181", photo=picture())
    second = desk.submit("182")

    assert desk.listed()[0] == (3, 16, "182.000", "ACCEPTED")
    assert [one[:2] for one in desk.listed()].count((3, 16)) == 1
    assert second.has_photo
    assert desk.photo(second.reading_id)
    assert first.reading_id != second.reading_id
    with database.transaction() as session:
        session.execute(
            sa.text("UPDATE readings SET billed_at = now() WHERE reading_id = :id"), {"id": second.reading_id}
        )
    assert refusal(lambda: desk.submit("183")) == "READING_BILLED"
    assert desk.submit("182").reading_id == second.reading_id


def test_what_the_provider_read_is_not_overwritten(desk, given, meter):
    given.reading(meter, TODAY, "180", made_here=False)

    assert refusal(lambda: desk.submit("181")) == "ALREADY_READ"
    assert refusal(lambda: desk.submit("180")) == "ALREADY_READ"


def test_an_estimate_of_the_day_gives_way(desk, given, meter):
    given.reading(meter, TODAY, "180", kind=ReadingKind.ESTIMATED)

    desk.submit("181")

    assert desk.listed()[0] == (3, 16, "181.000", "ACCEPTED")


@pytest.mark.parametrize(
    ("value", "read_on", "fault"),
    [
        ("177.9", "", ("value", "BELOW_PREVIOUS")),
        ("100000", "", ("value", "ABOVE_DIGITS")),
        ("-1", "", ("value", "OUT_OF_RANGE")),
        ("180.0001", "", ("value", "TOO_PRECISE")),
        ("1,5", "", ("value", "MALFORMED")),
        ("", "", ("value", "REQUIRED")),
        ("181", "2026-03-17", ("read_on", "IN_FUTURE")),
        ("181", "2026-03-15", ("read_on", "BEFORE_WINDOW")),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(desk, value, read_on, fault):
    assert faults(lambda: desk.submit(value, read_on)) == [fault]
    assert len(desk.listed()) == 14


def test_a_meter_may_roll_over(desk, given, meter, windows, clock):
    given.reading(meter, TODAY, "99998")
    clock.advance(timedelta(days=2))

    assert desk.submit("1", unusual_confirmed=True).used == "3.000"


def test_a_value_above_a_later_reading_is_refused(desk, clock):
    clock.advance(timedelta(days=2))
    desk.submit("181")

    assert faults(lambda: desk.submit("182", "2026-03-17")) == [("value", "ABOVE_NEXT")]


def test_above_three_times_the_usual_is_asked_back_and_then_waits_for_a_clerk(desk, announced):
    with pytest.raises(FailedPrecondition) as refused:
        desk.submit("190")
    assert refused.value.reason == "READING_UNUSUAL"
    assert refused.value.metadata == {"used": "12.000", "usual": "3.156", "days": "16", "unit": "m3"}
    assert len(desk.listed()) == 14

    kept = desk.submit("190", unusual_confirmed=True)
    again = desk.submit("190", unusual_confirmed=True)

    assert again == kept
    assert (kept.status, kept.reason, kept.used) == (pb.READING_STATUS_SUBMITTED, "UNUSUAL", "")
    [seen] = announced(events_pb2.UnusualUseSeen)
    assert (seen.used, seen.usual, seen.days) == ("12.000", "3.156", 16)
    [submitted] = announced(events_pb2.ReadingSubmitted)
    assert submitted.waits

    mended = desk.submit("181")
    assert mended.status == pb.READING_STATUS_ACCEPTED
    assert [one[2:] for one in desk.listed() if one[:2] == (3, 16)] == [("181.000", "ACCEPTED")]


def test_three_times_the_usual_itself_is_not_asked_back(desk):
    assert desk.submit("187.468").status == pb.READING_STATUS_ACCEPTED  # 3 × 16/365 of 72.


def test_a_closed_window_says_when_the_next_opens(billing, as_anna, meter, windows):
    desk = Desk(billing(ReadingServiceStub, as_anna), meter)
    with pytest.raises(FailedPrecondition) as refused:
        desk.submit("181")
    assert (refused.value.reason, refused.value.metadata) == ("READING_WINDOW_CLOSED", {})

    windows.save(4, 9)
    windows.save(0, 9, commodity=meters_pb2.COMMODITY_HEAT)
    with pytest.raises(FailedPrecondition) as refused:
        desk.submit("181")
    assert refused.value.metadata == {"opens_on": "2026-03-20"}


def test_a_repeat_is_answered_after_the_window_has_closed(desk, clock):
    first = desk.submit("181", TODAY)
    clock.advance(timedelta(days=30))

    assert desk.submit("181", TODAY) == first


def test_a_meter_that_reads_itself_takes_nothing(desk, given, meter):
    given.reading(meter, "2026-03-10", "180", kind=ReadingKind.REMOTE)

    assert refusal(lambda: desk.submit("181")) == "METER_REMOTE"
    [one] = desk.readable()
    assert (one.remote, one.can_submit) == (True, False)


def test_a_meter_that_sends_intervals_after_its_newest_reading_takes_nothing(desk, given, meter):
    hour = {"meter_id": meter.meter_id, "minutes": 60, "used": Decimal("0.1")}
    given.add(
        IntervalReading(starts_at=datetime(2026, 2, 27, 23, tzinfo=UTC), **hour)
    )  # On the day of its reading.
    assert [one.remote for one in desk.readable()] == [False]

    given.add(IntervalReading(starts_at=datetime(2026, 2, 28, 23, tzinfo=UTC), **hour))

    assert refusal(lambda: desk.submit("181")) == "METER_REMOTE"
    [one] = desk.readable()
    assert (one.remote, one.can_submit) == (True, False)


def test_a_meter_that_sends_intervals_alone_is_remote(desk, given, anna, meter):
    silent = given.supply(anna)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    given.add(
        IntervalReading(meter_id=silent.meter_id, starts_at=start, minutes=15, used=Decimal("0.1")),
    )

    remote = {one.meter.meter_id: one.remote for one in desk.readable()}

    assert remote == {str(meter.meter_id): False, str(silent.meter_id): True}


def test_two_at_once_of_the_same_day_leave_one(desk, announced):
    start, kept, broken = threading.Barrier(8), [], []

    def hand_in(value):
        start.wait()
        try:
            kept.append(desk.submit(value).reading_id)
        except Exception as fault:  # noqa: BLE001 - told below
            broken.append(fault)

    threads = [threading.Thread(target=hand_in, args=(str(181 + number % 2),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert broken == []
    assert len(kept) == 8
    assert [one[3] for one in desk.listed() if one[:2] == (3, 16)] == ["ACCEPTED"]


def test_the_hint_is_of_the_same_days_a_year_before(desk):
    [one] = desk.readable()

    # From 1 to 16 March 2025: 16 of the 31 days in which 6 m³ were used.
    assert (one.expected_value, one.from_last_year) == ("181.097", True)
    assert one.usual_per_day == "0.194"
    assert (one.previous.value, one.previous.used) == ("178.000", "")
    assert (one.can_submit, one.remote, one.HasField("submitted")) == (True, False, False)
    assert one.window.closes_on.day == 25

    desk.submit("181", photo=picture())
    [one] = desk.readable()
    assert (one.submitted.value, one.submitted.has_photo) == ("181.000", True)
    assert one.previous.value == "178.000", "the reading before the window stays the one to compare with"


def test_without_last_year_the_hint_is_the_average_and_without_use_there_is_none(
    billing, as_anna, given, anna
):
    young, new = given.supply(anna), given.supply(anna)
    given.reading(young, "2025-11-30", "10")
    given.reading(young, "2026-02-28", "28")
    given.reading(new, "2026-02-28", "5")

    readable = {
        one.meter.meter_id: one for one in Desk(billing(ReadingServiceStub, as_anna), young).readable()
    }

    one = readable[str(young.meter_id)]
    assert (one.expected_value, one.from_last_year, one.usual_per_day) == ("31.200", False, "0.200")
    assert readable[str(new.meter_id)].expected_value == ""
    assert not one.HasField("window")


def test_the_usual_use_goes_on_over_a_replaced_meter(billing, as_anna, given, anna, windows):
    point = given.service_point()
    old = given.meter(point, removed_on=day("2026-01-31"))
    meter = given.meter(point, installed_on="2026-01-31")
    given.contract(anna, point, starts_on="2024-01-01")
    for one, read_on, value in (
        (old, "2025-01-31", "0"),
        (old, "2026-01-31", "73"),
        (meter, "2026-01-31", "0"),
    ):
        given.reading(one, read_on, value)
    windows.save()
    desk = Desk(billing(ReadingServiceStub, as_anna), meter)

    assert refusal(lambda: desk.submit("27")) == "READING_UNUSUAL"  # 44 days of 0,2 are 8,8.
    assert desk.submit("26").used == "26.000"


# A garden that drinks a cubic metre a month, and twelve in the three months of summer: of 90 days around June 2025 it
# was 2.942 m³ in 30 days, three times as much 8.826 m³; of the whole year 1.726 m³.
GARDEN = (("2025-01-31", "1"), ("2025-05-31", "5"), ("2025-08-31", "17"), ("2026-05-31", "26"))


@pytest.fixture
def summer(given, anna, clock, windows, billing, as_anna):
    """The last day of June, with a window; makes the desk of a meter with the garden's readings."""
    clock.advance(timedelta(days=(day("2026-06-30") - day(TODAY)).days))
    windows.save()

    def desk_of(purpose=MeterPurpose.GARDEN, readings=GARDEN):
        point = given.service_point()
        meter = given.meter(point, purpose=purpose)
        given.contract(anna, point, starts_on="2024-01-01")
        for read_on, value in readings:
            given.reading(meter, read_on, value)
        return Desk(billing(ReadingServiceStub, as_anna), meter)

    return desk_of


def test_a_garden_is_judged_by_its_season_a_year_before(summer):
    assert summer().submit("34.826").status == pb.READING_STATUS_ACCEPTED
    garden = summer()
    assert refusal(lambda: garden.submit("34.827")) == "READING_UNUSUAL"
    assert garden.submit("34.827", unusual_confirmed=True).reason == "UNUSUAL"
    house = summer(MeterPurpose.MAIN)
    assert refusal(lambda: house.submit("34.826")) == "READING_UNUSUAL"


def test_a_garden_of_which_no_summer_is_known_is_judged_by_nothing(summer):
    young = (("2025-08-31", "0"), ("2025-11-30", "1"), ("2026-05-31", "2"))
    assert summer(readings=young).submit("30").status == pb.READING_STATUS_ACCEPTED
    house = summer(MeterPurpose.MAIN, young)
    assert refusal(lambda: house.submit("30")) == "READING_UNUSUAL"


def test_the_hint_of_a_garden_is_of_its_season(summer):
    # Of last year's April nothing is known. 90 days of 12 m³ in 122 are 8.852 m³, in 91 days 8.950 m³.
    shown = (("2025-05-01", "0"), ("2025-08-31", "12"), ("2026-03-31", "12"))
    [one] = summer(readings=shown).readable()
    assert (one.expected_value, one.usual_per_day, one.from_last_year) == ("20.950", "0.098", True)


def test_a_photo_is_kept_without_its_place_and_only_whoever_sent_it_sees_it(
    desk, clerk, billing, as_celina, given, meter
):
    reading = desk.submit("181", photo=picture("PNG", (2000, 1000)))

    assert reading.has_photo
    kept = desk.photo(reading.reading_id)
    assert PLACE.encode() not in kept
    assert Image.open(BytesIO(kept)).size == (1600, 800)
    assert clerk.photo(reading.reading_id) == kept
    celina = given.customer("Celina", customer_id=CELINA_CUSTOMER)
    given.supply(celina)
    stranger = Desk(billing(ReadingServiceStub, as_celina), meter, CELINA_CUSTOMER)
    for reading_id in (reading.reading_id, str(new_id())):
        assert refusal(lambda reading_id=reading_id: stranger.photo(reading_id)) == "READING_NOT_FOUND"
    with pytest.raises(PermissionDenied):
        Desk(stranger.stub, meter).photo(reading.reading_id)


def test_who_moves_in_does_not_see_the_photo_of_the_day_before(
    billing, as_anna, as_celina, given, anna, windows, clock
):
    celina = given.customer("Celina", customer_id=CELINA_CUSTOMER)
    point = given.service_point()
    meter = given.meter(point)
    given.contract(anna, point, ends_on=TODAY)
    given.contract(celina, point, starts_on="2026-03-17")
    windows.save()
    reading = Desk(billing(ReadingServiceStub, as_anna), meter).submit("181", photo=picture())
    after = Desk(billing(ReadingServiceStub, as_celina), meter, CELINA_CUSTOMER)

    assert after.listed() == [(3, 16, "181.000", "ACCEPTED")]
    assert refusal(lambda: after.photo(reading.reading_id)) == "PHOTO_NOT_FOUND"
    clock.advance(timedelta(days=1))
    assert faults(lambda: after.submit("180", TODAY)) == [("read_on", "OUTSIDE_CONTRACT")]
    gone = Desk(billing(ReadingServiceStub, as_anna), meter)
    assert faults(lambda: gone.submit("182")) == [("read_on", "OUTSIDE_CONTRACT")]
    assert gone.readable() == []


def test_a_broken_photo_is_refused_and_nothing_is_kept(desk):
    assert faults(lambda: desk.submit("181", photo=b"no picture")) == [("photo", "MALFORMED")]
    assert faults(lambda: desk.submit("181", photo=b"x" * (10 * 1024 * 1024 + 1))) == [("photo", "TOO_LARGE")]
    assert len(desk.listed()) == 14


def test_a_photo_sent_later_joins_the_reading(desk):
    first = desk.submit("181")

    again = desk.submit("181", photo=picture())

    assert (again.reading_id, first.has_photo, again.has_photo) == (first.reading_id, False, True)


def test_old_photos_are_forgotten(desk, served, clock):
    old = desk.submit("181", TODAY, photo=picture())
    clock.advance(timedelta(days=5))
    new = desk.submit("182", photo=picture())
    clock.advance(timedelta(days=396))

    assert served.run_job("photos.forget")

    assert refusal(lambda: desk.photo(old.reading_id)) == "PHOTO_NOT_FOUND"
    assert desk.photo(new.reading_id)


def test_celina_hands_in_nothing_for_annas_meter(billing, as_celina, given, meter, desk):
    celina = given.customer("Celina", customer_id=CELINA_CUSTOMER)
    given.supply(celina)
    stranger = Desk(billing(ReadingServiceStub, as_celina), meter, CELINA_CUSTOMER)

    assert refusal(lambda: stranger.submit("181")) == "METER_NOT_FOUND"
    with pytest.raises(PermissionDenied):
        Desk(stranger.stub, meter).submit("181")
    assert [one.meter.meter_id == str(meter.meter_id) for one in stranger.readable()] == [False]


def test_who_may_only_look_hands_in_nothing(billing, as_anna, meter, windows):
    windows.save()
    viewer = Desk(billing(ReadingServiceStub, as_anna.allowed("billing.readings.read")), meter)

    assert len(viewer.readable()) == 1
    with pytest.raises(PermissionDenied):
        viewer.submit("181")


# clerks


@pytest.mark.repeats("ReadingService/RecordReading")
def test_a_clerk_writes_down_a_reading_of_any_day(clerk, announced):
    first = clerk.record("181", "2026-03-10", pb.READING_KIND_CUSTOMER)
    again = clerk.record("181", "2026-03-10", pb.READING_KIND_CUSTOMER)
    between = clerk.record("103", "2025-02-14")

    assert first == again
    assert (between.status, between.used) == (pb.READING_STATUS_ACCEPTED, "3.000")
    assert announced(events_pb2.ReadingSubmitted) == []
    assert clerk.record("182", "2026-03-10").kind == pb.READING_KIND_ACTUAL, "a slip is mended"
    assert clerk.record("183", "2026-03-10").value == "183.000"


def test_what_cannot_be_is_refused_to_clerks_too(clerk, given, meter):
    for value, read_on, fault in (
        ("181", "2026-03-17", ("read_on", "IN_FUTURE")),
        ("0", "2023-12-31", ("read_on", "OUTSIDE_METER_LIFE")),
        ("170", TODAY, ("value", "BELOW_PREVIOUS")),
        ("107", "2025-02-14", ("value", "ABOVE_NEXT")),
    ):
        assert faults(lambda value=value, read_on=read_on: clerk.record(value, read_on)) == [fault]
    assert faults(lambda: clerk.record("181", TODAY, pb.READING_KIND_REMOTE)) == [("kind", "UNKNOWN")]
    given.reading(meter, TODAY, "180", made_here=False)
    assert refusal(lambda: clerk.record("181", TODAY)) == "ALREADY_READ"


def test_an_unusual_one_that_a_clerk_confirms_counts(clerk, announced):
    assert refusal(lambda: clerk.record("190", TODAY)) == "READING_UNUSUAL"

    kept = clerk.record("190", TODAY, unusual_confirmed=True)

    assert (kept.status, kept.used) == (pb.READING_STATUS_ACCEPTED, "12.000")
    [seen] = announced(events_pb2.UnusualUseSeen)
    assert seen.customer_id == str(ANNA_CUSTOMER)


def test_a_waiting_reading_of_the_file_stays_beside_one_handed_in(desk, given, meter):
    given.reading(
        meter, TODAY, "12", status=ReadingStatus.SUBMITTED, reason="BELOW_PREVIOUS", made_here=False
    )

    desk.submit("181")

    assert {one[2:] for one in desk.listed() if one[:2] == (3, 16)} == {
        ("12.000", "SUBMITTED"),
        ("181.000", "ACCEPTED"),
    }


# the first page


def test_the_first_page_says_which_readings_are_wanted(billing, as_anna, given, anna, meter, windows):
    garden, heat = given.supply(anna), given.service_point(commodity=Commodity.HEAT)
    given.meter(heat)
    given.contract(anna, heat)

    def wanted():
        asked = ledger_pb2.GetOverviewRequest(customer_id=str(ANNA_CUSTOMER))
        answer = billing(LedgerServiceStub, as_anna).GetOverview(asked)
        return answer.readings_wanted if answer.HasField("readings_wanted") else None

    assert wanted() is None
    windows.save()
    both = wanted()
    assert (both.commodity, both.meter_count, both.meter_id) == (meters_pb2.COMMODITY_WATER, 2, "")
    assert both.closes_on.day == 25
    desk = Desk(billing(ReadingServiceStub, as_anna), meter)
    desk.submit("181")
    given.reading(garden, "2026-02-28", "2")
    alone = wanted()
    assert (alone.meter_count, alone.meter_id) == (1, str(garden.meter_id))
    assert (alone.meter_serial_number, alone.unit) == (garden.serial_number, "m3")
    assert (alone.previous_value, alone.previous_on.day) == ("2.000", 28)
    Desk(desk.stub, garden).submit("3")
    assert wanted() is None
