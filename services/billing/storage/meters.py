"""Meters at service points."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Row, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from services.billing.storage.base import Base
from services.billing.storage.folding import search_column, sort_column
from services.billing.storage.origins import OfOrigin, origin_check

DIGITS_MIN = 3
DIGITS_MAX = 9


class MeterPurpose(StrEnum):
    """What a meter is there for: the MAIN one is billed, a GARDEN one behind it lessens what becomes sewage."""

    MAIN = "MAIN"
    GARDEN = "GARDEN"


class Meter(Base, OfOrigin):
    """One meter, in use from `installed_on` to the end of `removed_on` (None: still).

    `digits` are those before the point: the meter rolls over after as many nines. `succeeds_meter_id` is the meter
    whose place it took when a clerk said so; readings that still come for that one are this one's.
    """

    __tablename__ = "meters"
    __table_args__ = (
        CheckConstraint(f"digits BETWEEN {DIGITS_MIN} AND {DIGITS_MAX}", name="digits"),
        CheckConstraint("removed_on >= installed_on", name="life"),
        origin_check(),
        one_of("purpose", MeterPurpose),
        Index("meters_by_sort_key", "sort_key", "meter_id"),
        Index(
            "meters_one_successor",
            "succeeds_meter_id",
            unique=True,
            postgresql_where=text("succeeds_meter_id IS NOT NULL"),
        ),
    )

    meter_id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(unique=True)
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_points.service_point_id"), index=True)
    serial_number: Mapped[str]
    installed_on: Mapped[date]
    removed_on: Mapped[date | None]
    digits: Mapped[int] = mapped_column(server_default=text("5"))
    unit: Mapped[str] = mapped_column(server_default="m3")
    as_of: Mapped[datetime]
    purpose: Mapped[MeterPurpose] = word(MeterPurpose, server_default=MeterPurpose.MAIN)
    succeeds_meter_id: Mapped[UUID | None] = mapped_column(ForeignKey("meters.meter_id"))
    search: Mapped[str] = search_column("serial_number || ' ' || replace(serial_number, ' ', '')")
    sort_key: Mapped[str] = sort_column("serial_number")


def adopt_meters(session: Session, brought: Sequence[tuple[str, UUID, str, str]], *, prefix: str) -> None:
    """Give meters that were entered here the provider's ids: by point and number, where the id is not known yet.

    `brought`: id, point, number, and the first day as the provider says it. Where a clerk said another first day that
    stands as long as the provider says this one. `prefix` is that of our own ids.
    """
    if not brought:
        return
    ids, points, serials, days = zip(*brought, strict=True)
    given = {"ids": [*ids], "points": [*points], "serials": [*serials], "days": [*days], "own": f"{prefix}%"}
    session.execute(_ADOPT, given)


_ADOPT = text("""
    UPDATE meters m
       SET external_id = b.external_id, origin = 'PROVIDER',
           office_fields = CASE WHEN m.installed_on::text = b.installed_on THEN '{}'
                                ELSE jsonb_build_object('installed_on', b.installed_on) END
      FROM (SELECT DISTINCT ON (service_point_id, serial_number) *
              FROM unnest(CAST(:ids AS text[]), CAST(:points AS uuid[]),
                          CAST(:serials AS text[]), CAST(:days AS text[]))
                   AS given(external_id, service_point_id, serial_number, installed_on)
             ORDER BY service_point_id, serial_number, external_id) AS b
     WHERE m.service_point_id = b.service_point_id AND m.serial_number = b.serial_number
       AND m.external_id LIKE :own
       AND NOT EXISTS (SELECT FROM meters k WHERE k.external_id = b.external_id)
""")


def get_meter(session: Session, meter_id: UUID) -> Meter | None:
    """A meter by id."""
    return session.get(Meter, meter_id, populate_existing=True)


def add_meter(session: Session, meter: Meter) -> None:
    """Add a meter."""
    session.add(meter)
    session.flush()


def has_successor(session: Session, meter_id: UUID) -> bool:
    """Whether another meter took the place of one."""
    return session.scalar(select(Meter.meter_id).where(Meter.succeeds_meter_id == meter_id)) is not None


def is_serial_taken(session: Session, service_point_id: UUID, serial_number: str) -> bool:
    """Whether a meter at the point has the number."""
    statement = select(Meter.meter_id).where(
        Meter.service_point_id == service_point_id, Meter.serial_number == serial_number
    )
    return session.scalars(statement.limit(1)).first() is not None


def move_readings(session: Session, from_meter: UUID, to_meter: UUID, *, after: date) -> None:
    """Readings of later days, whatever became of them, are another meter's."""
    given = {"from": from_meter, "to": to_meter, "after": after}
    session.execute(_MOVE_READINGS, given)


_MOVE_READINGS = text("""
    UPDATE readings SET meter_id = :to WHERE meter_id = :from AND read_on > :after AND register = 'main'
""")


def list_meters_of_points(
    session: Session, customer_id: UUID, service_point_ids: Collection[UUID]
) -> Sequence[Row[Any]]:
    """The meters of a customer's points with their newest accepted readings; of each point the one in use first.

    Only those that stood there on a day of one of the customer's contracts, and readings of those days: what whoever
    lives there now uses is nobody else's business.
    """
    if not service_point_ids:
        return ()
    return session.execute(_OF_POINTS, {"customer_id": customer_id, "ids": [*service_point_ids]}).all()


_OF_POINTS = text("""
      WITH spans AS MATERIALIZED (
           SELECT l.service_point_id, c.starts_on - 1 AS first_on, coalesce(c.ends_on, 'infinity') AS last_on
             FROM contracts c JOIN contract_service_points l USING (contract_id)
            WHERE c.customer_id = :customer_id)
    SELECT m.*, r.read_on AS last_read_on, r.value AS last_value
      FROM meters m
      LEFT JOIN LATERAL (
           SELECT read_on, value FROM readings
            WHERE meter_id = m.meter_id AND register = 'main' AND status = 'ACCEPTED'
              AND EXISTS (SELECT 1 FROM spans s
                           WHERE s.service_point_id = m.service_point_id
                             AND read_on BETWEEN s.first_on AND s.last_on)
            ORDER BY read_on DESC LIMIT 1) r ON true
     WHERE m.service_point_id = ANY(CAST(:ids AS uuid[]))
       AND EXISTS (SELECT 1 FROM spans s
                    WHERE s.service_point_id = m.service_point_id AND m.installed_on <= s.last_on
                      AND (m.removed_on IS NULL OR m.removed_on >= s.first_on))
     ORDER BY m.service_point_id, m.removed_on DESC NULLS FIRST, m.installed_on DESC, m.meter_id
""")
