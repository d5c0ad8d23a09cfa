"""How many calls a caller may make in a minute, over all gateways together."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from chassis.database import Reader
from services.identity.storage import permits as stored

WINDOW = timedelta(minutes=1)


class CallerKind(StrEnum):
    """Who is counted."""

    CLIENT = "CLIENT"
    PERSONAL_TOKEN = "PERSONAL_TOKEN"  # noqa: S105 - the name of a kind
    ADDRESS = "ADDRESS"


@dataclass(frozen=True)
class Leased:
    """Permits until the window ends."""

    granted: int
    limit: int
    remaining: int
    window_ends_at: datetime


def lease(
    reader: Reader, kind: CallerKind, subject: str, *, wanted: int, limit: int, now: datetime
) -> Leased:
    """Take permits out of the minute that runs; one statement."""
    seconds = int(now.timestamp())
    begins_at = datetime.fromtimestamp(seconds - seconds % int(WINDOW.total_seconds()), UTC)
    granted, taken = stored.take_permits(
        reader, kind.value, subject, wanted=wanted, limit=limit, begins_at=begins_at
    )
    return Leased(granted, limit, max(0, limit - taken), begins_at + WINDOW)
