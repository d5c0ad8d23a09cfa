"""Feeds: sources that a connector watches, how old what they brought is, and whether the next is late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from chassis.errors import Invalid, Violation
from services.billing.storage import feeds as stored
from services.billing.storage.feeds import Feed
from services.billing.storage.imports import Import

EVERY_MIN, EVERY_MAX = timedelta(seconds=1), timedelta(days=366)
LATE_AFTER = 2  # times the span between two looks
FORGOTTEN_AFTER = timedelta(days=90)
FEEDS_MAX = 100


@dataclass(frozen=True)
class FeedState:
    """A feed, its newest import if there is one, and whether nothing was heard for too long."""

    feed: Feed
    newest: Import | None
    late: bool


def touch(session: Session, feed: str, *, every: timedelta | None, now: datetime) -> None:
    """A connector looked at its source. Refuses: `every` REQUIRED, OUT_OF_RANGE."""
    if every is None:
        raise Invalid(violations=[Violation("every", "REQUIRED")])
    if not EVERY_MIN <= every <= EVERY_MAX:
        raise Invalid(violations=[Violation("every", "OUT_OF_RANGE", "between a second and a year")])
    stored.touch_feed(session, feed, every=every, now=now)


def list_states(session: Session, *, now: datetime) -> Sequence[FeedState]:
    """The feeds by name; one that was not heard of for long is no feed any more."""
    found = stored.list_feeds(session, heard_since=now - FORGOTTEN_AFTER, limit=FEEDS_MAX)
    return [FeedState(feed, newest, _is_late(feed, newest, now=now)) for feed, newest in found]


def _is_late(feed: Feed, newest: Import | None, *, now: datetime) -> bool:
    """A batch is a word too: a long import does not make its feed late."""
    heard_at = feed.looked_at if newest is None else max(feed.looked_at, newest.moved_at)
    return now - heard_at > LATE_AFTER * feed.every
