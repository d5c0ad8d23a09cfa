"""Files that nobody wants: handed in and never sent, or left behind by a crash."""

from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from chassis.clock import machine_now
from chassis.database import Database
from chassis.files import Files
from chassis.jobs import Jobs
from services.tickets.storage import attachments as stored

WAITING = timedelta(days=1)
AT_ONCE_MAX = 200

jobs = Jobs()


@jobs.job("attachments.sweep", every_s=3600.0)
def sweep_attachments(database: Database, *, now: datetime, files: Any) -> None:
    """Forget the files that no message named within a day, and delete those that no row names.

    A file without a row may be on its way to one: only old ones count, by the machine's clock, as the files are dated.
    """
    _forget_waiting(database, files, before=now - WAITING)
    old = files.list_old(machine_now() - WAITING)
    while names := list(islice(old, AT_ONCE_MAX)):
        with database.reading() as session:
            known = stored.find_known(session, names)
        for name in names:
            if name not in known:
                files.delete(name)


def _forget_waiting(database: Database, files: Files, *, before: datetime) -> None:
    gone = AT_ONCE_MAX
    while gone == AT_ONCE_MAX:
        with database.transaction() as session:
            names = stored.delete_waiting(session, before=before, limit=AT_ONCE_MAX)
        for name in names:
            files.delete(name)  # After the commit: a crash here leaves files that no row names.
        gone = len(names)
