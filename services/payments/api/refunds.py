"""The door for refunds."""

from ebok.payments.v1 import refunds_pb2 as pb
from ebok.payments.v1 import refunds_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.server import Context
from services.payments.api.packing import pack_refund
from services.payments.clients.desk import Desk
from services.payments.domain import refunds
from services.payments.domain.refunds import RefundRefused
from services.payments.domain.settling import PaymentNotFound
from services.payments.storage import payments as stored_payments
from services.payments.storage import refunds as stored
from services.payments.storage.refunds import RefundStatus


class RefundService(rpc.RefundServiceServicer):
    """Front door for refunds: unpack, one transaction, pack; the provider is asked by the desk."""

    def __init__(self, database: Database, clock: Clock, desk: Desk) -> None:
        self._database = database
        self._clock = clock
        self._desk = desk

    def RefundPayment(self, request: pb.RefundPaymentRequest, context: Context) -> pb.RefundPaymentResponse:
        amount = request.amount if request.HasField("amount") else None
        with self._database.transaction() as session:
            refund = refunds.begin(
                session,
                wire.unpack_id(request.payment_id, field="payment_id"),
                wire.unpack_id(request.request_id, field="request_id"),
                amount=wire.unpack_optional_money(amount, field="amount"),
                reason=request.reason.strip(),
                by=context.actor,
                now=self._clock.now(),
            )
        if refund.status is RefundStatus.STARTED and refund.calling_until is None:
            refund = self._desk.send_refund(refund.refund_id)
        if refund.status is RefundStatus.FAILED:
            raise RefundRefused(refund_id=wire.pack_id(refund.refund_id))
        return pb.RefundPaymentResponse(refund=pack_refund(refund, actor=context.actor))

    def ListRefunds(self, request: pb.ListRefundsRequest, context: Context) -> pb.ListRefundsResponse:
        payment_id = wire.unpack_id(request.payment_id, field="payment_id")
        with self._database.reading() as session:
            payment = stored_payments.get_payment(session, payment_id)
            if payment is None or payment.customer_id != wire.unpack_id(
                request.customer_id, field="customer_id"
            ):
                raise PaymentNotFound
            found = stored.list_refunds(session, payment_id)
        return pb.ListRefundsResponse(refunds=[pack_refund(refund, actor=context.actor) for refund in found])
