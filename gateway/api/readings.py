"""Readings of meters and what was used between them."""

from typing import Any
from uuid import UUID

from ebok.billing.v1 import readings_pb2 as pb
from flask import Response

from gateway.api import api
from gateway.api.answers import one, page, page_request
from gateway.api.inputs import (
    Input,
    Paged,
    Query,
    day,
    decimal,
    flag,
    identifier,
    number,
    number_of,
    one_of,
    pack_day,
    packed,
    word_of,
)
from gateway.api.operations import body, operation, query
from gateway.api.presenting import READING, USAGE
from gateway.api.shapes import Page
from gateway.web.calls import call, clients

READINGS = Page(READING)


class ReadingFilter(Paged):
    """Which readings are wanted."""

    service_point_id = identifier("Only of this service point.")


class UsageFilter(Input):
    """Which use is wanted."""

    service_point_id = identifier("Of which point; not given: the first metered one.")
    step = one_of(pb.UsageStep, "In which steps.", load_default="month")
    year = number(1900, 2200, "For months, days and hours; not given: the newest with data.")
    month = number(1, 12, "For days and hours.")
    day = number(1, 31, "For hours.")


class NewReading(Input):
    """A reading that the provider's people took, or that a customer told by telephone."""

    meter_id = identifier("The meter.", required=True)
    read_on = day("The day.", required=True)
    value = decimal("What it showed, in the meter's unit.", required=True)
    kind = word_of(
        ("actual", "customer"), "Read by the provider, or told by the customer.", load_default="actual"
    )
    unusual_confirmed = flag("So much is right, though it is far from the usual.", load_default=False)


@api.get("/customers/<uuid:customer_id>/readings")
@operation("readings:read", READINGS, refuses=[404])
@query(ReadingFilter)
def list_readings(customer_id: UUID, query_data: Query) -> Response:
    """Readings of a customer's meters, the newest first."""
    found = call(
        clients().billing.readings.ListReadings,
        pb.ListReadingsRequest(
            customer_id=str(customer_id),
            service_point_id=packed(query_data.get("service_point_id")),
            page=page_request(query_data),
        ),
    )
    return page(READINGS, found.readings, found.page)


@api.post("/customers/<uuid:customer_id>/readings")
@operation("readings:write", READING, status=201, refuses=[404])
@body(NewReading)
def post_reading(customer_id: UUID, json_data: dict[str, Any]) -> Response:
    """Write down a reading; the same meter, day and value again answers the reading that is there."""
    request = pb.RecordReadingRequest(
        customer_id=str(customer_id),
        meter_id=str(json_data["meter_id"]),
        read_on=pack_day(json_data["read_on"]),
        value=json_data["value"],
        kind=number_of(pb.ReadingKind, json_data["kind"]),
        unusual_confirmed=json_data["unusual_confirmed"],
    )
    return one(READING, call(clients().billing.readings.RecordReading, request).reading, 201)


@api.get("/customers/<uuid:customer_id>/usage")
@operation("readings:read", USAGE, refuses=[404])
@query(UsageFilter)
def get_usage(customer_id: UUID, query_data: Query) -> Response:
    """What a service point used, with the year before beside it."""
    return usage(str(customer_id), query_data)


def usage(customer_id: str, query: Query) -> Response:
    """The use that a query asks for."""
    return one(USAGE, asked_use(customer_id, query))


def asked_use(customer_id: str, query: Query) -> pb.GetUsageResponse:
    """As billing tells it."""
    request = pb.GetUsageRequest(
        customer_id=customer_id,
        service_point_id=packed(query.get("service_point_id")),
        step=number_of(pb.UsageStep, query["step"]),
        year=query.get("year", 0),
        month=query.get("month", 0),
        day=query.get("day", 0),
    )
    found: pb.GetUsageResponse = call(clients().billing.readings.GetUsage, request)
    return found
