"""The door of service points and their meters."""

from collections.abc import Collection, Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from ebok.billing.v1 import meters_pb2 as pb
from ebok.billing.v1 import meters_pb2_grpc as rpc
from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis import wire
from chassis.clock import Clock, warsaw_date
from chassis.database import Database
from chassis.rpc.server import Context
from services.billing.api.packing import pack_meter, pack_service_point
from services.billing.domain import areas, replacing
from services.billing.domain.reading_desks import When
from services.billing.storage import meters as stored
from services.billing.storage import reading_checks as stored_checks
from services.billing.storage import service_points as stored_points
from services.billing.storage.meters import DIGITS_MIN

POINTS_MAX = 100


class MeterService(rpc.MeterServiceServicer):
    """Front door for service points: unpack, read, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListServicePoints(
        self, request: pb.ListServicePointsRequest, context: Context
    ) -> pb.ListServicePointsResponse:
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        with self._database.reading() as session:
            points = stored_points.list_points_of_customer(session, customer_id, limit=POINTS_MAX)
            meters = meters_by_point(session, customer_id, {point.service_point_id for point in points})
        return pb.ListServicePointsResponse(
            service_points=[
                pack_service_point(point, meters.get(point.service_point_id, ())) for point in points
            ]
        )

    def ReplaceMeter(self, request: pb.ReplaceMeterRequest, context: Context) -> pb.ReplaceMeterResponse:
        said = replacing.Replacement(
            meter_id=wire.unpack_id(request.meter_id, field="meter_id"),
            replaced_on=wire.unpack_date(request.replaced_on, field="replaced_on"),
            final_value=wire.unpack_decimal(request.final_value, field="final_value"),
            new_meter_id=wire.unpack_id(request.new_meter_id, field="new_meter_id"),
            serial_number=" ".join(request.serial_number.split()),
            digits=_digits(request.digits),
            initial_value=wire.unpack_decimal(request.initial_value, field="initial_value"),
        )
        now = self._clock.now()
        with self._database.transaction() as session:
            areas.require_meter(session, said.meter_id, by=context.actor)
            done = replacing.replace_meter(session, said, when=When(now, warsaw_date(now)))
            return pb.ReplaceMeterResponse(
                old_meter=_pack_with_newest(session, done.old),
                new_meter=_pack_with_newest(session, done.new),
                moved_count=done.moved_count,
                waiting_count=done.waiting_count,
            )


def _digits(digits: int) -> int:
    """0 stands for those of the old meter."""
    if digits and digits < DIGITS_MIN:
        raise wire.fault("digits", "OUT_OF_RANGE", f"at least {DIGITS_MIN}")
    return digits


def _pack_with_newest(session: Session, meter: stored.Meter) -> pb.Meter:
    newest = stored_checks.get_newest_value(session, meter.meter_id)
    columns = {column.name: getattr(meter, column.name) for column in stored.Meter.__table__.columns}
    last = {"last_read_on": newest.read_on, "last_value": newest.value} if newest else {}
    return pack_meter(SimpleNamespace(**{"last_read_on": None, "last_value": None, **columns, **last}))


def meters_by_point(
    session: Session, customer_id: UUID, point_ids: Collection[UUID]
) -> dict[UUID, Sequence[Row[Any]]]:
    """The meters of a customer's points, of each the one in use first."""
    found: dict[UUID, Sequence[Row[Any]]] = {}
    for meter in stored.list_meters_of_points(session, customer_id, point_ids):
        found[meter.service_point_id] = [*found.get(meter.service_point_id, ()), meter]
    return found
