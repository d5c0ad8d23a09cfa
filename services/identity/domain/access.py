"""Taking access away: tokens that were given before are refused here at once and everywhere within seconds."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis import revocations
from chassis.database import Transaction
from chassis.rpc.tokens import LIFETIME_MAX
from services.identity.outbox import access as announce
from services.identity.storage import sessions as stored_sessions
from services.identity.storage.sessions import Realm


def revoke(transaction: Transaction, subject_id: str, *, now: datetime, for_good: bool = False) -> None:
    """Of a user, a staff member or an API client; or of a session, a client's secret, a personal token.

    What is revoked `for_good` gets no token any more: one that is being given at this very moment is covered, too.
    """
    before = now + LIFETIME_MAX if for_good else now
    revocations.keep(transaction, subject_id, revoked_before=before, now=now)
    announce.access_revoked(transaction, subject_id, revoked_before=before)


def end_sessions(
    session: Session,
    *,
    realm: Realm,
    owner_id: UUID,
    now: datetime,
    but: UUID | None = None,
    only: UUID | None = None,
) -> None:
    """End somebody's log-ins – all, all but one, or one – and the tokens that were given for them."""
    ended = stored_sessions.end_sessions_of(
        session, realm=realm, owner_id=owner_id, but=but, only=only, now=now
    )
    for session_id in ended:
        revoke(session, str(session_id), now=now, for_good=True)
