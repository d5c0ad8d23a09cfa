"""Campaigns as staff decide on them: written, counted, scheduled; under way paused, resumed, cancelled."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.errors import Conflict, FailedPrecondition, Invalid, NotFound, Violation
from services.notify.domain import batches
from services.notify.domain.messages import CANCELLED
from services.notify.storage import campaigns as stored
from services.notify.storage.campaigns import UNDER_WAY, Campaign, CampaignStatus
from services.notify.storage.messages import Rule
from services.notify.storage.recipients import EMAIL, PORTAL, SMS

FIRST_LANGUAGE = "pl"
# What must be there in Polish for a channel to be used.
NEEDED = {EMAIL: ("subject", "email"), SMS: ("sms",), PORTAL: ("portal_title", "portal")}


class CampaignNotFound(NotFound):
    """There is none of that id."""

    reason = "CAMPAIGN_NOT_FOUND"


class CampaignChanged(Conflict):
    """Somebody else changed it meanwhile."""

    reason = "CAMPAIGN_CHANGED"


class CampaignNotDraft(FailedPrecondition):
    """It is scheduled, under way or over."""

    reason = "CAMPAIGN_NOT_DRAFT"


class CampaignUnderWay(FailedPrecondition):
    """It has begun: it can be paused or cancelled, not taken back."""

    reason = "CAMPAIGN_UNDER_WAY"


class CampaignNotUnderWay(FailedPrecondition):
    """It has not begun, or it is over."""

    reason = "CAMPAIGN_NOT_UNDER_WAY"


class NotCounted(FailedPrecondition):
    """Its recipients have not been counted since it was changed."""

    reason = "NOT_COUNTED"


class SettingsMissing(FailedPrecondition):
    """Who sends is not known yet."""

    reason = "SETTINGS_MISSING"


class NobodyReached(FailedPrecondition):
    """The segment is empty, or none of the channels reaches anybody in it."""

    reason = "NOBODY_REACHED"


class NoChannel(FailedPrecondition):
    """It is to go by no channel at all."""

    reason = "NO_CHANNEL"


class CountNotConfirmed(FailedPrecondition):
    """So many are written to only when somebody typed their number."""

    reason = "COUNT_NOT_CONFIRMED"


@dataclass(frozen=True)
class Draft:
    """A campaign as somebody wants it; `version` is the one they began from."""

    name: str
    segment: dict[str, Any]
    is_marketing: bool
    by_email: bool
    by_sms: bool
    by_portal: bool
    texts: dict[str, Any]
    starts_at: datetime | None
    rate_per_hour: int
    version: int

    @property
    def columns(self) -> dict[str, Any]:
        """What is written of it."""
        return {name: value for name, value in vars(self).items() if name != "version"}


COUNTED = ("segment", "is_marketing", "by_email", "by_sms", "by_portal")  # What the count depends on.


def get(session: Session, campaign_id: UUID) -> Campaign:
    """One of them."""
    found = stored.get_campaign(session, campaign_id)
    if found is None:
        raise CampaignNotFound(campaign_id=str(campaign_id))
    return found


def get_draft(session: Session, campaign_id: UUID) -> Campaign:
    """One that is being written."""
    found = get(session, campaign_id)
    if found.status is not CampaignStatus.DRAFT:
        raise CampaignNotDraft(campaign_id=str(campaign_id))
    return found


def sampled(campaign: Campaign, position: int) -> dict[str, Any]:
    """One of the sample of the last count; beyond its end the last one. Refuses NOT_COUNTED, NOBODY_REACHED."""
    reached_of(campaign)
    sample: list[dict[str, Any]] = (campaign.counts or {})["sample"]
    if not sample:
        raise NobodyReached(campaign_id=str(campaign.campaign_id))
    return sample[min(position, len(sample) - 1)]


def save(session: Session, campaign_id: UUID, wanted: Draft, *, by: Actor, now: datetime) -> Campaign:
    """Keep a draft as it is wanted. Saying the same again changes nothing."""
    there = stored.lock_campaign(session, campaign_id)
    if there is None:
        if wanted.version:
            raise CampaignNotFound(campaign_id=str(campaign_id))
        there = Campaign(campaign_id=campaign_id, status=CampaignStatus.DRAFT, version=0, credit=0.0)
        session.add(there)
    elif there.status is not CampaignStatus.DRAFT:
        raise CampaignNotDraft(campaign_id=str(campaign_id))
    elif all(getattr(there, name) == value for name, value in wanted.columns.items()):
        return there
    elif there.version != wanted.version:
        raise CampaignChanged(campaign_id=str(campaign_id))
    if any(getattr(there, name) != wanted.columns[name] for name in COUNTED):
        there.counts = None
    for name, value in wanted.columns.items():
        setattr(there, name, value)
    there.version += 1
    there.written_by, there.written_at = by.name, now
    session.flush()
    return there


def remove(session: Session, campaign_id: UUID) -> None:
    """Throw a draft away."""
    session.delete(_draft(session, campaign_id))


def keep_counts(session: Session, campaign_id: UUID, counts: dict[str, Any], *, of_version: int) -> bool:
    """Keep what was counted, unless the draft was changed meanwhile; false then."""
    there = _draft(session, campaign_id)
    if there.version != of_version:
        return False
    there.counts = counts
    return True


def schedule(
    session: Session,
    campaign_id: UUID,
    *,
    version: int,
    at_once: bool,
    confirmed_count: int,
    confirm_above: int,
    by: Actor,
    now: datetime,
) -> Campaign:
    """Decide that it is sent. The same decision again finds it made."""
    there = _locked(session, campaign_id)
    if there.status is not CampaignStatus.DRAFT:
        if there.scheduled_at is not None and there.version == version + 1:
            return there
        raise CampaignNotDraft(campaign_id=str(campaign_id))
    if there.version != version:
        raise CampaignChanged(campaign_id=str(campaign_id))
    _refuse_unfinished(there, at_once=at_once, now=now)
    reached = reached_of(there)
    if reached == 0:
        raise NobodyReached(campaign_id=str(campaign_id))
    if reached > confirm_above and confirmed_count != reached:
        raise CountNotConfirmed(campaign_id=str(campaign_id), count=str(reached))
    there.status = CampaignStatus.SCHEDULED
    there.starts_at = now if at_once or there.starts_at is None else there.starts_at
    there.scheduled_by, there.scheduled_at = by.name, now
    there.version += 1
    return there


def reached_of(campaign: Campaign) -> int:
    """How many the last count says are reached. Refuses NOT_COUNTED."""
    if campaign.counts is None:
        raise NotCounted(campaign_id=str(campaign.campaign_id))
    return sum(int(campaign.counts[channel]) for channel in (EMAIL, SMS, PORTAL))


def _refuse_unfinished(campaign: Campaign, *, at_once: bool, now: datetime) -> None:
    used = {EMAIL: campaign.by_email, SMS: campaign.by_sms, PORTAL: campaign.by_portal}
    if not any(used.values()):
        raise NoChannel(campaign_id=str(campaign.campaign_id))
    polish = campaign.texts.get(FIRST_LANGUAGE, {})
    faults = [
        Violation(f"campaign.texts[{FIRST_LANGUAGE}].{part}", "TEXT_MISSING")
        for channel, parts in NEEDED.items()
        for part in parts
        if used[channel] and not polish.get(part)
    ]
    if not at_once and campaign.starts_at is not None and campaign.starts_at < now:
        faults.append(Violation("campaign.starts_at", "TOO_LATE"))
    if faults:
        raise Invalid(violations=faults)


def unschedule(session: Session, campaign_id: UUID) -> Campaign:
    """Make a scheduled one a draft again."""
    there = _locked(session, campaign_id)
    if there.status is CampaignStatus.SCHEDULED:
        there.status = CampaignStatus.DRAFT
        there.scheduled_by, there.scheduled_at = "", None
        there.version += 1
    elif there.status is not CampaignStatus.DRAFT:
        raise CampaignUnderWay(campaign_id=str(campaign_id))
    return there


def pause(session: Session, campaign_id: UUID) -> Campaign:
    """Hold back what has not left."""
    return _move(session, campaign_id, to=CampaignStatus.PAUSED)


def resume(session: Session, campaign_id: UUID, *, now: datetime) -> Campaign:
    """Go on where it was paused; what had been planned by then keeps its whole life."""
    there = _move(session, campaign_id, to=CampaignStatus.RUNNING)
    batches.renew_planned(session, Rule.CAMPAIGN, str(campaign_id), now=now)
    return there


def cancel(session: Session, campaign_id: UUID, *, now: datetime) -> Campaign:
    """What has not left never does."""
    there = _locked(session, campaign_id)
    if there.status is CampaignStatus.CANCELLED:
        return there
    if there.status not in (*UNDER_WAY, CampaignStatus.SCHEDULED):
        raise CampaignNotUnderWay(campaign_id=str(campaign_id))
    there.status, there.ended_at = CampaignStatus.CANCELLED, now
    there.version += 1
    batches.cancel_planned(session, Rule.CAMPAIGN, str(campaign_id), reason=CANCELLED)
    return there


def _move(session: Session, campaign_id: UUID, *, to: CampaignStatus) -> Campaign:
    there = _locked(session, campaign_id)
    if there.status not in UNDER_WAY:
        raise CampaignNotUnderWay(campaign_id=str(campaign_id))
    if there.status is not to:
        there.status = to
        there.version += 1
    return there


def _locked(session: Session, campaign_id: UUID) -> Campaign:
    there = stored.lock_campaign(session, campaign_id)
    if there is None:
        raise CampaignNotFound(campaign_id=str(campaign_id))
    return there


def _draft(session: Session, campaign_id: UUID) -> Campaign:
    there = _locked(session, campaign_id)
    if there.status is not CampaignStatus.DRAFT:
        raise CampaignNotDraft(campaign_id=str(campaign_id))
    return there
