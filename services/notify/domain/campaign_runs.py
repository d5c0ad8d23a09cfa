"""A campaign under way: its recipients are put down piece by piece, its messages planned at its pace, and it ends.

Each step is one transaction under the campaign's lock and leaves behind where it stopped, so whatever dies is begun
again there. A customer is put down once and has one message, planned in the transaction that says so.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from services.notify.domain import batches, campaign_portal
from services.notify.domain.preferences import MARKETING_FACT
from services.notify.domain.recipients import Member, reach
from services.notify.storage import campaigns as stored
from services.notify.storage import contacts as stored_contacts
from services.notify.storage import preferences as stored_preferences
from services.notify.storage import recipients as stored_recipients
from services.notify.storage.campaigns import Campaign, CampaignStatus
from services.notify.storage.messages import Rule

PIECE_MAX = 500  # Messages planned in one transaction.
AHEAD_MAX = 5_000  # Messages planned and not sent yet: what a pause still has to hold back.
CREDIT_SPAN = timedelta(
    minutes=1
)  # Time without a release, by night or paused, is not made up for beyond this.


def begin(session: Session, campaign_id: UUID, *, now: datetime) -> Campaign | None:
    """Start a scheduled one whose time has come; None when it is not scheduled any more."""
    there = stored.lock_campaign(session, campaign_id)
    if there is None or there.status is not CampaignStatus.SCHEDULED:
        return None
    there.status, there.began_at = CampaignStatus.RUNNING, now
    there.version += 1
    return there


def put_down(session: Session, campaign_id: UUID, members: Sequence[Member]) -> bool:
    """Put a piece of the audience down, in the order of ids; false when gathering is to stop."""
    there = stored.lock_campaign(session, campaign_id)
    if there is None or there.status is not CampaignStatus.RUNNING or there.gathered_at is not None:
        return False
    ids = [member.customer_id for member in members]
    found = reach(
        there,
        members,
        stored_contacts.find_contacts(session, ids),
        stored_preferences.find_choices(session, ids),
    )
    stored_recipients.add_recipients(session, campaign_id, [one.row for one in found])
    there.gathered_through = ids[-1]
    return True


def end_gathering(session: Session, campaign_id: UUID, *, now: datetime) -> None:
    """Everybody is put down."""
    there = stored.lock_campaign(session, campaign_id)
    if there is not None and there.status is CampaignStatus.RUNNING:
        there.gathered_at = there.gathered_at or now


def release(session: Session, campaign_id: UUID, *, now: datetime) -> int:
    """Plan the next messages as far as the pace allows; answers how many. Ends a campaign that is done with."""
    there = stored.lock_campaign(session, campaign_id)
    if there is None or there.status is not CampaignStatus.RUNNING:
        return 0
    opened = stored_recipients.count_open(session, campaign_id, rule=Rule.CAMPAIGN.value)
    allowed = min(_credit(there, now=now), AHEAD_MAX - opened, PIECE_MAX)
    is_sent = opened == 0 and there.gathered_at is not None
    if is_sent and not stored_recipients.has_waiting(session, campaign_id):
        there.status, there.ended_at = CampaignStatus.DONE, now
        there.version += 1
        return 0
    if allowed < 1:
        return 0
    facts = {MARKETING_FACT: True} if there.is_marketing else {}
    released = batches.plan_recipients(session, campaign_id, count_max=allowed, facts=facts, now=now)
    campaign_portal.show(session, campaign_id, released.in_portal)
    if there.rate_per_hour:
        there.credit -= released.total
    return released.total


def _credit(campaign: Campaign, *, now: datetime) -> int:
    """How many may leave by the rate: one at the beginning, then as time passes."""
    if not campaign.rate_per_hour:
        return PIECE_MAX
    if campaign.credited_at is None:
        campaign.credit = 1.0
    else:
        passed = min(max(now - campaign.credited_at, timedelta()), CREDIT_SPAN)
        campaign.credit += passed / timedelta(hours=1) * campaign.rate_per_hour
    campaign.credited_at = now
    return int(campaign.credit)
