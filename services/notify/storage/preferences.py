"""What customers want to be told, and how. A row stands for a choice; without one the default of the topic holds."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Index, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis import copies
from chassis.columns import id_array, one_of, word
from chassis.database import asking_in
from services.notify.storage.base import Base
from services.notify.storage.messages import Channel


class Preference(Base):
    """A choice for one topic and one channel. `version` is identity's where the choice is a consent, else 0."""

    __tablename__ = "preferences"
    __table_args__ = (one_of("channel", Channel),)

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[Channel] = word(Channel, primary_key=True)
    is_on: Mapped[bool]
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class Chosen(NamedTuple):
    """What a customer chose for one topic and one channel."""

    is_on: bool
    changed_at: datetime


class Consent(Base):
    """What was said of marketing before identity kept consents: a proof of then, which nothing is added to."""

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
) -> dict[UUID, dict[tuple[str, Channel], Chosen]]:
    """What each of the customers chose, by topic and channel; nobody's for those who chose nothing."""
    found: dict[UUID, dict[tuple[str, Channel], Chosen]] = {}
    if customer_ids:
        for row in asking_in(session).rows(_CHOICES, {"ids": id_array(customer_ids)}):
            of_customer = found.setdefault(row.customer_id, {})
            of_customer[row.topic, Channel(row.channel)] = Chosen(row.is_on, row.changed_at)
    return found


_CHOICES = """
    SELECT customer_id, topic, channel, is_on, changed_at FROM preferences
     WHERE customer_id = ANY(CAST(%(ids)s AS uuid[]))
"""


def keep_choices(
    session: Session, customer_id: UUID, choices: Mapping[tuple[str, Channel], bool], *, now: datetime
) -> None:
    """Write choices; one that is the same keeps its moment."""
    if not choices:
        return
    rows = [
        {"customer_id": customer_id, "topic": topic, "channel": channel, "is_on": is_on, "changed_at": now}
        for (topic, channel), is_on in sorted(choices.items())
    ]
    statement = insert(Preference).values(rows)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["customer_id", "topic", "channel"],
            set_={"is_on": statement.excluded.is_on, "changed_at": statement.excluded.changed_at},
            where=Preference.is_on != statement.excluded.is_on,
        )
    )


def keep_consent(
    session: Session,
    customer_id: UUID,
    topic: str,
    channel: Channel,
    *,
    is_on: bool,
    version: int,
    said_at: datetime,
) -> None:
    """Write what another service decided unless a later version of it is known."""
    copies.keep_newest(
        session,
        Preference,
        {
            "customer_id": customer_id,
            "topic": topic,
            "channel": channel,
            "is_on": is_on,
            "changed_at": said_at,
            "version": version,
        },
    )


def switch_off(session: Session, customer_id: UUID, topic: str, channel: Channel, *, now: datetime) -> bool:
    """Nothing of it any more; the version stays, so that the next word of whoever decides goes before this."""
    switched = (
        update(Preference)
        .where(
            Preference.customer_id == customer_id,
            Preference.topic == topic,
            Preference.channel == channel,
            Preference.is_on,
        )
        .values(is_on=False, changed_at=now)
    )
    return session.scalar(switched.returning(Preference.customer_id)) is not None
