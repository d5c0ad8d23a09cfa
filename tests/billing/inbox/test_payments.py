"""Payments and refunds of the payments service come into the ledger once, in whatever order they are told."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from ebok.billing.v1 import customers_pb2, events_pb2, invoices_pb2, ledger_pb2
from ebok.billing.v1.customers_pb2_grpc import CustomerServiceStub
from ebok.billing.v1.invoices_pb2_grpc import InvoiceServiceStub
from ebok.billing.v1.ledger_pb2_grpc import LedgerServiceStub
from ebok.payments.v1 import events_pb2 as payments_pb2
from ebok.payments.v1 import payments_pb2 as payment_messages

from chassis import wire
from chassis.errors import FailedPrecondition, Invalid, NotFound
from chassis.ids import new_id
from chassis.money import Money
from chassis.testing import cast
from services.billing.domain.ledger import PaymentDiffers
from services.billing.domain.refunds import PaymentNotBooked, RefundDiffers, RefundTooLarge
from tests.billing.bills import Runs, day, house, prices

READINGS = {"2025-10-31": "806", "2025-12-31": "818", "2026-02-28": "830"}
ANNA = str(cast.ANNA_CUSTOMER)
TOTAL = 243_78  # of each of the two invoices
FIRST, SECOND = "FV/2026/000001", "FV/2026/000002"


@pytest.fixture
def invoices(served, as_edward, given, clock):
    """Two of Anna's invoices by number, due on 30 March and 15 April; it is 20 April."""
    given.settings()
    prices(given)
    house(given, READINGS, customer_id=cast.ANNA_CUSTOMER)
    runs = Runs(served, as_edward)
    found = list(runs.invoices(runs.bill("2025-11-01", "2025-12-31").run_id))
    clock.set(clock.now().replace(month=4, day=1))
    found += runs.invoices(runs.bill("2026-01-01", "2026-02-28").run_id)
    clock.set(clock.now().replace(month=4, day=20))
    return {invoice.number: invoice.invoice_id for invoice in found}


@pytest.fixture
def anna(served, as_anna):
    return served.stub(LedgerServiceStub, as_anna)


@pytest.fixture
def paid(served, as_anna, invoices):
    """`paid()`: by number, what is open of each invoice, its state and the day it was paid."""
    stub = served.stub(InvoiceServiceStub, as_anna)

    def ask(**fields):
        listed = stub.ListInvoices(invoices_pb2.ListInvoicesRequest(customer_id=ANNA, **fields)).invoices
        return {
            one.number: (
                one.open_amount.grosze,
                invoices_pb2.PaidState.Name(one.paid_state).removeprefix("PAID_STATE_"),
                f"{one.paid_on.month}-{one.paid_on.day}" if one.HasField("paid_on") else "",
            )
            for one in listed
        }

    return ask


@pytest.fixture
def settle(served):
    """`settle(100_00, {invoice_id: 60_00})`: a payment is settled on 10 April; answers its event."""

    def tell(grosze, shares=None, **changes):
        values = {
            "payment_id": str(new_id()),
            "customer_id": ANNA,
            "number": "P-7K3M-Q2XR",
            "amount": wire.pack_money(Money(grosze)),
            "shares": [
                payment_messages.PaymentShare(invoice_id=one, amount=wire.pack_money(Money(part)))
                for one, part in (shares or {}).items()
            ],
            "settled_at": wire.pack_instant(datetime(2026, 4, 10, 9, tzinfo=UTC)),
        }
        event = payments_pb2.PaymentSettled(**{**values, **changes})
        assert served.deliver(event)
        return event

    return tell


@pytest.fixture
def refund(served):
    """`refund(payment, 100_00)`: money of a payment is given back on 12 April; answers the event."""

    def tell(payment, grosze, **changes):
        values = {
            "refund_id": str(new_id()),
            "payment_id": payment.payment_id,
            "customer_id": payment.customer_id,
            "number": payment.number,
            "amount": wire.pack_money(Money(grosze)),
            "refunded_at": wire.pack_instant(datetime(2026, 4, 12, 9, tzinfo=UTC)),
        }
        event = payments_pb2.PaymentRefunded(**{**values, **changes})
        assert served.deliver(event)
        return event

    return tell


def balance_of(stub):
    found = stub.GetBalance(ledger_pb2.GetBalanceRequest(customer_id=ANNA)).balance
    assert found.balance.grosze == found.open_amount.grosze - found.credit.grosze
    return found.balance.grosze, found.open_amount.grosze, found.credit.grosze


def statement_of(stub):
    request = ledger_pb2.GetStatementRequest(customer_id=ANNA, until=day("2026-04-20"))
    return stub.GetStatement(request)


def allocations_of(stub, **entry):
    answer = stub.ListAllocations(ledger_pb2.ListAllocationsRequest(customer_id=ANNA, **entry))
    return [
        (
            one.amount.grosze,
            ledger_pb2.AllocationReason.Name(one.why).removeprefix("ALLOCATION_REASON_"),
            one.counterpart.invoice_number or one.counterpart.title,
        )
        for one in answer.allocations
    ]


def test_the_payers_choice_is_kept_and_the_rest_goes_to_the_oldest(invoices, settle, paid, anna, announced):
    event = settle(300_00, {invoices[SECOND]: 200_00})

    assert paid() == {FIRST: (TOTAL - 100_00, "OVERDUE", ""), SECOND: (43_78, "OVERDUE", "")}
    assert balance_of(anna) == (2 * TOTAL - 300_00, 2 * TOTAL - 300_00, 0)
    [entry] = [one for one in statement_of(anna).entries if one.kind == ledger_pb2.ENTRY_KIND_PAYMENT]
    assert (entry.title, entry.amount.grosze, entry.booked_on.day) == ("P-7K3M-Q2XR", -300_00, 10)
    assert entry.payment_id == event.payment_id
    assert allocations_of(anna, entry_id=entry.entry_id) == [
        (200_00, "CHOICE", SECOND),
        (100_00, "OLDEST_DUE", FIRST),
    ]
    assert allocations_of(anna, invoice_id=invoices[SECOND]) == [(200_00, "CHOICE", "P-7K3M-Q2XR")]
    [booked] = announced(events_pb2.PaymentBooked)
    assert (booked.payment_id, booked.customer_id, booked.entry_id) == (
        event.payment_id,
        ANNA,
        entry.entry_id,
    )


def test_a_choice_is_at_most_what_is_open_and_too_much_is_credit(invoices, settle, paid, anna, announced):
    settle(600_00, {invoices[SECOND]: 500_00, invoices[FIRST]: 100_00})

    assert paid() == {FIRST: (0, "PAID", "4-10"), SECOND: (0, "PAID", "4-10")}
    assert balance_of(anna) == (2 * TOTAL - 600_00, 0, 600_00 - 2 * TOTAL)
    assert {one.invoice_id for one in announced(events_pb2.InvoicePaid)} == set(invoices.values())
    assert announced(events_pb2.BalanceChanged)[-1].balance.grosze == 2 * TOTAL - 600_00


def test_a_choice_of_what_is_not_the_customers_leaves_the_money_to_the_oldest(invoices, settle, paid):
    settle(50_00, {str(new_id()): 50_00})
    assert paid()[FIRST] == (TOTAL - 50_00, "OVERDUE", "")


def test_a_payment_settled_at_night_is_booked_on_its_day_in_warsaw(invoices, settle, anna):
    settle(50_00, settled_at=wire.pack_instant(datetime(2026, 4, 10, 22, 30, tzinfo=UTC)))
    entry = statement_of(anna).entries[-1]
    assert (entry.amount.grosze, entry.booked_on.day) == (-50_00, 11)


def test_a_payment_that_is_told_twice_is_booked_once(invoices, settle, served, anna, announced):
    event = settle(100_00)
    served.deliver(event)
    served.deliver(event)

    assert balance_of(anna)[0] == 2 * TOTAL - 100_00
    assert len(announced(events_pb2.PaymentBooked)) == 1
    assert len([one for one in statement_of(anna).entries if one.payment_id == event.payment_id]) == 1


def test_another_payment_under_the_same_id_is_refused_and_changes_nothing(
    invoices, settle, served, anna, announced, given
):
    event = settle(100_00)
    given.customer("Celina Lipowska", customer_id=cast.CELINA_CUSTOMER)
    for changes in ({"amount": wire.pack_money(Money(100_01))}, {"customer_id": str(cast.CELINA_CUSTOMER)}):
        other = payments_pb2.PaymentSettled()
        other.CopyFrom(event)
        other.MergeFrom(payments_pb2.PaymentSettled(**changes))
        with pytest.raises(PaymentDiffers):
            served.deliver(other)
    assert balance_of(anna)[0] == 2 * TOTAL - 100_00
    assert len(announced(events_pb2.PaymentBooked)) == 1


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"amount": {"grosze": 0}}, Invalid),
        ({"customer_id": str(cast.CELINA_CUSTOMER)}, NotFound),
        ({"payment_id": "p"}, Invalid),
        ({"settled_at": None}, Invalid),
    ],
)
def test_a_payment_that_makes_no_sense_is_refused(invoices, settle, database, changes, refusal):
    with pytest.raises(refusal):
        settle(100_00, **changes)
    with database.reading() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM ledger_entries WHERE kind = 'PAYMENT'")) == 0
        assert session.scalar(sa.text("SELECT count(*) FROM inbox")) == 0


def test_a_refund_opens_again_what_was_paid_last_with_its_due_day(
    invoices, settle, refund, paid, anna, announced, served, as_daria
):
    payment = settle(2 * TOTAL)
    assert set(paid(paid_state="PAID_STATE_PAID")) == {FIRST, SECOND}
    event = refund(payment, 100_00)

    assert paid() == {FIRST: (0, "PAID", "4-10"), SECOND: (100_00, "OVERDUE", "")}
    assert set(paid(paid_state="PAID_STATE_OVERDUE")) == {SECOND}
    assert set(paid(paid_state="PAID_STATE_PAID")) == {FIRST}
    assert balance_of(anna) == (100_00, 100_00, 0)
    balance = anna.GetBalance(ledger_pb2.GetBalanceRequest(customer_id=ANNA)).balance
    assert (balance.overdue.grosze, balance.next_due_on.day, balance.next_due_on.month) == (100_00, 15, 4)
    statement = statement_of(anna)
    entry = statement.entries[-1]
    assert (entry.kind, entry.amount.grosze, entry.booked_on.day, entry.payment_id) == (
        ledger_pb2.ENTRY_KIND_REFUND,
        100_00,
        12,
        payment.payment_id,
    )
    assert (statement.refunded.grosze, statement.closing_balance.grosze) == (100_00, 100_00)
    assert [one.open_amount.grosze for one in statement.entries if one.invoice_number == SECOND] == [100_00]
    assert allocations_of(anna, invoice_id=invoices[SECOND]) == [
        (TOTAL, "OLDEST_DUE", payment.number),
        (-100_00, "REFUND", payment.number),
    ]
    assert allocations_of(anna, entry_id=entry.entry_id) == [(100_00, "REFUND", payment.number)]
    owing = served.stub(CustomerServiceStub, as_daria).SearchCustomers(
        customers_pb2.SearchCustomersRequest(in_arrears_only=True)
    )
    assert [one.customer.customer_id for one in owing.customers] == [ANNA]
    assert len(announced(events_pb2.InvoicePaid)) == 2
    assert served.deliver(event)  # another telling of the same refund
    assert balance_of(anna) == (100_00, 100_00, 0)


def test_an_invoice_that_is_paid_again_is_announced_again_with_the_later_day(
    invoices, settle, refund, paid, announced
):
    payment = settle(TOTAL)
    refund(payment, TOTAL)
    assert paid()[FIRST] == (TOTAL, "OVERDUE", "")
    settle(TOTAL, {invoices[FIRST]: TOTAL}, settled_at=wire.pack_instant(datetime(2026, 4, 15, tzinfo=UTC)))

    assert paid()[FIRST] == (0, "PAID", "4-15")
    days = [one.paid_on.day for one in announced(events_pb2.InvoicePaid) if one.invoice_id == invoices[FIRST]]
    assert days == [10, 15]


def test_unused_money_of_the_payment_is_given_back_first(invoices, settle, refund, paid, anna):
    payment = settle(2 * TOTAL + 50_00)
    refund(payment, 30_00)
    assert balance_of(anna) == (-20_00, 0, 20_00)
    refund(payment, 30_00)
    assert balance_of(anna) == (10_00, 10_00, 0)
    assert paid()[SECOND] == (10_00, "OVERDUE", "")


def test_other_credit_pays_at_once_what_a_refund_opened(invoices, settle, refund, paid, anna, announced):
    payment = settle(2 * TOTAL)
    settle(80_00, number="P-AAAA-BBBB")
    refund(payment, 2 * TOTAL)

    assert balance_of(anna) == (2 * TOTAL - 80_00, 2 * TOTAL - 80_00, 0)
    assert allocations_of(anna, invoice_id=invoices[FIRST]) == [
        (TOTAL, "OLDEST_DUE", payment.number),
        (-TOTAL, "REFUND", payment.number),
        (80_00, "CREDIT_USED", "P-AAAA-BBBB"),
    ]
    small = settle(2 * TOTAL)
    assert balance_of(anna) == (-80_00, 0, 80_00)
    announced_before = len(announced(events_pb2.InvoicePaid))
    refund(small, 120_00)
    assert balance_of(anna) == (40_00, 40_00, 0)
    assert len(announced(events_pb2.InvoicePaid)) == announced_before


def test_a_refund_that_other_credit_covers_leaves_the_invoice_paid(
    invoices, settle, refund, paid, anna, announced
):
    payment = settle(2 * TOTAL)
    settle(500_00, number="P-AAAA-BBBB")
    refund(payment, 100_00)

    assert paid()[SECOND] == (0, "PAID", "4-12")
    assert balance_of(anna) == (-400_00, 0, 400_00)
    assert len(announced(events_pb2.InvoicePaid)) == 2


def test_a_refund_that_comes_before_its_payment_waits_for_it(invoices, settle, served, anna):
    payment_id, event_id = str(new_id()), new_id()
    early = payments_pb2.PaymentRefunded(
        refund_id=str(new_id()),
        payment_id=payment_id,
        customer_id=ANNA,
        number="P-7K3M-Q2XR",
        amount=wire.pack_money(Money(100_00)),
        refunded_at=wire.pack_instant(datetime(2026, 4, 12, 9, tzinfo=UTC)),
    )
    with pytest.raises(PaymentNotBooked):
        served.deliver(early, event_id=event_id)
    assert balance_of(anna)[0] == 2 * TOTAL

    settle(100_00, payment_id=payment_id)
    assert served.deliver(early, event_id=event_id)

    assert balance_of(anna) == (2 * TOTAL, 2 * TOTAL, 0)


def test_no_more_is_given_back_than_is_left(invoices, settle, refund, anna):
    payment = settle(100_00)
    with pytest.raises(RefundTooLarge):
        refund(payment, 100_01)
    refund(payment, 60_00)
    with pytest.raises(RefundTooLarge):
        refund(payment, 40_01)
    refund(payment, 40_00)
    with pytest.raises(FailedPrecondition, match="REFUND_TOO_LARGE"):
        refund(payment, 1)
    assert balance_of(anna) == (2 * TOTAL, 2 * TOTAL, 0)


def test_another_refund_under_the_same_id_is_refused(invoices, settle, refund, given):
    payment, other = settle(100_00), settle(100_00)
    refund_id = refund(payment, 60_00).refund_id
    given.customer("Celina Lipowska", customer_id=cast.CELINA_CUSTOMER)
    with pytest.raises(RefundDiffers):
        refund(payment, 10_00, refund_id=refund_id)
    with pytest.raises(RefundDiffers):
        refund(other, 60_00, refund_id=refund_id)
    with pytest.raises(RefundDiffers):
        refund(payment, 60_00, customer_id=str(cast.CELINA_CUSTOMER))
