"""How to reach customers: the newest that billing told us."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.notify.storage import contacts as stored
from services.notify.storage import messages


def keep(session: Session, customer_id: UUID, *, version: int, facts: dict[str, Any], now: datetime) -> None:
    """Keep a contact unless a newer one is known, and let the messages that waited for it go."""
    newer = stored.keep_newest(session, {"customer_id": customer_id, "version": version, **facts})
    if newer:
        messages.wake_waiting(session, customer_id, now=now)
