"""A house that is billed: a customer with water and sewage, a meter, readings at the ends of months, and a run."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from ebok.billing.v1 import runs_pb2
from ebok.billing.v1.runs_pb2_grpc import BillingRunServiceStub
from google.type import date_pb2

from chassis.clock import Clock
from chassis.database import Database
from chassis.ids import new_id
from chassis.money import Money
from chassis.testing.served import Served
from services.billing.storage.contracts import Contract
from services.billing.storage.customers import Customer
from services.billing.storage.meters import Meter
from services.billing.storage.service_points import Commodity, ServicePoint
from services.billing.storage.tariffs import ChargeBasis
from tests.billing.given import Given

# MWiK Piła, households with an e-invoice, from 10 September 2026 (net): the prices of the worked bill.
PILA_WATER = {
    "name": "Woda",
    "commodity": Commodity.WATER,
    "basis": ChargeBasis.PER_UNIT,
    "price": Decimal("6.53"),
    "vat_rate": "8",
    "unit": "m3",
}
PILA_SEWAGE = {
    "name": "Odprowadzenie ścieków",
    "commodity": Commodity.SEWAGE,
    "basis": ChargeBasis.RATIO,
    "price": Decimal("9.30"),
    "vat_rate": "8",
    "unit": "m3",
    "ratio": Decimal(1),
    "ratio_of": Commodity.WATER,
}
PILA_FEE = {
    "name": "Abonament",
    "commodity": Commodity.WATER,
    "basis": ChargeBasis.FIXED,
    "price": Decimal("17.88"),
    "vat_rate": "8",
    "unit": "month",
}


@dataclass(frozen=True)
class Billed:
    """What an invoice refers to, by ids."""

    customer_id: UUID
    contract_id: UUID
    tariff_id: UUID


@dataclass(frozen=True)
class House:
    """Who is billed and what is read."""

    customer: Customer
    contract: Contract
    water: ServicePoint
    meter: Meter

    @property
    def billed(self) -> Billed:
        """What an invoice of it refers to."""
        return Billed(self.customer.customer_id, self.contract.contract_id, self.contract.tariff_id)


def prices(given: Given, *, valid_from: str = "2024-01-01", **changed: Decimal) -> None:
    """A published version of W1; `water`, `sewage`, `fee` with other prices."""
    named = {"water": PILA_WATER, "sewage": PILA_SEWAGE, "fee": PILA_FEE}
    lines = [line | ({"price": changed[name]} if name in changed else {}) for name, line in named.items()]
    given.tariff_version(*lines, valid_from=valid_from)


def house(
    given: Given,
    readings: dict[str, str] | None = None,
    *,
    name: str = "Anna Zdrojewska",
    customer_id: UUID | None = None,
    starts_on: str = "2025-11-01",
    **columns: Any,
) -> House:
    """A house with water and sewage, read 806 m³ on 31 October 2025 and 818 m³ on 31 December, or as told."""
    customer = given.customer(name, customer_id=customer_id, **columns)
    premises = given.premises()
    water = given.service_point(premises)
    sewage = given.service_point(premises, commodity=Commodity.SEWAGE)
    meter = given.meter(water)
    contract = given.contract(customer, water, sewage, starts_on=starts_on)
    shown = {"2025-10-31": "806", "2025-12-31": "818"} if readings is None else readings
    for read_on, value in shown.items():
        given.reading(meter, read_on, value)
    return House(customer, contract, water, meter)


def day(text: str) -> date_pb2.Date:
    """ "2026-01-31" as a message."""
    year, month, number = (int(part) for part in text.split("-"))
    return date_pb2.Date(year=year, month=month, day=number)


class Runs:
    """Billing runs as staff start them, with the worker called by hand."""

    def __init__(self, served: Served, staff: Any) -> None:
        self.served = served
        self.stub = served.stub(BillingRunServiceStub, staff)

    def create(
        self, from_day: str = "2025-11-01", until_day: str = "2025-12-31", **fields: Any
    ) -> runs_pb2.BillingRun:
        """Start a run; it is not calculated yet."""
        request = runs_pb2.CreateBillingRunRequest(
            run_id=str(new_id()),
            name="Woda i ścieki",
            period_from=day(from_day),
            period_to=day(until_day),
            payment_days=14,
        )
        for field, value in fields.items():
            setattr(request, field, value)
        return self.stub.CreateBillingRun(request).run

    def get(self, run_id: str) -> runs_pb2.BillingRun:
        """The run as it is now."""
        return self.stub.GetBillingRun(runs_pb2.GetBillingRunRequest(run_id=run_id)).run

    def work(self) -> None:
        """Let the worker do what there is to do."""
        self.served.run_job("runs.advance")

    def preview(self, from_day: str = "2025-11-01", until_day: str = "2025-12-31") -> runs_pb2.BillingRun:
        """A calculated run."""
        run = self.create(from_day, until_day)
        self.work()
        return self.get(run.run_id)

    def issue(self, run_id: str, count: int | None = None) -> runs_pb2.BillingRun:
        """Set the run out to be issued, and let the worker do it."""
        wanted = self.get(run_id).invoice_count if count is None else count
        self.stub.IssueBillingRun(runs_pb2.IssueBillingRunRequest(run_id=run_id, invoice_count=wanted))
        self.work()
        return self.get(run_id)

    def bill(self, from_day: str = "2025-11-01", until_day: str = "2025-12-31") -> runs_pb2.BillingRun:
        """A run, calculated and issued."""
        return self.issue(self.preview(from_day, until_day).run_id)

    def invoices(self, run_id: str) -> list[Any]:
        """Its drafts or invoices."""
        request = runs_pb2.ListRunInvoicesRequest(run_id=run_id)
        request.page.page_size = 100
        return list(self.stub.ListRunInvoices(request).invoices)

    def detail(self, run_id: str, invoice_id: str) -> Any:
        """One of them with all it prints."""
        request = runs_pb2.GetRunInvoiceRequest(run_id=run_id, invoice_id=invoice_id)
        return self.stub.GetRunInvoice(request).detail

    def parked(self, run_id: str, reason: str = "") -> list[Any]:
        """Who is left out."""
        request = runs_pb2.ListParkedRequest(run_id=run_id, reason=reason)
        request.page.page_size = 100
        return list(self.stub.ListParked(request).parked)


BARE_NUMBER = "FV/2026/{:06d}"


def add_invoice(database: Database, one: Billed, *, number: int, amount: Money, clock: Clock) -> UUID:
    """The bare row of an issued invoice, for a charge to point to."""
    invoice_id, run_id = new_id(), new_id()
    with database.transaction() as session:
        session.execute(
            sa.text(
                "INSERT INTO billing_runs (run_id, name, period_from, period_to, payment_days, status, created_at,"
                " created_by) VALUES (:run, '', '2026-01-01', '2026-01-31', 14, 'ISSUED', :now, '')"
            ),
            {"run": run_id, "now": clock.now()},
        )
        session.execute(
            sa.text(
                "INSERT INTO invoices (invoice_id, run_id, customer_id, contract_id, tariff_id, status, number,"
                " period_from, period_to, created_at, issued_at, issued_on, due_on, total_net, total_vat, total_gross,"
                " e_invoice, customer_number, customer_name, frozen) VALUES (:id, :run, :customer, :contract, :tariff,"
                " 'ISSUED', :number, '2026-01-01', '2026-01-31', :now, :now, '2026-02-01', '2026-02-15',"
                " :amount, 0, :amount, false, '', '', '{}')"
            ),
            {
                "id": invoice_id,
                "run": run_id,
                "customer": one.customer_id,
                "contract": one.contract_id,
                "tariff": one.tariff_id,
                "number": BARE_NUMBER.format(number),
                "now": clock.now(),
                "amount": amount.grosze,
            },
        )
    return invoice_id
