"""The door of readings and of what was used between them."""

from decimal import Decimal
from typing import Any

from ebok.billing.v1 import readings_pb2 as pb
from ebok.billing.v1 import readings_pb2_grpc as rpc
from ebok.common.v1.paging_pb2 import PageRequest, PageResponse
from sqlalchemy.orm import Session

from chassis import wire
from chassis.clock import Clock, warsaw_date
from chassis.database import Database
from chassis.keyset import Page, Window
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.billing.api.packing import READING_KINDS, pack_reading, unpack_word
from services.billing.api.reading_packing import pack_readable_meter, pack_taken
from services.billing.api.usage_packing import STEPS, pack_metered_point, pack_usage
from services.billing.domain import handing_in, photos, reading_hints, usage_views
from services.billing.domain.readings import used_since
from services.billing.storage import photos as stored_photos
from services.billing.storage import reading_lists as stored
from services.billing.storage import usage as stored_usage
from services.billing.storage.readings import ReadingKind, ReadingStatus

READINGS = "readings"
METERS_MAX = 100
POINTS_MAX = 100


class ReadingService(rpc.ReadingServiceServicer):
    """Front door for readings: unpack, read, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListReadings(self, request: pb.ListReadingsRequest, context: Context) -> pb.ListReadingsResponse:
        window = _unpack_readings_window(request.page)
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        with self._database.asking() as reader:
            page = stored.list_readings(
                reader,
                customer_id,
                service_point_id=wire.unpack_optional_id(request.service_point_id, field="service_point_id"),
                window=window,
            )
        return pb.ListReadingsResponse(readings=_pack_listed(page), page=_pack_readings_page(page))

    def GetUsage(self, request: pb.GetUsageRequest, context: Context) -> pb.GetUsageResponse:
        step = unpack_word(request.step, STEPS)
        if step is None:
            raise wire.fault("step", "UNKNOWN", "a step that there is")
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        window = _unpack_readings_window(request.page) if request.HasField("page") else None
        with self._database.asking() as reader:
            rows = usage_views.find_point(
                reader,
                customer_id,
                wire.unpack_optional_id(request.service_point_id, field="service_point_id"),
            )
            view = usage_views.view_usage(
                reader,
                rows,
                step=step,
                year=request.year,
                month=request.month,
                day=request.day,
                today=warsaw_date(self._clock.now()),
            )
            points = stored_usage.list_metered_points(reader, customer_id, limit=POINTS_MAX)
            page = None
            if window is not None:
                point_id = rows[0].service_point_id
                page = stored.list_readings(reader, customer_id, service_point_id=point_id, window=window)
        answer = pack_usage(rows, view, step=step)
        answer.metered_points.extend(pack_metered_point(point) for point in points)
        if page is not None:
            answer.readings.extend(_pack_listed(page))
            answer.page.CopyFrom(_pack_readings_page(page))
        return answer

    def ListReadableMeters(
        self, request: pb.ListReadableMetersRequest, context: Context
    ) -> pb.ListReadableMetersResponse:
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        today = warsaw_date(self._clock.now())
        with self._database.reading() as session:
            meters = reading_hints.list_readable(session, customer_id, today=today, limit=METERS_MAX)
        return pb.ListReadableMetersResponse(meters=[pack_readable_meter(one, today=today) for one in meters])

    def SubmitReading(self, request: pb.SubmitReadingRequest, context: Context) -> pb.SubmitReadingResponse:
        now = self._clock.now()
        today = warsaw_date(now)
        said = handing_in.Said(
            customer_id=wire.unpack_id(request.customer_id, field="customer_id"),
            meter_id=wire.unpack_id(request.meter_id, field="meter_id"),
            read_on=wire.unpack_optional_date(request.read_on, field="read_on") or today,
            value=wire.unpack_decimal(request.value),
            kind=ReadingKind.CUSTOMER,
            unusual_confirmed=request.unusual_confirmed,
        )
        # Drawing takes a while: before the transaction, so that nobody waits for it.
        photo = photos.redrawn(request.photo) if request.photo else None
        with self._database.transaction() as session:
            taken = handing_in.submit(session, said, photo=photo, now=now, today=today)
            return pb.SubmitReadingResponse(reading=_pack_taken(session, taken, said))

    def RecordReading(self, request: pb.RecordReadingRequest, context: Context) -> pb.RecordReadingResponse:
        now = self._clock.now()
        kind = unpack_word(request.kind, READING_KINDS)
        if kind is None:
            raise wire.fault("kind", "UNKNOWN", "a kind that there is")
        said = handing_in.Said(
            customer_id=wire.unpack_id(request.customer_id, field="customer_id"),
            meter_id=wire.unpack_id(request.meter_id, field="meter_id"),
            read_on=wire.unpack_date(request.read_on, field="read_on"),
            value=wire.unpack_decimal(request.value),
            kind=kind,
            unusual_confirmed=request.unusual_confirmed,
        )
        with self._database.transaction() as session:
            taken = handing_in.record(session, said, now=now, today=warsaw_date(now))
            return pb.RecordReadingResponse(reading=_pack_taken(session, taken, said))

    def GetReadingPhoto(
        self, request: pb.GetReadingPhotoRequest, context: Context
    ) -> pb.GetReadingPhotoResponse:
        with self._database.reading() as session:
            content = photos.get(
                session,
                wire.unpack_id(request.reading_id, field="reading_id"),
                customer_id=wire.unpack_id(request.customer_id, field="customer_id"),
            )
        return pb.GetReadingPhotoResponse(content=content)


def _unpack_readings_window(page: PageRequest) -> Window:
    return unpack_window(page, of=READINGS, kinds=stored.READING_KEY)


def _pack_readings_page(page: Page) -> PageResponse:
    return pack_page(page, of=READINGS, key_of=lambda row: (row.read_on, row.reading_id))


def _pack_listed(page: Page) -> list[pb.Reading]:
    """The rows of `storage.reading_lists.list_readings`."""
    readings = [pack_reading(row, used=_used(row)) for row in page.rows]
    for row, reading in zip(page.rows, readings, strict=True):
        reading.has_photo = row.has_photo
    return readings


def _pack_taken(session: Session, taken: handing_in.Taken, said: handing_in.Said) -> pb.Reading:
    ids = {taken.reading.reading_id}
    return pack_taken(taken, with_photo=stored_photos.find_with_photo(session, ids, said.customer_id))


def _used(row: Any) -> Decimal | None:
    if row.status != ReadingStatus.ACCEPTED or row.previous_value is None:
        return None
    return used_since(row.previous_value, row.value, digits=row.digits)
