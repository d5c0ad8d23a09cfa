"""One message to each of many customers: planned, renewed and cancelled together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis import tracing
from services.notify.outbox import messages as announce
from services.notify.storage import batches as stored
from services.notify.storage.contacts import Contact
from services.notify.storage.messages import Channel, Message, Rule

LIFE = timedelta(days=7)  # How long such a message is worth sending.


@dataclass(frozen=True, slots=True)
class Planned:
    """A message to a customer. `contact` is what is known of them now; sending looks again."""

    message_id: UUID
    customer_id: UUID
    channel: Channel
    facts: dict[str, Any]
    contact: Contact | None

    @property
    def row(self) -> dict[str, Any]:
        """As it is stored, written out as sending would: where nothing changes until then, nothing is written again."""
        contact = self.contact
        row = {
            "message_id": self.message_id,
            "customer_id": self.customer_id,
            "channel": self.channel.value,
            "address": "",
            "name": "",
            "language": "",
            "facts": self.facts,
        }
        if contact is None:
            return row
        address = contact.email if self.channel is Channel.EMAIL else contact.phone
        facts = {
            **self.facts,
            "customer_number": contact.number,
            "premises_label": contact.premises_label,
        }
        return row | {
            "address": address,
            "name": contact.name,
            "language": contact.language,
            "facts": facts,
        }


def plan_many(
    session: Session, rule: Rule, subject_id: str, letters: Sequence[Planned], *, now: datetime
) -> None:
    """A message to each. The same rule, subject, customer and channel again: nothing happens."""
    values = {
        "rule": rule.value,
        "subject_id": subject_id,
        "now": now,
        "expires_at": now + LIFE,
        "traceparent": tracing.current_traceparent(),
    }
    stored.add_messages(session, [letter.row for letter in letters], values)


def mark_sent(session: Session, sent: Mapping[Message, str], *, now: datetime) -> None:
    """The server took these, each with its subject. One whose lease was lost is somebody else's to report."""
    if sent:
        kept = stored.close_sent(session, sent, now=now)
        announce.messages_sent(session, [one for one in sent if one.message_id in kept], sent_at=now)


def find_in_hand(session: Session, message_ids: Sequence[UUID]) -> Sequence[Message]:
    """Those that a worker took and never reported."""
    return stored.find_in_hand(session, message_ids)


def renew_planned(session: Session, rule: Rule, subject_id: str, *, now: datetime) -> None:
    """What was planned and held up is due now, as if planned now."""
    stored.renew_planned(session, rule, subject_id, now=now, expires_at=now + LIFE)


def cancel_planned(session: Session, rule: Rule, subject_id: str, *, reason: str) -> None:
    """What was planned and has not left never does."""
    stored.suppress_planned(session, rule, subject_id, reason=reason)
