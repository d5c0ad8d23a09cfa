"""Odczyty of a customer: what its meters showed, and what became of each reading."""

from uuid import UUID

from ebok.billing.v1 import meters_pb2, readings_pb2
from flask import request

from gateway.console import console
from gateway.console.customers import customer_page, get_customer
from gateway.console.inputs import id_of
from gateway.web.calls import at_once, clients
from gateway.web.forms import Form
from gateway.web.paging import page_links, page_request


@console.get("/klienci/<uuid:customer_id>/odczyty")
def customer_readings(customer_id: UUID) -> tuple[str, int]:
    """All readings, or those of one service point."""
    billing, one = clients().billing, str(customer_id)
    form = Form(request.args)
    point = id_of(form, "punkt")
    found, points, readings = at_once(
        get_customer(customer_id),
        (billing.meters.ListServicePoints, meters_pb2.ListServicePointsRequest(customer_id=one)),
        (
            billing.readings.ListReadings,
            readings_pb2.ListReadingsRequest(customer_id=one, service_point_id=point, page=page_request()),
        ),
    )
    page = customer_page(
        "readings",
        found.customer,
        tab="readings",
        form=form,
        points=points.service_points,
        readings=readings.readings,
        links=page_links(readings.page),
    )
    return page, form.status
