"""Taking access away: tokens that were given before are refused here at once and everywhere within seconds."""

from datetime import datetime

from sqlalchemy.orm import Session

from chassis import revocations
from chassis.rpc.tokens import LIFETIME_MAX
from services.identity.outbox import access as announce
from services.identity.storage.revocations import Revocation


def revoke(session: Session, subject_id: str, *, now: datetime, for_good: bool = False) -> None:
    """Of a user, a staff member or an API client; or of a session, a client's secret, a personal token.

    What is revoked `for_good` gets no token any more: one that is being given at this very moment is covered, too.
    """
    before = now + LIFETIME_MAX if for_good else now
    revocations.keep(session, Revocation, subject_id, revoked_before=before, now=now)
    announce.access_revoked(session, subject_id, revoked_before=before)
