"""Sources that a connector watches."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.billing.storage.base import Base
from services.billing.storage.imports import Import


class Feed(Base):
    """A watched source by its name: how often a connector looks at it, and when it last said so."""

    __tablename__ = "feeds"
    __table_args__ = (CheckConstraint("every_s > 0", name="every"),)

    feed: Mapped[str] = mapped_column(primary_key=True)
    every_s: Mapped[int]
    looked_at: Mapped[datetime]

    @property
    def every(self) -> timedelta:
        """How often it is looked at."""
        return timedelta(seconds=self.every_s)


def touch_feed(session: Session, feed: str, *, every: timedelta, now: datetime) -> None:
    """The source was looked at; a new one becomes known. An older word does not take back a newer one."""
    statement = insert(Feed).values(feed=feed, every_s=int(every.total_seconds()), looked_at=now)
    given = statement.excluded
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Feed.feed],
            set_={"every_s": given.every_s, "looked_at": func.greatest(Feed.looked_at, given.looked_at)},
        )
    )


def list_feeds(session: Session, *, heard_since: datetime, limit: int) -> Sequence[tuple[Feed, Any]]:
    """Feeds by name, each with its newest import that is no dry run, if there is one."""
    newest = (
        select(Import.import_id)
        .where(Import.feed == Feed.feed, Import.feed != "", ~Import.dry_run)
        .order_by(Import.started_at.desc(), Import.import_id.desc())
        .limit(1)
        .correlate(Feed)
        .scalar_subquery()
    )
    wanted = (
        select(Feed, Import)
        .outerjoin(Import, Import.import_id == newest)
        .where(Feed.looked_at >= heard_since)
        .order_by(Feed.feed)
        .limit(limit)
    )
    return [(feed, import_) for feed, import_ in session.execute(wanted)]
