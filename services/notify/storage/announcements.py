"""Announcements, whom they are for, and who has seen them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    and_,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from chassis.columns import one_of, word
from chassis.database import Reader
from chassis.keyset import Page, Window, fetch_page
from services.notify.storage.base import Base


class AnnouncementStatus(StrEnum):
    """Only what is PUBLISHED is ever seen, and only between its moments."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    WITHDRAWN = "WITHDRAWN"


class Announcement(Base):
    """What the provider says. `segment` is the filter's message as JSON, empty for all.

    `gathering` counts how often its recipients were gathered; those of an earlier gathering have left the segment.
    `of_campaign`: the campaign of the same id writes it and says whom it is for.
    """

    __tablename__ = "announcements"
    __table_args__ = (
        one_of("status", AnnouncementStatus),
        CheckConstraint("status <> 'PUBLISHED' OR live_from IS NOT NULL", name="published_is_live_from"),
        CheckConstraint("NOT before_login OR for_all", name="before_login_for_all"),
        Index("announcements_live", "live_from", postgresql_where=text("status = 'PUBLISHED'")),
    )

    announcement_id: Mapped[UUID] = mapped_column(primary_key=True)
    titles: Mapped[dict[str, Any]]
    bodies: Mapped[dict[str, Any]]
    live_from: Mapped[datetime | None]
    live_until: Mapped[datetime | None]
    is_pinned: Mapped[bool]
    is_urgent: Mapped[bool]
    before_login: Mapped[bool]
    for_all: Mapped[bool]
    segment: Mapped[dict[str, Any]]
    status: Mapped[AnnouncementStatus] = word(AnnouncementStatus)
    version: Mapped[int] = mapped_column(BigInteger)
    written_by: Mapped[str]
    written_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    gathering: Mapped[int] = mapped_column(server_default="0")
    gathered_at: Mapped[datetime | None]
    of_campaign: Mapped[bool] = mapped_column(server_default=text("false"))


class AnnouncementRecipient(Base):
    """A customer of the segment, as of a gathering."""

    __tablename__ = "announcement_recipients"
    __table_args__ = (Index("announcement_recipients_by_customer", "customer_id"),)

    announcement_id: Mapped[UUID] = mapped_column(
        ForeignKey("announcements.announcement_id"), primary_key=True
    )
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    gathering: Mapped[int]


class AnnouncementRead(Base):
    """Somebody has seen it, acting for a customer."""

    __tablename__ = "announcement_reads"

    announcement_id: Mapped[UUID] = mapped_column(
        ForeignKey("announcements.announcement_id"), primary_key=True
    )
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    read_at: Mapped[datetime]


RANK = case((Announcement.is_urgent, 2), else_=0) + case((Announcement.is_pinned, 1), else_=0)
KEYS = (RANK.cast(Integer), Announcement.live_from, Announcement.announcement_id)


def key_of(row: Any) -> tuple[int, datetime, UUID]:
    """Where a row of `list_live` stands in its order."""
    one = row[0]
    return 2 * one.is_urgent + one.is_pinned, one.live_from, one.announcement_id


def list_live(session: Session, customer_id: UUID, user_id: str, *, window: Window, now: datetime) -> Page:
    """(announcement without its texts, whether it was read) of those that a customer sees now."""
    read = _read_by(customer_id, user_id)
    statement = (
        select(Announcement, read.label("is_read"))
        .options(defer(Announcement.bodies))
        .where(_live(now), _is_for(customer_id))
    )
    return fetch_page(session, statement, keys=KEYS, window=window, descending=True)


def list_for_start(
    reader: Reader, customer_id: UUID, user_id: str, *, now: datetime, limit: int
) -> Sequence[Any]:
    """The first page's part: unread urgent or pinned ones in the order of `list_live`."""
    given = {"customer_id": customer_id, "user_id": user_id, "now": now, "limit": limit}
    return reader.rows(_FOR_START, given)


# Asked for every first page: plain SQL.
_FOR_START = """
    SELECT a.announcement_id, a.titles, a.live_from, a.live_until, a.is_pinned, a.is_urgent, a.for_all
      FROM announcements a
     WHERE a.status = 'PUBLISHED' AND (a.is_urgent OR a.is_pinned)
       AND a.live_from <= %(now)s AND (a.live_until IS NULL OR a.live_until > %(now)s)
       AND (a.for_all OR EXISTS (
            SELECT FROM announcement_recipients r
             WHERE r.announcement_id = a.announcement_id AND r.customer_id = %(customer_id)s))
       AND NOT EXISTS (
           SELECT FROM announcement_reads r
            WHERE r.announcement_id = a.announcement_id AND r.customer_id = %(customer_id)s
              AND r.user_id = %(user_id)s)
     ORDER BY a.is_urgent DESC, a.is_pinned DESC, a.live_from DESC, a.announcement_id DESC
     LIMIT %(limit)s
"""


def count_unread(session: Session, customer_id: UUID, user_id: str, *, now: datetime) -> int:
    """Live ones that the person has not seen."""
    statement = select(func.count()).select_from(Announcement)
    return session.execute(
        statement.where(_live(now), _is_for(customer_id), ~_read_by(customer_id, user_id))
    ).scalar_one()


def find_live(
    session: Session, announcement_id: UUID, customer_id: UUID, user_id: str, *, now: datetime
) -> tuple[Announcement, bool] | None:
    """One that a customer sees now, and whether it was read."""
    row = session.execute(
        select(Announcement, _read_by(customer_id, user_id)).where(
            Announcement.announcement_id == announcement_id, _live(now), _is_for(customer_id)
        )
    ).first()
    return None if row is None else (row[0], row[1])


def list_public(session: Session, *, now: datetime, limit: int) -> Sequence[Announcement]:
    """Those shown before log-in."""
    statement = select(Announcement).where(_live(now), Announcement.before_login)
    return session.scalars(statement.order_by(*(key.desc() for key in KEYS)).limit(limit)).all()


def list_written(session: Session, *, status: AnnouncementStatus | None, window: Window) -> Page:
    """All of them without their texts, the newest first."""
    statement = select(Announcement).options(defer(Announcement.bodies)).where(~Announcement.of_campaign)
    if status is not None:
        statement = statement.where(Announcement.status == status)
    keys = [Announcement.announcement_id]
    return fetch_page(session, statement, keys=keys, window=window, descending=True, scalars=True)


def get_announcement(session: Session, announcement_id: UUID) -> Announcement | None:
    """One as it is written."""
    return session.get(Announcement, announcement_id)


def lock_announcement(session: Session, announcement_id: UUID) -> Announcement | None:
    """One that nobody else changes until the transaction ends."""
    return session.get(Announcement, announcement_id, with_for_update=True, populate_existing=True)


def count_recipients(session: Session, announcement_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many customers each is for, as far as they were gathered."""
    return _count(session, AnnouncementRecipient, announcement_ids)


def count_readers(session: Session, announcement_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many customers have seen each."""
    return _count(session, AnnouncementRead, announcement_ids)


def _count(session: Session, table: Any, announcement_ids: Sequence[UUID]) -> dict[UUID, int]:
    rows = session.execute(
        select(table.announcement_id, func.count(table.customer_id.distinct()))
        .where(table.announcement_id.in_(announcement_ids))
        .group_by(table.announcement_id)
    )
    return {row.announcement_id: row[1] for row in rows}


def mark_read(
    session: Session, announcement_id: UUID, customer_id: UUID, user_id: str, *, now: datetime
) -> None:
    """Once seen, seen."""
    row = insert(AnnouncementRead).values(
        announcement_id=announcement_id, customer_id=customer_id, user_id=user_id, read_at=now
    )
    session.execute(row.on_conflict_do_nothing())


def list_to_gather(session: Session, *, now: datetime, older_than: timedelta, limit: int) -> Sequence[UUID]:
    """Published ones for a segment that are not over, never gathered first, then those gathered long ago."""
    one = Announcement
    return session.scalars(
        select(one.announcement_id)
        .where(
            one.status == AnnouncementStatus.PUBLISHED,
            ~one.for_all,
            ~one.of_campaign,
            or_(one.live_until.is_(None), one.live_until > now),
            or_(one.gathered_at.is_(None), one.gathered_at < now - older_than),
        )
        .order_by(one.gathered_at.asc().nulls_first())
        .limit(limit)
    ).all()


def add_recipients(
    session: Session, announcement_id: UUID, customer_ids: Sequence[UUID], *, gathering: int
) -> None:
    """These are in the segment now."""
    if not customer_ids:
        return
    rows = insert(AnnouncementRecipient).values(
        [
            {"announcement_id": announcement_id, "customer_id": one, "gathering": gathering}
            for one in customer_ids
        ]
    )
    session.execute(
        rows.on_conflict_do_update(
            index_elements=["announcement_id", "customer_id"], set_={"gathering": rows.excluded["gathering"]}
        )
    )


def remove_earlier(session: Session, announcement_id: UUID, *, gathering: int) -> None:
    """Those of an earlier gathering are in the segment no more."""
    session.execute(
        delete(AnnouncementRecipient).where(
            AnnouncementRecipient.announcement_id == announcement_id,
            AnnouncementRecipient.gathering < gathering,
        )
    )


def _live(now: datetime) -> ColumnElement[bool]:
    one = Announcement
    return and_(
        one.status == AnnouncementStatus.PUBLISHED,
        one.live_from <= now,
        or_(one.live_until.is_(None), one.live_until > now),
    )


def _is_for(customer_id: UUID) -> ColumnElement[bool]:
    recipient = AnnouncementRecipient
    addressed = exists().where(
        recipient.announcement_id == Announcement.announcement_id, recipient.customer_id == customer_id
    )
    return or_(Announcement.for_all, addressed)


def _read_by(customer_id: UUID, user_id: str) -> ColumnElement[bool]:
    read = AnnouncementRead
    return exists().where(
        read.announcement_id == Announcement.announcement_id,
        read.customer_id == customer_id,
        read.user_id == user_id,
    )
