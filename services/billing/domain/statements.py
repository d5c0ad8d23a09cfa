"""What people are told of their money: balance, what is due when, a statement, how far an invoice is paid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis.errors import Invalid, Violation
from chassis.money import Money, sum_money
from services.billing.storage import allocations as stored_allocations
from services.billing.storage import statements as stored
from services.billing.storage.ledger import EntryKind
from services.billing.storage.statements import BalanceRow

ENTRIES_MAX = 2_000
YEAR_DAYS = 365


class RangeTooLong(Invalid):
    """More entries than one statement holds."""

    reason = "RANGE_TOO_LONG"


class PaidState(StrEnum):
    """What the ledger says of an invoice today."""

    DUE = "DUE"
    PART_PAID = "PART_PAID"
    OVERDUE = "OVERDUE"
    PAID = "PAID"


def paid_state(*, total: int, open_amount: int, due_on: date, today: date) -> PaidState:
    """From grosze, for lists. Overdue from the day after the due day; a part paid late is overdue, not part-paid."""
    if not open_amount:
        return PaidState.PAID
    if due_on < today:
        return PaidState.OVERDUE
    return PaidState.DUE if open_amount == total else PaidState.PART_PAID


class OpenCharge(NamedTuple):
    """What is open of a charge; ordered by due day. The id is a text."""

    due_on: date
    open: Money
    invoice_id: str | None


class DueAmount(NamedTuple):
    """What is to be paid by a day; `invoice_id` of its oldest charge."""

    amount: Money
    due_on: date
    invoice_id: str | None


class Balance(NamedTuple):
    """What a customer owes. All that is overdue counts as one amount, due on its oldest day."""

    balance: Money
    open_amount: Money
    overdue: Money
    credit: Money
    next_due: DueAmount | None
    later_due: DueAmount | None
    last_payment_on: date | None
    last_payment: Money | None


def balance_of(
    balance: Money,
    charges: Sequence[OpenCharge],
    *,
    last_payment_on: date | None,
    last_payment: Money | None,
    today: date,
) -> Balance:
    """The balance from the sum of the ledger and the open charges, the oldest due first."""
    open_amount = sum_money(charge.open for charge in charges)
    past = [charge for charge in charges if charge.due_on < today]
    coming = [charge for charge in charges if charge.due_on >= today]
    dues = [_due(past)] if past else []
    dues += [_due(list(of_day)) for _, of_day in groupby(coming, key=lambda charge: charge.due_on)]
    return Balance(
        balance=balance,
        open_amount=open_amount,
        overdue=sum_money(charge.open for charge in past),
        credit=open_amount - balance,
        next_due=dues[0] if dues else None,
        later_due=dues[1] if len(dues) > 1 else None,
        last_payment_on=last_payment_on,
        last_payment=last_payment,
    )


def _due(charges: Sequence[OpenCharge]) -> DueAmount:
    first = charges[0]
    return DueAmount(sum_money(charge.open for charge in charges), first.due_on, first.invoice_id)


def statement_days(from_day: date | None, until_day: date | None, *, today: date) -> tuple[date, date]:
    """The days of a statement: to today unless a day is given, from a year before. Refuses OUT_OF_RANGE."""
    until = until_day or today
    first = from_day or until - timedelta(days=YEAR_DAYS)
    if until < first:
        raise Invalid(violations=[Violation("until", "OUT_OF_RANGE", "ends before it starts")])
    return first, until


def balance_from(row: BalanceRow, *, today: date) -> Balance:
    """The balance of what was read."""
    return balance_of(
        row.balance,
        [OpenCharge(*charge) for charge in row.open_charges],
        last_payment_on=row.last_payment_on,
        last_payment=row.last_payment,
        today=today,
    )


@dataclass(frozen=True, slots=True)
class Statement:
    """Entries of some days; opening + charged - paid + refunded + corrected = closing. Corrections may be negative.

    `refunded_payments`: by the entry of a refund, the id that others gave its payment.
    """

    from_day: date
    until_day: date
    opening: Money
    closing: Money
    charged: Money
    paid: Money
    refunded: Money
    corrected: Money
    entries: Sequence[Row[Any]]
    refunded_payments: Mapping[UUID, str]


def statement_of(
    session: Session, customer_id: UUID, *, from_day: date | None, until_day: date | None, today: date
) -> Statement:
    """The statement of some days. Refuses OUT_OF_RANGE and `RangeTooLong`."""
    first, last = statement_days(from_day, until_day, today=today)
    found = stored.get_statement(session, customer_id, from_day=first, until_day=last, limit=ENTRIES_MAX + 1)
    if len(found.entries) > ENTRIES_MAX:
        raise RangeTooLong(entries_max=str(ENTRIES_MAX))
    sums = {
        kind: sum_money(Money(entry.amount) for entry in found.entries if entry.kind == kind)
        for kind in EntryKind
    }
    refunds = [entry.entry_id for entry in found.entries if entry.kind == EntryKind.REFUND]
    return Statement(
        from_day=first,
        until_day=last,
        opening=found.opening,
        closing=found.opening + sum_money(sums.values()),
        charged=sums[EntryKind.CHARGE],
        paid=-sums[EntryKind.PAYMENT],
        refunded=sums[EntryKind.REFUND],
        corrected=sums[EntryKind.CORRECTION],
        entries=found.entries,
        refunded_payments=stored_allocations.list_refunded(session, refunds),
    )
