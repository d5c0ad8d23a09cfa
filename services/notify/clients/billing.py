"""What notify asks of billing: who is in a segment, and what is not paid."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from ebok.billing.v1 import audiences_pb2, audiences_pb2_grpc, dues_pb2, dues_pb2_grpc
from ebok.billing.v1.audiences_pb2 import AudienceMember

from chassis import segments, wire
from chassis.rpc.client import Channel
from services.notify.domain.reminders import DueInvoice

STREAM_S_MAX = 300.0
TIMEOUT_S = 10.0


class Audiences:
    """Billing's audiences. Never asked inside a transaction."""

    def __init__(self, channel: Channel) -> None:
        self._stub = channel.stub(audiences_pb2_grpc.AudienceServiceStub)

    def stream(
        self, segment: dict[str, Any], *, after: UUID | None = None
    ) -> Iterator[Sequence[AudienceMember]]:
        """Everybody in a segment (as it is stored, its message as JSON) in pieces, by customer id upwards after one."""
        request = audiences_pb2.StreamAudienceRequest(
            segment=segments.from_stored(segment),
            after_customer_id=wire.pack_id(after) if after else "",
        )
        for piece in self._stub.StreamAudience(request, timeout=STREAM_S_MAX):
            yield piece.members


class Dues:
    """What is not paid, in billing's eyes. Never asked inside a transaction. All raise Unavailable while it is away."""

    def __init__(self, channel: Channel) -> None:
        self._stub = channel.stub(dues_pb2_grpc.DueServiceStub)

    def stream(self, from_day: date, until_day: date) -> Iterator[Sequence[DueInvoice]]:
        """Invoices with something open that are due between two days, in pieces."""
        request = dues_pb2.ListDueInvoicesRequest(until=wire.pack_date(until_day))
        getattr(request, "from").CopyFrom(wire.pack_date(from_day))  # "from" is a keyword of Python
        has_more = True
        while has_more:
            answer = self._stub.ListDueInvoices(request, timeout=TIMEOUT_S)
            yield [_unpack(invoice) for invoice in answer.invoices]
            has_more = answer.has_more
            if has_more:
                request.after_due_on.CopyFrom(answer.invoices[-1].due_on)
                request.after_invoice_id = answer.invoices[-1].invoice_id

    def find(self, invoice_ids: Collection[UUID]) -> dict[UUID, DueInvoice]:
        """Those of the invoices with something open."""
        request = dues_pb2.GetDueInvoicesRequest(invoice_ids=[wire.pack_id(one) for one in invoice_ids])
        answer = self._stub.GetDueInvoices(request, timeout=TIMEOUT_S)
        return {(invoice := _unpack(one)).invoice_id: invoice for one in answer.invoices}


def _unpack(invoice: dues_pb2.DueInvoice) -> DueInvoice:
    return DueInvoice(
        invoice_id=wire.unpack_id(invoice.invoice_id, field="invoice_id"),
        customer_id=wire.unpack_id(invoice.customer_id, field="customer_id"),
        number=invoice.number,
        due_on=wire.unpack_date(invoice.due_on, field="due_on"),
        open=wire.unpack_money(invoice.open_amount, field="open_amount"),
        account_number=invoice.account_number,
    )
