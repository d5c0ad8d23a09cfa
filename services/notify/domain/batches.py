"""One message to each of many customers: planned, renewed and cancelled together."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis import tracing
from chassis.ids import new_id
from services.notify.outbox import messages as announce
from services.notify.storage import batches as stored
from services.notify.storage import in_hand
from services.notify.storage.batches import Released
from services.notify.storage.in_hand import InHand
from services.notify.storage.messages import Rule

LIFE = timedelta(days=7)  # How long such a message is worth sending.


def plan_recipients(
    session: Session,
    campaign_id: UUID,
    *,
    count_max: int,
    facts: Mapping[str, Any],
    now: datetime,
) -> Released:
    """A message to each of a campaign's next recipients, with `facts` besides what is known of them."""
    values = {
        "facts": json.dumps(facts),
        "now": now,
        "expires_at": now + LIFE,
        "traceparent": tracing.current_traceparent(),
    }
    ids = [new_id() for _ in range(count_max)]
    return stored.plan_recipients(session, campaign_id, ids, values)


def mark_sent(session: Session, sent: Mapping[InHand, str], *, now: datetime) -> None:
    """The server took these, each with its subject. One whose lease was lost is somebody else's to report."""
    if sent:
        announce.message_sent(session, in_hand.close_sent(session, sent, now=now), sent_at=now)


def find_in_hand(session: Session, message_ids: Sequence[UUID]) -> Sequence[InHand]:
    """Those that a worker took and never reported."""
    return in_hand.find_in_hand(session, message_ids)


def renew_planned(session: Session, rule: Rule, subject_id: str, *, now: datetime) -> None:
    """What was planned and held up is due now, as if planned now."""
    stored.renew_planned(session, rule, subject_id, now=now, expires_at=now + LIFE)


def cancel_planned(session: Session, rule: Rule, subject_id: str, *, reason: str) -> None:
    """What was planned and has not left never does."""
    stored.suppress_planned(session, rule, subject_id, reason=reason)
