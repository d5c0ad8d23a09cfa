"""The customer beside a case: what is owed, the last invoices, the meter. The case opens without them, too.

What a case names – an invoice, a meter – is looked for among the customer's own when a clerk reads it: billing's word
of that moment, whatever was typed where.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from ebok.billing.v1 import customers_pb2, invoices_pb2, ledger_pb2, meters_pb2, readings_pb2
from ebok.common.v1.paging_pb2 import PageRequest
from ebok.tickets.v1 import categories_pb2, tickets_pb2
from flask import url_for

from gateway.web.amounts import decimal_of
from gateway.web.calls import ahead, clients

INVOICES_MAX = 100  # The newest: of eight years where one comes every month.
SPARK_WIDTH, SPARK_HEIGHT, BAR_WIDTH, BAR_STEP = 240, 56, 14, 20


@dataclass(frozen=True)
class Facts:
    """What is known; None where billing is away."""

    customer: customers_pb2.Customer | None
    overview: ledger_pb2.GetOverviewResponse | None
    point: meters_pb2.ServicePoint | None
    meter: meters_pb2.Meter | None
    bars: list[tuple[int, str, str, bool]]  # x, y, height, and whether it is the last one known.
    named: Mapping[
        str, str
    ]  # By the field that names something: where it is shown, empty for what is not the customer's.


def begin_facts(ticket: tickets_pb2.Ticket, category: categories_pb2.Category | None) -> Callable[[], Facts]:
    """Begin the calls at the same time; what comes back waits for their answers."""
    billing, customer_id = clients().billing, ticket.customer_id
    types = {one.key: one.type for one in category.fields} if category is not None else {}
    given = {one.key: (types.get(one.key), one.value) for one in ticket.answers}
    invoices = None
    if any(kind == categories_pb2.CATEGORY_FIELD_TYPE_INVOICE for kind, _value in given.values()):
        asked = invoices_pb2.ListInvoicesRequest(
            customer_id=customer_id, page=PageRequest(page_size=INVOICES_MAX)
        )
        invoices = ahead(billing.invoices.ListInvoices, asked)
    customer = ahead(billing.customers.GetCustomer, customers_pb2.GetCustomerRequest(customer_id=customer_id))
    overview = ahead(billing.ledger.GetOverview, ledger_pb2.GetOverviewRequest(customer_id=customer_id))
    points = ahead(
        billing.meters.ListServicePoints, meters_pb2.ListServicePointsRequest(customer_id=customer_id)
    )

    def answer() -> Facts:
        found, known, served = customer(), overview(), points()
        point, meter = _meter(served)
        listed = invoices() if invoices is not None else None
        return Facts(
            customer=found.customer if found is not None else None,
            overview=known,
            point=point,
            meter=meter,
            bars=_bars(known.usage) if known is not None and known.HasField("usage") else [],
            named={
                key: found
                for key, (kind, value) in given.items()
                if (found := _named(customer_id, kind, value, listed, served)) is not None
            },
        )

    return answer


def _named(
    customer_id: str,
    kind: int | None,
    value: str,
    listed: invoices_pb2.ListInvoicesResponse | None,
    served: meters_pb2.ListServicePointsResponse | None,
) -> str | None:
    """Where the customer's invoice or meter that a field names is shown; empty when there is none of that number.

    None for other fields, and while billing does not say.
    """
    if kind == categories_pb2.CATEGORY_FIELD_TYPE_INVOICE and listed is not None:
        own = {one.number: one.invoice_id for one in listed.invoices}
        if value not in own:
            return ""
        return url_for("console.customer_invoice", customer_id=customer_id, invoice_id=own[value])
    if kind == categories_pb2.CATEGORY_FIELD_TYPE_METER and served is not None:
        serials = {meter.serial_number for point in served.service_points for meter in point.meters}
        return url_for("console.customer_readings", customer_id=customer_id) if value in serials else ""
    return None


def _meter(
    served: meters_pb2.ListServicePointsResponse | None,
) -> tuple[meters_pb2.ServicePoint | None, meters_pb2.Meter | None]:
    """The first meter that is in use, and where."""
    for point in served.service_points if served is not None else []:
        for meter in point.meters:
            if not meter.HasField("removed_on"):
                return point, meter
    return None, None


def _bars(usage: readings_pb2.GetUsageResponse) -> list[tuple[int, str, str, bool]]:
    """The months of the year as small bars, the last known one strong."""
    values = [decimal_of(bucket.used) for bucket in usage.buckets]
    most = max((value for value in values if value is not None), default=Decimal(0))
    known = [place for place, value in enumerate(values) if value is not None]
    if not known or most <= 0:
        return []
    room = SPARK_HEIGHT - 6
    bars = []
    for place in known:
        height = max(Decimal(1), (values[place] or Decimal(0)) / most * room)
        top = f"{SPARK_HEIGHT - 3 - height:.1f}"
        bars.append((2 + BAR_STEP * place, top, f"{height:.1f}", place == known[-1]))
    return bars
