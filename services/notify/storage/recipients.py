"""Whom a campaign goes to: a row for each customer, once, and its message when it has one."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Row, delete, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.keyset import Page, Window, cut
from services.notify.storage.base import Base
from services.notify.storage.campaigns import Campaign

NOWHERE = ""  # The channel of whom none reaches.
EMAIL, SMS, PORTAL = "email", "sms", "portal"


class RecipientStatus(StrEnum):
    """What became of a recipient's message."""

    WAITING = "WAITING"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


class Recipient(Base):
    """One customer of one campaign, as of its beginning.

    `facts` is what texts may say of them. `released_at`: when the message was planned, or shown in the portal.
    """

    __tablename__ = "campaign_recipients"
    __table_args__ = (
        CheckConstraint("channel IN ('', 'email', 'sms', 'portal')", name="channel"),
        CheckConstraint("(channel = '') = (reason <> '')", name="reason"),
        Index(
            "campaign_recipients_to_release",
            "campaign_id",
            "customer_id",
            postgresql_where=text("released_at IS NULL AND channel <> ''"),
        ),
    )

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaigns.campaign_id"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str]
    reason: Mapped[str]
    number: Mapped[str]
    name: Mapped[str]
    facts: Mapped[dict[str, Any]]
    message_id: Mapped[UUID | None]
    released_at: Mapped[datetime | None]


def add_recipients(session: Session, campaign_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put customers down; who is there already stays as they are."""
    if rows:
        given = json.dumps([dict(row) for row in rows], ensure_ascii=False, default=str)
        session.execute(_ADD, {"campaign_id": campaign_id, "rows": given})


_ADD = text("""
    INSERT INTO campaign_recipients (campaign_id, customer_id, channel, reason, number, name, facts)
    SELECT :campaign_id, g.customer_id, g.channel, g.reason, g.number, g.name, g.facts
      FROM json_to_recordset(CAST(:rows AS json))
           AS g(customer_id uuid, channel text, reason text, number text, name text, facts jsonb)
    ON CONFLICT DO NOTHING
""")


def has_waiting(session: Session, campaign_id: UUID) -> bool:
    """Whether there is somebody whose message has not been planned."""
    waiting = select(Recipient.customer_id).where(
        Recipient.campaign_id == campaign_id, Recipient.released_at.is_(None), Recipient.channel != NOWHERE
    )
    return bool(session.scalar(select(waiting.exists())))


# What became of a recipient `r` of the campaign `k`, whose message is `m`.
_STATUS = """
    CASE WHEN r.channel = '' THEN 'SKIPPED'
         WHEN r.released_at IS NULL THEN CASE WHEN k.status = 'CANCELLED' THEN 'SKIPPED' ELSE 'WAITING' END
         WHEN m.status IN ('PLANNED', 'SENDING') THEN 'WAITING'
         WHEN m.status = 'SUPPRESSED' THEN 'SKIPPED'
         ELSE coalesce(m.status, 'SENT') END
"""
_REASON = """
    CASE WHEN r.channel = '' THEN r.reason
         WHEN r.released_at IS NULL AND k.status = 'CANCELLED' THEN 'CANCELLED'
         ELSE coalesce(m.reason, '') END
"""
_JOINED = """
    campaign_recipients r JOIN campaigns k USING (campaign_id) LEFT JOIN messages m USING (message_id)
"""


def count_states(session: Session, campaign_ids: Sequence[UUID]) -> dict[UUID, dict[RecipientStatus, int]]:
    """How many recipients of each campaign stand where."""
    found: dict[UUID, dict[RecipientStatus, int]] = {one: {} for one in campaign_ids}
    if campaign_ids:
        for row in session.execute(_COUNTS, {"ids": list(campaign_ids)}):
            found[row.campaign_id][RecipientStatus(row.status)] = row.total
    return found


_COUNTS = text(f"""
    SELECT r.campaign_id, {_STATUS} AS status, count(*) AS total FROM {_JOINED}
     WHERE r.campaign_id = ANY(:ids) GROUP BY 1, 2
""")  # noqa: S608 - pieces of our own


def list_recipients(
    session: Session, campaign_id: UUID, *, status: RecipientStatus | None, window: Window
) -> Page:
    """Recipients with `status`, `why`, `sent_at`, by customer id."""
    backward = window.before is not None
    key = window.before if backward else window.after
    parts, bound = ["r.campaign_id = :campaign_id"], {"campaign_id": campaign_id, "limit": window.size + 1}
    if status is not None:
        parts.append(f"{_STATUS} = :status")
        bound["status"] = status.value
    if key is not None:
        parts.append(f"r.customer_id {'<' if backward else '>'} :key")
        bound["key"] = key[0]
    statement = text(f"""
        SELECT r.customer_id, r.number, r.name, r.channel, r.message_id, {_STATUS} AS status, {_REASON} AS why,
               coalesce(m.sent_at, CASE WHEN r.channel = 'portal' THEN r.released_at END) AS sent_at
          FROM {_JOINED}
         WHERE {" AND ".join(parts)} ORDER BY r.customer_id {"DESC" if backward else ""} LIMIT :limit
    """)  # noqa: S608 - pieces of our own
    rows: Sequence[Row[Any]] = session.execute(statement, bound).all()
    return cut(list(rows), window)


def count_open(session: Session, campaign_id: UUID, *, rule: str) -> int:
    """Messages of a campaign that are planned and not done with: few, whatever it has sent."""
    return int(session.execute(_OPEN, {"rule": rule, "subject_id": str(campaign_id)}).scalar_one())


_OPEN = text("""
    SELECT count(*) FROM messages
     WHERE status IN ('PLANNED', 'SENDING') AND rule = :rule AND subject_id = :subject_id
""")


def erase_ended(session: Session, *, before: datetime, count_max: int) -> int:
    """Delete recipients of campaigns that ended long ago, at most so many; answers how many."""
    old = (
        select(Recipient.campaign_id, Recipient.customer_id)
        .join(Campaign, Campaign.campaign_id == Recipient.campaign_id)
        .where(Campaign.ended_at < before)
        .limit(count_max)
        .subquery()
    )
    gone = session.execute(
        delete(Recipient)
        .where(Recipient.campaign_id == old.c.campaign_id, Recipient.customer_id == old.c.customer_id)
        .returning(Recipient.customer_id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())
