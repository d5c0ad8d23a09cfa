"""Any order of charges, payments, refunds and corrections on a real database: what must never happen does not happen.

Two customers, so that nothing of one touches the other; what the machine expects it reckons on its own.
"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from ebok.billing.v1 import events_pb2, ledger_pb2
from ebok.billing.v1.ledger_pb2_grpc import LedgerServiceStub
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from chassis.errors import Refusal
from chassis.ids import new_id
from chassis.money import Money
from chassis.testing.served import announced_in
from services.billing.domain import corrections, ledger, settled_payments
from services.billing.domain.corrections import Correction
from services.billing.domain.ledger import Charge, Payment, PaymentDiffers, PostedPayment
from services.billing.domain.refunds import PaymentNotBooked, RefundDiffers, RefundTooLarge
from services.billing.domain.settlement import Wish
from services.billing.storage import ledger as stored
from tests.billing.bills import BARE_NUMBER, add_invoice, house

WHO = st.integers(0, 1)
AMOUNTS = st.integers(1, 400)
DAYS = st.integers(0, 40)
INDEX = st.integers(0, 6)
FIRST_DAY = date(2026, 1, 1)

# What is left of each entry, by customer; and what must hold of allocations, whoever made them.
OPEN = sa.text("""
    SELECT e.customer_id, e.entry_id, e.invoice_id, e.kind, e.amount,
           abs(e.amount) - coalesce((SELECT sum(a.amount) FROM ledger_allocations a
                                      WHERE e.entry_id IN (a.debit_entry_id, a.credit_entry_id)), 0) AS open
      FROM ledger_entries e
""")
FOREIGN = sa.text("""
    SELECT count(*) FROM ledger_allocations a
      JOIN ledger_entries d ON d.entry_id = a.debit_entry_id
      JOIN ledger_entries c ON c.entry_id = a.credit_entry_id
     WHERE d.customer_id <> a.customer_id OR c.customer_id <> a.customer_id
""")
BELOW_NOTHING = sa.text("""
    SELECT count(*) FROM (SELECT 1 FROM ledger_allocations GROUP BY credit_entry_id, debit_entry_id
                          HAVING sum(amount) < 0) AS pairs
""")


def forget(database) -> None:
    """Empty the ledger between examples; only a test may, the tables refuse it."""
    with database.transaction() as session:
        for table in ("ledger_allocations", "ledger_entries", "invoice_spans"):
            session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            session.execute(sa.text(f"DELETE FROM {table}"))  # noqa: S608 - a name of ours
            session.execute(sa.text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
        session.execute(sa.text("DELETE FROM ledger_accounts"))
        session.execute(sa.text("DELETE FROM outbox"))


def test_whatever_happens_in_whatever_order(served, database, given, clock, as_edward):
    """A machine charges, pays, repeats, overpays, gives back and corrects; the ledger is asked after each step."""
    door = served.stub(LedgerServiceStub, as_edward)
    houses = [house(given, {}), house(given, {})]
    customers = [one.customer.customer_id for one in houses]

    class Ledger(RuleBasedStateMachine):
        numbers = iter(range(1, 10_000_000))

        @initialize()
        def begin(self) -> None:
            forget(database)
            self.sums = dict.fromkeys(customers, 0)
            self.imported: list[Payment] = []
            self.settled: dict[UUID, tuple[UUID, int]] = {}
            self.refunds: dict[UUID, tuple[UUID, int]] = {}
            self.invoices: list[tuple[UUID, UUID, str]] = []
            self.open_before: dict[UUID, int] = {}
            self.closings: Counter[str] = Counter()
            self.rows_before: dict[str, set[tuple]] = {}

        # what happens

        @rule(who=WHO, amount=st.integers(0, 400), booked=DAYS, due=DAYS)
        def charge(self, who, amount, booked, due) -> None:
            number = next(self.numbers)
            invoice_id = add_invoice(
                database, houses[who].billed, number=number, amount=Money(amount), clock=clock
            )
            day = FIRST_DAY + timedelta(days=booked)
            charge = Charge(customers[who], invoice_id, Money(amount), day, day + timedelta(days=due))
            with database.transaction() as session:
                ledger.post_charges(session, [charge], now=clock.now())
            self.sums[customers[who]] += amount
            self.invoices.append((customers[who], invoice_id, BARE_NUMBER.format(number)))

        @rule(data=st.lists(st.tuples(WHO, AMOUNTS, DAYS, INDEX), min_size=1, max_size=4))
        def import_payments(self, data) -> None:
            payments = []
            for who, amount, booked, named in data:
                own = [number for owner, _, number in self.invoices if owner == customers[who]]
                payments.append(
                    Payment(
                        customer_id=customers[who],
                        external_id=f"w-{next(self.numbers)}",
                        amount=Money(amount),
                        booked_on=FIRST_DAY + timedelta(days=booked),
                        invoice_number=own[named] if named < len(own) else None,
                    )
                )
            with database.transaction() as session:
                answers = ledger.post_payments(session, payments, now=clock.now())
            assert all(isinstance(answer, PostedPayment) and answer.created for answer in answers)
            for payment in payments:
                self.sums[payment.customer_id] -= payment.amount.grosze
            self.imported += payments

        @rule(index=INDEX, extra=st.integers(0, 1))
        def import_again(self, index, extra) -> None:
            if index >= len(self.imported):
                return
            known = self.imported[index]
            again = Payment(
                known.customer_id, known.external_id, known.amount + Money(extra), known.booked_on
            )
            with database.transaction() as session:
                [answer] = ledger.post_payments(session, [again], now=clock.now())
            assert isinstance(answer, Refusal) == bool(extra)
            assert isinstance(answer, Refusal) or not answer.created

        @rule(who=WHO, amount=AMOUNTS, booked=DAYS, choice=st.lists(st.tuples(INDEX, AMOUNTS), max_size=3))
        def settle(self, who, amount, booked, choice) -> None:
            """Wishes may name anybody's invoices: those of others are passed over."""
            wishes = [
                Wish(self.invoices[index][1], Money(part))
                for index, part in choice
                if index < len(self.invoices)
            ]
            payment_id = new_id()
            self._book(payment_id, customers[who], amount, booked, wishes)
            self.settled[payment_id] = (customers[who], amount)
            self.sums[customers[who]] -= amount

        @rule(index=INDEX, extra=st.integers(0, 1))
        def settle_again(self, index, extra) -> None:
            if index >= len(self.settled):
                return
            payment_id, (customer_id, amount) = list(self.settled.items())[index]
            if extra:
                with pytest.raises(PaymentDiffers):
                    self._book(payment_id, customer_id, amount + extra, 0, [])
            else:
                self._book(payment_id, customer_id, amount, 0, [])

        @rule(index=INDEX, amount=AMOUNTS, booked=DAYS, whole=st.booleans())
        def refund(self, index, amount, booked, whole) -> None:
            if index >= len(self.settled):
                return
            payment_id, (customer_id, paid) = list(self.settled.items())[index]
            left = paid - sum(part for of, part in self.refunds.values() if of == payment_id)
            amount = left if whole and left else amount
            refund_id = new_id()
            if amount > left:
                with pytest.raises(RefundTooLarge):
                    self._give_back(refund_id, payment_id, customer_id, amount, booked)
                return
            self._give_back(refund_id, payment_id, customer_id, amount, booked)
            self.refunds[refund_id] = (payment_id, amount)
            self.sums[customer_id] += amount

        @rule(index=INDEX, extra=st.integers(0, 1))
        def refund_again(self, index, extra) -> None:
            if index >= len(self.refunds):
                return
            refund_id, (payment_id, amount) = list(self.refunds.items())[index]
            customer_id = self.settled[payment_id][0]
            if extra:
                with pytest.raises(RefundDiffers):
                    self._give_back(refund_id, payment_id, customer_id, amount + extra, 0)
            else:
                self._give_back(refund_id, payment_id, customer_id, amount, 0)

        @rule(who=WHO, amount=AMOUNTS)
        def refund_before_the_payment(self, who, amount) -> None:
            with pytest.raises(PaymentNotBooked):
                self._give_back(new_id(), new_id(), customers[who], amount, 0)

        @rule(who=WHO, amount=AMOUNTS, booked=DAYS, upwards=st.booleans())
        def correct(self, who, amount, booked, upwards) -> None:
            signed = amount if upwards else -amount
            day = FIRST_DAY + timedelta(days=booked)
            correction = Correction(customers[who], new_id(), Money(signed), day, "Błąd odczytu")
            for _ in range(2):
                with database.transaction() as session:
                    corrections.post_correction(session, correction, now=clock.now())
            self.sums[customers[who]] += signed

        def _book(self, payment_id, customer_id, amount, booked, wishes) -> None:
            with database.transaction() as session:
                settled_payments.book(
                    session,
                    payment_id,
                    customer_id=customer_id,
                    number="P-7K3M-Q2XR",
                    amount=Money(amount),
                    choice=wishes,
                    settled_at=datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=booked),
                    now=clock.now(),
                )

        def _give_back(self, refund_id, payment_id, customer_id, amount, booked) -> None:
            with database.transaction() as session:
                settled_payments.give_back(
                    session,
                    refund_id,
                    payment_id=payment_id,
                    customer_id=customer_id,
                    number="P-7K3M-Q2XR",
                    amount=Money(amount),
                    refunded_at=datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=booked),
                    now=clock.now(),
                )

        # what must hold

        @invariant()
        def sums_agree_for_each_customer_alone(self) -> None:
            with database.reading() as session:
                owed = stored.balances_of(session, customers, today=date(2026, 2, 1))
            for customer_id, total in self.sums.items():
                request = ledger_pb2.GetBalanceRequest(customer_id=str(customer_id))
                told = door.GetBalance(request).balance
                assert told.balance.grosze == owed[customer_id].balance.grosze == total
                # Nobody owes while there is credit: one of the two is nothing.
                assert (told.open_amount.grosze, told.credit.grosze) == (max(total, 0), max(-total, 0))

        @invariant()
        def no_side_is_exceeded_and_an_invoice_is_told_to_be_paid_each_time(self) -> None:
            with database.reading() as session:
                rows = session.execute(OPEN).all()
                assert all(0 <= row.open <= abs(row.amount) for row in rows)
                assert all(row.open == 0 for row in rows if row.kind == "REFUND")
                assert session.execute(FOREIGN).scalar_one() == 0
                assert session.execute(BELOW_NOTHING).scalar_one() == 0
            for row in rows:
                if row.kind == "CHARGE" and not row.open and self.open_before.get(row.entry_id) != 0:
                    self.closings[str(row.invoice_id)] += 1
            self.open_before = {row.entry_id: int(row.open) for row in rows}
            told = Counter(event.invoice_id for event in announced_in(database, events_pb2.InvoicePaid))
            assert told == self.closings

        @invariant()
        def what_was_written_stays_as_it_was(self) -> None:
            with database.reading() as session:
                for table in ("ledger_entries", "ledger_allocations"):
                    rows = {
                        tuple(row)
                        for row in session.execute(sa.text(f"SELECT * FROM {table}"))  # noqa: S608
                    }
                    assert self.rows_before.get(table, set()) <= rows
                    self.rows_before[table] = rows

        @invariant()
        def each_booking_and_each_change_was_announced_once(self) -> None:
            booked = [event.payment_id for event in announced_in(database, events_pb2.PaymentBooked)]
            assert sorted(booked) == sorted(str(payment_id) for payment_id in self.settled)
            for customer_id in customers:
                changes = [
                    event
                    for event in announced_in(database, events_pb2.BalanceChanged)
                    if event.customer_id == str(customer_id)
                ]
                versions = [event.version for event in changes]
                assert versions == sorted(set(versions))
                assert (changes[-1].balance.grosze if changes else 0) == self.sums[customer_id]

    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=12,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
