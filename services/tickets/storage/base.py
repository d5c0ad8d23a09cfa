"""The metadata of tickets' tables."""

from typing import Any

from chassis.columns import new_base
from chassis.messaging import inbox, outbox

Base: Any = new_base()
OutboxRow: Any = outbox.table(Base)
InboxRow: Any = inbox.table(Base)
