"""Which money pays which charge: pure arithmetic, no database. Worked numbers: docs/algorithms/settlement-order.md.

Money received goes where its payer wished, the rest of it to the open charges, the oldest due day first; what is
left stays as credit. A new charge takes credit first, the oldest money first. Money that is given back is taken from
what the same payment left unused, then from what it paid, the newest due day first. Each share is at most what is
open on both of its sides, so neither is ever exceeded.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from chassis.money import Money, sum_money
from services.billing.storage.ledger import AllocationReason

NOTHING = Money(0)


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """An entry and what is open of it, never negative.

    `order_day`: a charge's due day, else the day of booking. `counted_to`: the day of booking, or of the last share.
    """

    entry_id: UUID
    open: Money
    order_day: date
    booked_on: date
    seq: int
    counted_to: date
    invoice_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What one credit pays of one charge, and why; negative where it is taken back. `counts_from`: never before
    either entry, nor before the charge's earlier shares, so that the day of the share that `closes` it is the day it
    was paid.
    """

    credit_entry_id: UUID
    debit_entry_id: UUID
    amount: Money
    counts_from: date
    invoice_id: UUID | None
    closes: bool
    reason: AllocationReason


@dataclass(frozen=True, slots=True)
class Wish:
    """What a payment is meant for: an invoice, and at most how much of the payment."""

    invoice_id: UUID
    amount: Money
    reason: AllocationReason = AllocationReason.CHOICE


@dataclass(frozen=True, slots=True)
class Paid:
    """What one payment pays of one charge now; `charge` with what is open of it beside that, which may be nothing."""

    charge: OpenEntry
    amount: Money


@dataclass(slots=True)
class Account:
    """What is open of one customer while entries are added; changes with each `take_`."""

    customer_id: UUID
    version: int
    debits: list[OpenEntry] = field(default_factory=list)
    credits: list[OpenEntry] = field(default_factory=list)

    @property
    def open_amount(self) -> Money:
        """All open charges."""
        return sum_money(entry.open for entry in self.debits)

    @property
    def credit(self) -> Money:
        """Money not yet used."""
        return sum_money(entry.open for entry in self.credits)

    @property
    def balance(self) -> Money:
        """The sum of the ledger: what allocations pair up is as much on one side as on the other."""
        return self.open_amount - self.credit


def oldest_first(entry: OpenEntry) -> tuple[date, date, int]:
    """The order in which charges are paid and credit is used."""
    return (entry.order_day, entry.booked_on, entry.seq)


def take_payment(account: Account, payment: OpenEntry, *, wishes: Sequence[Wish] = ()) -> list[Share]:
    """Use a payment: as wished, each wish at most what is open of its invoice, then for the oldest charges; keep the
    rest as credit. A wish for what is paid already, or is not the customer's, leaves its money to the oldest.
    """
    shares = []
    for wish in wishes:
        meant = [entry for entry in account.debits if entry.invoice_id == wish.invoice_id]
        for debit in meant:
            share, payment = _pay(account, payment, debit, wish.reason, limit=wish.amount)
            shares += share
    for debit in sorted(account.debits, key=oldest_first):
        share, payment = _pay(account, payment, debit, AllocationReason.OLDEST_DUE, limit=payment.open)
        shares += share
    if payment.open:
        account.credits.append(payment)
    return shares


def take_charge(account: Account, charge: OpenEntry) -> list[Share]:
    """Pay a new charge with the credit there is; keep the rest of it open."""
    if charge.open:
        account.debits.append(charge)
    return _use_credit(account)


def take_refund(account: Account, refund: OpenEntry, payment: OpenEntry, paid: Sequence[Paid]) -> list[Share]:
    """Give money of a payment back: what is unused of it first, then what it paid, the newest due day first.

    `payment` has what is unused of it, `paid` is all that it pays now, refunds aside. What it had paid is open again,
    with the due day it had; other credit, if there is any, is used for it at once.
    """
    if refund.open > payment.open + sum_money(one.amount for one in paid):
        raise ValueError("a refund is at most what is left of its payment")
    shares = []
    for one in sorted(paid, key=lambda one: oldest_first(one.charge), reverse=True):
        back = min(refund.open - payment.open, one.amount)
        if back <= NOTHING:
            break
        share, payment = _take_back(account, payment, one.charge, back, on=refund.booked_on)
        shares.append(share)
    covered, payment, _ = _pair(payment, refund, refund.open, AllocationReason.REFUND)
    account.credits[:] = [entry for entry in account.credits if entry.entry_id != payment.entry_id]
    if payment.open:
        account.credits.append(payment)
    return [*shares, covered, *_use_credit(account)]


def _take_back(
    account: Account, payment: OpenEntry, charge: OpenEntry, amount: Money, *, on: date
) -> tuple[Share, OpenEntry]:
    counts_from = max(on, charge.counted_to)
    share = Share(
        credit_entry_id=payment.entry_id,
        debit_entry_id=charge.entry_id,
        amount=-amount,
        counts_from=counts_from,
        invoice_id=charge.invoice_id,
        closes=False,
        reason=AllocationReason.REFUND,
    )
    account.debits[:] = [entry for entry in account.debits if entry.entry_id != charge.entry_id]
    account.debits.append(replace(charge, open=charge.open + amount, counted_to=counts_from))
    return share, replace(payment, open=payment.open + amount)


def _use_credit(account: Account) -> list[Share]:
    """Pay what is open with the credit there is: the oldest due day first, with the oldest money first."""
    shares = []
    for credit in sorted(account.credits, key=oldest_first):
        left = credit
        for debit in sorted(account.debits, key=oldest_first):
            share, left = _pay(account, left, debit, AllocationReason.CREDIT_USED, limit=left.open)
            shares += share
        _keep(account.credits, credit, left)
    return shares


def _pay(
    account: Account, credit: OpenEntry, debit: OpenEntry, reason: AllocationReason, *, limit: Money
) -> tuple[list[Share], OpenEntry]:
    """Use a credit for an open charge; nothing, when there is nothing of it. Answers what is left of the credit."""
    amount = min(limit, credit.open, debit.open)
    if amount <= NOTHING:
        return [], credit
    share, credit, rest = _pair(credit, debit, amount, reason)
    _keep(account.debits, debit, rest)
    return [share], credit


def _pair(
    credit: OpenEntry, debit: OpenEntry, amount: Money, reason: AllocationReason
) -> tuple[Share, OpenEntry, OpenEntry]:
    counts_from = max(credit.booked_on, debit.counted_to)
    share = Share(
        credit_entry_id=credit.entry_id,
        debit_entry_id=debit.entry_id,
        amount=amount,
        counts_from=counts_from,
        invoice_id=debit.invoice_id,
        closes=amount == debit.open,
        reason=reason,
    )
    rest = replace(debit, open=debit.open - amount, counted_to=counts_from)
    return share, replace(credit, open=credit.open - amount), rest


def _keep(entries: list[OpenEntry], before: OpenEntry, after: OpenEntry) -> None:
    """Put what is left in the place of what was, or nothing when nothing is left."""
    index = entries.index(before)
    entries[index : index + 1] = [after] if after.open else []
