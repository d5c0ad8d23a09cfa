"""An upgrade says of the allocations there are why they were made, and a release before may go on writing."""

from datetime import date

import pytest
import sqlalchemy as sa

from chassis.database import migrate
from chassis.ids import new_id
from chassis.money import Money
from chassis.testing.databases import connect
from services.billing.__main__ import part
from tests.billing.bills import Billed, add_invoice

ENTRY = sa.text(
    "INSERT INTO ledger_entries (entry_id, customer_id, seq, kind, amount, booked_on, due_on, invoice_id, external_id,"
    " title, created_at) VALUES (:id, :customer, :seq, :kind, :amount, :day, :due, :invoice, :external, '', now())"
)
ALLOCATION = sa.text(
    "INSERT INTO ledger_allocations (allocation_id, customer_id, credit_entry_id, debit_entry_id, amount, counts_from,"
    " created_at) VALUES (:id, :customer, :credit, :debit, 1, '2026-03-01', now())"
)

# What the models say today has columns that the release before did not know.
BEFORE = (
    "INSERT INTO customers (customer_id, external_id, number, kind, name, sort_name, as_of, changed_at)"
    " VALUES (:customer, 'k-1', '1', 'PERSON', 'Anna', 'anna', now(), now())",
    "INSERT INTO tariffs (tariff_id, code, name) VALUES (:tariff, 'W1', 'W1')",
    "INSERT INTO contracts (contract_id, external_id, number, customer_id, tariff_id, starts_on, as_of)"
    " VALUES (:contract, 'u-1', 'U/1', :customer, :tariff, '2025-01-01', now())",
)


@pytest.fixture
def database(database_url_for):
    """A database as the release before left it."""
    url = database_url_for()
    migrate(url, part.migrations, "0002")
    made = connect(url)
    yield made
    made.close()


def test_reasons_of_old_allocations_are_found_out_and_old_code_goes_on_writing(database, clock):
    customer = new_id()
    one = Billed(customer_id=customer, contract_id=new_id(), tariff_id=new_id())
    with database.transaction() as session:
        for statement in BEFORE:
            session.execute(
                sa.text(statement),
                {"customer": customer, "contract": one.contract_id, "tariff": one.tariff_id},
            )
    invoice_id = add_invoice(database, one, number=1, amount=Money(100), clock=clock)
    credit, charge, named, oldest = (new_id() for _ in range(4))
    day = date(2026, 3, 1)

    def entry(entry_id, seq, kind, amount, invoice=None):
        due = day if kind == "CHARGE" else None
        external = None if kind == "CHARGE" else f"w-{seq}"
        return {
            "id": entry_id,
            "customer": customer,
            "seq": seq,
            "kind": kind,
            "amount": amount,
            "day": day,
            "due": due,
            "invoice": invoice,
            "external": external,
        }

    def allocate(session, payment):
        allocation_id = new_id()
        values = {"id": allocation_id, "customer": customer, "credit": payment, "debit": charge}
        session.execute(ALLOCATION, values)
        return allocation_id

    with database.transaction() as session:
        session.execute(sa.text("INSERT INTO ledger_accounts VALUES (:one, 4)"), {"one": customer})
        session.execute(ENTRY, entry(credit, 1, "PAYMENT", -10))
        session.execute(ENTRY, entry(charge, 2, "CHARGE", 100, invoice_id))
        session.execute(ENTRY, entry(named, 3, "PAYMENT", -10, invoice_id))
        session.execute(ENTRY, entry(oldest, 4, "PAYMENT", -10))
        made = [allocate(session, payment) for payment in (credit, named, oldest)]

    migrate(database.engine.url.render_as_string(hide_password=False), part.migrations)

    with database.transaction() as session:
        made.append(allocate(session, oldest))
    with database.reading() as session:
        reasons = dict(session.execute(sa.text("SELECT allocation_id, reason FROM ledger_allocations")).all())
    assert [reasons[one] for one in made] == ["CREDIT_USED", "NAMED", "OLDEST_DUE", "OLDEST_DUE"]
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), database.transaction() as session:
        session.execute(sa.text("UPDATE ledger_allocations SET reason = 'CHOICE'"))
