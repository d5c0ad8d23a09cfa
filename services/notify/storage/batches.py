"""Messages by the hundred: planned, renewed and cancelled in one statement each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from chassis.columns import id_array
from services.notify.storage.messages import Rule


class Released(NamedTuple):
    """How many recipients have their message planned or see it in the portal from now on; these by name."""

    total: int
    in_portal: Sequence[UUID]


def plan_recipients(
    session: Session, campaign_id: UUID, ids: Sequence[UUID], values: Mapping[str, Any]
) -> Released:
    """Plan the message of as many of a campaign's next recipients as there are ids.

    Written out as sending would: where nothing changes until then, nothing is written again. Those of the portal get no
    message. `values`: `facts`, `now`, `expires_at`, `traceparent`, the same for all. The campaign is locked.
    """
    given = {
        "campaign_id": campaign_id,
        "subject_id": str(campaign_id),
        "rule": Rule.CAMPAIGN.value,
        "ids": id_array(ids),
    }
    row = session.execute(_PLAN, {**values, **given, "count_max": len(ids)}).one()
    return Released(row.total, row.in_portal)


_PLAN = text("""
    WITH taken AS (
        SELECT customer_id, channel, facts FROM campaign_recipients
         WHERE campaign_id = :campaign_id AND released_at IS NULL AND channel <> ''
         ORDER BY customer_id LIMIT :count_max),
    named AS (
        SELECT *, CASE WHEN channel <> 'portal'
                       THEN (CAST(:ids AS uuid[]))[CAST(row_number() OVER (ORDER BY customer_id) AS int)]
                  END AS message_id
          FROM taken),
    planned AS (
        INSERT INTO messages (message_id, rule, channel, subject_id, recipient, customer_id, address, name, language,
                              facts, status, reason, subject, planned_at, expires_at, next_attempt_at, attempts,
                              traceparent)
        SELECT n.message_id, :rule, n.channel, :subject_id, 'customer:' || n.customer_id, n.customer_id,
               coalesce(CASE n.channel WHEN 'email' THEN c.email ELSE c.phone END, ''), coalesce(c.name, ''),
               coalesce(c.language, ''),
               jsonb_build_object('customer', n.facts) || CAST(:facts AS jsonb)
               || CASE WHEN c.customer_id IS NULL THEN '{}'
                       ELSE jsonb_build_object('customer_number', c.number, 'premises_label', c.premises_label) END,
               'PLANNED', '', '', :now, :expires_at, :now, 0, :traceparent
          FROM named n LEFT JOIN contacts c USING (customer_id)
         WHERE n.message_id IS NOT NULL
        ON CONFLICT DO NOTHING),
    released AS (
        UPDATE campaign_recipients r SET message_id = n.message_id, released_at = :now
          FROM named n
         WHERE r.campaign_id = :campaign_id AND r.customer_id = n.customer_id
        RETURNING r.customer_id, r.channel)
    SELECT count(*) AS total,
           coalesce(array_agg(customer_id) FILTER (WHERE channel = 'portal'), '{}') AS in_portal
      FROM released
""")


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
