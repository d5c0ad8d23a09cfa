"""The door for a provider's own data."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

from ebok.billing.v1 import imports_pb2 as pb
from ebok.billing.v1 import imports_pb2_grpc as rpc
from google.protobuf.duration_pb2 import Duration

from chassis import wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.billing.api.packing import pack_import, pack_reject
from services.billing.domain import feeds, imports, rejects
from services.billing.domain.contracts import POINTS_FIELD
from services.billing.domain.rows import RowKind, SourceRow
from services.billing.storage import imports as stored

Received = tuple[pb.ImportRowsRequest, list[SourceRow]]
IMPORTS, REJECTS = "imports", "rejects"
_KINDS = {
    "customer": RowKind.CUSTOMER,
    "premises": RowKind.PREMISES,
    "service_point": RowKind.SERVICE_POINT,
    "meter": RowKind.METER,
    "contract": RowKind.CONTRACT,
    "reading": RowKind.READING,
    "interval": RowKind.INTERVAL,
    "payment": RowKind.PAYMENT,
}
_DEFECTS = {pb.ROW_DEFECT_UNSPECIFIED: "", pb.ROW_DEFECT_TOO_MANY_CELLS: "TOO_MANY_CELLS"}
_SPAN_S_MAX = 10**10
UNREADABLE = "UNREADABLE"  # A defect that a newer connector knows and we do not.
_MESSAGES: dict[str, Any] = {
    name: pb.ImportRow.DESCRIPTOR.fields_by_name[name].message_type for name in _KINDS
}
_FIELDS = {
    name: tuple(field.name for field in message.fields if field.name != POINTS_FIELD)
    for name, message in _MESSAGES.items()
}
_FIELDS_OF_KIND = {kind: _FIELDS[name] for name, kind in _KINDS.items()}


class ImportService(rpc.ImportServiceServicer):
    """Front door for imports: unpack, call the domain, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def StartImport(self, request: pb.StartImportRequest, context: Context) -> pb.StartImportResponse:
        with self._database.transaction() as session:
            import_ = imports.start(
                session,
                wire.unpack_id(request.import_id, field="import_id"),
                source=request.source,
                dry_run=request.dry_run,
                row_count=request.row_count,
                as_of=wire.unpack_optional_instant(request.as_of, field="as_of"),
                since=wire.unpack_optional_instant(request.since, field="since"),
                feed=request.feed,
                every=_unpack_span(request.every) if request.HasField("every") else None,
                now=self._clock.now(),
            )
            return pb.StartImportResponse(import_state=pack_import(import_))

    def ImportRows(
        self, request_iterator: Iterator[pb.ImportRowsRequest], context: Context
    ) -> pb.ImportRowsResponse:
        response = pb.ImportRowsResponse()
        import_id: UUID | None = None
        for request, rows in _ahead(
            (request, [unpack_row(row) for row in request.rows]) for request in request_iterator
        ):
            wanted = wire.unpack_id(request.import_id, field="import_id")
            if import_id not in (None, wanted):
                raise wire.fault("import_id", "DIFFERS", "one stream is of one import")
            import_id = wanted
            with self._database.transaction() as session:
                import_ = imports.take_batch(
                    session,
                    import_id,
                    batch_number=request.batch_number,
                    rows=rows,
                    now=self._clock.now(),
                )
                response = pb.ImportRowsResponse(import_state=pack_import(import_))
        return response

    def FinishImport(self, request: pb.FinishImportRequest, context: Context) -> pb.FinishImportResponse:
        import_id = wire.unpack_id(request.import_id, field="import_id")
        with self._database.transaction() as session:
            import_ = imports.finish(session, import_id, now=self._clock.now())
            return pb.FinishImportResponse(import_state=pack_import(import_))

    def GetImport(self, request: pb.GetImportRequest, context: Context) -> pb.GetImportResponse:
        import_id = wire.unpack_id(request.import_id, field="import_id")
        with self._database.reading() as session:
            import_ = imports.get(session, import_id)
            return pb.GetImportResponse(import_state=pack_import(import_))

    def ListImports(self, request: pb.ListImportsRequest, context: Context) -> pb.ListImportsResponse:
        window = unpack_window(request.page, of=IMPORTS, kinds=stored.IMPORT_KEY)
        with self._database.reading() as session:
            page = stored.list_imports(session, window)
            return pb.ListImportsResponse(
                imports=[pack_import(import_) for import_ in page.rows],
                page=pack_page(page, of=IMPORTS, key_of=lambda row: (row.started_at, row.import_id)),
            )

    def ListRejects(self, request: pb.ListRejectsRequest, context: Context) -> pb.ListRejectsResponse:
        import_id = wire.unpack_id(request.import_id, field="import_id")
        window = unpack_window(request.page, of=REJECTS, kinds=stored.REJECT_KEY)
        with self._database.reading() as session:
            imports.get(session, import_id)
            page = stored.list_rejects(session, import_id, window, open_only=request.open_only)
            return pb.ListRejectsResponse(
                rejects=[pack_reject(reject) for reject in page.rows],
                page=pack_page(page, of=REJECTS, key_of=lambda row: (row.row_number, row.reject_id)),
            )

    def GetReject(self, request: pb.GetRejectRequest, context: Context) -> pb.GetRejectResponse:
        with self._database.reading() as session:
            reject = rejects.get(session, wire.unpack_id(request.reject_id, field="reject_id"))
            return pb.GetRejectResponse(
                reject=pack_reject(reject),
                import_state=pack_import(imports.get(session, reject.import_id)),
                next_reject_id=wire.pack_id(stored.find_next_open(session, reject)),
            )

    def ResubmitReject(
        self, request: pb.ResubmitRejectRequest, context: Context
    ) -> pb.ResubmitRejectResponse:
        reject_id = wire.unpack_id(request.reject_id, field="reject_id")
        with self._database.transaction() as session:
            reject = rejects.resubmit(
                session,
                reject_id,
                row=dict(request.row),
                fields=_FIELDS_OF_KIND,
                by=context.actor,
                now=self._clock.now(),
            )
            return pb.ResubmitRejectResponse(reject=pack_reject(reject))

    def DismissReject(self, request: pb.DismissRejectRequest, context: Context) -> pb.DismissRejectResponse:
        reject_id = wire.unpack_id(request.reject_id, field="reject_id")
        with self._database.transaction() as session:
            reject = rejects.dismiss(session, reject_id, by=context.actor, now=self._clock.now())
            return pb.DismissRejectResponse(reject=pack_reject(reject))

    def TouchFeed(self, request: pb.TouchFeedRequest, context: Context) -> pb.TouchFeedResponse:
        with self._database.transaction() as session:
            feeds.touch(session, request.feed, every=_unpack_span(request.every), now=self._clock.now())
        return pb.TouchFeedResponse()

    def ListFeeds(self, request: pb.ListFeedsRequest, context: Context) -> pb.ListFeedsResponse:
        with self._database.reading() as session:
            states = feeds.list_states(session, now=self._clock.now())
            return pb.ListFeedsResponse(feeds=[pack_feed(state) for state in states])

    def CancelImport(self, request: pb.CancelImportRequest, context: Context) -> pb.CancelImportResponse:
        import_id = wire.unpack_id(request.import_id, field="import_id")
        with self._database.transaction() as session:
            import_ = imports.cancel(session, import_id, now=self._clock.now())
            return pb.CancelImportResponse(import_state=pack_import(import_))


def _ahead(batches: Iterator[Received]) -> Iterator[Received]:
    """A batch is received and unpacked while the one before is written: one, so that no more wait in memory."""
    reader = ThreadPoolExecutor(1, thread_name_prefix="batches")
    try:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch
    finally:
        reader.shutdown(wait=False)  # It ends with the call, which may be over before the next batch came.


def pack_feed(state: feeds.FeedState) -> pb.Feed:
    """A watched source with its newest import."""
    feed = pb.Feed(
        feed=state.feed.feed,
        newest=None if state.newest is None else pack_import(state.newest),
        looked_at=wire.pack_instant(state.feed.looked_at),
        late=state.late,
    )
    feed.every.FromTimedelta(state.feed.every)
    return feed


def _unpack_span(message: Duration) -> timedelta:
    """A span of time in whole seconds; one that no calendar holds is refused as any that is too long."""
    return timedelta(seconds=max(min(message.seconds, _SPAN_S_MAX), 0))


def unpack_row(row: pb.ImportRow) -> SourceRow:
    """A row as plain texts; one of no kind that we know is judged like any other."""
    name = row.WhichOneof("row")
    if name is None or name not in _KINDS:
        return SourceRow(row.row_number, RowKind.UNKNOWN, {})
    message = getattr(row, name)
    fields = {field: getattr(message, field) for field in _FIELDS[name]}
    points = tuple(message.service_point_external_ids) if name == "contract" else ()
    return SourceRow(
        row.row_number, _KINDS[name], fields, points, defect=_DEFECTS.get(row.defect, UNREADABLE)
    )
