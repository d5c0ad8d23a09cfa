"""What staff may not change any more, because an invoice or a reading stands on it.

The change is looked at when it is made and before it is kept: what it would contradict takes it back.
"""

from uuid import UUID

from sqlalchemy.orm import Session

from services.billing.domain.records import Record
from services.billing.domain.rows import RowKind
from services.billing.storage import records as stored

Faults = list[tuple[str, str]]


def contradictions(
    session: Session, kind: RowKind, record_id: UUID, before: Record | None, after: Record
) -> Faults:
    """Fields and reasons. Nothing stands on a record that is new."""
    if before is None:
        return []
    if kind is RowKind.CONTRACT:
        return _of_contract(session, record_id, before, after)
    if kind is RowKind.METER:
        return _of_meter(session, record_id, before, after)
    if kind is RowKind.SERVICE_POINT and _differs("commodity", before, after):
        return [("commodity", "IN_USE")] if stored.is_used(session, record_id) else []
    return []


def _of_contract(session: Session, contract_id: UUID, before: Record, after: Record) -> Faults:
    first, last = stored.find_billed_days(session, contract_id)
    if first is None or last is None:
        return []
    faults: Faults = []
    contract = after.row
    if contract.starts_on > first and _differs("starts_on", before, after):
        faults.append(("starts_on", "BILLED"))
    if contract.ends_on is not None and contract.ends_on < last and _differs("ends_on", before, after):
        faults.append(("ends_on", "BILLED"))
    if _differs("customer_external_id", before, after):
        faults.append(("customer_external_id", "BILLED"))
    if _differs("service_point_external_ids", before, after) and stored.has_dropped_billed_point(
        session, contract_id
    ):
        faults.append(("service_point_external_ids", "BILLED"))
    return faults


def _of_meter(session: Session, meter_id: UUID, before: Record, after: Record) -> Faults:
    known = stored.find_accepted_life(session, meter_id)
    if known.first_on is None:
        return []
    meter, faults = after.row, []
    if meter.installed_on > known.first_on and _differs("installed_on", before, after):
        faults.append(("installed_on", "HAS_READINGS"))
    if meter.removed_on and meter.removed_on < known.last_on and _differs("removed_on", before, after):
        faults.append(("removed_on", "HAS_READINGS"))
    if known.greatest >= 10**meter.digits and _differs("digits", before, after):
        faults.append(("digits", "ABOVE_DIGITS"))
    faults += [
        (name, "HAS_READINGS")
        for name in ("service_point_external_id", "unit", "purpose")
        if _differs(name, before, after)
    ]
    return faults


def _differs(name: str, before: Record, after: Record) -> bool:
    return before.text(name) != after.text(name)
