"""Issued invoices as their customers see them. What is somebody else's is not there, in the same words as nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis.errors import NotFound
from services.billing.domain.frozen import FrozenInvoice
from services.billing.domain.printed import PrintedInvoice
from services.billing.storage import invoice_lists as stored


class InvoiceNotFound(NotFound):
    """The customer has no such issued invoice; or the run has no such draft."""

    reason = "INVOICE_NOT_FOUND"


@dataclass(frozen=True, slots=True)
class KeptInvoice:
    """An invoice's columns with what the ledger says of it, and its document."""

    row: Row[Any]
    frozen: FrozenInvoice


def get(session: Session, customer_id: UUID, invoice_id: UUID) -> KeptInvoice:
    """An issued invoice of the customer. Refuses with `InvoiceNotFound`."""
    row = stored.find_issued(session, customer_id, invoice_id)
    if row is None:
        raise InvoiceNotFound
    return KeptInvoice(row, FrozenInvoice.from_json(row.frozen))


def get_of_run(session: Session, run_id: UUID, invoice_id: UUID) -> KeptInvoice:
    """A draft or invoice of a run. Refuses with `InvoiceNotFound`."""
    row = stored.find_of_run(session, run_id, invoice_id)
    if row is None:
        raise InvoiceNotFound
    return KeptInvoice(row, FrozenInvoice.from_json(row.frozen))


def get_printed(session: Session, customer_id: UUID, invoice_ids: Sequence[UUID]) -> list[PrintedInvoice]:
    """What the invoices print, in the order asked for, each once. Refuses with `InvoiceNotFound` if one is missing."""
    found = {
        row.invoice_id: row.frozen for row in stored.list_documents(session, customer_id, set(invoice_ids))
    }
    wanted = list(dict.fromkeys(invoice_ids))
    if any(invoice_id not in found for invoice_id in wanted):
        raise InvoiceNotFound
    return [FrozenInvoice.from_json(found[invoice_id]).printed for invoice_id in wanted]
