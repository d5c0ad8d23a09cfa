"""The door of customers."""

import re
from typing import Any

from ebok.billing.v1 import customers_pb2 as pb
from ebok.billing.v1 import customers_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock, warsaw_date
from chassis.database import Database
from chassis.folding import fold
from chassis.money import Money
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.billing.api.packing import CUSTOMER_KINDS, pack_customer, unpack_word
from services.billing.domain import customers, proofs
from services.billing.storage import customer_search as searched
from services.billing.storage import customers as stored
from services.billing.storage import ledger as stored_ledger
from services.billing.storage import runs as stored_runs

WORDS_MAX = 10
BY_NAME, BY_NUMBER = "customers.name", "customers.number"
_INVOICE_NUMBER = re.compile(r"(?:fv/)?([0-9]{4})/([0-9]{1,9})", re.ASCII)


class CustomerService(rpc.CustomerServiceServicer):
    """Front door for customers: unpack, call the domain, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def GetCustomer(self, request: pb.GetCustomerRequest, context: Context) -> pb.GetCustomerResponse:
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        with self._database.reading() as session:
            customer = stored.get_customer(session, customer_id)
        if customer is None:
            raise customers.CustomerNotFound(customer_id=request.customer_id)
        return pb.GetCustomerResponse(customer=pack_customer(customer))

    def SearchCustomers(
        self, request: pb.SearchCustomersRequest, context: Context
    ) -> pb.SearchCustomersResponse:
        by_number = request.order == pb.CUSTOMER_ORDER_NUMBER
        of = BY_NUMBER if by_number else BY_NAME
        words = fold(request.query).split()[:WORDS_MAX]
        today = warsaw_date(self._clock.now())
        with self._database.reading() as session:
            page = searched.search_customers(
                session,
                words=words,
                invoice_numbers=_invoice_numbers(words),
                kind=unpack_word(request.kind, CUSTOMER_KINDS),
                in_arrears_on=today if request.in_arrears_only else None,
                by_number=by_number,
                window=unpack_window(request.page, of=of, kinds=searched.SEARCH_KEY),
                area=context.actor.area,
            )
            owed = stored_ledger.balances_of(session, [row.customer_id for row in page.rows], today=today)
        found = [_pack_found(row, owed[row.customer_id]) for row in page.rows]
        key = "number" if by_number else "sort_name"
        paging = pack_page(page, of=of, key_of=lambda row: (row._mapping[key], row.customer_id))
        return pb.SearchCustomersResponse(customers=found, page=paging)

    def UpdateContactData(
        self, request: pb.UpdateContactDataRequest, context: Context
    ) -> pb.UpdateContactDataResponse:
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        with self._database.transaction() as session:
            customer = customers.update_contact_data(
                session, customer_id, email=request.email, phone=request.phone, now=self._clock.now()
            )
            return pb.UpdateContactDataResponse(customer=pack_customer(customer))

    def CheckProof(self, request: pb.CheckProofRequest, context: Context) -> pb.CheckProofResponse:
        with self._database.reading() as session:
            customer = proofs.check_proof(
                session,
                customer_number=request.customer_number,
                invoice_number=request.invoice_number,
                invoice_total=wire.unpack_money(request.invoice_total, field="invoice_total"),
            )
        return pb.CheckProofResponse(customer=pack_customer(customer))

    def GetDesk(self, request: pb.GetDeskRequest, context: Context) -> pb.GetDeskResponse:
        today = warsaw_date(self._clock.now())
        with self._database.reading() as session:
            counts = searched.count_desk(session, today=today)
            owed = stored_ledger.receivable(session, today=today)
            parked = stored_runs.count_parked_waiting(session)
        return pb.GetDeskResponse(
            customer_count=counts.customer_count,
            meter_count=counts.meter_count,
            readings_waiting=counts.readings_waiting,
            parked_count=parked,
            rejected_rows=counts.rejected_rows,
            overdue=wire.pack_money(owed.overdue),
            receivable=wire.pack_money(owed.open_amount),
            invoices_this_month=counts.invoices_this_month,
            issued_this_month=wire.pack_money(Money(int(counts.issued_this_month))),
            newest_data_at=wire.pack_optional_instant(counts.newest_data_at),
        )


def _pack_found(row: Any, owed: stored_ledger.Owed) -> pb.FoundCustomer:
    return pb.FoundCustomer(
        customer=pack_customer(row),
        balance=wire.pack_money(owed.balance),
        overdue=wire.pack_money(owed.overdue),
    )


def _invoice_numbers(words: list[str]) -> dict[str, str]:
    """Which words may be numbers of invoices, and how those are written: "2026/123" → "FV/2026/000123"."""
    numbers = {}
    for word in words:
        match = _INVOICE_NUMBER.fullmatch(word)
        if match:
            numbers[word] = f"FV/{match[1]}/{int(match[2]):06d}"
    return numbers
