"""Campaigns under way: begun at their time, their recipients put down as billing names them, their messages planned.

Sending is the business of the jobs that send whatever is planned.
"""

import time
from datetime import datetime, timedelta
from uuid import UUID

from chassis.database import Database
from chassis.jobs import Jobs
from services.notify.clients.billing import Audiences
from services.notify.config import NotifyConfig
from services.notify.documents.campaigns import write_portal
from services.notify.domain import campaign_portal, campaign_runs
from services.notify.domain.recipients import member_of
from services.notify.storage import campaigns as stored
from services.notify.storage.recipients import erase_ended
from services.notify.storage.settings import ProviderSettings, get_settings

RUN_S_MAX = 10.0  # A run ends in time for a process that is told to stop.
ERASE_ROWS = 1_000

jobs = Jobs()


@jobs.job("campaigns.gather", every_s=1)
def gather_recipients(database: Database, *, now: datetime, audiences: Audiences) -> None:
    """Begin what is due, and put recipients down; the next run goes on after the last customer put down."""
    ends_at = time.monotonic() + RUN_S_MAX
    with database.reading() as session:
        due, settings = stored.list_due(session, now=now), get_settings(session)
    for campaign_id in due:
        if settings is None:
            return  # Who sends, and from where, is not known yet.
        _begin(database, campaign_id, settings, now=now)
    with database.reading() as session:
        waiting = stored.list_running(session, gathered=False)
    for campaign_id in waiting:
        _gather(database, campaign_id, now=now, audiences=audiences, ends_at=ends_at)


def _begin(database: Database, campaign_id: UUID, settings: ProviderSettings, *, now: datetime) -> None:
    with database.transaction() as session:
        campaign = campaign_runs.begin(session, campaign_id, now=now)
        if campaign is None or not campaign.by_portal:
            return
        written = {
            language: write_portal(campaign.texts, settings, language)
            for language, parts in campaign.texts.items()
            if parts.get("portal")
        }
        campaign_portal.publish(
            session,
            campaign,
            titles={language: one.subject for language, one in written.items()},
            bodies={language: one.text for language, one in written.items()},
            now=now,
        )


def _gather(
    database: Database, campaign_id: UUID, *, now: datetime, audiences: Audiences, ends_at: float
) -> None:
    with database.reading() as session:
        campaign = stored.get_campaign(session, campaign_id)
    if campaign is None:
        return
    for piece in audiences.stream(campaign.segment, after=campaign.gathered_through):
        with database.transaction() as session:
            if not campaign_runs.put_down(session, campaign_id, [member_of(one) for one in piece]):
                return
        if time.monotonic() > ends_at:
            return
    with database.transaction() as session:
        campaign_runs.end_gathering(session, campaign_id, now=now)


# Often enough that what is planned ahead lasts until the next time, however fast it is sent.
@jobs.job("campaigns.release", every_s=0.5)
def release_messages(database: Database, *, now: datetime, config: NotifyConfig) -> None:
    """Plan the next messages of each campaign at its pace; none in quiet hours."""
    if config.quiet.until(now) is not None:
        return
    ends_at = time.monotonic() + RUN_S_MAX
    with database.reading() as session:
        running = stored.list_running(session)
    for campaign_id in running:
        planned = True
        while planned and time.monotonic() < ends_at:
            with database.transaction() as session:
                planned = campaign_runs.release(session, campaign_id, now=now) > 0


@jobs.job("campaigns.forget", every_s=3600)
def forget_recipients(database: Database, *, now: datetime, config: NotifyConfig) -> None:
    """Forget whom campaigns went to long ago, a bounded number at a time."""
    while True:
        with database.transaction() as session:
            gone = erase_ended(
                session, before=now - timedelta(days=config.customer_mails_days), count_max=ERASE_ROWS
            )
        if gone < ERASE_ROWS:
            return
