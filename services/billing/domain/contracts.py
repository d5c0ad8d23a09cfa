"""Contracts: customer, service points, tariff."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.errors import NotFound
from chassis.ids import new_id
from services.billing.domain import masters
from services.billing.domain.rows import Batch, RowFault, RowKind, RowReader, SourceRow, shown
from services.billing.storage import contracts as stored
from services.billing.storage import tariffs as stored_tariffs
from services.billing.storage.contracts import Contract
from services.billing.storage.customers import Customer
from services.billing.storage.service_points import ServicePoint

POINTS_MAX = 100
POINTS_FIELD = "service_point_external_ids"
TARIFF_CODE_LENGTH_MAX = 20


class ContractNotFound(NotFound):
    """The customer has no such contract."""

    reason = "CONTRACT_NOT_FOUND"


@dataclass
class _Round:
    """What the rows of a round name beside their own columns."""

    tariffs: dict[str, UUID]
    new_tariffs: dict[UUID, str] = field(default_factory=dict)
    points: dict[str, frozenset[UUID]] = field(default_factory=dict)

    def tariff_id(self, code: str) -> UUID:
        """The tariff of that code; a new one gets its id now and its row when a good contract names it."""
        if code not in self.tariffs:
            self.tariffs[code] = new_id()
            self.new_tariffs[self.tariffs[code]] = code
        return self.tariffs[code]


def _read(own: _Round, reader: RowReader, batch: Batch) -> masters.Values:
    customer = masters.refer(
        reader, batch, "customer_external_id", RowKind.CUSTOMER, unknown="UNKNOWN_CUSTOMER"
    )
    starts_on = reader.day("starts_on", required=True)
    ends_on = reader.day("ends_on")
    if starts_on and ends_on and ends_on < starts_on:
        reader.fault("ends_on", "BEFORE_START")
    code = reader.text("tariff_code", length_max=TARIFF_CODE_LENGTH_MAX, required=True)
    if batch.office is not None and code and code not in own.tariffs:
        reader.fault("tariff_code", "UNKNOWN_TARIFF")  # A contract may bring a tariff along, a clerk may not.
    own.points[reader.row.external_id] = _read_points(reader, batch)
    return {
        "number": reader.text("number", length_max=60, required=True),
        "customer_id": customer.customer_id if customer is not None else None,
        "tariff_id": own.tariff_id(code),
        "starts_on": starts_on,
        "ends_on": ends_on,
        "signed_on": reader.day("signed_on"),
    }


def _read_points(reader: RowReader, batch: Batch) -> frozenset[UUID]:
    wanted = [point.strip() for point in reader.row.points]
    if len(wanted) > POINTS_MAX:
        reader.faults.append(RowFault(POINTS_FIELD, "TOO_MANY", str(len(wanted))))
        return frozenset()
    known = batch.known[RowKind.SERVICE_POINT]
    for point in wanted:
        if point not in known:
            reader.faults.append(RowFault(POINTS_FIELD, "UNKNOWN_SERVICE_POINT", shown(point)))
    return frozenset(known[point].service_point_id for point in wanted if point in known)


NOUN = masters.Noun(
    kind=RowKind.CONTRACT,
    model=Contract,
    identity="contract_id",
    read=partial(_read, _Round({})),
    unique="number",
    columns={"customer_external_id": "customer_id", "tariff_code": "tariff_id"},
    fits=lambda values: values["ends_on"] is None or values["ends_on"] >= values["starts_on"],
)


def take(session: Session, rows: Sequence[SourceRow], batch: Batch) -> None:
    """Bring in a round of contracts. A tariff that nobody knew is made without prices, for somebody to enter.

    Refuses by row: UNKNOWN_CUSTOMER, UNKNOWN_SERVICE_POINT, NUMBER_TAKEN, BEFORE_START …
    """
    wanted = {row.fields.get("customer_external_id", "").strip() for row in rows}
    masters.look_up(session, Customer, RowKind.CUSTOMER, wanted, batch)
    points = {point.strip() for row in rows for point in row.points[:POINTS_MAX]}
    masters.look_up(session, ServicePoint, RowKind.SERVICE_POINT, points, batch)
    codes = {RowReader(row).text("tariff_code", length_max=TARIFF_CODE_LENGTH_MAX) for row in rows}
    own = _Round(tariffs=stored_tariffs.find_ids_by_code(session, codes))

    def add_tariffs(session: Session, taken: Sequence[masters.Taken]) -> None:
        used = {one.values["tariff_id"] for one in taken}
        stored_tariffs.add_tariffs(
            session, {key: code for key, code in own.new_tariffs.items() if key in used}
        )

    noun = replace(NOUN, read=partial(_read, own), prepare=add_tariffs)
    written = masters.take_round(session, noun, rows, batch)
    masters.count(batch, written, also_changed=_link(session, written, own, batch))


def _link(session: Session, written: masters.Written, own: _Round, batch: Batch) -> frozenset[str]:
    """Write which points the contracts deliver to; answers the ids of contracts where that changed."""
    known = {one.thing_id for one in written.taken if one.before is not None}
    linked = stored.find_points(session, known)
    moved, wanted = set(), {}
    for one in written.taken:
        points = own.points[one.values["external_id"]]
        if points != linked.get(one.thing_id, frozenset()) and POINTS_FIELD not in one.standing:
            wanted[one.thing_id] = points
            moved.add(one.values["external_id"])
            batch.touch(RowKind.CONTRACT, one.thing_id)
        if one.before is not None and one.before.customer_id != one.values["customer_id"]:
            batch.left.add(one.before.customer_id)
    stored.set_points(session, wanted)
    return frozenset(moved)
