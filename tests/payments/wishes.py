"""Paying in few words: a customer's and a clerk's calls, and waiting for what providers send by themselves."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from ebok.payments.v1 import payments_pb2 as pb
from ebok.payments.v1 import refunds_pb2
from ebok.payments.v1.payments_pb2_grpc import PaymentServiceStub
from ebok.payments.v1.refunds_pb2_grpc import RefundServiceStub

from chassis import wire
from chassis.clock import FixedClock
from chassis.ids import new_id
from chassis.money import Money
from chassis.testing.cast import Persona
from chassis.testing.served import Served
from sandbox.providers.server import ProviderServer
from services.payments.storage.exchanges import Exchange
from tests.payments.town import Town
from tests.payments.webhooks import Webhooks

EMAIL = "anna@poczta.example"
WAIT_S = 10.0


class Payments:
    """Anna pays; Daria looks and gives back."""

    def __init__(
        self,
        served: Served,
        anna: Persona,
        daria: Persona,
        town: Town,
        clock: FixedClock,
        webhooks: Webhooks,
        sandboxes: dict[str, ProviderServer],
    ) -> None:
        self.served = served
        self.anna = anna
        self.town = town
        self.clock = clock
        self.webhooks = webhooks
        self.sandboxes = sandboxes
        self.own: Any = served.stub(PaymentServiceStub, anna)
        self.own_refunds: Any = served.stub(RefundServiceStub, anna)
        self.desk: Any = served.stub(PaymentServiceStub, daria)
        self.refunds: Any = served.stub(RefundServiceStub, daria)

    # Anna

    def wish(self, *, grosze: int | None = None, invoices: int = 0, **fields: Any) -> pb.StartPaymentRequest:
        """A request to pay the first so many invoices, or all that is open."""
        values = {
            "customer_id": self.anna.customer_id,
            "request_id": str(new_id()),
            "invoice_ids": [invoice.invoice_id for invoice in self.town.annas[:invoices]],
            "provider": "przelewy24",
            "email": EMAIL,
            "language": "pl",
            "payer_address": "192.0.2.7",
        } | fields
        amount = None if grosze is None else wire.pack_money(Money(grosze))
        return pb.StartPaymentRequest(**values, amount=amount)

    def start(self, **wish: Any) -> pb.Payment:
        self.town.clock.set(
            self.clock.now()
        )  # Billing lives longer than one test; it checks how old tokens are.
        return self.own.StartPayment(self.wish(**wish)).payment

    def get(self, payment: pb.Payment) -> pb.Payment:
        return self._get(payment).payment

    def steps(self, payment: pb.Payment) -> list[str]:
        return [step.step for step in self._get(payment).steps]

    def _get(self, payment: pb.Payment) -> Any:
        return self.own.GetPayment(
            pb.GetPaymentRequest(customer_id=payment.customer_id, payment_id=payment.payment_id)
        )

    # time and jobs

    def judge(self) -> None:
        assert self.served.run_job("notifications.judge")

    def reconcile(self, *, after: timedelta = timedelta(0)) -> None:
        """The reconciling job, some time later by the suite's clock."""
        self.clock.advance(after)
        assert self.served.run_job("payments.reconcile")

    def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something that others do by themselves."""
        ends_at = time.monotonic() + WAIT_S
        while not is_so():
            assert time.monotonic() < ends_at, "it did not come about"
            time.sleep(0.02)

    def told(self, count: int = 1) -> None:
        """Wait until the providers have sent so many messages, and judge them."""
        self.until(lambda: len(self.webhooks.received) >= count)
        self.judge()

    # Daria

    def check(self, payment: pb.Payment) -> pb.Payment:
        return self.desk.CheckPayment(pb.CheckPaymentRequest(payment_id=payment.payment_id)).payment

    def exchanges(self, payment: pb.Payment) -> list[pb.Exchange]:
        """The oldest first."""
        request = pb.ListExchangesRequest(payment_id=payment.payment_id)
        return list(self.desk.ListExchanges(request).exchanges)[::-1]

    def refund(self, payment: pb.Payment, *, grosze: int | None = None, **fields: Any) -> refunds_pb2.Refund:
        return self.refunds.RefundPayment(self.refund_wish(payment, grosze=grosze, **fields)).refund

    def refund_wish(
        self, payment: pb.Payment, *, grosze: int | None = None, **fields: Any
    ) -> refunds_pb2.RefundPaymentRequest:
        values = {
            "payment_id": payment.payment_id,
            "request_id": str(new_id()),
            "reason": "Zapłacono dwa razy",
        } | fields
        amount = None if grosze is None else wire.pack_money(Money(grosze))
        return refunds_pb2.RefundPaymentRequest(**values, amount=amount)

    def list_refunds(self, payment: pb.Payment) -> list[refunds_pb2.Refund]:
        """The oldest first, as the clerk sees them."""
        request = refunds_pb2.ListRefundsRequest(
            customer_id=payment.customer_id, payment_id=payment.payment_id
        )
        return list(self.refunds.ListRefunds(request).refunds)[::-1]

    # books

    def verdicts(self) -> list[str | None]:
        """Of all messages that came, in their order."""
        with self.served.database.reading() as session:
            rows = session.scalars(
                sa.select(Exchange).where(Exchange.direction == "in").order_by(Exchange.exchange_id)
            )
            return [row.verdict.value if row.verdict is not None else None for row in rows]
