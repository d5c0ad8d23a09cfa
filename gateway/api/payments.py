"""Payments made here."""

from uuid import UUID

from ebok.payments.v1 import payments_pb2 as pb
from flask import Response

from gateway.api import api
from gateway.api.answers import one, page, page_request
from gateway.api.inputs import Paged, Query, day, flag, identifier, number_of, one_of, pack_day, packed, text
from gateway.api.operations import operation, query
from gateway.api.presenting_contact import PAYMENT
from gateway.api.shapes import Page
from gateway.web.calls import call, clients

PAYMENTS = Page(PAYMENT)


class PaymentFilter(Paged):
    """Which payments of all customers are wanted."""

    query = text(100, "A payment's, a provider's or a customer's number.")
    status = one_of(pb.PaymentStatus, "Only of this status.")
    provider = text(20, "Only of this payment provider.")
    stuck = flag("Only those that are under way for longer than they should.")
    started_from = day("Only started on or after this day.")
    started_until = day("Only started on or before this day.")


class CustomerPaymentFilter(Paged):
    """Which payments of a customer are wanted."""

    invoice_id = identifier("Only those that paid for this invoice.")


@api.get("/payments")
@operation("payments:read", PAYMENTS)
@query(PaymentFilter)
def search_payments(query_data: Query) -> Response:
    """Payments of all customers, the newest first."""
    found = call(
        clients().payments.payments.SearchPayments,
        pb.SearchPaymentsRequest(
            query=query_data.get("query", ""),
            status=number_of(pb.PaymentStatus, query_data.get("status")),
            provider=query_data.get("provider", ""),
            stuck=query_data.get("stuck", False),
            until=pack_day(query_data.get("started_until")),
            page=page_request(query_data),
            **{"from": pack_day(query_data.get("started_from"))},
        ),
    )
    return page(PAYMENTS, found.payments, found.page)


@api.get("/customers/<uuid:customer_id>/payments")
@operation("payments:read", PAYMENTS)
@query(CustomerPaymentFilter)
def list_payments(customer_id: UUID, query_data: Query) -> Response:
    """A customer's payments, the newest first."""
    found = call(
        clients().payments.payments.ListPayments,
        pb.ListPaymentsRequest(
            customer_id=str(customer_id),
            invoice_id=packed(query_data.get("invoice_id")),
            page=page_request(query_data),
        ),
    )
    return page(PAYMENTS, found.payments, found.page)


@api.get("/customers/<uuid:customer_id>/payments/<uuid:payment_id>")
@operation("payments:read", PAYMENT, refuses=[404])
def get_payment(customer_id: UUID, payment_id: UUID) -> Response:
    """One payment."""
    request = pb.GetPaymentRequest(customer_id=str(customer_id), payment_id=str(payment_id))
    return one(PAYMENT, call(clients().payments.payments.GetPayment, request).payment)
