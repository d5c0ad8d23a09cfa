"""Invoices: drafts of runs and issued documents, the days they bill, and the series of their numbers.

A trigger refuses any change of an issued invoice; its days are written with it and never change either.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from chassis.database import Reader
from chassis.keyset import Page, Window, fetch_page
from chassis.money import Money
from services.billing.storage.base import Base, Quantity


class InvoiceStatus(StrEnum):
    """A draft becomes issued or is discarded; both are final."""

    DRAFT = "DRAFT"
    ISSUED = "ISSUED"
    DISCARDED = "DISCARDED"


class SpanBasis(StrEnum):
    """What is billed for some days: the fixed part of a point, or what a meter measured."""

    PERIOD = "PERIOD"
    USE = "USE"


class NumberSeries(Base):
    """The last number given in a series and year; taken and used in one transaction, hence without gaps."""

    __tablename__ = "number_series"

    series: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_number: Mapped[int] = mapped_column(BigInteger)


class Invoice(Base):
    """One invoice of one contract.

    `frozen` holds everything it prints and shows; the other columns repeat of it what lists, sums and the next run
    need. `change_gross` is the difference to the contract's invoice before, None for the first.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        one_of("status", InvoiceStatus),
        CheckConstraint(
            "total_gross = total_net + total_vat AND total_net >= 0 AND total_vat >= 0", name="totals"
        ),
        CheckConstraint("period_to >= period_from", name="period"),
        CheckConstraint(
            "(status = 'ISSUED') = (number IS NOT NULL AND issued_at IS NOT NULL"
            " AND issued_on IS NOT NULL AND due_on IS NOT NULL)",
            name="issued",
        ),
        Index("invoices_one_per_contract_and_run", "run_id", "contract_id", unique=True),
        Index("invoices_of_run", "run_id", "customer_number", "invoice_id"),
        Index(
            "invoices_to_issue",
            "run_id",
            "customer_number",
            "invoice_id",
            postgresql_where=text("status = 'DRAFT'"),
        ),
        Index(
            "invoices_of_customer",
            "customer_id",
            "issued_at",
            "invoice_id",
            postgresql_where=text("status = 'ISSUED'"),
        ),
        Index("invoices_of_contract", "contract_id", "period_to", postgresql_where=text("status = 'ISSUED'")),
        Index("invoices_by_day", "issued_on", postgresql_include=["total_gross"]),
    )

    invoice_id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(ForeignKey("billing_runs.run_id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.customer_id"))
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.contract_id"))
    tariff_id: Mapped[UUID] = mapped_column(ForeignKey("tariffs.tariff_id"))
    status: Mapped[InvoiceStatus] = word(InvoiceStatus)
    number: Mapped[str | None] = mapped_column(Text(collation="C"), unique=True)
    period_from: Mapped[date]
    period_to: Mapped[date]
    created_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]
    issued_on: Mapped[date | None]
    due_on: Mapped[date | None]
    total_net: Mapped[Money]
    total_vat: Mapped[Money]
    total_gross: Mapped[Money]
    change_gross: Mapped[Money | None]
    e_invoice: Mapped[bool]
    customer_number: Mapped[str] = mapped_column(Text(collation="C"))
    customer_name: Mapped[str]
    frozen: Mapped[dict[str, Any]] = mapped_column(JSONB)


class InvoiceSpan(Base):
    """Days that an issued invoice bills, both included. USE: of a meter, up to the value it showed on the last day."""

    __tablename__ = "invoice_spans"
    __table_args__ = (
        one_of("basis", SpanBasis),
        CheckConstraint("until_day >= from_day", name="days"),
        CheckConstraint("(basis = 'USE') = (meter_id IS NOT NULL AND until_value IS NOT NULL)", name="use"),
        Index("invoice_spans_of_point", "service_point_id", "basis", "until_day"),
        Index("invoice_spans_of_meter", "meter_id", "contract_id", "until_day"),
    )

    invoice_id: Mapped[UUID] = mapped_column(ForeignKey("invoices.invoice_id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contracts.contract_id"))
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_points.service_point_id"))
    basis: Mapped[SpanBasis] = word(SpanBasis)
    meter_id: Mapped[UUID | None] = mapped_column(ForeignKey("meters.meter_id"))
    from_day: Mapped[date]
    until_day: Mapped[date]
    until_value: Mapped[Decimal | None] = mapped_column(Quantity)


def find_issued_ids(session: Session, named: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], UUID]:
    """Ids of issued invoices by customer and number; what is not the customer's is not there."""
    wanted = set(named)
    if not wanted:
        return {}
    statement = sa.select(Invoice.customer_id, Invoice.number, Invoice.invoice_id).where(
        Invoice.number.in_(sorted({number for _, number in wanted})), Invoice.status == InvoiceStatus.ISSUED
    )
    found = {(row.customer_id, row.number): row.invoice_id for row in session.execute(statement)}
    return {key: invoice_id for key, invoice_id in found.items() if key in wanted}


def get_last_issued(session: Session, customer_id: UUID) -> Invoice | None:
    """The customer's newest issued invoice; None before the first."""
    return session.scalars(
        sa.select(Invoice)
        .where(Invoice.customer_id == customer_id, Invoice.status == InvoiceStatus.ISSUED)
        .order_by(Invoice.issued_at.desc(), Invoice.number.desc())
        .limit(1)
    ).first()


def is_billed_from(session: Session, *, tariff_id: UUID, day: date) -> bool:
    """Whether an issued invoice of the tariff bills a day from `day` on."""
    statement = (
        sa.select(InvoiceSpan.invoice_id)
        .join(Invoice, Invoice.invoice_id == InvoiceSpan.invoice_id)
        .where(
            Invoice.tariff_id == tariff_id,
            Invoice.status == InvoiceStatus.ISSUED,
            InvoiceSpan.until_day >= day,
        )
        .limit(1)
    )
    return session.scalar(statement) is not None


ISSUE_LOCK = 0x69737375  # "issu": invoices are issued by one transaction at a time.


def lock_issuing(session: Session) -> None:
    """Let nobody else issue until this transaction ends: what is billed already can then be trusted."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(ISSUE_LOCK)))


def next_numbers(session: Session, *, series: str, year: int, count: int) -> range:
    """The next `count` numbers of a series and year. Given back if the transaction does not commit: no gaps."""
    statement = insert(NumberSeries).values(series=series, year=year, last_number=count)
    last = session.scalar(
        statement.on_conflict_do_update(
            index_elements=[NumberSeries.series, NumberSeries.year],
            set_={"last_number": NumberSeries.last_number + count},
        ).returning(NumberSeries.last_number)
    )
    return range(int(last or 0) - count + 1, int(last or 0) + 1)


def add_drafts(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add drafts of a run."""
    if rows:
        session.execute(sa.insert(Invoice), list(rows))


def remove_drafts(session: Session, run_id: UUID, *, limit: int) -> int:
    """Delete drafts of a former calculation of a run; answers how many."""
    some = sa.select(Invoice.invoice_id).where(
        Invoice.run_id == run_id, Invoice.status == InvoiceStatus.DRAFT
    )
    statement = sa.delete(Invoice).where(Invoice.invoice_id.in_(some.limit(limit)))
    return len(session.scalars(statement.returning(Invoice.invoice_id)).all())


_TO_DISCARD = """
    SELECT d.invoice_id
      FROM billing_runs r
     CROSS JOIN LATERAL (
        SELECT i.invoice_id FROM invoices i WHERE i.run_id = r.run_id AND i.status = 'DRAFT' LIMIT %(limit)s) d
     WHERE r.status = 'DISCARDED'
     LIMIT %(limit)s
"""


def find_drafts_to_discard(reader: Reader, *, limit: int) -> Sequence[UUID]:
    """Some drafts of discarded runs."""
    return [row.invoice_id for row in reader.rows(_TO_DISCARD, {"limit": limit})]


def count_drafts(session: Session, run_id: UUID) -> int:
    """Drafts of a run."""
    statement = sa.select(sa.func.count()).where(
        Invoice.run_id == run_id, Invoice.status == InvoiceStatus.DRAFT
    )
    return int(session.scalar(statement) or 0)


def list_drafts(session: Session, run_id: UUID, *, limit: int) -> Sequence[sa.Row[Any]]:
    """The next drafts of a run by customer number, as they are to be issued."""
    statement = (
        sa.select(
            Invoice.invoice_id,
            Invoice.customer_id,
            Invoice.contract_id,
            Invoice.customer_number,
            Invoice.customer_name,
            Invoice.frozen,
        )
        .where(Invoice.run_id == run_id, Invoice.status == InvoiceStatus.DRAFT)
        .order_by(Invoice.customer_number, Invoice.invoice_id)
        .limit(limit)
    )
    return session.execute(statement).all()


def issue_drafts(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make drafts invoices: `invoice_id` and the columns that come with the issue."""
    if rows:
        session.execute(sa.update(Invoice), list(rows))


def discard_some(session: Session, invoice_ids: Collection[UUID]) -> None:
    """Discard drafts that cannot be issued."""
    if invoice_ids:
        session.execute(
            sa.update(Invoice)
            .where(Invoice.invoice_id.in_(invoice_ids), Invoice.status == InvoiceStatus.DRAFT)
            .values(status=InvoiceStatus.DISCARDED)
            .execution_options(synchronize_session=False)
        )


def add_spans(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write down what issued invoices bill."""
    if rows:
        session.execute(sa.insert(InvoiceSpan), list(rows))


_BILLED = text("""
    SELECT DISTINCT ON (d.invoice_id) d.invoice_id, i.number
      FROM json_to_recordset(CAST(:spans AS json))
           AS d(invoice_id uuid, service_point_id uuid, basis text, meter_id uuid, from_day date, until_day date)
      JOIN invoice_spans s ON s.service_point_id = d.service_point_id AND s.basis = d.basis
           AND s.meter_id IS NOT DISTINCT FROM d.meter_id
           AND s.from_day <= d.until_day AND s.until_day >= d.from_day
      JOIN invoices i ON i.invoice_id = s.invoice_id
     ORDER BY d.invoice_id, i.number
""")


def find_billed(session: Session, spans: Sequence[Mapping[str, Any]]) -> dict[UUID, str]:
    """Of drafts whose days an issued invoice bills already: that invoice's number."""
    given = json.dumps([dict(span) for span in spans], default=str)
    return {row.invoice_id: row.number for row in session.execute(_BILLED, {"spans": given})}


_SHOWN = """
    (SELECT DISTINCT meter_id, read_on, value
       FROM json_to_recordset(CAST(:shown AS json)) AS x(meter_id uuid, read_on date, value numeric)) g
"""
_SAME = """
    r.meter_id = g.meter_id AND r.read_on = g.read_on AND r.value = g.value
    AND r.register = 'main' AND r.status = 'ACCEPTED'
"""
_LOCK_READINGS = text(
    f"SELECT r.meter_id, r.read_on FROM readings r JOIN {_SHOWN} ON {_SAME} ORDER BY r.reading_id FOR UPDATE OF r"  # noqa: S608
)
_MARK_READINGS = text(
    f"UPDATE readings r SET billed_at = :now FROM {_SHOWN} WHERE {_SAME} AND r.billed_at IS NULL"  # noqa: S608
)


def lock_readings(session: Session, shown: Sequence[Mapping[str, Any]]) -> set[tuple[UUID, date]]:
    """Lock readings by meter, day and value; answers those that are accepted with that value."""
    given = {"shown": json.dumps([dict(one) for one in shown], default=str)}
    return {(row.meter_id, row.read_on) for row in session.execute(_LOCK_READINGS, given)}


def mark_readings(session: Session, shown: Sequence[Mapping[str, Any]], *, now: datetime) -> None:
    """Readings that invoices stand on are billed from now on, unless they were before."""
    given = {"shown": json.dumps([dict(one) for one in shown], default=str), "now": now}
    session.execute(_MARK_READINGS, given)


def list_run_invoices(session: Session, run_id: UUID, *, discarded: bool, window: Window) -> Page:
    """Drafts and invoices of a run by customer number; discarded ones only of a discarded run."""
    statement = sa.select(*LIST_COLUMNS).where(Invoice.run_id == run_id)
    if not discarded:
        statement = statement.where(Invoice.status != InvoiceStatus.DISCARDED)
    return fetch_page(session, statement, keys=(Invoice.customer_number, Invoice.invoice_id), window=window)


LIST_COLUMNS = tuple(
    column
    for column in Invoice.__table__.columns
    if column.name not in {"frozen", "change_gross", "e_invoice"}
)
