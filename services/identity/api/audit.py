"""Front door for the audit log."""

from datetime import datetime
from uuid import UUID

from ebok.identity.v1 import audit_pb2 as pb
from ebok.identity.v1 import audit_pb2_grpc as rpc

from chassis import wire
from chassis.actors import Actor
from chassis.database import Database
from chassis.keyset import Key
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.identity.api.packing import pack_entry
from services.identity.domain import audit, audit_chain
from services.identity.storage.audit import (
    PROVIDERS,
    AuditEntry,
    Filter,
    OnAccount,
    list_entries,
    list_on_account,
)

LIST, ACTIVITY = "audit", "activity"
SEES_OTHERS = "identity.grants.read"  # Who may know who has access may know what they do with it.


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

    def ListActivity(self, request: pb.ListActivityRequest, context: Context) -> pb.ListActivityResponse:
        """What was done on a customer's account, as the customer may see it."""
        actor = context.actor
        wanted = OnAccount(
            customer_id=request.customer_id,
            user_id=actor.actor_id,
            own_only=not actor.may(SEES_OTHERS),
            changes_only=request.changes_only,
        )
        window = unpack_window(request.page, of=ACTIVITY, kinds=[datetime, UUID])
        with self._database.reading() as session:
            page = list_on_account(session, wanted, window=window)
        return pb.ListActivityResponse(
            activities=[_pack_activity(row, actor) for row in page.rows],
            page=pack_page(page, of=ACTIVITY, key_of=_key_of),
        )

    def GetAuditChain(self, request: pb.GetAuditChainRequest, context: Context) -> pb.GetAuditChainResponse:
        """How far the log is sealed, and whether the seals are whole."""
        with self._database.reading() as session:
            chain = audit_chain.state(session)
        answer = pb.GetAuditChainResponse(days=chain.days)
        if chain.last is not None:
            answer.sealed_until.CopyFrom(wire.pack_date(chain.last.day))
            answer.hash = chain.last.hash.hex()
        if chain.check is not None:
            answer.checked_at.CopyFrom(wire.pack_instant(chain.check.checked_at))
            answer.broken_days.extend(wire.pack_date(day) for day in chain.check.broken_days)
        return answer


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


def _pack_activity(entry: AuditEntry, actor: Actor) -> pb.Activity:
    """Of the provider's people neither the name nor the place is told."""
    is_provider = entry.actor_kind in PROVIDERS
    who = pb.ACTIVITY_WHO_YOU if entry.actor_id == actor.actor_id else pb.ACTIVITY_WHO_PERSON
    return pb.Activity(
        happened_at=wire.pack_instant(entry.happened_at),
        who=pb.ACTIVITY_WHO_PROVIDER if is_provider else who,
        name="" if is_provider else entry.actor_name,
        act=entry.act,
        changed=entry.changed,
        address="" if is_provider else entry.address,
    )
