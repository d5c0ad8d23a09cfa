"""The door of readings that wait for a clerk."""

from datetime import date
from types import SimpleNamespace
from typing import Any

from ebok.billing.v1 import reading_checks_pb2 as pb
from ebok.billing.v1 import reading_checks_pb2_grpc as rpc
from ebok.billing.v1 import readings_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.clock import Clock, warsaw_date
from chassis.database import Database
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.billing.api.packing import (
    COMMODITIES,
    pack_customer,
    pack_meter,
    pack_premises,
    pack_reading,
    unpack_word,
)
from services.billing.domain import areas, reading_cases, reading_checks
from services.billing.domain.reading_cases import Waiting
from services.billing.domain.reading_desks import When
from services.billing.storage import reading_checks as stored
from services.billing.storage.readings import Reading

QUEUE = "waiting readings"


class ReadingCheckService(rpc.ReadingCheckServiceServicer):
    """Front door for decisions about readings: unpack, call the domain, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListWaitingReadings(
        self, request: pb.ListWaitingReadingsRequest, context: Context
    ) -> pb.ListWaitingReadingsResponse:
        window = unpack_window(request.page, of=QUEUE, kinds=stored.QUEUE_KEY)
        commodity, area = unpack_word(request.commodity, COMMODITIES), context.actor.area
        with self._database.reading() as session:
            page, waiting = reading_cases.list_waiting(
                session, commodity=commodity or "", reason=request.reason, window=window, area=area
            )
            counts = stored.count_by_reason(session, area=area)
        return pb.ListWaitingReadingsResponse(
            readings=[pack_waiting(one) for one in waiting],
            page=pack_page(page, of=QUEUE, key_of=lambda row: (row.read_on, row.reading_id)),
            counts=counts,
        )

    def GetReadingCase(
        self, request: pb.GetReadingCaseRequest, context: Context
    ) -> pb.GetReadingCaseResponse:
        reading_id = wire.unpack_id(request.reading_id, field="reading_id")
        with self._database.reading() as session:
            areas.require_reading(session, reading_id, by=context.actor)
            return pack_case(reading_cases.case_of(session, reading_id, area=context.actor.area))

    def AcceptReading(self, request: pb.AcceptReadingRequest, context: Context) -> pb.AcceptReadingResponse:
        reading_id = wire.unpack_id(request.reading_id, field="reading_id")
        with self._database.transaction() as session:
            areas.require_reading(session, reading_id, by=context.actor)
            reading = reading_checks.accept(session, reading_id, note=request.note, when=self._when())
            return pb.AcceptReadingResponse(reading=_pack_decided(session, reading))

    def RejectReading(self, request: pb.RejectReadingRequest, context: Context) -> pb.RejectReadingResponse:
        reading_id = wire.unpack_id(request.reading_id, field="reading_id")
        with self._database.transaction() as session:
            areas.require_reading(session, reading_id, by=context.actor)
            reading = reading_checks.reject(session, reading_id, note=request.note, when=self._when())
            return pb.RejectReadingResponse(reading=_pack_decided(session, reading))

    def CorrectReading(
        self, request: pb.CorrectReadingRequest, context: Context
    ) -> pb.CorrectReadingResponse:
        reading_id = wire.unpack_id(request.reading_id, field="reading_id")
        with self._database.transaction() as session:
            areas.require_reading(session, reading_id, by=context.actor)
            reading = reading_checks.correct(
                session,
                reading_id,
                value=wire.unpack_decimal(request.value, field="value"),
                read_on=_optional_day(request),
                note=request.note,
                when=self._when(),
            )
            return pb.CorrectReadingResponse(reading=_pack_decided(session, reading))

    def EstimateReading(
        self, request: pb.EstimateReadingRequest, context: Context
    ) -> pb.EstimateReadingResponse:
        meter_id = wire.unpack_id(request.meter_id, field="meter_id")
        read_on = wire.unpack_date(request.read_on, field="read_on")
        with self._database.transaction() as session:
            areas.require_meter(session, meter_id, by=context.actor)
            reading = reading_checks.estimate(session, meter_id, read_on=read_on, when=self._when())
            return pb.EstimateReadingResponse(reading=_pack_decided(session, reading))

    def _when(self) -> When:
        now = self._clock.now()
        return When(now, warsaw_date(now))


def _optional_day(request: pb.CorrectReadingRequest) -> date | None:
    return wire.unpack_date(request.read_on, field="read_on") if request.HasField("read_on") else None


def _pack_decided(session: Session, reading: Reading) -> readings_pb2.Reading:
    session.flush()
    return pack_told(reading_cases.told_of(session, reading.reading_id))


def pack_told(one: Waiting) -> readings_pb2.Reading:
    """A reading with what follows from it."""
    packed = pack_reading(one.row, used=one.used)
    packed.note = one.row.note
    packed.has_photo = one.row.has_photo
    return packed


def pack_waiting(one: Waiting) -> pb.WaitingReading:
    """A reading in the queue."""
    packed = pb.WaitingReading(
        reading=pack_told(one),
        premises=pack_premises(one.row),
        commodity=COMMODITIES[one.row.commodity],
        usual=wire.pack_optional_decimal(one.usual),
        also_waiting=one.also_waiting,
    )
    if one.customer is not None:
        packed.customer.CopyFrom(pack_customer(one.customer))
    if one.previous is not None:
        packed.previous.CopyFrom(_pack_previous(one))
    return packed


def _pack_previous(one: Waiting) -> readings_pb2.Reading:
    previous: Any = one.previous
    row = SimpleNamespace(
        **{
            name: getattr(previous, name)
            for name in ("reading_id", "meter_id", "read_on", "value", "kind", "unit")
        },
        serial_number=one.row.serial_number,
        status="ACCEPTED",
        reason="",
    )
    return pack_reading(row, used=None)


def pack_case(case: reading_cases.Case) -> pb.GetReadingCaseResponse:
    """A reading and what a decision needs."""
    row = case.waiting.row
    meter = SimpleNamespace(
        **{
            name: getattr(row, name)
            for name in (
                "meter_id",
                "serial_number",
                "installed_on",
                "removed_on",
                "digits",
                "unit",
                "purpose",
            )
        },
        last_read_on=case.newest.read_on if case.newest else None,
        last_value=case.newest.value if case.newest else None,
    )
    return pb.GetReadingCaseResponse(
        waiting=pack_waiting(case.waiting),
        meter=pack_meter(meter),
        around=[_pack_near(one) for one in case.around],
        months=[
            readings_pb2.UsageBucket(
                year=one.year,
                month=one.month,
                used=wire.pack_optional_decimal(one.used),
                used_year_before=wire.pack_optional_decimal(one.used_year_before),
                known_until=wire.pack_optional_date(one.known_until),
            )
            for one in case.months
        ],
        next_reading_id=wire.pack_id(case.next_reading_id) if case.next_reading_id else "",
        replacement_hint=wire.pack_optional_decimal(case.replacement_hint),
    )


def _pack_near(row: Any) -> readings_pb2.Reading:
    packed = pack_reading(row, used=None)
    packed.note, packed.has_photo = row.note, row.has_photo
    return packed
