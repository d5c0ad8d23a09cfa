"""The door for what is not paid yet, for reminders."""

from typing import Any

from ebok.billing.v1 import dues_pb2 as pb
from ebok.billing.v1 import dues_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.money import Money
from chassis.rpc.server import Context
from services.billing.storage import dues as stored

PIECE_SIZE = 500


class DueService(rpc.DueServiceServicer):
    """Front door for dues: unpack, read, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListDueInvoices(
        self, request: pb.ListDueInvoicesRequest, context: Context
    ) -> pb.ListDueInvoicesResponse:
        from_day = wire.unpack_date(getattr(request, "from"), field="from")
        until_day = wire.unpack_date(request.until, field="until")
        if until_day < from_day:
            raise wire.fault("until", "MALFORMED")
        after_day = wire.unpack_optional_date(request.after_due_on, field="after_due_on")
        after_id = wire.unpack_optional_id(request.after_invoice_id, field="after_invoice_id")
        after = stored.BEFORE_ALL if after_day is None or after_id is None else (after_day, after_id)
        with self._database.reading() as session:
            rows = stored.list_due(
                session, from_day=from_day, until_day=until_day, after=after, size=PIECE_SIZE + 1
            )
        return pb.ListDueInvoicesResponse(
            invoices=[_pack(row) for row in rows[:PIECE_SIZE]], has_more=len(rows) > PIECE_SIZE
        )

    def GetDueInvoices(
        self, request: pb.GetDueInvoicesRequest, context: Context
    ) -> pb.GetDueInvoicesResponse:
        invoice_ids = {wire.unpack_id(one, field="invoice_ids") for one in request.invoice_ids}
        with self._database.reading() as session:
            rows = stored.find_due(session, invoice_ids)
        return pb.GetDueInvoicesResponse(invoices=[_pack(row) for row in rows])


def _pack(row: Any) -> pb.DueInvoice:
    return pb.DueInvoice(
        invoice_id=wire.pack_id(row.invoice_id),
        customer_id=wire.pack_id(row.customer_id),
        number=row.number,
        due_on=wire.pack_date(row.due_on),
        open_amount=wire.pack_money(Money(int(row.open))),
        account_number=row.account_number,
    )
