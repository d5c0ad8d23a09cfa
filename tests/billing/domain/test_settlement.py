"""Which money pays which charge: the worked numbers of docs/algorithms/settlement-order.md, and properties."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.ids import new_id
from chassis.money import Money, sum_money
from services.billing.domain.settlement import (
    Account,
    OpenEntry,
    Paid,
    Wish,
    take_charge,
    take_payment,
    take_refund,
)
from services.billing.storage.ledger import AllocationReason


def entry(amount: int, day: str, *, due: str = "", seq: int = 1, invoice_id: UUID | None = None) -> OpenEntry:
    booked_on = date.fromisoformat(day)
    return OpenEntry(
        entry_id=new_id(),
        open=Money(amount),
        order_day=date.fromisoformat(due) if due else booked_on,
        booked_on=booked_on,
        seq=seq,
        counted_to=booked_on,
        invoice_id=invoice_id,
    )


def account(*debits: OpenEntry) -> Account:
    return Account(new_id(), 0, debits=list(debits))


def test_the_oldest_due_day_is_paid_first():
    later = entry(100_00, "2026-01-05", due="2026-03-01", seq=1)
    sooner = entry(60_00, "2026-02-05", due="2026-02-20", seq=2)
    ours = account(later, sooner)
    shares = take_payment(ours, entry(80_00, "2026-02-25"))
    assert [(share.debit_entry_id, share.amount.grosze, share.closes) for share in shares] == [
        (sooner.entry_id, 60_00, True),
        (later.entry_id, 20_00, False),
    ]
    assert (ours.open_amount.grosze, ours.credit.grosze, ours.balance.grosze) == (80_00, 0, 80_00)


def test_the_invoice_that_is_named_goes_before_older_ones():
    invoice_id = new_id()
    old = entry(60_00, "2026-01-05", due="2026-02-20", seq=1)
    named = entry(100_00, "2026-02-05", due="2026-03-01", seq=2, invoice_id=invoice_id)
    wish = Wish(invoice_id, Money(120_00), AllocationReason.NAMED)
    shares = take_payment(account(old, named), entry(120_00, "2026-02-25"), wishes=[wish])
    assert [(share.debit_entry_id, share.amount.grosze) for share in shares] == [
        (named.entry_id, 100_00),
        (old.entry_id, 20_00),
    ]


def test_a_choice_goes_first_and_what_is_beyond_it_to_the_oldest():
    invoices = [new_id() for _ in range(3)]
    first, second, third = (
        entry(amount, "2026-01-05", due=due, seq=seq, invoice_id=invoices[seq])
        for seq, (amount, due) in enumerate(
            [(60_00, "2026-02-20"), (100_00, "2026-03-01"), (30_00, "2026-03-10")]
        )
    )
    ours = account(first, second, third)
    wishes = [Wish(invoices[2], Money(50_00)), Wish(invoices[1], Money(80_00))]
    shares = take_payment(ours, entry(150_00, "2026-03-12"), wishes=wishes)
    assert [(share.debit_entry_id, share.amount.grosze, share.reason) for share in shares] == [
        (third.entry_id, 30_00, AllocationReason.CHOICE),
        (second.entry_id, 80_00, AllocationReason.CHOICE),
        (first.entry_id, 40_00, AllocationReason.OLDEST_DUE),
    ]
    assert {one.entry_id: one.open.grosze for one in ours.debits} == {
        first.entry_id: 20_00,
        second.entry_id: 20_00,
    }
    assert ours.credit.grosze == 0


@pytest.mark.parametrize("other_credit", [0, 30_00])
def test_a_refund_takes_what_is_unused_then_the_newest_due(other_credit):
    old = entry(60_00, "2026-01-05", due="2026-02-20", seq=1)
    new = entry(100_00, "2026-01-05", due="2026-03-01", seq=2)
    ours = account(old, new)
    payment = entry(180_00, "2026-02-25", seq=3)
    shares = take_payment(ours, payment)
    assert (ours.open_amount.grosze, ours.credit.grosze) == (0, 20_00)
    if other_credit:
        other = entry(other_credit, "2026-02-26", seq=4)
        take_payment(ours, other)
    paid = [
        Paid(replace(charge, open=Money(0), counted_to=share.counts_from), share.amount)
        for charge, share in zip((old, new), shares, strict=True)
    ]
    refund = entry(90_00, "2026-03-12", seq=5)

    taken = take_refund(ours, refund, replace(payment, open=Money(20_00)), paid)

    expected = [
        (new.entry_id, -70_00, AllocationReason.REFUND),
        (refund.entry_id, 90_00, AllocationReason.REFUND),
    ]
    if other_credit:
        expected.append((new.entry_id, 30_00, AllocationReason.CREDIT_USED))
    assert [(share.debit_entry_id, share.amount.grosze, share.reason) for share in taken] == expected
    assert [share.counts_from for share in taken if share.debit_entry_id == new.entry_id] == [
        date(2026, 3, 12)
    ] * (2 if other_credit else 1)
    [open_again] = ours.debits
    assert (open_again.entry_id, open_again.open.grosze) == (new.entry_id, 70_00 - other_credit)
    assert open_again.order_day == date(2026, 3, 1)
    assert (ours.balance.grosze, ours.credit.grosze) == (70_00 - other_credit, 0)


def test_what_is_left_is_credit_and_pays_the_next_charge_oldest_money_first():
    ours = account()
    first, second = entry(30_00, "2026-01-10", seq=1), entry(50_00, "2026-01-20", seq=2)
    take_payment(ours, second)
    take_payment(ours, first)
    shares = take_charge(ours, entry(40_00, "2026-02-01", due="2026-02-15", seq=3))
    assert [(share.credit_entry_id, share.amount.grosze) for share in shares] == [
        (first.entry_id, 30_00),
        (second.entry_id, 10_00),
    ]
    assert shares[-1].closes
    assert ours.credit.grosze == 40_00


def test_a_charge_counts_as_paid_on_the_latest_day_of_its_money():
    ours = account(entry(100_00, "2026-02-01", due="2026-02-15"))
    [part] = take_payment(ours, entry(60_00, "2026-03-10"))
    [rest] = take_payment(ours, entry(40_00, "2026-03-05"))  # arrives later, booked earlier
    assert part.counts_from == date(2026, 3, 10)
    assert (rest.closes, rest.counts_from) == (True, date(2026, 3, 10))


def test_nothing_is_paid_before_it_was_charged():
    ours = account()
    take_payment(ours, entry(100_00, "2026-01-01"))
    [share] = take_charge(ours, entry(70_00, "2026-02-01", due="2026-02-15"))
    assert share.counts_from == date(2026, 2, 1)


MOVES = st.lists(st.tuples(st.sampled_from(["charge", "payment"]), st.integers(1, 500), st.integers(0, 60)))


@given(MOVES)
def test_no_side_is_ever_exceeded_and_the_balance_is_the_sum(moves):
    ours = account()
    opened: dict[UUID, Money] = {}
    used: dict[UUID, Money] = {}
    total = 0
    for seq, (kind, amount, days) in enumerate(moves, start=1):
        day = (date(2026, 1, 1) + timedelta(days=days)).isoformat()
        new = entry(amount, day, seq=seq)
        opened[new.entry_id] = new.open
        shares = take_charge(ours, new) if kind == "charge" else take_payment(ours, new)
        total += amount if kind == "charge" else -amount
        for share in shares:
            assert share.amount > Money(0)
            for side in (share.credit_entry_id, share.debit_entry_id):
                used[side] = used.get(side, Money(0)) + share.amount
        assert all(used.get(entry_id, Money(0)) <= whole for entry_id, whole in opened.items())
        assert ours.balance == Money(total)
        assert not (ours.open_amount and ours.credit)  # nobody owes while holding credit
        left = {one.entry_id: one.open for one in (*ours.debits, *ours.credits)}
        assert {key: opened[key] - used.get(key, Money(0)) for key in left} == left
    assert sum_money(used.values()).grosze % 2 == 0
