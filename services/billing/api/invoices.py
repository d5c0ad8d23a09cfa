"""The door for issued invoices."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from ebok.billing.v1 import invoices_pb2 as pb
from ebok.billing.v1 import invoices_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock, warsaw_date
from chassis.database import Database
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.billing.api.invoice_packing import PAID_STATES, pack_detail, pack_invoice
from services.billing.api.packing import unpack_word
from services.billing.documents.invoices import render_invoice
from services.billing.domain import invoices
from services.billing.domain.printed import PrintedInvoice
from services.billing.storage import invoice_lists as stored

INVOICES = "invoices"


class InvoiceService(rpc.InvoiceServiceServicer):
    """Front door for invoices: unpack, read, pack. A PDF is rendered from the frozen document alone."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListInvoices(self, request: pb.ListInvoicesRequest, context: Context) -> pb.ListInvoicesResponse:
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        window = unpack_window(request.page, of=INVOICES, kinds=(datetime, UUID))
        today = warsaw_date(self._clock.now())
        with self._database.asking() as reader:
            page = stored.list_issued(
                reader,
                customer_id,
                window=window,
                year=request.year or None,
                state=unpack_word(request.paid_state, PAID_STATES),
                only=_unpack_ids(request.invoice_ids),
                today=today,
            )
            years = page.rows[0].years if page.rows else stored.list_years(reader, customer_id)
        return pb.ListInvoicesResponse(
            invoices=[pack_invoice(row, today=today) for row in page.rows],
            page=pack_page(page, of=INVOICES, key_of=lambda row: (row.issued_at, row.invoice_id)),
            years=years,
        )

    def GetInvoice(self, request: pb.GetInvoiceRequest, context: Context) -> pb.GetInvoiceResponse:
        with self._database.reading() as session:
            kept = invoices.get(
                session,
                wire.unpack_id(request.customer_id, field="customer_id"),
                wire.unpack_id(request.invoice_id, field="invoice_id"),
            )
        return pb.GetInvoiceResponse(detail=pack_detail(kept, today=warsaw_date(self._clock.now())))

    def GetInvoicePdf(self, request: pb.GetInvoicePdfRequest, context: Context) -> pb.GetInvoicePdfResponse:
        with self._database.reading() as session:
            [printed] = invoices.get_printed(
                session,
                wire.unpack_id(request.customer_id, field="customer_id"),
                [wire.unpack_id(request.invoice_id, field="invoice_id")],
            )
        return pb.GetInvoicePdfResponse(file_name=_file_name(printed), content=render_invoice(printed))

    def GetInvoicePdfs(
        self, request: pb.GetInvoicePdfsRequest, context: Context
    ) -> Iterator[pb.GetInvoicePdfsResponse]:
        with self._database.reading() as session:
            found = invoices.get_printed(
                session,
                wire.unpack_id(request.customer_id, field="customer_id"),
                _unpack_ids(request.invoice_ids),
            )
        # All of them are known to be the customer's before the first leaves.
        for printed in found:
            if not context.is_active():
                return
            yield pb.GetInvoicePdfsResponse(file_name=_file_name(printed), content=render_invoice(printed))


def _unpack_ids(invoice_ids: Sequence[str]) -> list[UUID]:
    return [wire.unpack_id(one, field=f"invoice_ids[{index}]") for index, one in enumerate(invoice_ids)]


def _file_name(printed: PrintedInvoice) -> str:
    return f"{printed.number.replace('/', '-')}.pdf"
