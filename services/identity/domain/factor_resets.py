"""Somebody who holds a customer has lost app and codes: the office takes them away, after making sure who is asking."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.errors import Invalid, Violation
from services.identity.domain import factors, grants, step_up
from services.identity.storage import users
from services.identity.storage.factor_resets import FactorReset


def make(
    session: Session,
    reset_id: UUID,
    *,
    grant_id: UUID,
    customer_id: UUID,
    reason: str,
    by: Actor,
    now: datetime,
) -> bool:
    """Take app and recovery codes away and end the sessions; false when there were none, or it was done before.

    Refuses STEP_UP_REQUIRED, GRANT_NOT_FOUND, REQUIRED at `reason`.
    """
    step_up.require(by, now=now)
    holder = users.lock_user(session, grants.holder_of(session, grant_id, customer_id=customer_id, now=now))
    if holder is None:
        raise LookupError("a grant is of nobody")
    if not reason:
        raise Invalid(violations=[Violation("reason", "REQUIRED")])
    if session.get(FactorReset, reset_id) is not None or not factors.reset(session, holder, now=now):
        return False
    session.add(
        FactorReset(
            reset_id=reset_id,
            user_id=holder.user_id,
            customer_id=customer_id,
            reason=reason,
            made_by=by.name,
            made_at=now,
        )
    )
    return True
