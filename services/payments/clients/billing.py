"""The one thing payments asks of another service: what of these invoices can be paid now?"""

from collections.abc import Sequence
from uuid import UUID

from ebok.billing.v1 import ledger_pb2, ledger_pb2_grpc

from chassis import wire
from chassis.errors import FailedPrecondition
from chassis.rpc.client import Channel
from services.payments.domain.shares import InvoiceNotPayable, Payable, PayableInvoice

TIMEOUT_S = 3.0


class BillingLedger:
    """Billing's ledger, as far as payments may ask. Never called inside a transaction."""

    def __init__(self, channel: Channel) -> None:
        self._stub = channel.stub(ledger_pb2_grpc.LedgerServiceStub)

    def get_payable(self, customer_id: UUID, invoice_ids: Sequence[UUID]) -> Payable:
        """In the order asked for; without invoices all that is open, the oldest due first.

        Refuses INVOICE_NOT_PAYABLE, and NO_ANSWER while billing is away.
        """
        request = ledger_pb2.GetPayableRequest(
            customer_id=wire.pack_id(customer_id),
            invoice_ids=[wire.pack_id(invoice_id) for invoice_id in invoice_ids],
        )
        try:
            answer = self._stub.GetPayable(request, timeout=TIMEOUT_S)
        except FailedPrecondition as refusal:
            if refusal.reason == InvoiceNotPayable.reason:
                raise InvoiceNotPayable from None
            raise
        return Payable(
            customer_number=answer.customer_number,
            invoices=[
                PayableInvoice(
                    wire.unpack_id(invoice.invoice_id, field="invoice_id"),
                    invoice.number,
                    wire.unpack_money(invoice.open_amount, field="open_amount"),
                )
                for invoice in answer.invoices
            ],
        )
