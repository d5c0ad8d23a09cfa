"""Ledger entries and allocations as messages."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ebok.billing.v1 import ledger_pb2 as pb

from chassis import wire
from chassis.money import Money
from services.billing.api.packing import words_of
from services.billing.domain.settled_payments import payment_id_of
from services.billing.storage.ledger import AllocationReason, EntryKind

ENTRY_KINDS = words_of(pb.EntryKind, EntryKind, "ENTRY_KIND")
REASONS = words_of(pb.AllocationReason, AllocationReason, "ALLOCATION_REASON")


def pack_entry(row: Any) -> pb.LedgerEntry:
    """What an entry is, whatever happened since."""
    return pb.LedgerEntry(
        entry_id=wire.pack_id(row.entry_id),
        kind=ENTRY_KINDS[EntryKind(row.kind)],
        booked_on=wire.pack_date(row.booked_on),
        amount=wire.pack_money(_money(row.amount)),
        invoice_id=wire.pack_id(row.invoice_id),
        invoice_number=row.invoice_number or "",
        title=row.title,
        due_on=wire.pack_optional_date(row.due_on),
        period_from=wire.pack_optional_date(row.period_from),
        period_to=wire.pack_optional_date(row.period_to),
        payment_id=payment_id_of(row.external_id),
    )


def pack_statement_entry(row: Any, *, refunded: Mapping[UUID, str]) -> pb.LedgerEntry:
    """An entry of a statement, with the balance after it; `refunded`: the payments that refunds are from."""
    packed = pack_entry(row)
    packed.balance_after.CopyFrom(wire.pack_money(Money(int(row.balance_after))))
    if row.due_on is not None:
        packed.open_amount.CopyFrom(wire.pack_money(Money(int(row.open))))
    packed.payment_id = packed.payment_id or payment_id_of(refunded.get(row.entry_id))
    return packed


def pack_allocation(row: Any) -> pb.Allocation:
    """An allocation with the entry on its other side."""
    return pb.Allocation(
        allocation_id=wire.pack_id(row.allocation_id),
        counts_from=wire.pack_date(row.counts_from),
        amount=wire.pack_money(row.allocated),
        why=REASONS[row.reason],
        counterpart=pack_entry(row),
        made_at=wire.pack_instant(row.created_at),
    )


def _money(amount: Money | int) -> Money:
    """Plain SQL answers integers where the models answer Money."""
    return amount if isinstance(amount, Money) else Money(int(amount))
