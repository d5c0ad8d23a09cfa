"""A campaign's place in the portal: an announcement under the campaign's own id, for those whom it reaches there."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.notify.storage import announcements as stored
from services.notify.storage.announcements import Announcement, AnnouncementStatus
from services.notify.storage.campaigns import Campaign

GATHERING = 1  # It is gathered once, by the campaign.


def publish(
    session: Session,
    campaign: Campaign,
    *,
    titles: Mapping[str, str],
    bodies: Mapping[str, str],
    now: datetime,
) -> None:
    """Make it, for nobody yet. Once is enough."""
    if stored.get_announcement(session, campaign.campaign_id) is not None:
        return
    session.add(
        Announcement(
            announcement_id=campaign.campaign_id,
            titles=dict(titles),
            bodies=dict(bodies),
            live_from=now,
            live_until=None,
            is_pinned=False,
            is_urgent=False,
            before_login=False,
            for_all=False,
            segment={},
            status=AnnouncementStatus.PUBLISHED,
            version=1,
            written_by=campaign.written_by,
            written_at=now,
            published_at=now,
            gathering=GATHERING,
            of_campaign=True,
        )
    )
    session.flush()


def show(session: Session, campaign_id: UUID, customer_ids: Sequence[UUID]) -> None:
    """These read it from now on."""
    stored.add_recipients(session, campaign_id, customer_ids, gathering=GATHERING)
