"""Front door for the audit log."""

from datetime import datetime
from uuid import UUID

from ebok.identity.v1 import audit_pb2 as pb
from ebok.identity.v1 import audit_pb2_grpc as rpc

from chassis import wire
from chassis.database import Database
from chassis.keyset import Key
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.identity.api.packing import pack_entry
from services.identity.domain import audit
from services.identity.storage.audit import AuditEntry, Filter, list_entries

LIST = "audit"


class AuditService(rpc.AuditServiceServicer):
    """Who did or saw what."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ListAuditEntries(
        self, request: pb.ListAuditEntriesRequest, context: Context
    ) -> pb.ListAuditEntriesResponse:
        """The newest first; pages go both ways from a key."""
        wanted = _unpack_filter(request)
        window = unpack_window(request.page, of=LIST, kinds=[datetime, UUID])
        with self._database.reading() as session:
            page = list_entries(session, wanted, window=window)
        return pb.ListAuditEntriesResponse(
            entries=[pack_entry(row) for row in page.rows], page=pack_page(page, of=LIST, key_of=_key_of)
        )


def _unpack_filter(request: pb.ListAuditEntriesRequest) -> Filter:
    since = wire.unpack_optional_date(getattr(request, "from"), field="from")
    until = wire.unpack_optional_date(request.until, field="until")
    return Filter(
        customer_id=request.customer_id,
        actor_id=request.actor_id.strip(),
        text=request.text.strip(),
        since=audit.day_begins(since) if since else None,
        before=audit.day_ends(until) if until else None,
        changes_only=request.changes_only,
    )


def _key_of(entry: AuditEntry) -> Key:
    return entry.happened_at, entry.act_id
