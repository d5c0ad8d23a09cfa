"""The metadata of billing's tables, and the column types its nouns share."""

from typing import Any

from sqlalchemy import Numeric

from chassis.columns import new_base
from chassis.messaging import inbox, outbox

Base: Any = new_base()
OutboxRow: Any = outbox.table(Base)
InboxRow: Any = inbox.table(Base)

Quantity = Numeric(14, 3)  # what a meter shows and what is used
Price = Numeric(14, 6)  # net price of a unit
