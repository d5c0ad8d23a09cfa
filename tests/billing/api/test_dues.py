"""What is not paid, as notify asks for it when it reminds; and telling of customers once more."""

from datetime import date

import pytest
from ebok.billing.v1 import dues_pb2, events_pb2
from ebok.billing.v1.dues_pb2_grpc import DueServiceStub

from chassis import wire
from chassis.errors import Invalid, PermissionDenied
from chassis.ids import new_id
from chassis.money import Money
from chassis.testing import cast
from services.billing.api import dues
from services.billing.domain import ledger
from tests.billing.bills import Runs, house, prices

READINGS = {"2025-10-31": "806", "2025-12-31": "818", "2026-02-28": "830"}
FIRST, SECOND = "FV/2026/000001", "FV/2026/000002"


@pytest.fixture
def notify(served, as_system):
    return served.stub(DueServiceStub, as_system("notify"))


@pytest.fixture
def billed(served, as_edward, given, clock):
    """Anna with two invoices of 243,78 zł, due on 30 March and on 15 April; by number."""
    given.settings()
    prices(given)
    house(given, READINGS, customer_id=cast.ANNA_CUSTOMER)
    runs = Runs(served, as_edward)
    found = list(runs.invoices(runs.bill("2025-11-01", "2025-12-31").run_id))
    clock.set(clock.now().replace(month=4, day=1))
    found += runs.invoices(runs.bill("2026-01-01", "2026-02-28").run_id)
    return {invoice.number: invoice for invoice in found}


@pytest.fixture
def pay(database, clock):
    def post(grosze: int):
        payment = ledger.Payment(cast.ANNA_CUSTOMER, "w-1", Money(grosze), booked_on=clock.now().date())
        with database.transaction() as session:
            ledger.post_payments(session, [payment], now=clock.now())

    return post


def between(first, last, **after):
    request = dues_pb2.ListDueInvoicesRequest(until=wire.pack_date(date.fromisoformat(last)), **after)
    getattr(request, "from").CopyFrom(wire.pack_date(date.fromisoformat(first)))
    return request


def numbers(answer):
    return [(one.number, one.open_amount.grosze) for one in answer.invoices]


def test_what_is_open_is_listed_by_due_day_with_where_to_pay_it(notify, billed, pay):
    pay(43_78)
    answer = notify.ListDueInvoices(between("2026-03-01", "2026-04-30"))
    assert numbers(answer) == [(FIRST, 200_00), (SECOND, 243_78)]
    first = answer.invoices[0]
    assert first.invoice_id == billed[FIRST].invoice_id
    assert first.customer_id == str(cast.ANNA_CUSTOMER)
    assert wire.unpack_date(first.due_on) == date(2026, 3, 30)
    assert len(first.account_number) == 26
    assert not answer.has_more
    assert numbers(notify.ListDueInvoices(between("2026-03-31", "2026-04-30"))) == [(SECOND, 243_78)]
    assert numbers(notify.ListDueInvoices(between("2026-04-16", "2026-05-30"))) == []


def test_it_is_continued_after_the_last_one_seen(notify, billed, monkeypatch):
    monkeypatch.setattr(dues, "PIECE_SIZE", 1)
    answer = notify.ListDueInvoices(between("2026-03-01", "2026-04-30"))
    assert (numbers(answer), answer.has_more) == ([(FIRST, 243_78)], True)
    last = answer.invoices[0]
    rest = notify.ListDueInvoices(
        between("2026-03-01", "2026-04-30", after_due_on=last.due_on, after_invoice_id=last.invoice_id)
    )
    assert (numbers(rest), rest.has_more) == ([(SECOND, 243_78)], False)


def test_what_was_paid_or_is_not_there_is_left_out(notify, billed, pay):
    pay(243_78)
    ids = [billed[FIRST].invoice_id, billed[SECOND].invoice_id, str(new_id())]
    answer = notify.GetDueInvoices(dues_pb2.GetDueInvoicesRequest(invoice_ids=ids))
    assert numbers(answer) == [(SECOND, 243_78)]
    assert numbers(notify.ListDueInvoices(between("2026-03-01", "2026-04-30"))) == [(SECOND, 243_78)]


def test_days_the_wrong_way_round_are_refused(notify):
    with pytest.raises(Invalid) as refusal:
        notify.ListDueInvoices(between("2026-04-30", "2026-03-01"))
    assert refusal.value.violations[0].field == "until"


def test_only_notify_may_ask(served, as_anna, as_edward, as_system):
    for persona in (as_anna, as_edward, as_system("payments")):
        stub = served.stub(DueServiceStub, persona)
        with pytest.raises(PermissionDenied):
            stub.GetDueInvoices(dues_pb2.GetDueInvoicesRequest(invoice_ids=[str(new_id())]))


def test_customers_can_be_told_of_once_more_with_where_they_are_served(served, given):
    customer = given.customer(source_phone="+48600100200")
    given.contract(customer, given.service_point(given.premises(street="ul. Lipowa")))
    assert served.run_job("customers.announce")
    assert served.run_job("customers.announce")

    first, again = served.announced(events_pb2.CustomerChanged)
    assert (list(first.towns), list(first.commodities), first.phone) == (["Zdrój"], ["water"], "+48600100200")
    assert again.version == first.version + 1
    assert list(again.towns) == ["Zdrój"]
