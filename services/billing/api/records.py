"""The door of master data in the hands of staff."""

from typing import Any

from ebok.billing.v1 import imports_pb2
from ebok.billing.v1 import records_pb2 as pb
from ebok.billing.v1 import records_pb2_grpc as rpc

from chassis import acts, wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.folding import fold
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.billing.api.imports import unpack_row
from services.billing.api.packing import words_of
from services.billing.domain import areas, record_changes, records
from services.billing.domain.contracts import POINTS_FIELD
from services.billing.domain.record_changes import PATHS
from services.billing.domain.records import Record
from services.billing.domain.rows import RowKind
from services.billing.storage import records as stored
from services.billing.storage.origins import RecordOrigin

WORDS_MAX = 10
ORIGINS = words_of(pb.RecordOrigin, RecordOrigin, "RECORD_ORIGIN")
KINDS: dict[int, RowKind] = {
    pb.RECORD_KIND_CUSTOMER: RowKind.CUSTOMER,
    pb.RECORD_KIND_PREMISES: RowKind.PREMISES,
    pb.RECORD_KIND_SERVICE_POINT: RowKind.SERVICE_POINT,
    pb.RECORD_KIND_METER: RowKind.METER,
    pb.RECORD_KIND_CONTRACT: RowKind.CONTRACT,
}
_NUMBERS: dict[RowKind, Any] = {kind: number for number, kind in KINDS.items()}
# The fields of a row but for the id, which is nobody's to choose.
_ROW: Any = imports_pb2.ImportRow.DESCRIPTOR
FIELDS: dict[RowKind, tuple[str, ...]] = {
    kind: tuple(
        one.name for one in _ROW.fields_by_name[name].message_type.fields if one.name != "external_id"
    )
    for kind, name in PATHS.items()
}


class RecordService(rpc.RecordServiceServicer):
    """Front door for records: unpack, call the domain, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def GetRecord(self, request: pb.GetRecordRequest, context: Context) -> pb.GetRecordResponse:
        record_id = wire.unpack_id(request.record_id, field="record_id")
        with self._database.reading() as session:
            areas.require_record(session, KINDS[request.kind], record_id, by=context.actor)
            record = records.get(session, KINDS[request.kind], record_id)
            _name_subject(record)
            return pb.GetRecordResponse(record=pack_record(record))

    def SearchRecords(self, request: pb.SearchRecordsRequest, context: Context) -> pb.SearchRecordsResponse:
        kind = KINDS[request.kind]
        of = f"records.{kind.value}"
        noun = records.NOUNS[kind]
        with self._database.reading() as session:
            page = stored.search_records(
                session,
                noun.model,
                words=fold(request.query).split()[:WORDS_MAX],
                customer_id=wire.unpack_optional_id(request.customer_id, field="customer_id"),
                window=unpack_window(request.page, of=of, kinds=stored.SEARCH_KEY),
            )
            found = records.of_rows(session, kind, page.rows)
        paging = pack_page(page, of=of, key_of=lambda row: (row.sort_key, row._mapping[noun.identity]))
        return pb.SearchRecordsResponse(records=[pack_record(record) for record in found], page=paging)

    def SaveRecord(self, request: pb.SaveRecordRequest, context: Context) -> pb.SaveRecordResponse:
        record_id = wire.unpack_id(request.record_id, field="record_id")
        row = unpack_row(request.row)
        if row.kind not in PATHS or row.defect:
            raise wire.fault("row", "UNKNOWN")
        with self._database.transaction() as session:
            areas.require_change(session, row.kind, record_id, by=context.actor)
            record = record_changes.save(
                session,
                record_id,
                row,
                revision=request.revision,
                names=FIELDS[row.kind],
                now=self._clock.now(),
            )
            areas.require_record(session, row.kind, record_id, by=context.actor)
            _name_subject(record)
            return pb.SaveRecordResponse(record=pack_record(record))


def _name_subject(record: Record) -> None:
    acts.name_subject(wire.pack_id(record.record_id), customer_id=wire.pack_id(record.customer_id))


def pack_record(record: Record) -> pb.Record:
    """A record as a row of an import, with whose word it is."""
    label, sub_label = record.labels()
    names = FIELDS[record.kind]
    return pb.Record(
        kind=_NUMBERS[record.kind],
        record_id=wire.pack_id(record.record_id),
        row=_pack_row(record, names),
        origin=ORIGINS[record.row.origin],
        as_of=wire.pack_instant(record.row.as_of),
        revision=record.revision,
        locked_fields=record.locked(names),
        changed_fields=record.row.office_fields,
        label=label,
        sub_label=sub_label,
        customer_id=wire.pack_id(record.customer_id),
        references=[
            pb.RecordReference(
                field=one.field,
                record_id=wire.pack_id(one.record_id),
                external_id=one.external_id,
                label=one.label,
                sub_label=one.sub_label,
            )
            for one in record.references()
        ],
    )


def _pack_row(record: Record, names: tuple[str, ...]) -> imports_pb2.ImportRow:
    row = imports_pb2.ImportRow()
    message: Any = getattr(row, PATHS[record.kind])
    message.external_id = record.row.external_id
    for name in names:
        if name == POINTS_FIELD:
            message.service_point_external_ids.extend(record.external_points)
        else:
            setattr(message, name, record.text(name))
    return row
