"""The door for payments."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

from ebok.payments.v1 import payments_pb2 as pb
from ebok.payments.v1 import payments_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import acts, wire
from chassis.clock import WARSAW, Clock
from chassis.database import Database
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.payments.api.packing import STATUSES_BACK, pack_exchange, pack_payment, pack_step
from services.payments.clients.billing import BillingLedger
from services.payments.clients.desk import Desk
from services.payments.documents.confirmations import render_confirmation
from services.payments.domain import areas, confirming, starting, waits
from services.payments.domain.providers import Method, MethodKind
from services.payments.domain.settling import PaymentNotFound
from services.payments.domain.starting import MethodNotOffered, Wish
from services.payments.storage import exchanges as stored_exchanges
from services.payments.storage import payment_search
from services.payments.storage import payments as stored
from services.payments.storage import refunds as stored_refunds
from services.payments.storage.payment_search import Search
from services.payments.storage.payments import Payment

OWN, ALL = "payments", "all_payments"
KEYS = (datetime, UUID)
EXCHANGES_MAX = 100
ORDER = tuple(MethodKind)


class PaymentService(rpc.PaymentServiceServicer):
    """Front door for payments: unpack, one transaction, pack; what is asked of providers is asked by the desk."""

    def __init__(self, database: Database, clock: Clock, desk: Desk, billing: BillingLedger) -> None:
        self._database = database
        self._clock = clock
        self._desk = desk
        self._billing = billing

    def ListPaymentMethods(
        self, request: pb.ListPaymentMethodsRequest, context: Context
    ) -> pb.ListPaymentMethodsResponse:
        methods = [
            pb.PaymentMethod(
                provider=provider.name, kind=method.kind.value, method_id=method.method_id, name=method.name
            )
            for provider in self._desk.providers.values()
            for method in _offered(provider.methods(request.language or "pl"))
        ]
        return pb.ListPaymentMethodsResponse(methods=methods)

    def StartPayment(self, request: pb.StartPaymentRequest, context: Context) -> pb.StartPaymentResponse:
        wish = self._unpack_wish(request)
        with self._database.reading() as session:
            begun = starting.find_begun(session, wish)
        if begun is None:
            payable = self._billing.get_payable(wish.customer_id, wish.invoice_ids)
            with self._database.transaction() as session:
                begun = starting.begin(session, wish, payable, now=self._clock.now())
                acts.name_subject(wire.pack_id(begun.payment_id))
        payment = self._desk.register(begun.payment_id)
        with self._database.reading() as session:
            return pb.StartPaymentResponse(payment=_pack_all(session, [payment])[0])

    def _unpack_wish(self, request: pb.StartPaymentRequest) -> Wish:
        """Refuses METHOD_NOT_OFFERED, and an e-mail address that is TOO_LONG for the provider."""
        provider = self._desk.provider(request.provider)
        if len(request.email) > provider.email_length_max:
            raise wire.fault("email", "TOO_LONG")
        offered = {method.method_id: method for method in provider.methods("pl")} if request.method_id else {}
        if request.method_id not in ("", *offered):
            raise MethodNotOffered(provider=provider.name)
        chosen = offered.get(request.method_id)
        amount = request.amount if request.HasField("amount") else None
        return Wish(
            customer_id=wire.unpack_id(request.customer_id, field="customer_id"),
            request_id=wire.unpack_id(request.request_id, field="request_id"),
            invoice_ids=list(
                dict.fromkeys(
                    wire.unpack_id(invoice_id, field=f"invoice_ids[{index}]")
                    for index, invoice_id in enumerate(request.invoice_ids)
                )
            ),
            own_amount=wire.unpack_optional_money(amount, field="amount"),
            provider=provider.name,
            method_id=request.method_id,
            method_name=chosen.name if chosen is not None else "",
            email=request.email,
            language=request.language or "pl",
            payer_address=request.payer_address,
        )

    def GetPayment(self, request: pb.GetPaymentRequest, context: Context) -> pb.GetPaymentResponse:
        with self._database.reading() as session:
            payment = _find(session, request.customer_id, request.payment_id)
            steps = stored.list_steps(session, payment.payment_id)
            [packed] = _pack_all(session, [payment])
        return pb.GetPaymentResponse(
            payment=packed, steps=[pack_step(step, actor=context.actor) for step in steps]
        )

    def ListPayments(self, request: pb.ListPaymentsRequest, context: Context) -> pb.ListPaymentsResponse:
        window = unpack_window(request.page, of=OWN, kinds=KEYS)
        with self._database.reading() as session:
            page = stored.list_payments(
                session,
                wire.unpack_id(request.customer_id, field="customer_id"),
                window=window,
                invoice_id=wire.unpack_optional_id(request.invoice_id, field="invoice_id"),
            )
            payments = _pack_all(session, page.rows)
        return pb.ListPaymentsResponse(payments=payments, page=pack_page(page, of=OWN, key_of=_key_of))

    def GetConfirmationPdf(
        self, request: pb.GetConfirmationPdfRequest, context: Context
    ) -> pb.GetConfirmationPdfResponse:
        with self._database.reading() as session:
            payment = _find(session, request.customer_id, request.payment_id)
            confirmation = confirming.confirm(session, payment)
        pdf = render_confirmation(confirmation, request.language or "pl")
        return pb.GetConfirmationPdfResponse(file_name=f"{payment.number}.pdf", pdf=pdf)

    def SearchPayments(
        self, request: pb.SearchPaymentsRequest, context: Context
    ) -> pb.SearchPaymentsResponse:
        window = unpack_window(request.page, of=ALL, kinds=KEYS)
        from_day = wire.unpack_optional_date(getattr(request, "from"), field="from")
        until_day = wire.unpack_optional_date(request.until, field="until")
        search = Search(
            query=request.query.strip(),
            status=STATUSES_BACK.get(request.status),
            stuck=request.stuck,
            provider=request.provider,
            from_instant=datetime.combine(from_day, time(), WARSAW) if from_day else None,
            until_instant=(
                datetime.combine(until_day + timedelta(days=1), time(), WARSAW) if until_day else None
            ),
            area=context.actor.area,
        )
        still_since = self._clock.now() - waits.STILL
        with self._database.reading() as session:
            page = payment_search.search_payments(session, search, still_since=still_since, window=window)
            stuck_count = payment_search.count_stuck(session, still_since=still_since, area=search.area)
            payments = _pack_all(session, page.rows)
        return pb.SearchPaymentsResponse(
            payments=payments, page=pack_page(page, of=ALL, key_of=_key_of), stuck_count=stuck_count
        )

    def ListExchanges(self, request: pb.ListExchangesRequest, context: Context) -> pb.ListExchangesResponse:
        payment_id = wire.unpack_id(request.payment_id, field="payment_id")
        with self._database.reading() as session:
            areas.require_payment(session, payment_id, by=context.actor)
            found = stored_exchanges.list_exchanges(session, payment_id, limit=EXCHANGES_MAX)
        return pb.ListExchangesResponse(exchanges=[pack_exchange(exchange) for exchange in found])

    def CheckPayment(self, request: pb.CheckPaymentRequest, context: Context) -> pb.CheckPaymentResponse:
        payment_id = wire.unpack_id(request.payment_id, field="payment_id")
        with self._database.reading() as session:
            areas.require_payment(session, payment_id, by=context.actor)
        payment = self._desk.check(payment_id)
        with self._database.reading() as session:
            refunds = [refund.refund_id for refund in stored_refunds.list_refunds(session, payment_id)]
        for refund_id in refunds:
            self._desk.check_refund(refund_id)
        with self._database.reading() as session:
            return pb.CheckPaymentResponse(payment=_pack_all(session, [payment])[0])


def _find(session: Session, customer_id: str, payment_id: str) -> Payment:
    """The customer's own payment. Refuses PAYMENT_NOT_FOUND, also for somebody else's."""
    payment = stored.get_payment(session, wire.unpack_id(payment_id, field="payment_id"))
    if payment is None or payment.customer_id != wire.unpack_id(customer_id, field="customer_id"):
        raise PaymentNotFound
    return payment


def _pack_all(session: Session, payments: Sequence[Payment]) -> list[pb.Payment]:
    ids = [payment.payment_id for payment in payments]
    shares = stored.find_shares(session, ids)
    refunded = stored_refunds.sum_refunds(session, ids)
    return [
        pack_payment(payment, shares[payment.payment_id], refunded[payment.payment_id])
        for payment in payments
    ]


def _key_of(payment: Payment) -> tuple[datetime, UUID]:
    return payment.started_at, payment.payment_id


def _offered(methods: Sequence[Method]) -> list[Method]:
    """By kind, and last the choice that is made on the provider's own page."""
    ordered = sorted(methods, key=lambda method: ORDER.index(method.kind))
    return [*ordered, Method(MethodKind.ANY, "", "")]
