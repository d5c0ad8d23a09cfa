"""What a payment is meant for."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chassis.errors import Invalid
from chassis.ids import new_id
from chassis.money import Money, sum_money
from services.payments.domain.shares import (
    AMOUNT_MAX,
    AMOUNT_MIN,
    NothingToPay,
    Payable,
    PayableInvoice,
    share_out,
)


def payable(*opens):
    invoices = [
        PayableInvoice(new_id(), f"FV/{number}", Money(grosze)) for number, grosze in enumerate(opens)
    ]
    return Payable("20411085", invoices)


@pytest.mark.parametrize(
    ("opens", "own", "amount", "parts"),
    [
        ((100_00, 50_00), None, 150_00, [100_00, 50_00]),
        ((100_00, 50_00), 120_00, 120_00, [100_00, 20_00]),
        ((100_00, 50_00), 30_00, 30_00, [30_00]),
        ((100_00, 50_00), 200_00, 200_00, [100_00, 50_00]),
        ((0, 50_00), None, 50_00, [50_00]),
        ((), 20_00, 20_00, []),
        ((1_00,), None, 1_00, [1_00]),
    ],
)
def test_invoices_are_filled_in_their_order(opens, own, amount, parts):
    found, shares = share_out(payable(*opens), None if own is None else Money(own), invoices_chosen=False)
    assert (found.grosze, [share.amount.grosze for share in shares]) == (amount, parts)


@pytest.mark.parametrize(
    ("opens", "own", "chosen"),
    [((), None, False), ((0, 0), None, True), ((0,), 20_00, True), ((0,), None, False)],
)
def test_paid_invoices_are_not_paid_again(opens, own, chosen):
    with pytest.raises(NothingToPay):
        share_out(payable(*opens), None if own is None else Money(own), invoices_chosen=chosen)


@pytest.mark.parametrize(
    ("opens", "own"), [((99,), None), ((100_000_01,), None), ((50_00,), 0), ((50_00,), -5)]
)
def test_bounds_hold_for_sums_and_for_own_amounts(opens, own):
    with pytest.raises(Invalid):
        share_out(payable(*opens), None if own is None else Money(own), invoices_chosen=False)


@given(
    opens=some.lists(some.integers(0, 30_000_00), max_size=12),
    own=some.none() | some.integers(-5, 120_000_00),
    chosen=some.booleans(),
)
def test_shares_never_exceed_what_is_paid_or_what_is_open(opens, own, chosen):
    asked = payable(*opens)
    try:
        amount, shares = share_out(asked, None if own is None else Money(own), invoices_chosen=chosen)
    except (NothingToPay, Invalid):
        return
    assert AMOUNT_MIN <= amount <= AMOUNT_MAX
    assert sum_money(share.amount for share in shares) == min(amount, Money(sum(opens)))
    open_of = {invoice.invoice_id: invoice.open_amount for invoice in asked.invoices}
    assert all(Money.zero() < share.amount <= open_of[share.invoice_id] for share in shares)
    assert all(share.amount == open_of[share.invoice_id] for share in shares[:-1])
