"""Messages by the hundred: planned, renewed and cancelled in one statement each."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.notify.storage.messages import Message, MessageStatus, Rule


def add_messages(session: Session, rows: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> None:
    """Store messages of one rule and subject; those that were stored before stay as they are.

    Each row has `message_id`, `customer_id`, `channel`, `address`, `name`, `language`, `facts`; `values` are the same
    for all: `rule`, `subject_id`, `now`, `expires_at`, `traceparent`.
    """
    if rows:
        given = json.dumps([dict(row) for row in rows], ensure_ascii=False, default=str)
        session.execute(_ADD, {**values, "rows": given})


_ADD = text("""
    INSERT INTO messages (message_id, rule, channel, subject_id, recipient, customer_id, address, name, language, facts,
                          status, reason, subject, planned_at, expires_at, next_attempt_at, attempts, traceparent)
    SELECT g.message_id, :rule, g.channel, :subject_id, 'customer:' || g.customer_id, g.customer_id, g.address, g.name,
           g.language, g.facts, 'PLANNED', '', '', :now, :expires_at, :now, 0, :traceparent
      FROM json_to_recordset(CAST(:rows AS json))
           AS g(message_id uuid, customer_id uuid, channel text, address text, name text, language text, facts jsonb)
    ON CONFLICT DO NOTHING
""")


def close_sent(session: Session, sent: Mapping[Message, str], *, now: datetime) -> set[UUID]:
    """The server took these, each with its subject; answers those that were still in our hands."""
    given = {
        "ids": [message.message_id for message in sent],
        "leases": [message.lease_id for message in sent],
        "subjects": [*sent.values()],
    }
    return set(session.execute(_SENT, {**given, "now": now}).scalars())


_SENT = text("""
    UPDATE messages m SET status = 'SENT', sent_at = :now, subject = g.subject, reason = '', sealed_token = NULL,
           attempts = m.attempts + 1, lease_id = NULL, leased_until = NULL, doubtful_since = NULL
      FROM unnest(CAST(:ids AS uuid[]), CAST(:leases AS uuid[]), CAST(:subjects AS text[]))
           AS g(message_id, lease_id, subject)
     WHERE m.message_id = g.message_id AND m.lease_id = g.lease_id
    RETURNING m.message_id
""")


def find_in_hand(session: Session, message_ids: Sequence[UUID]) -> Sequence[Message]:
    """Those that a worker took and never reported."""
    in_hand = Message.status == MessageStatus.SENDING
    return session.scalars(select(Message).where(Message.message_id.in_(message_ids), in_hand)).all()


def renew_planned(
    session: Session, rule: Rule, subject_id: str, *, now: datetime, expires_at: datetime
) -> None:
    """Those not sent yet are due now, and worth sending until then."""
    given = {"rule": rule.value, "subject_id": subject_id, "now": now, "expires_at": expires_at}
    session.execute(_RENEW, given)


_RENEW = text("""
    UPDATE messages SET next_attempt_at = :now, expires_at = :expires_at
     WHERE rule = :rule AND subject_id = :subject_id AND status = 'PLANNED' AND attempts = 0
""")


def suppress_planned(session: Session, rule: Rule, subject_id: str, *, reason: str) -> None:
    """Those in nobody's hands are held back for good. What a worker has in hand is leaving already."""
    session.execute(_SUPPRESS, {"rule": rule.value, "subject_id": subject_id, "reason": reason})


_SUPPRESS = text("""
    UPDATE messages SET status = 'SUPPRESSED', reason = :reason, sealed_token = NULL
     WHERE rule = :rule AND subject_id = :subject_id AND status = 'PLANNED'
""")
