"""Customers: finding them, and how they are reached."""

from typing import Any
from uuid import UUID

from ebok.billing.v1 import customers_pb2 as pb
from flask import Response
from marshmallow import fields, validate

from gateway.api import api
from gateway.api.answers import one, page, page_request
from gateway.api.inputs import Input, Paged, Query, flag, number_of, one_of, text
from gateway.api.operations import body, operation, query
from gateway.api.presenting import CUSTOMER, FOUND_CUSTOMER
from gateway.api.shapes import Page
from gateway.web.calls import call, clients

FOUND = Page(FOUND_CUSTOMER)


class CustomerFilter(Paged):
    """Which customers are wanted."""

    query = text(100, "Words of number, name, address, meter, invoice number, e-mail or telephone.")
    kind = one_of(pb.CustomerKind, "Only persons or only companies.")
    in_arrears = flag("Only those who owe something past its due day.")
    order = one_of(pb.CustomerOrder, "How to sort.")


class ContactData(Input):
    """How a customer is reached; the customer's own data go before the provider's."""

    email = fields.Email(
        required=True,
        allow_none=True,
        validate=validate.Length(max=254, error="TOO_LONG"),
        metadata={"description": "For invoices and letters; null: the provider's data hold."},
    )
    phone = text(
        30,
        'As people write it, "600 100 200"; null: the provider\'s data hold.',
        required=True,
        allow_none=True,
    )


@api.get("/customers")
@operation("customers:read", FOUND)
@query(CustomerFilter)
def list_customers(query_data: Query) -> Response:
    """Find customers."""
    found = call(
        clients().billing.customers.SearchCustomers,
        pb.SearchCustomersRequest(
            query=query_data.get("query", ""),
            kind=number_of(pb.CustomerKind, query_data.get("kind")),
            in_arrears_only=query_data.get("in_arrears", False),
            order=number_of(pb.CustomerOrder, query_data.get("order")),
            page=page_request(query_data),
        ),
    )
    return page(FOUND, found.customers, found.page)


@api.get("/customers/<uuid:customer_id>")
@operation("customers:read", CUSTOMER, refuses=[404])
def get_customer(customer_id: UUID) -> Response:
    """One customer."""
    request = pb.GetCustomerRequest(customer_id=str(customer_id))
    return one(CUSTOMER, call(clients().billing.customers.GetCustomer, request).customer)


@api.put("/customers/<uuid:customer_id>/contact-data")
@operation("customers:write", CUSTOMER, refuses=[404])
@body(ContactData)
def put_contact_data(customer_id: UUID, json_data: dict[str, Any]) -> Response:
    """Change how a customer is reached."""
    request = pb.UpdateContactDataRequest(
        customer_id=str(customer_id), email=json_data["email"] or "", phone=json_data["phone"] or ""
    )
    return one(CUSTOMER, call(clients().billing.customers.UpdateContactData, request).customer)
