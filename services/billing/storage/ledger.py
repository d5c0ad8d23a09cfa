"""Ledger tables and queries. Append-only: triggers refuse any UPDATE or DELETE, and any allocation beyond its entries.

The customer's row in `ledger_accounts` is the lock under which entries are added; its version numbers them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from chassis.money import Money
from services.billing.storage.base import Base


class EntryKind(StrEnum):
    """What an entry is. Charges count positive, payments negative."""

    CHARGE = "CHARGE"
    PAYMENT = "PAYMENT"
    REFUND = "REFUND"
    CORRECTION = "CORRECTION"


class AllocationReason(StrEnum):
    """Why money was put to a charge, or taken away from it."""

    CHOICE = "CHOICE"
    NAMED = "NAMED"
    OLDEST_DUE = "OLDEST_DUE"
    CREDIT_USED = "CREDIT_USED"
    REFUND = "REFUND"


class LedgerAccount(Base):
    """One row for each customer with entries: the lock, and the number of the newest entry."""

    __tablename__ = "ledger_accounts"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.customer_id"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class LedgerEntry(Base):
    """One movement of a customer's balance."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        one_of("kind", EntryKind),
        CheckConstraint(
            "kind = 'CHARGE' AND amount >= 0 AND due_on IS NOT NULL AND invoice_id IS NOT NULL"
            " OR kind = 'PAYMENT' AND amount < 0 AND external_id IS NOT NULL"
            " OR kind = 'REFUND' AND amount > 0"
            " OR kind = 'CORRECTION' AND amount <> 0",
            name="sign",
        ),
        sa.UniqueConstraint("customer_id", "seq"),
        Index("ledger_entries_by_day", "customer_id", "booked_on", "seq"),
        Index(
            "ledger_entries_one_charge_per_invoice",
            "invoice_id",
            unique=True,
            postgresql_where=text("kind = 'CHARGE'"),
        ),
        Index("ledger_entries_by_due_day", "due_on", "invoice_id", postgresql_where=text("kind = 'CHARGE'")),
    )

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_accounts.customer_id"))
    seq: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[EntryKind] = word(EntryKind)
    amount: Mapped[Money]
    booked_on: Mapped[date]
    due_on: Mapped[date | None]
    invoice_id: Mapped[UUID | None] = mapped_column(ForeignKey("invoices.invoice_id"))
    external_id: Mapped[str | None] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]


class LedgerAllocation(Base):
    """What one credit pays of one charge; negative where a refund took it back. `counts_from` never falls for one
    charge, so that the greatest is the day it was paid, when nothing is open of it."""

    __tablename__ = "ledger_allocations"
    __table_args__ = (
        one_of("reason", AllocationReason),
        CheckConstraint("amount > 0 OR amount < 0 AND reason = 'REFUND'", name="sign"),
        Index("ledger_allocations_of_debit", "debit_entry_id", postgresql_include=["amount", "counts_from"]),
        Index("ledger_allocations_of_credit", "credit_entry_id", postgresql_include=["amount"]),
        Index("ledger_allocations_of_customer", "customer_id"),
    )

    allocation_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_accounts.customer_id"))
    credit_entry_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_entries.entry_id"))
    debit_entry_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_entries.entry_id"))
    amount: Mapped[Money]
    counts_from: Mapped[date]
    reason: Mapped[AllocationReason] = word(AllocationReason, server_default=text("'OLDEST_DUE'"))
    created_at: Mapped[datetime]


def lock_accounts(session: Session, customer_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Lock the customers' ledgers until the transaction ends and answer their versions. Always in one order, so that
    two batches cannot wait for each other."""
    ids = sorted(set(customer_ids))
    statement = (
        sa.select(LedgerAccount.customer_id, LedgerAccount.version)
        .where(LedgerAccount.customer_id.in_(ids))
        .order_by(LedgerAccount.customer_id)
        .with_for_update()
    )
    if len(ids) == 1:  # Mostly; it is there, and one alone has no order to keep.
        found = session.execute(statement).first()
        if found is not None:
            return {found.customer_id: found.version}
    if not ids:
        return {}
    session.execute(
        insert(LedgerAccount).on_conflict_do_nothing(),
        [{"customer_id": customer_id} for customer_id in ids],
    )
    return {row.customer_id: row.version for row in session.execute(statement)}


# Rows are written as rows: as objects of the mapper each statement of a payment would cost half as much again.
_ACCOUNTS: Any = LedgerAccount.__table__
_ENTRIES: Any = LedgerEntry.__table__
_ALLOCATIONS: Any = LedgerAllocation.__table__
_SET_VERSION = (
    sa.update(_ACCOUNTS)
    .where(_ACCOUNTS.c.customer_id == sa.bindparam("of_customer"))
    .values(version=sa.bindparam("to_version"))
)


def set_versions(session: Session, versions: Mapping[UUID, int]) -> None:
    """Write the new versions of locked accounts."""
    if versions:
        rows = [
            {"of_customer": customer_id, "to_version": version} for customer_id, version in versions.items()
        ]
        session.execute(_SET_VERSION, rows)


def add_entries(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append entries."""
    if rows:
        session.execute(sa.insert(_ENTRIES), list(rows))


def add_allocations(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append allocations, after the entries they pair."""
    if rows:
        session.execute(sa.insert(_ALLOCATIONS), list(rows))


@dataclass(frozen=True, slots=True)
class OpenRow:
    """An entry of which something is open; `amount` tells by its sign whether it is a charge or money."""

    customer_id: UUID
    entry_id: UUID
    amount: Money
    open: Money
    order_day: date
    booked_on: date
    counted_to: date
    seq: int
    invoice_id: UUID | None


_OPEN = text("""
    SELECT e.customer_id, e.entry_id, e.amount, abs(e.amount) - coalesce(u.used, 0) AS open,
           coalesce(e.due_on, e.booked_on) AS order_day, e.booked_on, e.seq, e.invoice_id,
           greatest(e.booked_on, u.last_on) AS counted_to
      FROM ledger_entries e
      LEFT JOIN (SELECT p.entry_id, sum(p.amount) AS used, max(p.counts_from) AS last_on
                   FROM (SELECT debit_entry_id AS entry_id, amount, counts_from FROM ledger_allocations
                          WHERE customer_id = ANY(:ids)
                         UNION ALL
                         SELECT credit_entry_id, amount, counts_from FROM ledger_allocations
                          WHERE customer_id = ANY(:ids)) p
                  GROUP BY p.entry_id) u ON u.entry_id = e.entry_id
     WHERE e.customer_id = ANY(:ids) AND abs(e.amount) > coalesce(u.used, 0)
     ORDER BY e.customer_id, order_day, e.booked_on, e.seq
""")


def list_open(session: Session, customer_ids: Iterable[UUID]) -> list[OpenRow]:
    """What is open of the customers, charges and money alike, the oldest due first."""
    return [
        OpenRow(
            customer_id=row.customer_id,
            entry_id=row.entry_id,
            amount=Money(row.amount),
            open=Money(int(row.open)),
            order_day=row.order_day,
            booked_on=row.booked_on,
            counted_to=row.counted_to,
            seq=row.seq,
            invoice_id=row.invoice_id,
        )
        for row in session.execute(_OPEN, {"ids": sorted(set(customer_ids))})
    ]


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """An entry that is in the ledger under somebody's id; `amount` with its sign."""

    entry_id: UUID
    customer_id: UUID
    kind: EntryKind
    amount: Money
    booked_on: date
    seq: int


def find_known(session: Session, external_ids: Iterable[str]) -> dict[str, KnownEntry]:
    """Entries by the ids that others gave them."""
    statement = sa.select(
        LedgerEntry.external_id,
        LedgerEntry.entry_id,
        LedgerEntry.customer_id,
        LedgerEntry.kind,
        LedgerEntry.amount,
        LedgerEntry.booked_on,
        LedgerEntry.seq,
    ).where(LedgerEntry.external_id.in_(sorted(set(external_ids))))
    return {
        row.external_id: KnownEntry(*row[1:])
        for row in session.execute(statement)
        if row.external_id is not None
    }


@dataclass(frozen=True, slots=True)
class Owed:
    """What a customer owes: the balance, and what of it is past its due day."""

    balance: Money
    overdue: Money


_BALANCES = text("""
    SELECT e.customer_id, sum(e.amount) AS balance,
           coalesce(sum(e.amount - coalesce(u.used, 0))
                    FILTER (WHERE e.amount > 0 AND coalesce(e.due_on, e.booked_on) < :today), 0) AS overdue
      FROM ledger_entries e
      LEFT JOIN (SELECT debit_entry_id, sum(amount) AS used FROM ledger_allocations
                  WHERE customer_id = ANY(:ids) GROUP BY debit_entry_id) u ON u.debit_entry_id = e.entry_id
     WHERE e.customer_id = ANY(:ids)
     GROUP BY e.customer_id
""")


def balances_of(session: Session, customer_ids: Iterable[UUID], *, today: date) -> dict[UUID, Owed]:
    """What the customers owe; those without entries owe nothing and are there all the same."""
    ids = sorted(set(customer_ids))
    rows = session.execute(_BALANCES, {"ids": ids, "today": today}) if ids else ()
    owed = dict.fromkeys(ids, Owed(Money(0), Money(0)))
    return owed | {row.customer_id: Owed(Money(int(row.balance)), Money(int(row.overdue))) for row in rows}


@dataclass(frozen=True, slots=True)
class Receivable:
    """What all customers together owe."""

    open_amount: Money
    overdue: Money


_RECEIVABLE = text("""
    SELECT coalesce(sum(e.amount - coalesce(u.used, 0)), 0) AS open,
           coalesce(sum(e.amount - coalesce(u.used, 0))
                    FILTER (WHERE coalesce(e.due_on, e.booked_on) < :today), 0) AS overdue
      FROM ledger_entries e
      LEFT JOIN (SELECT debit_entry_id, sum(amount) AS used FROM ledger_allocations
                  GROUP BY debit_entry_id) u ON u.debit_entry_id = e.entry_id
     WHERE e.amount > 0
""")


def receivable(session: Session, *, today: date) -> Receivable:
    """Open amounts of all customers, and those past their due day."""
    row = session.execute(_RECEIVABLE, {"today": today}).one()
    return Receivable(Money(int(row.open)), Money(int(row.overdue)))
