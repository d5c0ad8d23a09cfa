"""The ledger on a real database: what the tables refuse, batches, corrections."""

from datetime import date

import pytest
import sqlalchemy as sa
from ebok.billing.v1 import events_pb2, ledger_pb2
from ebok.billing.v1.ledger_pb2_grpc import LedgerServiceStub

from chassis.errors import Invalid, Refusal
from chassis.ids import new_id
from chassis.money import Money
from chassis.testing.served import announced_in
from services.billing.domain import corrections, ledger
from services.billing.domain.corrections import Correction, CorrectionDiffers
from services.billing.domain.ledger import Charge, Payment
from services.billing.storage import ledger as stored
from services.billing.storage.ledger import AllocationReason
from tests.billing.bills import add_invoice, house


def test_the_database_itself_refuses_an_allocation_beyond_its_sides(database, given, clock):
    one = house(given, {})
    invoice_id = add_invoice(database, one.billed, number=1, amount=Money(100), clock=clock)
    customer_id = one.customer.customer_id
    with database.transaction() as session:
        day = date(2026, 3, 1)
        charge = ledger.post_charges(
            session, [Charge(customer_id, invoice_id, Money(100), day, day)], now=clock.now()
        )[invoice_id]
        payment = ledger.post_payment(session, Payment(customer_id, "w-1", Money(30), day), now=clock.now())
    row = {
        "allocation_id": new_id(),
        "customer_id": customer_id,
        "credit_entry_id": payment.entry_id,
        "debit_entry_id": charge.entry_id,
        "amount": Money(1),
        "counts_from": date(2026, 3, 1),
        "reason": AllocationReason.REFUND,
        "created_at": clock.now(),
    }
    for beyond in (Money(1), Money(-31)):
        with pytest.raises(sa.exc.IntegrityError, match="exceeds"), database.transaction() as session:
            stored.add_allocations(session, [row | {"amount": beyond}])
    for reason in AllocationReason:
        if reason is not AllocationReason.REFUND:
            with pytest.raises(sa.exc.IntegrityError, match="sign"), database.transaction() as session:
                stored.add_allocations(session, [row | {"amount": Money(-1), "reason": reason}])
    with database.transaction() as session:
        stored.add_allocations(session, [row | {"amount": Money(-30)}])


def test_payments_of_a_whole_batch_need_no_query_for_each(database, given, clock):
    customers = [house(given, {}).customer.customer_id for _ in range(12)]
    counts = {}
    for size in (2, 12):
        statements_made: list[str] = []

        def note(connection, cursor, statement, parameters, context, executemany, _found=statements_made):
            _found.append(statement)

        payments = [
            Payment(customer_id, f"w-{size}-{place}", Money(100), date(2026, 3, 1))
            for place, customer_id in enumerate(customers[:size])
        ]
        sa.event.listen(database.engine, "before_cursor_execute", note)
        with database.transaction() as session:
            ledger.post_payments(session, payments, now=clock.now())
        sa.event.remove(database.engine, "before_cursor_execute", note)
        counts[size] = len(statements_made)
    assert counts[2] == counts[12] <= 9


def test_one_batch_posts_what_it_can_and_says_what_it_could_not(database, given, clock):
    customer_id = house(given, {}).customer.customer_id
    day = date(2026, 3, 1)
    payments = [
        Payment(customer_id, "w-1", Money(100), day),
        Payment(customer_id, "w-2", Money(0), day),
        Payment(customer_id, "w-1", Money(100), day),
        Payment(customer_id, "w-1", Money(200), day),
        Payment(customer_id, "w-3", Money(300), day, invoice_number="FV/2026/000001"),
        Payment(customer_id, "", Money(300), day),
    ]
    with database.transaction() as session:
        answers = ledger.post_payments(session, payments, now=clock.now())
    told = [
        answer.reason if isinstance(answer, Refusal) else ("new" if answer.created else "known")
        for answer in answers
    ]
    assert told == ["new", "INVALID_INPUT", "known", "PAYMENT_DIFFERS", "UNKNOWN_INVOICE", "INVALID_INPUT"]
    [event] = announced_in(database, events_pb2.BalanceChanged)
    assert (event.balance.grosze, event.version) == (-100, 1)


def correct(database, clock, customer_id, grosze: int, **changes):
    values = {
        "customer_id": customer_id,
        "correction_id": new_id(),
        "amount": Money(grosze),
        "booked_on": date(2026, 3, 10),
        "reason": "Błąd odczytu w lutym",
    }
    with database.transaction() as session:
        return corrections.post_correction(session, Correction(**{**values, **changes}), now=clock.now())


@pytest.fixture
def owed(served, as_edward):
    """`owed(customer_id)`: the balance, what is open and of which due day."""
    door = served.stub(LedgerServiceStub, as_edward)

    def ask(customer_id):
        found = door.GetBalance(ledger_pb2.GetBalanceRequest(customer_id=str(customer_id))).balance
        return found.balance.grosze, found.open_amount.grosze, found.next_due_on.day

    return ask


def test_a_correction_upwards_is_to_be_paid_that_day_and_takes_credit_first(database, given, clock, owed):
    customer_id = house(given, {}).customer.customer_id
    with database.transaction() as session:
        ledger.post_payment(
            session, Payment(customer_id, "w-1", Money(30), date(2026, 3, 1)), now=clock.now()
        )
    correct(database, clock, customer_id, 100)
    assert owed(customer_id) == (70, 70, 10)


def test_a_correction_downwards_pays_the_oldest_and_is_credit_then(database, given, clock, owed):
    one = house(given, {})
    customer_id = one.customer.customer_id
    invoice_id = add_invoice(database, one.billed, number=1, amount=Money(100), clock=clock)
    with database.transaction() as session:
        day = date(2026, 3, 1)
        ledger.post_charges(session, [Charge(customer_id, invoice_id, Money(100), day, day)], now=clock.now())
    correct(database, clock, customer_id, -130)
    assert owed(customer_id) == (-30, 0, 0)
    [paid] = announced_in(database, events_pb2.InvoicePaid)
    assert (paid.invoice_id, paid.paid_on.day) == (str(invoice_id), 10)


def test_a_correction_is_posted_once_and_another_under_its_id_is_refused(database, given, clock, owed):
    customer_id = house(given, {}).customer.customer_id
    correction_id = new_id()
    first = correct(database, clock, customer_id, 100, correction_id=correction_id)
    again = correct(database, clock, customer_id, 100, correction_id=correction_id)
    assert (first.created, again.created, again.entry_id) == (True, False, first.entry_id)
    other = house(given, {}).customer.customer_id
    for whose, grosze in ((customer_id, -100), (other, 100)):
        with pytest.raises(CorrectionDiffers):
            correct(database, clock, whose, grosze, correction_id=correction_id)
    assert owed(customer_id)[0] == 100
    assert len(announced_in(database, events_pb2.BalanceChanged)) == 1


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"amount": Money(0)}, "amount", "OUT_OF_RANGE"),
        ({"booked_on": date(2026, 3, 17)}, "booked_on", "OUT_OF_RANGE"),
        ({"reason": "  "}, "reason", "REQUIRED"),
        ({"reason": "x" * 141}, "reason", "TOO_LONG"),
    ],
)
def test_a_correction_is_not_of_nothing_nor_of_tomorrow_and_says_why(
    database, given, clock, owed, changes, field, reason
):
    customer_id = house(given, {}).customer.customer_id
    with pytest.raises(Invalid) as refused:
        correct(database, clock, customer_id, 100, **changes)
    assert [(one.field, one.reason) for one in refused.value.violations] == [(field, reason)]
    assert owed(customer_id) == (0, 0, 0)
