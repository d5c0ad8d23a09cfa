"""Adding to the ledger: what is written together, under the locks of all the accounts concerned.

A batch locks the accounts in one order, reads at once what is open of them, and writes entries, allocations and
events at once. `ledger` and `refunds` decide what goes into it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.errors import Invalid, Violation
from chassis.ids import new_id
from chassis.money import Money
from services.billing.domain.settlement import Account, OpenEntry, Share
from services.billing.outbox import ledger as announce
from services.billing.storage import ledger as stored
from services.billing.storage.ledger import EntryKind


@dataclass(slots=True)
class Batch:
    """What is written at the end, in one go each. `paid`: invoices that were closed, with whose and since when."""

    accounts: dict[UUID, Account]
    now: datetime
    entries: list[dict[str, object]] = field(default_factory=list)
    allocations: list[dict[str, object]] = field(default_factory=list)
    last_entry: dict[UUID, UUID] = field(default_factory=dict)
    paid: dict[UUID, tuple[UUID, date]] = field(default_factory=dict)


def open_batch(session: Session, customer_ids: Iterable[UUID], *, now: datetime) -> Batch:
    """Lock the accounts; what is open of them is read after the locks, so nobody adds to it meanwhile."""
    versions = stored.lock_accounts(session, customer_ids)
    accounts = {customer_id: Account(customer_id, version) for customer_id, version in versions.items()}
    for row in stored.list_open(session, versions):
        entry = OpenEntry(
            row.entry_id, row.open, row.order_day, row.booked_on, row.seq, row.counted_to, row.invoice_id
        )
        account = accounts[row.customer_id]
        (account.debits if row.amount > Money(0) else account.credits).append(entry)
    return Batch(accounts, now)


def add_entry(
    batch: Batch,
    account: Account,
    *,
    kind: EntryKind,
    amount: Money,
    booked_on: date,
    invoice_id: UUID | None = None,
    due_on: date | None = None,
    external_id: str | None = None,
    title: str = "",
) -> OpenEntry:
    """Add an entry, `amount` with its sign; answers it with all of it open, and without an invoice."""
    entry_id = new_id()
    account.version += 1
    batch.last_entry[account.customer_id] = entry_id
    batch.entries.append(
        {
            "entry_id": entry_id,
            "customer_id": account.customer_id,
            "seq": account.version,
            "kind": kind,
            "amount": amount,
            "booked_on": booked_on,
            "due_on": due_on,
            "invoice_id": invoice_id,
            "external_id": external_id,
            "title": title,
            "created_at": batch.now,
        }
    )
    return OpenEntry(entry_id, abs(amount), due_on or booked_on, booked_on, account.version, booked_on)


def allocate(batch: Batch, account: Account, shares: Sequence[Share]) -> None:
    """Add allocations, and remember the invoices that they close."""
    for share in shares:
        batch.allocations.append(
            {
                "allocation_id": new_id(),
                "customer_id": account.customer_id,
                "credit_entry_id": share.credit_entry_id,
                "debit_entry_id": share.debit_entry_id,
                "amount": share.amount,
                "counts_from": share.counts_from,
                "reason": share.reason,
                "created_at": batch.now,
            }
        )
        if share.closes and share.invoice_id is not None:
            batch.paid[share.invoice_id] = (account.customer_id, share.counts_from)


def write(session: Session, batch: Batch) -> None:
    """Write the batch and announce what changed; nothing, for an empty one."""
    stored.add_entries(session, batch.entries)
    stored.add_allocations(session, batch.allocations)
    changed = {customer_id: batch.accounts[customer_id] for customer_id in batch.last_entry}
    stored.set_versions(session, {customer_id: account.version for customer_id, account in changed.items()})
    for customer_id, account in changed.items():
        announce.balance_changed(
            session,
            customer_id=customer_id,
            entry_id=batch.last_entry[customer_id],
            balance=account.balance,
            version=account.version,
        )
    for invoice_id, (customer_id, paid_on) in batch.paid.items():
        announce.invoice_paid(session, invoice_id=invoice_id, customer_id=customer_id, paid_on=paid_on)


def violations_of(
    *, external_id: str, amount_allowed: bool, booked_on: date, today: date, what: str
) -> Invalid | None:
    """What is wrong with an entry that somebody else asks for, whatever the ledger holds; None when nothing is."""
    found = []
    if not external_id:
        found.append(Violation("external_id", "REQUIRED"))
    if not amount_allowed:
        found.append(Violation("amount", "OUT_OF_RANGE", f"{what} of this amount is not possible"))
    if booked_on > today:
        found.append(Violation("booked_on", "OUT_OF_RANGE", f"{what} is not booked in the future"))
    return Invalid(violations=found) if found else None
