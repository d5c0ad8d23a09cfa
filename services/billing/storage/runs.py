"""Billing runs and the customers they park."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from chassis.database import Reader
from chassis.keyset import Page, Window, fetch_page
from chassis.money import Money
from services.billing.storage.base import Base


class RunStatus(StrEnum):
    """Where a run stands."""

    CALCULATING = "CALCULATING"
    READY = "READY"
    ISSUING = "ISSUING"
    ISSUED = "ISSUED"
    DISCARDED = "DISCARDED"
    FAILED = "FAILED"


class ParkedReason(StrEnum):
    """Why a customer gets no invoice in a run."""

    NO_READING = "NO_READING"
    READING_WAITS = "READING_WAITS"
    NO_TARIFF = "NO_TARIFF"
    NO_PRICE = "NO_PRICE"
    NO_METER = "NO_METER"
    ALREADY_BILLED = "ALREADY_BILLED"
    USE_UNUSUAL = "USE_UNUSUAL"
    TOTALS_DIFFER = "TOTALS_DIFFER"
    NO_ADDRESS = "NO_ADDRESS"
    CONTRACT_BROKEN = "CONTRACT_BROKEN"


class BillingRun(Base):
    """One run.

    `reached` is the last customer calculated, None before the first: the calculation goes on after it. Issuing needs
    no such mark, what is left are the drafts. `failures` counts failed attempts in a row.
    """

    __tablename__ = "billing_runs"
    __table_args__ = (
        one_of("status", RunStatus),
        CheckConstraint("period_to >= period_from", name="period"),
        Index("billing_runs_newest", "created_at", "run_id"),
        Index(
            "billing_runs_at_work",
            "created_at",
            postgresql_where=text("status IN ('CALCULATING', 'ISSUING')"),
        ),
    )

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    period_from: Mapped[date]
    period_to: Mapped[date]
    payment_days: Mapped[int]
    status: Mapped[RunStatus] = word(RunStatus)
    customer_count: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    done_count: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    reached: Mapped[UUID | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    failure: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    calculated_at: Mapped[datetime | None]
    issued_at: Mapped[datetime | None]
    issued_by: Mapped[str] = mapped_column(server_default="")
    first_number: Mapped[str] = mapped_column(server_default="")
    last_number: Mapped[str] = mapped_column(server_default="")


class ParkedCustomer(Base):
    """A customer left out of a run, with the facts for the clerk."""

    __tablename__ = "parked_customers"
    __table_args__ = (
        one_of("reason", ParkedReason),
        Index("parked_customers_by_number", "run_id", "customer_number", "customer_id"),
        Index("parked_customers_of_customer", "customer_id"),
    )

    run_id: Mapped[UUID] = mapped_column(ForeignKey("billing_runs.run_id"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.customer_id"), primary_key=True)
    customer_number: Mapped[str] = mapped_column(Text(collation="C"))
    customer_name: Mapped[str]
    reason: Mapped[ParkedReason] = word(ParkedReason)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    parked_at: Mapped[datetime]


NOTHING = Money(0)
RUNS_LOCK = 0x72756E73  # "runs": whether another run overlaps is asked and answered by one at a time.
OPEN_STATUSES = (RunStatus.CALCULATING, RunStatus.READY, RunStatus.ISSUING, RunStatus.FAILED)
WORK_STATUSES = (RunStatus.CALCULATING, RunStatus.ISSUING)


def lock_runs(session: Session) -> None:
    """Let nobody else start a run until this transaction ends."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(RUNS_LOCK)))


def get_run(session: Session, run_id: UUID) -> BillingRun | None:
    """A run by id."""
    return session.get(BillingRun, run_id)


def lock_run(session: Session, run_id: UUID) -> BillingRun | None:
    """A run that nobody else changes until the transaction ends; waits for a chunk that is being worked on."""
    return session.get(BillingRun, run_id, with_for_update=True, populate_existing=True)


def lock_run_at_work(session: Session, run_id: UUID, status: RunStatus) -> BillingRun | None:
    """A run in the status, locked for one step of work; None when another worker has it or it moved on."""
    statement = (
        sa.select(BillingRun)
        .where(BillingRun.run_id == run_id, BillingRun.status == status)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return session.scalars(statement).first()


def find_run_at_work(reader: Reader) -> tuple[UUID, RunStatus] | None:
    """The oldest run that is being calculated or issued; one that fails lets the others go before."""
    rows = reader.rows(_AT_WORK, {"statuses": [*WORK_STATUSES]})
    return (rows[0].run_id, RunStatus(rows[0].status)) if rows else None


_AT_WORK = """
    SELECT run_id, status FROM billing_runs
     WHERE status = ANY(%(statuses)s) ORDER BY failures, created_at LIMIT 1
"""


def find_overlapping(session: Session, *, from_day: date, until_day: date) -> BillingRun | None:
    """An open run that covers a day of the period."""
    statement = sa.select(BillingRun).where(
        BillingRun.status.in_(OPEN_STATUSES),
        BillingRun.period_from <= until_day,
        BillingRun.period_to >= from_day,
    )
    return session.scalars(statement.limit(1)).first()


def list_runs(session: Session, window: Window) -> Page:
    """All runs, the newest first."""
    return fetch_page(
        session,
        sa.select(BillingRun),
        keys=(BillingRun.created_at, BillingRun.run_id),
        window=window,
        descending=True,
        scalars=True,
    )


def add_parked(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Park customers; the first reason of a run stays."""
    if rows:
        session.execute(insert(ParkedCustomer).on_conflict_do_nothing(), list(rows))


def remove_parked(session: Session, run_id: UUID) -> None:
    """Forget who was parked, before a new calculation."""
    session.execute(sa.delete(ParkedCustomer).where(ParkedCustomer.run_id == run_id))


def list_parked(session: Session, run_id: UUID, *, reason: ParkedReason | None, window: Window) -> Page:
    """Parked customers of a run by customer number."""
    statement = sa.select(ParkedCustomer).where(ParkedCustomer.run_id == run_id)
    if reason is not None:
        statement = statement.where(ParkedCustomer.reason == reason)
    keys = (ParkedCustomer.customer_number, ParkedCustomer.customer_id)
    return fetch_page(session, statement, keys=keys, window=window, scalars=True)


def count_parked(session: Session, run_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """Parked customers by run and reason."""
    statement = (
        sa.select(ParkedCustomer.run_id, ParkedCustomer.reason, sa.func.count())
        .where(ParkedCustomer.run_id.in_(run_ids))
        .group_by(ParkedCustomer.run_id, ParkedCustomer.reason)
    )
    counts: dict[UUID, dict[str, int]] = {run_id: {} for run_id in run_ids}
    for run_id, reason, count in session.execute(statement):
        counts[run_id][reason.value] = count
    return counts


_PARKED_WAITING = text("""
    SELECT count(DISTINCT p.customer_id)
      FROM parked_customers p
      JOIN billing_runs r USING (run_id)
     WHERE r.status IN ('CALCULATING', 'READY', 'ISSUING', 'FAILED')
        OR r.status = 'ISSUED' AND p.reason <> 'ALREADY_BILLED' AND NOT EXISTS (
           SELECT 1 FROM invoices i
            WHERE i.customer_id = p.customer_id AND i.status = 'ISSUED' AND i.issued_at > p.parked_at)
""")


def count_parked_waiting(session: Session) -> int:
    """Customers parked in open runs, or left behind by issued ones and not billed since; who was left out because
    the bill was there already is not waiting for one.
    """
    return int(session.execute(_PARKED_WAITING).scalar_one())


@dataclass(frozen=True, slots=True)
class RunSums:
    """Sums over a run's invoices."""

    invoice_count: int = 0
    e_invoice_count: int = 0
    total_net: Money = NOTHING
    total_vat: Money = NOTHING
    total_gross: Money = NOTHING


_SUMS = text("""
    SELECT i.run_id, count(*) AS invoice_count, count(*) FILTER (WHERE i.e_invoice) AS e_invoice_count,
           sum(i.total_net) AS net, sum(i.total_vat) AS vat, sum(i.total_gross) AS gross
      FROM invoices i
      JOIN billing_runs r USING (run_id)
     WHERE i.run_id = ANY(:ids) AND (i.status <> 'DISCARDED' OR r.status = 'DISCARDED')
     GROUP BY i.run_id
""")


def sums_of(session: Session, run_ids: Sequence[UUID]) -> dict[UUID, RunSums]:
    """Sums by run; a run without invoices has them all at nothing."""
    rows = session.execute(_SUMS, {"ids": list(run_ids)}) if run_ids else ()
    found = {
        row.run_id: RunSums(
            row.invoice_count,
            row.e_invoice_count,
            Money(int(row.net)),
            Money(int(row.vat)),
            Money(int(row.gross)),
        )
        for row in rows
    }
    return {run_id: found.get(run_id, RunSums()) for run_id in run_ids}


_CHANGES = text("""
    SELECT width_bucket(change_gross, CAST(:bounds AS bigint[])) AS step, count(*) AS drafts
      FROM invoices
     WHERE run_id = :run_id AND status <> 'DISCARDED' AND change_gross IS NOT NULL
     GROUP BY step
""")


def count_changes(session: Session, run_id: UUID, bounds: Sequence[Money]) -> list[int]:
    """How many invoices changed by less than the first bound, between each two, and by the last or more."""
    given = {"run_id": run_id, "bounds": [bound.grosze for bound in bounds]}
    found = {row.step: row.drafts for row in session.execute(_CHANGES, given)}
    return [found.get(step, 0) for step in range(len(bounds) + 1)]


def list_issued_before(session: Session, day: date, *, limit: int = 24) -> Sequence[BillingRun]:
    """Issued runs of periods that ended before a day, the latest first."""
    statement = (
        sa.select(BillingRun)
        .where(BillingRun.status == RunStatus.ISSUED, BillingRun.period_to < day)
        .order_by(BillingRun.period_to.desc(), BillingRun.created_at.desc())
        .limit(limit)
    )
    return session.scalars(statement).all()
