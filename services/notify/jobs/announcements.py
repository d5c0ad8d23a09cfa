"""Gathers whom an announcement for a segment is for: billing says who is in it, again each hour while it is live."""

from datetime import datetime, timedelta
from uuid import UUID

from chassis import wire
from chassis.database import Database
from chassis.jobs import Jobs
from services.notify.clients.billing import Audiences
from services.notify.domain import announcements
from services.notify.storage import announcements as stored

AT_ONCE = 20
GATHERED_FOR = timedelta(hours=1)

jobs = Jobs()


@jobs.job("announcements.gather", every_s=5)
def gather_recipients(database: Database, *, now: datetime, audiences: Audiences) -> None:
    """Those never gathered first. A run that dies leaves recipients who are in the segment, and is begun anew."""
    with database.reading() as session:
        waiting = stored.list_to_gather(session, now=now, older_than=GATHERED_FOR, limit=AT_ONCE)
    for announcement_id in waiting:
        _gather(database, announcement_id, now=now, audiences=audiences)


def _gather(database: Database, announcement_id: UUID, *, now: datetime, audiences: Audiences) -> None:
    with database.transaction() as session:
        begun = announcements.begin_gathering(session, announcement_id)
    if begun is None:
        return
    segment, gathering = begun
    for members in audiences.stream(segment):
        customer_ids = [wire.unpack_id(one.customer_id, field="customer_id") for one in members]
        with database.transaction() as session:
            stored.add_recipients(session, announcement_id, customer_ids, gathering=gathering)
    with database.transaction() as session:
        announcements.end_gathering(session, announcement_id, gathering=gathering, now=now)
