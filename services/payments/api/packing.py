"""Rows of payments as protobuf."""

from collections.abc import Sequence
from typing import Any

from ebok.payments.v1 import payments_pb2 as pb
from ebok.payments.v1 import refunds_pb2

from chassis import wire
from chassis.actors import Actor
from chassis.money import Money
from services.payments.domain import masking
from services.payments.storage.exchanges import Exchange
from services.payments.storage.payments import Payment, PaymentShare, PaymentStatus, PaymentStep, Step
from services.payments.storage.refunds import Refund, RefundStatus

STATUSES: dict[PaymentStatus, Any] = {
    status: pb.PaymentStatus.Value(f"PAYMENT_STATUS_{status.name}") for status in PaymentStatus
}
STATUSES_BACK = {value: status for status, value in STATUSES.items()}
REFUND_STATUSES: dict[RefundStatus, Any] = {
    status: refunds_pb2.RefundStatus.Value(f"REFUND_STATUS_{status.name}") for status in RefundStatus
}
BODY_LENGTH_MAX = 4_000


def pack_payment(payment: Payment, shares: Sequence[PaymentShare], refunded: Money) -> pb.Payment:
    """A payment with what it is meant for and what was given back of it."""
    return pb.Payment(
        payment_id=wire.pack_id(payment.payment_id),
        customer_id=wire.pack_id(payment.customer_id),
        number=payment.number,
        status=STATUSES[payment.status],
        amount=wire.pack_money(payment.amount),
        provider=payment.provider,
        method_name=payment.method_name,
        provider_order_id=payment.provider_order_id,
        shares=[
            pb.PaymentShare(
                invoice_id=wire.pack_id(share.invoice_id),
                invoice_number=share.invoice_number,
                amount=wire.pack_money(share.amount),
            )
            for share in shares
        ],
        started_at=wire.pack_instant(payment.started_at),
        settled_at=wire.pack_optional_instant(payment.settled_at),
        booked_at=wire.pack_optional_instant(payment.booked_at),
        reason=payment.reason,
        refunded=wire.pack_money(refunded),
        redirect_url=payment.redirect_url,
        customer_number=payment.customer_number,
        payer_email=payment.payer_email,
    )


def pack_step(step: PaymentStep, *, actor: Actor) -> pb.PaymentStep:
    """A line of the timeline; why a clerk gave money back is for the staff alone."""
    of_clerk = step.step is Step.REFUND_STARTED
    hidden = of_clerk and not actor.is_of_provider
    return pb.PaymentStep(
        happened_at=wire.pack_instant(step.happened_at),
        step=step.step.value,
        amount=wire.pack_optional_money(step.amount),
        reason="" if hidden else step.reason,
    )


def pack_refund(refund: Refund, *, actor: Actor) -> refunds_pb2.Refund:
    """A refund; customers do not read who made it and in which words."""
    staff = actor.is_of_provider
    return refunds_pb2.Refund(
        refund_id=wire.pack_id(refund.refund_id),
        payment_id=wire.pack_id(refund.payment_id),
        status=REFUND_STATUSES[refund.status],
        amount=wire.pack_money(refund.amount),
        reason=refund.reason if staff else "",
        made_by=refund.made_by if staff else "",
        started_at=wire.pack_instant(refund.started_at),
        ended_at=wire.pack_optional_instant(refund.ended_at),
        fault=refund.fault,
    )


def pack_exchange(exchange: Exchange) -> pb.Exchange:
    """What was said, as far as it is shown: our question before the answer, signatures and tokens masked."""
    said = b"\n\n".join(part for part in (exchange.asked, exchange.body) if part)
    return pb.Exchange(
        happened_at=wire.pack_instant(exchange.happened_at),
        direction=exchange.direction.value,
        kind=exchange.kind,
        http_status=exchange.http_status,
        body=masking.shown(said)[:BODY_LENGTH_MAX],
        verdict=exchange.verdict.value if exchange.verdict is not None else "",
    )
