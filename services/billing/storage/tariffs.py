"""Tariffs, their versions and components."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Numeric,
    Row,
    Select,
    UniqueConstraint,
    delete,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from services.billing.storage.base import Base, Price
from services.billing.storage.service_points import Commodity

Share = Numeric(8, 6)


class TariffVersionStatus(StrEnum):
    """A draft charges nothing; a published version counts from its day on and is never changed."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"


class ChargeBasis(StrEnum):
    """How a component is charged."""

    PER_UNIT = "PER_UNIT"
    FIXED = "FIXED"
    RATIO = "RATIO"


class Tariff(Base):
    """A price list with its history. One that only contracts name so far is named by its code."""

    __tablename__ = "tariffs"

    tariff_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]


class TariffVersion(Base):
    """The prices from `valid_from` until the next published version; `edition` grows with each change."""

    __tablename__ = "tariff_versions"
    __table_args__ = (
        one_of("status", TariffVersionStatus),
        UniqueConstraint("tariff_id", "valid_from"),
        CheckConstraint("(status = 'PUBLISHED') = (published_at IS NOT NULL)", name="published"),
    )

    tariff_version_id: Mapped[UUID] = mapped_column(primary_key=True)
    tariff_id: Mapped[UUID] = mapped_column(ForeignKey("tariffs.tariff_id"))
    valid_from: Mapped[date]
    status: Mapped[TariffVersionStatus] = word(TariffVersionStatus, server_default="DRAFT")
    decision: Mapped[str] = mapped_column(server_default="")
    source: Mapped[str] = mapped_column(server_default="")
    edition: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(server_default="")
    published_at: Mapped[datetime | None]
    published_by: Mapped[str] = mapped_column(server_default="")


class TariffComponent(Base):
    """One line of a version, in the order of invoices. `price` is net; `ratio`, `ratio_of`: RATIO alone."""

    __tablename__ = "tariff_components"
    __table_args__ = (
        one_of("commodity", Commodity),
        one_of("basis", ChargeBasis),
        CheckConstraint("price >= 0", name="price"),
        CheckConstraint("(basis = 'RATIO') = (ratio IS NOT NULL AND ratio_of IS NOT NULL)", name="ratio"),
        CheckConstraint("ratio > 0 AND ratio <= 1", name="ratio_range"),
    )

    tariff_version_id: Mapped[UUID] = mapped_column(
        ForeignKey("tariff_versions.tariff_version_id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    commodity: Mapped[Commodity] = word(Commodity)
    basis: Mapped[ChargeBasis] = word(ChargeBasis)
    price: Mapped[Decimal] = mapped_column(Price)
    vat_rate: Mapped[str]
    ratio: Mapped[Decimal | None] = mapped_column(Share)
    ratio_of: Mapped[Commodity | None] = word(Commodity)
    unit: Mapped[str]


def find_ids_by_code(session: Session, codes: Collection[str]) -> dict[str, UUID]:
    """The tariffs of those codes that are known."""
    statement = select(Tariff.code, Tariff.tariff_id).where(Tariff.code.in_(codes))
    return {row.code: row.tariff_id for row in session.execute(statement)}


def add_tariffs(session: Session, codes: Mapping[UUID, str]) -> None:
    """New tariffs, named by their codes until somebody names them."""
    if codes:
        rows = [{"tariff_id": tariff_id, "code": code, "name": code} for tariff_id, code in codes.items()]
        session.execute(insert(Tariff).on_conflict_do_nothing(), rows)


TARIFFS_MAX = 200


def list_tariffs(session: Session, *, today: date) -> Sequence[Row[Any]]:
    """All tariffs by code, with the number of contracts that use them today."""
    return session.execute(_TARIFFS, {"today": today, "limit": TARIFFS_MAX}).all()


_TARIFFS = text("""
    SELECT t.*, (SELECT count(*) FROM contracts c
                  WHERE c.tariff_id = t.tariff_id AND c.starts_on <= :today
                    AND (c.ends_on IS NULL OR c.ends_on >= :today)) AS contract_count
      FROM tariffs t
     ORDER BY t.code COLLATE "C"
     LIMIT :limit
""")


def list_versions(session: Session, tariff_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """All versions of tariffs with their `code` and `name`, the newest first."""
    statement = _versions().where(TariffVersion.tariff_id.in_(tariff_ids))
    return session.execute(statement.order_by(TariffVersion.valid_from.desc())).all()


def list_versions_in_force(
    session: Session, tariff_ids: Collection[UUID], *, today: date
) -> Sequence[Row[Any]]:
    """Of each tariff the published version that counts on a day, if there is one."""
    statement = _versions().where(
        TariffVersion.tariff_id.in_(tariff_ids),
        TariffVersion.status == TariffVersionStatus.PUBLISHED,
        TariffVersion.valid_from <= today,
    )
    newest = statement.ext(distinct_on(TariffVersion.tariff_id)).order_by(
        TariffVersion.tariff_id, TariffVersion.valid_from.desc()
    )
    return session.execute(newest).all()


def get_version(session: Session, tariff_version_id: UUID) -> Row[Any] | None:
    """A version with its tariff's `code` and `name`."""
    return session.execute(_versions().where(TariffVersion.tariff_version_id == tariff_version_id)).first()


def _versions() -> Select[Any, str, str]:
    return select(TariffVersion.__table__, Tariff.code, Tariff.name).join(
        Tariff, Tariff.tariff_id == TariffVersion.tariff_id
    )


def list_components(session: Session, tariff_version_ids: Collection[UUID]) -> dict[UUID, list[Row[Any]]]:
    """The lines of versions, in the order of invoices."""
    table = TariffComponent.__table__
    statement = (
        select(table)
        .where(table.c.tariff_version_id.in_(tariff_version_ids))
        .order_by(table.c.tariff_version_id, table.c.position)
    )
    found: dict[UUID, list[Row[Any]]] = {}
    for row in session.execute(statement):
        found.setdefault(row.tariff_version_id, []).append(row)
    return found


def lock_tariff_by_code(session: Session, code: str) -> Tariff | None:
    """A tariff whose versions nobody else changes until the transaction ends."""
    return session.scalar(select(Tariff).where(Tariff.code == code).with_for_update())


def lock_version(session: Session, tariff_version_id: UUID) -> TariffVersion | None:
    """A version that nobody else changes until the transaction ends; its tariff is locked before it."""
    tariff_id = session.scalar(
        select(TariffVersion.tariff_id).where(TariffVersion.tariff_version_id == tariff_version_id)
    )
    if tariff_id is None:
        return None
    session.execute(select(Tariff.tariff_id).where(Tariff.tariff_id == tariff_id).with_for_update())
    return session.get(TariffVersion, tariff_version_id, with_for_update=True, populate_existing=True)


def has_version_from(session: Session, tariff_id: UUID, valid_from: date, *, but: UUID | None = None) -> bool:
    """Whether another version of the tariff counts from this day."""
    statement = select(TariffVersion.tariff_version_id).where(
        TariffVersion.tariff_id == tariff_id,
        TariffVersion.valid_from == valid_from,
        TariffVersion.tariff_version_id != but,
    )
    return session.scalar(statement) is not None


def find_version_before(session: Session, tariff_id: UUID, valid_from: date) -> UUID | None:
    """The newest published version that counts before this day."""
    statement = (
        select(TariffVersion.tariff_version_id)
        .where(
            TariffVersion.tariff_id == tariff_id,
            TariffVersion.status == TariffVersionStatus.PUBLISHED,
            TariffVersion.valid_from < valid_from,
        )
        .order_by(TariffVersion.valid_from.desc())
        .limit(1)
    )
    return session.scalar(statement)


def count_versions(session: Session, tariff_id: UUID) -> int:
    """How many versions a tariff has."""
    statement = select(func.count()).where(TariffVersion.tariff_id == tariff_id)
    return int(session.scalar(statement) or 0)


def set_components(session: Session, tariff_version_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the lines of a version in place of those it had; their order is the order of invoices."""
    session.execute(
        delete(TariffComponent)
        .where(TariffComponent.tariff_version_id == tariff_version_id)
        .execution_options(synchronize_session=False)
    )
    lines = [
        {"tariff_version_id": tariff_version_id, "position": position, **row}
        for position, row in enumerate(rows, start=1)
    ]
    if lines:
        session.execute(insert(TariffComponent), lines)
