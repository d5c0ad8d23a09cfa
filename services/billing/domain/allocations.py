"""The audit of why: each allocation of an entry, with its reason and the entry on the other side."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis.errors import Invalid, NotFound, Violation
from chassis.keyset import Page, Window
from services.billing.storage import allocations as stored


class EntryNotFound(NotFound):
    """The customer has no such entry, or no issued invoice of this id."""

    reason = "ENTRY_NOT_FOUND"


def list_of(
    session: Session,
    customer_id: UUID,
    *,
    entry_id: UUID | None,
    invoice_id: UUID | None,
    window: Window,
) -> tuple[Row[Any], Page]:
    """An entry of the customer and its allocations, the oldest first. Refuses `EntryNotFound`, and MALFORMED unless
    exactly one of the two ids is given.
    """
    if (entry_id is None) == (invoice_id is None):
        raise Invalid(
            violations=[Violation("entry_id", "MALFORMED", "one of entry_id and invoice_id is needed")]
        )
    entry = stored.find_entry(session, customer_id, entry_id=entry_id, invoice_id=invoice_id)
    if entry is None:
        raise EntryNotFound
    return entry, stored.list_allocations(session, entry.entry_id, window=window)
