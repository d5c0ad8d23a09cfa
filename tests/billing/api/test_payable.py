"""What can be paid of a customer, as payments asks for it."""

import pytest
from ebok.billing.v1 import ledger_pb2
from ebok.billing.v1.ledger_pb2_grpc import LedgerServiceStub

from chassis.errors import FailedPrecondition, NotFound, PermissionDenied
from chassis.ids import new_id
from chassis.money import Money
from chassis.testing import cast
from services.billing.domain import ledger
from tests.billing.bills import Runs, house, prices

READINGS = {"2025-10-31": "806", "2025-12-31": "818", "2026-02-28": "830"}
FIRST, SECOND = "FV/2026/000001", "FV/2026/000002"


@pytest.fixture
def payments(served, as_system):
    return served.stub(LedgerServiceStub, as_system("payments"))


@pytest.fixture
def billed(served, as_edward, given, clock):
    """Anna with two invoices of 243,78 zł, due on 30 March and on 15 April; their ids by number."""
    given.settings()
    prices(given)
    house(given, READINGS, customer_id=cast.ANNA_CUSTOMER)
    runs = Runs(served, as_edward)
    found = list(runs.invoices(runs.bill("2025-11-01", "2025-12-31").run_id))
    clock.set(clock.now().replace(month=4, day=1))
    found += runs.invoices(runs.bill("2026-01-01", "2026-02-28").run_id)
    return {invoice.number: invoice.invoice_id for invoice in found}


@pytest.fixture
def pay(database, clock):
    """`pay(100_00)`: a payment of Anna's, of today."""

    def post(grosze: int, external_id: str = "w-1"):
        with database.transaction() as session:
            ledger.post_payments(
                session,
                [
                    ledger.Payment(
                        cast.ANNA_CUSTOMER, external_id, Money(grosze), booked_on=clock.now().date()
                    )
                ],
                now=clock.now(),
            )

    return post


def ask(stub, *invoice_ids, customer_id=cast.ANNA_CUSTOMER):
    request = ledger_pb2.GetPayableRequest(customer_id=str(customer_id), invoice_ids=invoice_ids)
    return stub.GetPayable(request)


def shown(answer):
    return [(one.number, one.open_amount.grosze, one.due_on.month, one.due_on.day) for one in answer.invoices]


def test_without_a_wish_all_that_is_open_comes_the_oldest_due_first(payments, billed, pay):
    pay(43_78)
    answer = ask(payments)
    assert shown(answer) == [(FIRST, 200_00, 3, 30), (SECOND, 243_78, 4, 15)]
    assert answer.open_amount.grosze == 443_78
    assert len(answer.customer_number) > 2


def test_what_is_asked_for_comes_in_that_order_and_once(payments, billed):
    answer = ask(payments, billed[SECOND], billed[FIRST], billed[SECOND])
    assert [one.number for one in answer.invoices] == [SECOND, FIRST]
    only = ask(payments, billed[SECOND])
    assert shown(only) == [(SECOND, 243_78, 4, 15)]
    assert only.open_amount.grosze == 2 * 243_78


def test_a_paid_invoice_has_nothing_open_and_is_not_offered(payments, billed, pay):
    pay(243_78)
    assert shown(ask(payments, billed[FIRST])) == [(FIRST, 0, 3, 30)]
    assert [one.number for one in ask(payments).invoices] == [SECOND]


def test_what_is_not_the_customers_or_not_issued_is_refused(payments, billed, served, as_edward, given):
    house(given, READINGS, name="Celina Lipowska", customer_id=cast.CELINA_CUSTOMER)
    runs = Runs(served, as_edward)
    drafts = runs.invoices(runs.preview("2025-11-01", "2025-12-31").run_id)
    assert drafts
    for invoice_id in (str(new_id()), drafts[0].invoice_id):
        with pytest.raises(FailedPrecondition, match="INVOICE_NOT_PAYABLE"):
            ask(payments, billed[FIRST], invoice_id)
    with pytest.raises(FailedPrecondition, match="INVOICE_NOT_PAYABLE"):
        ask(payments, billed[FIRST], customer_id=cast.CELINA_CUSTOMER)


def test_nobody_owes_nothing_and_nobody_unknown_is_asked_about(payments, given):
    given.customer(customer_id=cast.CELINA_CUSTOMER)
    answer = ask(payments, customer_id=cast.CELINA_CUSTOMER)
    assert (list(answer.invoices), answer.open_amount.grosze) == ([], 0)
    with pytest.raises(NotFound, match="CUSTOMER_NOT_FOUND"):
        ask(payments, customer_id=new_id())


def test_only_payments_may_ask(served, billed, as_anna, as_edward, as_system):
    for persona in (as_anna, as_edward, as_system("notify")):
        with pytest.raises(PermissionDenied):
            ask(served.stub(LedgerServiceStub, persona))
