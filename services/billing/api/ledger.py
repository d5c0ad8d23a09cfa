"""The door for balances, statements, charges and the customer's first page."""

from typing import Any
from uuid import UUID

from ebok.billing.v1 import ledger_pb2 as pb
from ebok.billing.v1 import ledger_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock, warsaw_date
from chassis.database import Database
from chassis.money import Money
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.billing.api.invoice_packing import pack_invoice
from services.billing.api.ledger_packing import pack_allocation, pack_entry, pack_statement_entry
from services.billing.api.packing import COMMODITIES, day_fields
from services.billing.api.usage_packing import pack_usage
from services.billing.domain import allocations, payable, statements, usage_views
from services.billing.domain.statements import Balance
from services.billing.domain.usage_views import Step
from services.billing.storage import invoice_lists as stored_invoices
from services.billing.storage import overviews as stored_overviews
from services.billing.storage import statements as stored
from services.billing.storage.service_points import Commodity

LAST_INVOICES = 3
ALLOCATIONS = "allocations"


class LedgerService(rpc.LedgerServiceServicer):
    """Front door for money: unpack, read, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def GetBalance(self, request: pb.GetBalanceRequest, context: Context) -> pb.GetBalanceResponse:
        with self._database.asking() as reader:
            row = stored.get_balance(reader, wire.unpack_id(request.customer_id, field="customer_id"))
        return pb.GetBalanceResponse(
            balance=_pack_balance(statements.balance_from(row, today=warsaw_date(self._clock.now())))
        )

    def GetStatement(self, request: pb.GetStatementRequest, context: Context) -> pb.GetStatementResponse:
        with self._database.reading() as session:
            found = statements.statement_of(
                session,
                wire.unpack_id(request.customer_id, field="customer_id"),
                from_day=wire.unpack_optional_date(getattr(request, "from"), field="from"),
                until_day=wire.unpack_optional_date(request.until, field="until"),
                today=warsaw_date(self._clock.now()),
            )
        return pb.GetStatementResponse(
            until=wire.pack_date(found.until_day),
            opening_balance=wire.pack_money(found.opening),
            entries=[
                pack_statement_entry(entry, refunded=found.refunded_payments) for entry in found.entries
            ],
            closing_balance=wire.pack_money(found.closing),
            charged=wire.pack_money(found.charged),
            paid=wire.pack_money(found.paid),
            refunded=wire.pack_money(found.refunded),
            corrected=wire.pack_money(found.corrected),
            **{"from": wire.pack_date(found.from_day)},  # "from" is a keyword of Python
        )

    def ListAllocations(
        self, request: pb.ListAllocationsRequest, context: Context
    ) -> pb.ListAllocationsResponse:
        window = unpack_window(request.page, of=ALLOCATIONS, kinds=(UUID,))
        with self._database.reading() as session:
            entry, page = allocations.list_of(
                session,
                wire.unpack_id(request.customer_id, field="customer_id"),
                entry_id=wire.unpack_optional_id(request.entry_id, field="entry_id"),
                invoice_id=wire.unpack_optional_id(request.invoice_id, field="invoice_id"),
                window=window,
            )
        return pb.ListAllocationsResponse(
            entry=pack_entry(entry),
            allocations=[pack_allocation(row) for row in page.rows],
            page=pack_page(page, of=ALLOCATIONS, key_of=lambda row: (row.allocation_id,)),
        )

    def GetCharges(self, request: pb.GetChargesRequest, context: Context) -> pb.GetChargesResponse:
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        with self._database.asking() as reader:
            years = sorted(stored_invoices.list_years(reader, customer_id))
        year = request.year or (years[-1] if years else 0)
        with self._database.reading() as session:
            rows = stored.list_charges(session, customer_id, year=year) if year else ()
        return pb.GetChargesResponse(
            year=year,
            years=years,
            charges=[
                pb.MonthlyCharge(
                    month=row.month,
                    commodity=COMMODITIES[Commodity(row.commodity)],
                    gross=wire.pack_money(Money(row.gross)),
                )
                for row in rows
            ],
        )

    def GetPayable(self, request: pb.GetPayableRequest, context: Context) -> pb.GetPayableResponse:
        with self._database.reading() as session:
            found = payable.payable_of(
                session,
                wire.unpack_id(request.customer_id, field="customer_id"),
                [wire.unpack_id(one, field="invoice_ids") for one in request.invoice_ids],
            )
        return pb.GetPayableResponse(
            invoices=[
                pb.PayableInvoice(
                    invoice_id=wire.pack_id(invoice.invoice_id),
                    number=invoice.number,
                    open_amount=wire.pack_money(invoice.open),
                    due_on=wire.pack_date(invoice.due_on),
                )
                for invoice in found.invoices
            ],
            customer_number=found.customer_number,
            open_amount=wire.pack_money(found.open_amount),
        )

    def GetOverview(self, request: pb.GetOverviewRequest, context: Context) -> pb.GetOverviewResponse:
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        today = warsaw_date(self._clock.now())
        with self._database.asking() as reader:
            found = stored_overviews.get_overview(reader, customer_id, today=today, limit=LAST_INVOICES)
        use = usage_views.view_newest_year(found.meters, today=today) if found.meters else None
        return pb.GetOverviewResponse(
            balance=_pack_balance(statements.balance_from(found.balance, today=today)),
            last_invoices=[pack_invoice(invoice, today=today) for invoice in found.last_invoices],
            usage=pack_usage(found.meters, use, step=Step.MONTH) if use is not None else None,
            as_of=wire.pack_optional_instant(found.balance.as_of),
            invoice_count=found.balance.invoice_count,
            readings_wanted=_pack_wanted(found.wanted),
        )


def _pack_wanted(row: Any) -> pb.ReadingsWanted | None:
    if row is None:
        return None
    alone = row.meter_count == 1
    return pb.ReadingsWanted(
        commodity=COMMODITIES[row.commodity],
        closes_on=wire.pack_date(row.closes_on),
        meter_count=row.meter_count,
        meter_id=wire.pack_id(row.meter_id) if alone else "",
        meter_serial_number=row.serial_number if alone else "",
        previous_value=wire.pack_optional_decimal(row.last_value) if alone else "",
        previous_on=wire.pack_optional_date(row.last_read_on) if alone else None,
        unit=row.unit if alone else "",
    )


def _pack_balance(found: Balance) -> dict[str, Any]:
    """The fields of a `Balance`."""
    coming, later = found.next_due, found.later_due
    return {
        "balance": _money_fields(found.balance),
        "open_amount": _money_fields(found.open_amount),
        "overdue": _money_fields(found.overdue),
        "credit": _money_fields(found.credit),
        "next_amount": _money_fields(coming.amount) if coming else None,
        "next_due_on": day_fields(coming.due_on) if coming else None,
        "later_amount": _money_fields(later.amount) if later else None,
        "later_due_on": day_fields(later.due_on) if later else None,
        "next_invoice_id": coming.invoice_id if coming else None,
        "last_payment_on": day_fields(found.last_payment_on),
        "last_payment": _money_fields(found.last_payment) if found.last_payment is not None else None,
    }


def _money_fields(value: Money) -> dict[str, int]:
    return {"grosze": value.grosze}
