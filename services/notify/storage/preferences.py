"""What customers want to be told, and how. A row stands for a choice; without one the default of the topic holds."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from chassis.ids import new_id
from services.notify.storage.base import Base
from services.notify.storage.messages import Channel


class Preference(Base):
    """A choice for one topic and one channel."""

    __tablename__ = "preferences"
    __table_args__ = (one_of("channel", Channel),)

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[Channel] = word(Channel, primary_key=True)
    is_on: Mapped[bool]
    changed_at: Mapped[datetime]


class Consent(Base):
    """Marketing was agreed to, or no longer. Rows are added, never changed: they prove what was said when, by whom."""

    __tablename__ = "consents"
    __table_args__ = (one_of("channel", Channel), Index("consents_of_customer", "customer_id", "consent_id"))

    consent_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    channel: Mapped[Channel] = word(Channel)
    is_given: Mapped[bool]
    said_at: Mapped[datetime]
    said_by: Mapped[str]


def find_choices(
    session: Session, customer_ids: Collection[UUID]
) -> dict[UUID, dict[tuple[str, Channel], Preference]]:
    """What each of the customers chose, by topic and channel; nobody's for those who chose nothing."""
    found: dict[UUID, dict[tuple[str, Channel], Preference]] = {}
    if customer_ids:
        for row in session.scalars(select(Preference).where(Preference.customer_id.in_(customer_ids))):
            found.setdefault(row.customer_id, {})[row.topic, row.channel] = row
    return found


def keep_choices(
    session: Session, customer_id: UUID, choices: Mapping[tuple[str, Channel], bool], *, now: datetime
) -> set[tuple[str, Channel]]:
    """Write choices; answers those that were other ones before, or were not there."""
    if not choices:
        return set()
    rows = [
        {"customer_id": customer_id, "topic": topic, "channel": channel, "is_on": is_on, "changed_at": now}
        for (topic, channel), is_on in sorted(choices.items())
    ]
    statement = insert(Preference).values(rows)
    changed = session.execute(
        statement.on_conflict_do_update(
            index_elements=["customer_id", "topic", "channel"],
            set_={"is_on": statement.excluded.is_on, "changed_at": statement.excluded.changed_at},
            where=Preference.is_on != statement.excluded.is_on,
        ).returning(Preference.topic, Preference.channel)
    )
    return {(topic, channel) for topic, channel in changed}


def add_consent(
    session: Session, customer_id: UUID, channel: Channel, *, is_given: bool, by: str, now: datetime
) -> None:
    """Write down that marketing was agreed to, or no longer."""
    values = {"consent_id": new_id(), "customer_id": customer_id, "channel": channel}
    session.execute(insert(Consent).values(**values, is_given=is_given, said_at=now, said_by=by))
