"""Premises, service points and meters of a customer."""

from typing import Any
from uuid import UUID

from ebok.billing.v1 import meters_pb2, readings_pb2
from flask import Response

from gateway.api import api
from gateway.api.answers import one, page
from gateway.api.inputs import Input, day, decimal, number, pack_day, text
from gateway.api.keys import request_id
from gateway.api.operations import body, operation
from gateway.api.presenting import METER, POINT_METER, PREMISES, READABLE_METER, SERVICE_POINT
from gateway.api.shapes import Page
from gateway.web.calls import call, clients

ALL_PREMISES = Page(PREMISES, paged=False)
SERVICE_POINTS = Page(SERVICE_POINT, paged=False)
METERS = Page(METER, paged=False)
READABLE_METERS = Page(READABLE_METER, paged=False)


class Replacement(Input):
    """Another meter took the place of one."""

    replaced_on = day("The last day of the old one, the first of the new.", required=True)
    final_value = decimal("What the old one showed at the end.", required=True)
    serial_number = text(40, "The number on the new one's face.", least=1, required=True)
    initial_value = decimal("What the new one showed at the start.", required=True)
    digits = number(
        0, 9, "Digits before the point on its face; 0: as many as the old one has.", load_default=0
    )


def _points(customer_id: UUID) -> list[meters_pb2.ServicePoint]:
    request = meters_pb2.ListServicePointsRequest(customer_id=str(customer_id))
    return list(call(clients().billing.meters.ListServicePoints, request).service_points)


@api.get("/customers/<uuid:customer_id>/premises")
@operation("premises:read", ALL_PREMISES)
def list_premises(customer_id: UUID) -> Response:
    """The addresses that a customer's contracts serve."""
    found = {point.premises.premises_id: point.premises for point in _points(customer_id)}
    return page(ALL_PREMISES, found.values())


@api.get("/customers/<uuid:customer_id>/service-points")
@operation("meters:read", SERVICE_POINTS)
def list_service_points(customer_id: UUID) -> Response:
    """A customer's service points with their premises and meters."""
    return page(SERVICE_POINTS, _points(customer_id))


@api.get("/customers/<uuid:customer_id>/meters")
@operation("meters:read", METERS)
def list_meters(customer_id: UUID) -> Response:
    """A customer's meters, those in use and those that were removed."""
    found = [
        readings_pb2.ReadableMeter(meter=meter, service_point=point)
        for point in _points(customer_id)
        for meter in point.meters
    ]
    return page(METERS, found)


@api.get("/customers/<uuid:customer_id>/readable-meters")
@operation("readings:read", READABLE_METERS)
def list_readable_meters(customer_id: UUID) -> Response:
    """A customer's meters in use, and what helps to read them."""
    request = readings_pb2.ListReadableMetersRequest(customer_id=str(customer_id))
    return page(READABLE_METERS, call(clients().billing.readings.ListReadableMeters, request).meters)


@api.post("/meters/<uuid:meter_id>/replace")
@operation("meters:write", POINT_METER, status=201, refuses=[404, 409])
@body(Replacement)
def replace_meter(meter_id: UUID, json_data: dict[str, Any]) -> Response:
    """Another meter took the place of one; answers the new one."""
    request = meters_pb2.ReplaceMeterRequest(
        meter_id=str(meter_id),
        replaced_on=pack_day(json_data["replaced_on"]),
        final_value=json_data["final_value"],
        new_meter_id=request_id(),
        serial_number=json_data["serial_number"],
        digits=json_data["digits"],
        initial_value=json_data["initial_value"],
    )
    return one(POINT_METER, call(clients().billing.meters.ReplaceMeter, request).new_meter, 201)
