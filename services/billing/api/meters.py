"""The door of service points and their meters."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from ebok.billing.v1 import meters_pb2 as pb
from ebok.billing.v1 import meters_pb2_grpc as rpc
from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis import wire
from chassis.database import Database
from chassis.rpc.server import Context
from services.billing.api.packing import pack_service_point
from services.billing.storage import meters as stored
from services.billing.storage import service_points as stored_points

POINTS_MAX = 100


class MeterService(rpc.MeterServiceServicer):
    """Front door for service points: unpack, read, pack."""

    def __init__(self, database: Database) -> None:
        self._database = database

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


def meters_by_point(
    session: Session, customer_id: UUID, point_ids: Collection[UUID]
) -> dict[UUID, Sequence[Row[Any]]]:
    """The meters of a customer's points, of each the one in use first."""
    found: dict[UUID, Sequence[Row[Any]]] = {}
    for meter in stored.list_meters_of_points(session, customer_id, point_ids):
        found[meter.service_point_id] = [*found.get(meter.service_point_id, ()), meter]
    return found
