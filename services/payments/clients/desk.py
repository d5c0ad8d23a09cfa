"""Everything we do with providers: transaction – call – transaction.

Each step leaves the payment in a named state, so a process may end anywhere: the reconciling job goes on from what the
rows say. Doors and jobs share these steps; the rules are the domain's.
"""

import time
from collections.abc import Mapping
from uuid import UUID

from chassis.clock import Clock
from chassis.database import Database
from chassis.telemetry import logger
from services.payments.domain import refunds, settling, starting
from services.payments.domain.providers import (
    OrderState,
    PaymentProvider,
    ProviderAway,
    Providers,
    RefundAnswer,
    RefundState,
)
from services.payments.domain.starting import MethodNotOffered
from services.payments.storage import payments as stored
from services.payments.storage import refunds as stored_refunds
from services.payments.storage.payments import Payment, PaymentStatus
from services.payments.storage.refunds import Refund, RefundStatus

MARGIN_S = 5.0  # What a lease is longer than the longest call.
WAIT_FOR_OTHER_S = 8.0
LOOK_EVERY_S = 0.1


class Desk:
    """The providers that are set up, and what is asked of them. No method is called inside a transaction."""

    def __init__(self, database: Database, clock: Clock, providers: Providers) -> None:
        self._database = database
        self._clock = clock
        self.providers: Mapping[str, PaymentProvider] = providers
        self._log = logger("desk")

    def provider(self, name: str) -> PaymentProvider:
        """A provider by its name. Refuses METHOD_NOT_OFFERED."""
        if name not in self.providers:
            raise MethodNotOffered(provider=name)
        return self.providers[name]

    def _lease_s(self, payment: Payment) -> float:
        """How long a call is in one's hands: longer than it can take, so that nobody asks at the same time."""
        return self.provider(payment.provider).asking_s_max + MARGIN_S

    # starting

    def register(self, payment_id: UUID) -> Payment:
        """Announce a started payment to its provider, once however many ask at the same moment.

        Whoever comes second waits for the first. What a process took with it into its end is asked again under the same
        id. Refuses PROVIDER_AWAY when the question certainly never left: asked again later it goes on.
        """
        payment, mine, repeated = self._take(payment_id)
        if not mine:
            return self._wait_for_other(payment)
        answer = self.provider(payment.provider).register(payment)
        with self._database.transaction() as session:
            payment = starting.note_registered(
                session, payment_id, answer, repeated=repeated, now=self._clock.now()
            )
        if not answer.sent and payment.status is PaymentStatus.STARTED:
            raise ProviderAway(provider=payment.provider)
        return payment

    def _take(self, payment_id: UUID) -> tuple[Payment, bool, bool]:
        """The payment, whether its call is ours to make, and whether somebody may have made it before."""
        with self._database.transaction() as session:
            payment = stored.lock_payment(session, payment_id)
            if payment is None:
                raise settling.PaymentNotFound(payment_id=str(payment_id))
            repeated = payment.calling_until is not None
            mine = stored.claim_call(session, payment_id, lease_s=self._lease_s(payment))
        return payment, mine, repeated

    def _wait_for_other(self, payment: Payment) -> Payment:
        """As long as another one is asking the provider, but not for ever: the payment then says STARTED."""
        until = time.monotonic() + WAIT_FOR_OTHER_S
        while payment.status is PaymentStatus.STARTED and time.monotonic() < until:
            time.sleep(LOOK_EVERY_S)
            payment = self._read(payment.payment_id)
            if payment.calling_until is None:
                raise ProviderAway(provider=payment.provider)  # As the first one is told.
        return payment

    def _read(self, payment_id: UUID) -> Payment:
        with self._database.reading() as session:
            payment = stored.get_payment(session, payment_id)
        if payment is None:
            raise settling.PaymentNotFound(payment_id=str(payment_id))
        return payment

    # settling

    def accept(self, payment_id: UUID) -> Payment:
        """Accept the money of a received payment, and settle it when the provider agrees."""
        payment = self._read(payment_id)
        if payment.status is not PaymentStatus.RECEIVED:
            return payment
        answer = self.provider(payment.provider).accept(payment)
        with self._database.transaction() as session:
            return settling.note_accepted(session, payment_id, answer, now=self._clock.now())

    def check(self, payment_id: UUID) -> Payment:
        """Ask the provider how a payment stands, and make it so. Refuses PROVIDER_AWAY, PAYMENT_NOT_FOUND."""
        with self._database.transaction() as session:
            payment = settling.prepare_check(session, payment_id, now=self._clock.now())
        if payment is None:
            return self._read(payment_id)
        provider = self.provider(payment.provider)
        answer = provider.status(payment)
        paid = answer.state in (OrderState.TO_ACCEPT, OrderState.PAID)
        method_name = provider.method_name(answer.method_id) if paid else ""
        with self._database.transaction() as session:
            payment = settling.note_status(
                session, payment_id, answer, method_name=method_name, now=self._clock.now()
            )
        if payment.status is PaymentStatus.RECEIVED and answer.state is OrderState.TO_ACCEPT:
            payment = self.accept(payment_id)
        if answer.state is None:
            raise ProviderAway(provider=payment.provider)
        return payment

    # refunds

    def send_refund(self, refund_id: UUID) -> Refund:
        """Ask the provider to give money back, once at a time; a repeat says the same id: nothing is given twice."""
        payment, refund = self._read_refund(refund_id)
        with self._database.transaction() as session:
            mine = stored_refunds.claim_call(session, refund_id, lease_s=self._lease_s(payment))
        if not mine:
            return self._read_refund(refund_id)[1]
        answer = self.provider(payment.provider).refund(payment, refund)
        return self._note(refund_id, answer)

    def check_refund(self, refund_id: UUID) -> Refund:
        """Ask how a refund stands. One that the provider clearly does not know is sent again."""
        payment, refund = self._read_refund(refund_id)
        if refund.next_check_at is None:
            return refund
        answer = self.provider(payment.provider).refund_status(payment, refund)
        refund = self._note(refund_id, answer)
        if answer.state is RefundState.NOT_FOUND and refund.status in (
            RefundStatus.STARTED,
            RefundStatus.UNKNOWN,
        ):
            refund = self.send_refund(refund_id)
        if answer.state is None:
            raise ProviderAway(provider=payment.provider)
        return refund

    def _note(self, refund_id: UUID, answer: RefundAnswer) -> Refund:
        with self._database.transaction() as session:
            return refunds.note_answer(session, refund_id, answer, now=self._clock.now())

    def _read_refund(self, refund_id: UUID) -> tuple[Payment, Refund]:
        with self._database.reading() as session:
            refund = stored_refunds.get_refund(session, refund_id)
            payment = stored.get_payment(session, refund.payment_id) if refund is not None else None
        if refund is None or payment is None:
            raise settling.PaymentNotFound(refund_id=str(refund_id))
        return payment, refund
