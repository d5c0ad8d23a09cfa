"""Campaigns as they are written and as they stand. Whom they go to is in `recipients`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from chassis.database import asking_in
from chassis.keyset import Page, Window, fetch_page
from services.notify.storage.base import Base


class CampaignStatus(StrEnum):
    """Only a RUNNING one puts recipients down and lets messages go."""

    DRAFT = "DRAFT"
    SCHEDULED = "SCHEDULED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


UNDER_WAY = (CampaignStatus.RUNNING, CampaignStatus.PAUSED)


class Campaign(Base):
    """One campaign.

    `segment` is the filter's message as JSON; `texts` by language, each a map of its parts. `counts` is what was
    counted since the last change, with its sample. `gathered_through` is the last customer put down, so that gathering
    goes on where it was left. `credit` is how many more messages may leave by the rate, as of `credited_at`.
    """

    __tablename__ = "campaigns"
    __table_args__ = (
        one_of("status", CampaignStatus),
        CheckConstraint("rate_per_hour >= 0", name="rate_per_hour"),
        CheckConstraint(
            "status IN ('DRAFT', 'SCHEDULED', 'CANCELLED') OR began_at IS NOT NULL", name="began_at"
        ),
        CheckConstraint("(status IN ('DONE', 'CANCELLED')) = (ended_at IS NOT NULL)", name="ended_at"),
        Index(
            "campaigns_under_way",
            "status",
            postgresql_where=text("status IN ('SCHEDULED', 'RUNNING', 'PAUSED')"),
        ),
    )

    campaign_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    segment: Mapped[dict[str, Any]]
    is_marketing: Mapped[bool]
    by_email: Mapped[bool]
    by_sms: Mapped[bool]
    by_portal: Mapped[bool]
    texts: Mapped[dict[str, Any]]
    starts_at: Mapped[datetime | None]
    rate_per_hour: Mapped[int]
    status: Mapped[CampaignStatus] = word(CampaignStatus)
    version: Mapped[int] = mapped_column(BigInteger)
    written_by: Mapped[str]
    written_at: Mapped[datetime]
    counts: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    scheduled_by: Mapped[str] = mapped_column(server_default="")
    scheduled_at: Mapped[datetime | None]
    began_at: Mapped[datetime | None]
    gathered_through: Mapped[UUID | None]
    gathered_at: Mapped[datetime | None]
    credit: Mapped[float] = mapped_column(server_default=text("0"))
    credited_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


def get_campaign(session: Session, campaign_id: UUID) -> Campaign | None:
    """A campaign by id."""
    return session.get(Campaign, campaign_id)


def lock_campaign(session: Session, campaign_id: UUID) -> Campaign | None:
    """A campaign that nobody else changes until the transaction ends."""
    return session.get(Campaign, campaign_id, with_for_update=True)


def list_campaigns(session: Session, *, status: CampaignStatus | None, window: Window) -> Page:
    """All of them or those of one state, the newest first: ids grow with time."""
    statement = select(Campaign)
    if status is not None:
        statement = statement.where(Campaign.status == status)
    return fetch_page(
        session, statement, keys=[Campaign.campaign_id], window=window, descending=True, scalars=True
    )


def list_due(session: Session, *, now: datetime) -> Sequence[UUID]:
    """Scheduled ones whose time has come, the longest waiting first."""
    statement = select(Campaign.campaign_id).where(
        Campaign.status == CampaignStatus.SCHEDULED, Campaign.starts_at <= now
    )
    return session.scalars(statement.order_by(Campaign.starts_at)).all()


def list_running(session: Session, *, gathered: bool | None = None) -> Sequence[UUID]:
    """Running ones; `gathered` narrows to those whose recipients are all put down, or not yet."""
    statement = select(Campaign.campaign_id).where(Campaign.status == CampaignStatus.RUNNING)
    if gathered is not None:
        known = Campaign.gathered_at.is_not(None) if gathered else Campaign.gathered_at.is_(None)
        statement = statement.where(known)
    return session.scalars(statement.order_by(Campaign.began_at)).all()


def find_written(session: Session, campaign_ids: Collection[UUID]) -> dict[UUID, Campaign]:
    """Campaigns by id."""
    if not campaign_ids:
        return {}
    found = session.scalars(select(Campaign).where(Campaign.campaign_id.in_(campaign_ids)))
    return {campaign.campaign_id: campaign for campaign in found}


def find_halted(session: Session, campaign_ids: Collection[str]) -> dict[str, CampaignStatus]:
    """Those of the campaigns, named by their ids as text, whose messages are not to leave: PAUSED or CANCELLED."""
    if not campaign_ids:
        return {}
    found = asking_in(session).rows(_HALTED, {"ids": [*campaign_ids]})
    return {row.campaign_id: CampaignStatus(row.status) for row in found}


_HALTED = """
    SELECT CAST(campaign_id AS text) AS campaign_id, status FROM campaigns
     WHERE campaign_id = ANY(CAST(%(ids)s AS uuid[])) AND status IN ('PAUSED', 'CANCELLED')
"""
