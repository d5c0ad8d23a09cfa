"""The door of readings and of what was used between them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from ebok.billing.v1 import readings_pb2 as pb
from ebok.billing.v1 import readings_pb2_grpc as rpc
from sqlalchemy import Row

from chassis import wire
from chassis.clock import Clock, warsaw_date
from chassis.database import Database
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.billing.api.meters import POINTS_MAX, meters_by_point
from services.billing.api.packing import pack_reading, pack_service_point
from services.billing.domain import usage_views
from services.billing.domain.readings import used_since
from services.billing.storage import readings as stored
from services.billing.storage import service_points as stored_points
from services.billing.storage.readings import ReadingStatus

READINGS = "readings"


class ReadingService(rpc.ReadingServiceServicer):
    """Front door for readings: unpack, read, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListReadings(self, request: pb.ListReadingsRequest, context: Context) -> pb.ListReadingsResponse:
        window = unpack_window(request.page, of=READINGS, kinds=stored.READING_KEY)
        with self._database.reading() as session:
            page = stored.list_readings(
                session,
                wire.unpack_id(request.customer_id, field="customer_id"),
                service_point_id=wire.unpack_optional_id(request.service_point_id, field="service_point_id"),
                window=window,
            )
        return pb.ListReadingsResponse(
            readings=[pack_reading(row, used=_used(row)) for row in page.rows],
            page=pack_page(page, of=READINGS, key_of=lambda row: (row.read_on, row.reading_id)),
        )

    def GetUsage(self, request: pb.GetUsageRequest, context: Context) -> pb.GetUsageResponse:
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        wanted = wire.unpack_optional_id(request.service_point_id, field="service_point_id")
        with self._database.reading() as session:
            points = stored_points.list_points_of_customer(session, customer_id, limit=POINTS_MAX)
            meters = meters_by_point(session, customer_id, {point.service_point_id for point in points})
            point = _choose(points, wanted, metered=set(meters))
            view = usage_views.view_usage(
                session,
                customer_id,
                point.service_point_id,
                by_month=request.step == pb.USAGE_STEP_MONTH,
                year=request.year,
                today=warsaw_date(self._clock.now()),
            )
        return pack_usage(point, meters.get(point.service_point_id, ()), view)


def pack_usage(point: Any, meters: Sequence[Any], view: usage_views.UsageView) -> pb.GetUsageResponse:
    """What was used at a point; its own meters say the unit where nothing was read."""
    return pb.GetUsageResponse(
        service_point=pack_service_point(point, meters),
        unit=view.unit or (meters[0].unit if meters else ""),
        year=view.year,
        years=view.years,
        buckets=[_pack_bucket(bucket) for bucket in view.buckets],
        read_until=wire.pack_optional_date(view.read_until),
    )


def _choose(points: Sequence[Row[Any]], wanted: UUID | None, *, metered: set[UUID]) -> Row[Any]:
    """The point asked for; without one the first with a meter. Refuses SERVICE_POINT_NOT_FOUND."""
    for point in points:
        if point.service_point_id == wanted or (wanted is None and point.service_point_id in metered):
            return point
    raise usage_views.ServicePointNotFound(service_point_id=wire.pack_id(wanted))


def _used(row: Row[Any]) -> Decimal | None:
    if row.status != ReadingStatus.ACCEPTED or row.previous_value is None:
        return None
    return used_since(row.previous_value, row.value, digits=row.digits)


def _pack_bucket(bucket: usage_views.Bucket) -> pb.UsageBucket:
    return pb.UsageBucket(
        year=bucket.year,
        month=bucket.month,
        used=wire.pack_optional_decimal(bucket.used),
        used_year_before=wire.pack_optional_decimal(bucket.used_year_before),
        known_until=wire.pack_optional_date(bucket.known_until),
    )
