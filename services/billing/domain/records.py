"""Records: customers, premises, service points, meters and contracts one by one, with whose word each is."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis.errors import NotFound
from services.billing.domain import contracts, customers, masters, meters, premises, service_points
from services.billing.domain.rows import RowKind
from services.billing.storage import records as stored
from services.billing.storage import settings as stored_settings
from services.billing.storage.origins import RecordOrigin
from services.billing.storage.premises import address_line

NOUNS: Mapping[RowKind, masters.Noun] = {
    noun.kind: noun
    for noun in (customers.NOUN, premises.NOUN, service_points.NOUN, meters.NOUN, contracts.NOUN)
}


class RecordNotFound(NotFound):
    """There is no such record."""

    reason = "RECORD_NOT_FOUND"


@dataclass(frozen=True)
class Reference:
    """A record that another names by its external id in `field`, and what people call it."""

    field: str
    record_id: UUID
    external_id: str
    label: str
    sub_label: str


@dataclass(frozen=True)
class Record:
    """A row of master data with what it refers to. `editable`: staff may change the provider's fields."""

    kind: RowKind
    row: Row[Any]
    points: Sequence[Row[Any]]
    customer_id: UUID | None
    editable: bool

    @property
    def record_id(self) -> UUID:
        """The customer's, premises', service point's, meter's or contract's id."""
        found: UUID = self.row._mapping[NOUNS[self.kind].identity]
        return found

    @property
    def by_provider(self) -> bool:
        """Whether the provider's own system owns it."""
        return bool(self.row.origin is RecordOrigin.PROVIDER)

    @property
    def external_points(self) -> list[str]:
        """The external ids of a contract's points."""
        return [point.external_id for point in self.points]

    def references(self) -> list[Reference]:
        """The records that it refers to."""
        row = self.row
        if self.kind is RowKind.SERVICE_POINT:
            return [
                Reference(
                    "premises_external_id",
                    row.premises_id,
                    row.premises_external_id,
                    _address(row),
                    _town(row),
                )
            ]
        if self.kind is RowKind.METER:
            place = f"{_address(row)}, {row.town}"
            return [
                Reference(
                    "service_point_external_id",
                    row.service_point_id,
                    row.service_point_external_id,
                    place,
                    row.code,
                )
            ]
        if self.kind is RowKind.CONTRACT:
            whose = Reference(
                "customer_external_id",
                row.customer_id,
                row.customer_external_id,
                row.customer_name,
                row.customer_number,
            )
            return [whose, *map(_point_reference, self.points)]
        return []

    def text(self, name: str) -> str:
        """What the record says in a field of a row."""
        columns = self.row._mapping
        if name == contracts.POINTS_FIELD:
            return masters.list_text(self.external_points)
        # What the provider said goes before what holds, and what people call a reference before its id.
        places = (f"source_{name}", name, NOUNS[self.kind].columns.get(name, name))
        return masters.text_of(next((columns[one] for one in places if one in columns), None))

    def locked(self, names: Collection[str]) -> list[str]:
        """Which of the fields may not be changed here. What was changed here may be changed again, and taken back."""
        if not self.by_provider or self.editable:
            return []
        return [name for name in names if name not in self.row.office_fields]

    @property
    def revision(self) -> str:
        """Another one for any other content. When the provider said it is no content."""
        own = set(NOUNS[self.kind].model.__table__.c.keys()) - _NO_CONTENT
        said = {name: masters.text_of(self.row._mapping[name]) for name in own}
        whole = [said, masters.list_text(self.external_points), self.row.office_fields]
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()

    def labels(self) -> tuple[str, str]:
        """What people call it, and a second line to tell it from others."""
        return _LABELS[self.kind](self.row)


# What others make of a record, and what the customer said of it.
_NO_CONTENT = frozenset(
    {
        "as_of",
        "changed_at",
        "commodities",
        "consent_version",
        "e_invoice",
        "office_fields",
        "own_e_invoice",
        "own_email",
        "own_phone",
        "premises_label",
        "search_own",
        "search_places",
        "sort_name",
        "towns",
        "version",
    }
)


def _address(row: Any) -> str:
    return address_line(street=row.street, building=row.building, flat=row.flat, town=row.town)


def _town(row: Any) -> str:
    return f"{row.postcode} {row.town}".strip()


def _point_reference(row: Any) -> Reference:
    place = f"{_address(row)}, {row.town}"
    return Reference(contracts.POINTS_FIELD, row.service_point_id, row.external_id, place, row.code)


_LABELS: Mapping[RowKind, Callable[[Any], tuple[str, str]]] = {
    RowKind.CUSTOMER: lambda row: (row.name, row.number),
    RowKind.PREMISES: lambda row: (_address(row), _town(row)),
    RowKind.SERVICE_POINT: lambda row: (f"{_address(row)}, {row.town}", row.code),
    RowKind.METER: lambda row: (row.serial_number, f"{_address(row)}, {row.town}"),
    RowKind.CONTRACT: lambda row: (row.number, row.customer_name),
}


def get(session: Session, kind: RowKind, record_id: UUID) -> Record:
    """One record. Refuses: RECORD_NOT_FOUND."""
    found = find(session, kind, record_id)
    if found is None:
        raise RecordNotFound(record_id=str(record_id))
    return found


def find(session: Session, kind: RowKind, record_id: UUID) -> Record | None:
    """One record; None when there is no such."""
    row = stored.get_record(session, NOUNS[kind].model, record_id)
    return None if row is None else of_rows(session, kind, [row])[0]


def of_rows(session: Session, kind: RowKind, rows: Sequence[Row[Any]]) -> list[Record]:
    """Rows of one kind as records."""
    noun = NOUNS[kind]
    ids = [row._mapping[noun.identity] for row in rows]
    points = stored.find_points(session, ids) if kind is RowKind.CONTRACT else {}
    owners: Mapping[UUID, UUID] = {}
    if kind in (RowKind.PREMISES, RowKind.SERVICE_POINT, RowKind.METER):
        owners = stored.find_only_customers(session, noun.model, ids)
    editable = is_editable(session)
    return [
        Record(
            kind,
            row,
            points.get(record_id, ()),
            row.customer_id if "customer_id" in row._mapping else owners.get(record_id),
            editable,
        )
        for record_id, row in zip(ids, rows, strict=True)
    ]


def is_editable(session: Session) -> bool:
    """Whether staff may change what the provider's own system owns."""
    settings = stored_settings.get_settings(session)
    return settings is not None and settings.provider_data_editable
