"""Reading payments: the customer's list, the clerk's search, the confirmation, and nothing of somebody else's."""

from datetime import timedelta

import pytest
from ebok.billing.v1 import events_pb2 as billing_events
from ebok.common.v1 import paging_pb2
from ebok.payments.v1 import payments_pb2 as pb
from ebok.payments.v1.payments_pb2_grpc import PaymentServiceStub
from google.type import date_pb2

from chassis import wire
from chassis.errors import FailedPrecondition, Invalid, NotFound
from chassis.ids import new_id
from chassis.testing import cast
from tests.billing.documents.paper import words

SETTLED = pb.PAYMENT_STATUS_SETTLED


def search(payments, **fields):
    return payments.desk.SearchPayments(pb.SearchPaymentsRequest(**fields))


def numbers(answer):
    return [payment.number for payment in answer.payments]


def test_a_customer_s_payments_come_by_pages_the_newest_first(payments, as_celina, served):
    made = []
    for _ in range(5):
        made.append(payments.start(grosze=1_00).number)
        payments.clock.advance(timedelta(seconds=1))
    seen, cursor = [], ""
    for _ in range(3):
        page = payments.own.ListPayments(
            pb.ListPaymentsRequest(
                customer_id=payments.anna.customer_id,
                page=paging_pb2.PageRequest(page_size=2, cursor=cursor),
            )
        )
        seen += numbers(page)
        cursor = page.page.next_cursor
    assert seen == made[::-1]
    assert cursor == ""
    celina = served.stub(PaymentServiceStub, as_celina)
    assert celina.ListPayments(pb.ListPaymentsRequest(customer_id=as_celina.customer_id)).payments == []


def test_payments_of_an_invoice_are_found(payments, town):
    first, second = (invoice.invoice_id for invoice in town.annas[:2])
    one, both = payments.start(invoice_ids=[first]), payments.start(invoice_ids=[second, first])

    def of(invoice_id):
        request = pb.ListPaymentsRequest(customer_id=payments.anna.customer_id, invoice_id=invoice_id)
        return set(numbers(payments.own.ListPayments(request)))

    assert of(first) == {one.number, both.number}
    assert of(second) == {both.number}
    assert of(str(new_id())) == set()


def test_celina_finds_nothing_of_anna_s(payments, served, as_celina):
    started = payments.start()
    celina = served.stub(PaymentServiceStub, as_celina)
    for method, request in (
        (celina.GetPayment, pb.GetPaymentRequest),
        (celina.GetConfirmationPdf, pb.GetConfirmationPdfRequest),
    ):
        for payment_id in (started.payment_id, str(new_id())):
            with pytest.raises(NotFound) as caught:
                method(request(customer_id=as_celina.customer_id, payment_id=payment_id))
            assert (caught.value.reason, caught.value.metadata) == ("PAYMENT_NOT_FOUND", {})


def test_the_desk_searches_by_any_number(payments, pay_at, town):
    started = payments.start(provider="payu")
    other = payments.start(grosze=2_00)
    for query in (started.number, started.number.lower(), f" {started.number} ", started.provider_order_id):
        assert numbers(search(payments, query=query)) == [started.number]
    assert set(numbers(search(payments, query=town.anna_number))) == {started.number, other.number}
    assert numbers(search(payments, query="P-0000-0000")) == []
    assert set(numbers(search(payments))) == {started.number, other.number}


def test_the_desk_filters_by_status_provider_and_days(payments, pay_at):
    early = payments.start(grosze=1_00)
    pay_at(payments.sandboxes["przelewy24"], early)
    payments.told()
    payments.clock.advance(timedelta(days=2))
    late = payments.start(grosze=2_00, provider="payu")

    assert numbers(search(payments, status=SETTLED)) == [early.number]
    assert numbers(search(payments, provider="payu")) == [late.number]
    # 16 March 2026, ten in the morning in Warsaw; two days later.
    first, last = date_pb2.Date(year=2026, month=3, day=16), date_pb2.Date(year=2026, month=3, day=18)
    assert numbers(search(payments, until=first)) == [early.number]
    assert numbers(search(payments, **{"from": last})) == [late.number]
    assert numbers(search(payments, **{"from": first}, until=last)) == [late.number, early.number]
    with pytest.raises(Invalid):
        search(payments, until=date_pb2.Date(year=2026, month=2, day=30))


def test_stuck_ones_are_those_somebody_should_look_at(payments, pay_at, served):
    waiting = payments.start(grosze=1_00)
    paid = payments.start(grosze=2_00)
    pay_at(payments.sandboxes["przelewy24"], paid)
    payments.told()
    answer = search(payments, stuck=True)
    assert (numbers(answer), answer.stuck_count) == ([], 0)

    payments.clock.advance(timedelta(minutes=15))
    answer = search(payments, stuck=True)
    assert set(numbers(answer)) == {waiting.number, paid.number}, "no step, and not booked"
    served.deliver(
        billing_events.PaymentBooked(
            payment_id=paid.payment_id, booked_at=wire.pack_instant(payments.clock.now())
        )
    )
    assert numbers(search(payments, stuck=True)) == [waiting.number]
    payments.refund(payments.get(paid), grosze=1_00)
    payments.clock.advance(timedelta(minutes=15))
    assert set(numbers(search(payments, stuck=True))) == {waiting.number, paid.number}
    assert search(payments, query=waiting.number).stuck_count == 2


def test_a_confirmation_is_of_a_settled_payment(payments, pay_at, town):
    started = payments.start(invoices=1)
    request = pb.GetConfirmationPdfRequest(
        customer_id=started.customer_id, payment_id=started.payment_id, language="pl"
    )
    with pytest.raises(FailedPrecondition) as caught:
        payments.own.GetConfirmationPdf(request)
    assert caught.value.reason == "PAYMENT_NOT_SETTLED"

    pay_at(payments.sandboxes["przelewy24"], started)
    payments.told()
    answer = payments.own.GetConfirmationPdf(request)
    text = words(answer.pdf)
    assert answer.file_name == f"{started.number}.pdf"
    for said in (
        "Potwierdzenie wpłaty",
        started.number,
        f"Faktura {town.annas[0].number}",
        town.anna_number,
        payments.get(started).provider_order_id,
        "16 marca 2026",
    ):
        assert said in text


def test_exchanges_are_shown_the_newest_first_and_of_one_payment(payments, pay_at):
    started, other = payments.start(grosze=1_00), payments.start(grosze=2_00)
    pay_at(payments.sandboxes["przelewy24"], started)
    payments.told()
    shown = payments.exchanges(started)
    assert [(one.direction, one.kind, one.verdict) for one in shown] == [
        ("out", "register", "ACCEPTED"),
        ("in", "notification", "ACCEPTED"),
        ("out", "verify", "ACCEPTED"),
    ]
    assert [one.kind for one in payments.exchanges(other)] == ["register"]
    assert '"sign":"••••"' in shown[1].body
    assert all(len(one.body) <= 4_000 for one in shown)


def test_bartek_who_acts_for_anna_pays_as_she_does(payments, served, as_bartek):
    assert as_bartek.customer_id == str(cast.ANNA_CUSTOMER)
    payment = served.stub(PaymentServiceStub, as_bartek).StartPayment(payments.wish()).payment
    assert payments.get(payment).number == payment.number
