"""Any order of charges, payments, refunds and corrections on the pure rules: what must never happen does not happen.

The machine keeps every share that was ever made and reckons from them alone; the account under test is asked after
each step.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chassis.ids import new_id
from chassis.money import Money
from services.billing.domain.settlement import (
    Account,
    OpenEntry,
    Paid,
    Share,
    Wish,
    take_charge,
    take_payment,
    take_refund,
)
from services.billing.storage.ledger import AllocationReason

AMOUNTS = st.integers(1, 400)
DAYS = st.integers(0, 40)
INDEX = st.integers(0, 7)


@dataclass(frozen=True)
class Entry:
    """An entry as it was made; `amount` with its sign."""

    given: OpenEntry
    amount: int
    refund_of: UUID | None = None


class Settlement(RuleBasedStateMachine):
    """One customer's account and, beside it, all that ever happened to it."""

    @initialize()
    def begin(self) -> None:
        self.account = Account(new_id(), 0)
        self.entries: dict[UUID, Entry] = {}
        self.shares: list[Share] = []
        self.paid_announced: dict[UUID, int] = defaultdict(int)
        self.paid_expected: dict[UUID, int] = defaultdict(int)

    # what happens

    @rule(amount=st.integers(0, 400), booked=DAYS, due=DAYS)
    def charge(self, amount, booked, due) -> None:
        entry = self._entry(amount, booked, due=due, invoice_id=new_id())
        self._take(take_charge(self.account, entry.given))

    @rule(amount=AMOUNTS, booked=DAYS, choice=st.lists(st.tuples(INDEX, AMOUNTS), max_size=4))
    def pay(self, amount, booked, choice) -> None:
        invoices = [one.given.invoice_id for one in self.entries.values() if one.given.invoice_id]
        wishes = [
            Wish(invoices[index] if index < len(invoices) else new_id(), Money(part))
            for index, part in choice
        ]
        before = {one: self._open_of_invoice(one) for one in invoices}
        entry = self._entry(-amount, booked)
        shares = take_payment(self.account, entry.given, wishes=wishes)
        self._take(shares)
        self._choice_was_kept(wishes, before, amount, shares)

    @precondition(lambda self: self._payments())
    @rule(index=INDEX, amount=AMOUNTS, booked=DAYS)
    def refund(self, index, amount, booked) -> None:
        payments = self._payments()
        payment = payments[index % len(payments)].given
        uses = {
            debit: used
            for (credit, debit), used in self._pairs().items()
            if credit == payment.entry_id and used
        }
        unused = self._open(payment.entry_id)
        paid = [
            Paid(self._now(debit), Money(used))
            for debit, used in uses.items()
            if self.entries[debit].refund_of is None
        ]
        left = unused + sum(one.amount.grosze for one in paid)
        refund = OpenEntry(
            new_id(), Money(amount), self._day(booked), self._day(booked), 0, self._day(booked)
        )
        own = self._now(payment.entry_id)
        if amount > left:
            before = (list(self.account.debits), list(self.account.credits))
            with pytest.raises(ValueError, match="at most what is left"):
                take_refund(self.account, refund, own, paid)
            assert (self.account.debits, self.account.credits) == before
            return
        self.entries[refund.entry_id] = Entry(refund, amount, refund_of=payment.entry_id)
        shares = take_refund(self.account, refund, own, paid)
        self._take(shares, quiet=True)
        taken_back = sum(share.amount.grosze for share in shares if share.amount < Money(0))
        assert -taken_back == max(amount - unused, 0)  # what was unused went first
        back = [self._order(share.debit_entry_id) for share in shares if share.amount < Money(0)]
        assert back == sorted(back, reverse=True)

    @rule(amount=AMOUNTS, booked=DAYS, upwards=st.booleans())
    def correct(self, amount, booked, upwards) -> None:
        if upwards:
            self._take(take_charge(self.account, self._entry(amount, booked, due=0).given))
        else:
            self._take(take_payment(self.account, self._entry(-amount, booked).given))

    # what must hold

    @invariant()
    def no_side_is_exceeded_and_no_pair_is_below_nothing(self) -> None:
        for entry_id, entry in self.entries.items():
            assert 0 <= self._open(entry_id) <= abs(entry.amount)
        assert all(used >= 0 for used in self._pairs().values())

    @invariant()
    def the_account_is_what_the_shares_say(self) -> None:
        kept = {one.entry_id: one.open.grosze for one in (*self.account.debits, *self.account.credits)}
        assert kept == {one: self._open(one) for one in self.entries if self._open(one)}
        assert len(kept) == len(self.account.debits) + len(self.account.credits)
        assert all(self.entries[one.entry_id].amount > 0 for one in self.account.debits)
        assert all(self.entries[one.entry_id].amount < 0 for one in self.account.credits)

    @invariant()
    def open_less_credit_is_the_balance_is_the_sum(self) -> None:
        total = sum(one.amount for one in self.entries.values())
        assert self.account.open_amount - self.account.credit == self.account.balance == Money(total)

    @invariant()
    def nobody_owes_while_there_is_credit(self) -> None:
        assert not (self.account.open_amount and self.account.credit)

    @invariant()
    def a_refund_is_covered_by_its_payment_alone(self) -> None:
        pairs = self._pairs()
        for entry_id, entry in self.entries.items():
            if entry.refund_of is not None:
                covered = {credit: used for (credit, debit), used in pairs.items() if debit == entry_id}
                assert covered == {entry.refund_of: entry.amount}

    @invariant()
    def days_never_go_back(self) -> None:
        last: dict[UUID, date] = {}
        for share in self.shares:
            charge = self.entries[share.debit_entry_id].given
            assert share.counts_from >= last.get(share.debit_entry_id, charge.booked_on)
            last[share.debit_entry_id] = share.counts_from

    @invariant()
    def an_invoice_is_told_to_be_paid_each_time_it_becomes_paid(self) -> None:
        assert self.paid_announced == self.paid_expected

    # reckoning from what happened

    def _entry(self, amount: int, booked: int, *, due: int = 0, invoice_id: UUID | None = None) -> Entry:
        day = self._day(booked)
        given = OpenEntry(
            new_id(), Money(abs(amount)), day + timedelta(days=due), day, len(self.entries), day, invoice_id
        )
        entry = self.entries[given.entry_id] = Entry(given, amount)
        return entry

    def _take(self, shares, *, quiet=False) -> None:
        """Keep the shares; count what they close, and what really became paid meanwhile."""
        before = {one: self._open(one) for one in self.entries}
        self.shares += shares
        for one, entry in self.entries.items():
            if entry.given.invoice_id and entry.given.open and before[one] and not self._open(one):
                self.paid_expected[one] += 1
        for share in shares:
            if share.closes and share.invoice_id and not (quiet and not before[share.debit_entry_id]):
                self.paid_announced[share.debit_entry_id] += 1

    def _choice_was_kept(self, wishes, before, amount, shares) -> None:
        """In order, each at most what is open of its invoice and what is left of the payment."""
        expected: dict[UUID | None, int] = defaultdict(int)
        left = amount
        for wish in wishes:
            open_now = before.get(wish.invoice_id, 0) - expected[wish.invoice_id]
            part = min(wish.amount.grosze, open_now, left)
            expected[wish.invoice_id] += part
            left -= part
        chosen: dict[UUID | None, int] = defaultdict(int)
        for share in shares:
            if share.reason is AllocationReason.CHOICE:
                chosen[share.invoice_id] += share.amount.grosze
        assert {key: part for key, part in expected.items() if part} == chosen
        rest = [
            self._order(share.debit_entry_id)
            for share in shares
            if share.reason is AllocationReason.OLDEST_DUE
        ]
        assert rest == sorted(rest)

    def _pairs(self) -> dict[tuple[UUID, UUID], int]:
        pairs: dict[tuple[UUID, UUID], int] = defaultdict(int)
        for share in self.shares:
            pairs[share.credit_entry_id, share.debit_entry_id] += share.amount.grosze
        return pairs

    def _open(self, entry_id: UUID) -> int:
        used = sum(
            share.amount.grosze
            for share in self.shares
            if entry_id in (share.credit_entry_id, share.debit_entry_id)
        )
        return abs(self.entries[entry_id].amount) - used

    def _open_of_invoice(self, invoice_id: UUID) -> int:
        return sum(self._open(key) for key, one in self.entries.items() if one.given.invoice_id == invoice_id)

    def _now(self, entry_id: UUID) -> OpenEntry:
        given = self.entries[entry_id].given
        days = [share.counts_from for share in self.shares if share.debit_entry_id == entry_id]
        return OpenEntry(
            entry_id,
            Money(self._open(entry_id)),
            given.order_day,
            given.booked_on,
            given.seq,
            max([given.booked_on, *days]),
            given.invoice_id,
        )

    def _order(self, entry_id: UUID) -> tuple[date, date, int]:
        given = self.entries[entry_id].given
        return (given.order_day, given.booked_on, given.seq)

    def _payments(self) -> list[Entry]:
        return [one for one in self.entries.values() if one.amount < 0]

    @staticmethod
    def _day(days: int) -> date:
        return date(2026, 1, 1) + timedelta(days=days)


TestSettlement = Settlement.TestCase
TestSettlement.settings = settings(max_examples=300, stateful_step_count=30, deadline=None)
