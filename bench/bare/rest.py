"""The bare list: a Flask JSON route with the same call of billing. No scopes, no counting, no filters, no document."""

import os
from typing import Any

import grpc
from ebok.billing.v1 import invoices_pb2, invoices_pb2_grpc
from ebok.common.v1.paging_pb2 import PageRequest
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

app = Flask(__name__)
_invoices: Any = invoices_pb2_grpc.InvoiceServiceStub(grpc.insecure_channel(os.environ["BARE_BILLING"]))
STATES = (None, "due", "part_paid", "overdue", "paid")


def _day(day: Any) -> str | None:
    return f"{day.year:04}-{day.month:02}-{day.day:02}" if day.year else None


def _amount(money: Any) -> str:
    return f"{money.grosze / 100:.2f}"


@app.get("/")
def ready() -> str:
    """It serves."""
    return "ready"


@app.get("/customers/<customer_id>/invoices")
def invoices(customer_id: str) -> ResponseReturnValue:
    """One call, the same keys."""
    asked = invoices_pb2.ListInvoicesRequest(customer_id=customer_id, page=PageRequest(page_size=20))
    token = request.headers["Authorization"]
    answer = _invoices.ListInvoices(asked, metadata=(("authorization", token),))
    items = [
        {
            "invoice_id": one.invoice_id,
            "customer_id": one.customer_id,
            "customer_number": one.customer_number,
            "customer_name": one.customer_name,
            "number": one.number or None,
            "status": ("", "draft", "issued", "discarded")[one.status],
            "period_from": _day(one.period_from),
            "period_to": _day(one.period_to),
            "issued_on": _day(one.issued_on),
            "issued_at": one.issued_at.ToJsonString(),
            "due_on": _day(one.due_on),
            "total_net": _amount(one.total_net),
            "total_vat": _amount(one.total_vat),
            "total_gross": _amount(one.total_gross),
            "open_amount": _amount(one.open_amount),
            "currency": "PLN",
            "paid_state": STATES[one.paid_state],
            "paid_on": _day(one.paid_on),
        }
        for one in answer.invoices
    ]
    return jsonify(items=items, next_cursor=answer.page.next_cursor, previous_cursor=None)
