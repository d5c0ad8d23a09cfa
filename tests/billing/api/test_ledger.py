"""Balance, statement, charges and the first page, through the doors; and that Celina sees nothing of Anna's."""

from datetime import date
from decimal import Decimal

import pytest
from ebok.billing.v1 import events_pb2, ledger_pb2, meters_pb2, readings_pb2
from ebok.billing.v1.ledger_pb2_grpc import LedgerServiceStub
from ebok.billing.v1.readings_pb2_grpc import ReadingServiceStub

from chassis.errors import Invalid, NotFound, PermissionDenied
from chassis.ids import new_id
from chassis.money import Money
from chassis.testing import cast
from services.billing.domain import ledger
from services.billing.domain.ledger import PaymentDiffers, UnknownInvoice
from tests.billing.bills import Runs, day, house, prices

READINGS = {"2025-10-31": "806", "2025-12-31": "818", "2026-02-28": "830"}


@pytest.fixture
def runs(served, as_edward) -> Runs:
    return Runs(served, as_edward)


@pytest.fixture
def anna(served, as_anna):
    return served.stub(LedgerServiceStub, as_anna)


@pytest.fixture
def house_of_anna(given):
    given.settings()
    prices(given)
    return house(given, READINGS, customer_id=cast.ANNA_CUSTOMER)


@pytest.fixture
def pay(database, clock):
    """`pay("100.00", "2026-03-01")`: a payment of Anna's."""
    count = iter(range(1, 1000))

    def post(amount: str, booked_on: str, *, external_id: str | None = None, invoice: str | None = None):
        with database.transaction() as session:
            payment = ledger.Payment(
                customer_id=cast.ANNA_CUSTOMER,
                external_id=external_id or f"w-{next(count)}",
                amount=Money.rounded(Decimal(amount)),
                booked_on=date.fromisoformat(booked_on),
                title="przelew",
                invoice_number=invoice,
            )
            return ledger.post_payment(session, payment, now=clock.now())

    return post


def balance_of(stub):
    return stub.GetBalance(ledger_pb2.GetBalanceRequest(customer_id=str(cast.ANNA_CUSTOMER))).balance


def test_who_has_no_entries_owes_nothing(given, anna):
    given.customer(customer_id=cast.ANNA_CUSTOMER)
    balance = balance_of(anna)
    assert balance.balance.grosze == balance.open_amount.grosze == balance.credit.grosze == 0
    assert not balance.HasField("next_amount")
    assert not balance.HasField("last_payment")
    assert balance.next_invoice_id == ""


def test_balance_says_what_is_due_when(house_of_anna, runs, anna, pay, clock):
    runs.bill("2025-11-01", "2025-12-31")  # due on 30 March
    clock.set(clock.now().replace(month=4, day=1))
    runs.bill("2026-01-01", "2026-02-28")  # due on 15 April
    pay("43.78", "2026-03-20")

    balance = balance_of(anna)

    assert balance.balance.grosze == balance.open_amount.grosze == 443_78
    assert (balance.overdue.grosze, balance.next_amount.grosze) == (200_00, 200_00)
    assert (balance.next_due_on.month, balance.next_due_on.day) == (3, 30)
    assert (balance.later_amount.grosze, balance.later_due_on.day) == (243_78, 15)
    assert (balance.last_payment.grosze, balance.last_payment_on.day) == (43_78, 20)
    assert balance.credit.grosze == 0


def test_too_much_stays_as_credit_and_pays_the_next_bill(house_of_anna, runs, anna, pay, announced):
    runs.bill("2025-11-01", "2025-12-31")
    pay("300.00", "2026-03-10")
    before = balance_of(anna)
    assert (before.balance.grosze, before.open_amount.grosze, before.credit.grosze) == (-56_22, 0, 56_22)

    second = runs.bill("2026-01-01", "2026-02-28")

    after = balance_of(anna)
    assert (after.balance.grosze, after.open_amount.grosze, after.credit.grosze) == (187_56, 187_56, 0)
    [invoice] = runs.invoices(second.run_id)
    printed = runs.detail(second.run_id, invoice.invoice_id)
    assert printed.transfer_qr.split("|")[3] == "018756"
    assert [event.version for event in announced(events_pb2.BalanceChanged)] == [1, 2, 3]
    [paid] = announced(events_pb2.InvoicePaid)
    assert (paid.paid_on.month, paid.paid_on.day) == (3, 16)  # not before it was issued


def test_credit_that_covers_a_bill_pays_it_on_the_day_of_issue(house_of_anna, runs, anna, pay, announced):
    pay("1000.00", "2026-01-05")
    run = runs.bill("2025-11-01", "2025-12-31")
    [paid] = announced(events_pb2.InvoicePaid)
    assert (paid.paid_on.month, paid.paid_on.day) == (3, 16)
    [invoice] = runs.invoices(run.run_id)
    assert runs.detail(run.run_id, invoice.invoice_id).transfer_qr == ""


def test_a_payment_is_posted_once_however_often_it_comes(house_of_anna, anna, pay, announced):
    first = pay("10.00", "2026-03-01", external_id="w-1")
    again = pay("10.00", "2026-03-01", external_id="w-1")
    assert (first.created, again.created) == (True, False)
    assert again.entry_id == first.entry_id
    with pytest.raises(PaymentDiffers):
        pay("10.01", "2026-03-01", external_id="w-1")
    assert balance_of(anna).balance.grosze == -10_00
    assert len(announced(events_pb2.BalanceChanged)) == 1


def test_a_payment_for_an_invoice_goes_there_first(house_of_anna, runs, anna, pay):
    runs.bill("2025-11-01", "2025-12-31")
    runs.bill("2026-01-01", "2026-02-28")
    pay("250.00", "2026-03-15", invoice="FV/2026/000002")
    statement = anna.GetStatement(ledger_pb2.GetStatementRequest(customer_id=str(cast.ANNA_CUSTOMER)))
    open_amounts = {
        entry.invoice_number: entry.open_amount.grosze
        for entry in statement.entries
        if entry.kind == ledger_pb2.ENTRY_KIND_CHARGE
    }
    assert open_amounts == {"FV/2026/000001": 243_78 - 6_22, "FV/2026/000002": 0}


def test_a_payment_for_somebody_elses_invoice_is_refused(given, house_of_anna, runs, pay):
    house(given, READINGS)
    runs.bill("2025-11-01", "2025-12-31")
    foreign = "FV/2026/000002"
    with pytest.raises(UnknownInvoice):
        pay("10.00", "2026-03-01", invoice=foreign)
    with pytest.raises(UnknownInvoice):
        pay("10.00", "2026-03-01", invoice="FV/2026/999999")


@pytest.mark.parametrize(
    ("amount", "booked_on", "field"),
    [
        ("0.00", "2026-03-01", "amount"),
        ("-5.00", "2026-03-01", "amount"),
        ("5.00", "2026-03-17", "booked_on"),
    ],
)
def test_a_payment_is_positive_and_not_of_tomorrow(house_of_anna, pay, amount, booked_on, field):
    with pytest.raises(Invalid) as refused:
        pay(amount, booked_on)
    assert [(one.field, one.reason) for one in refused.value.violations] == [(field, "OUT_OF_RANGE")]


def test_a_statement_opens_and_closes_with_the_balance(house_of_anna, runs, anna, pay):
    pay("50.00", "2026-01-10")
    runs.bill("2025-11-01", "2025-12-31")  # on 16 March
    pay("100.00", "2026-03-12")
    statement = anna.GetStatement(
        ledger_pb2.GetStatementRequest(
            customer_id=str(cast.ANNA_CUSTOMER), until=day("2026-03-16"), **{"from": day("2026-02-01")}
        )
    )
    entries = [(entry.amount.grosze, entry.balance_after.grosze) for entry in statement.entries]
    assert statement.opening_balance.grosze == -50_00
    assert entries == [(-100_00, -150_00), (243_78, 93_78)]
    assert statement.closing_balance.grosze == 93_78
    assert (statement.charged.grosze, statement.paid.grosze) == (243_78, 100_00)
    charge = statement.entries[-1]
    assert (charge.invoice_number, charge.open_amount.grosze) == ("FV/2026/000001", 93_78)
    assert (charge.period_from.month, charge.period_to.month) == (11, 12)


def test_an_empty_statement_still_says_the_balance(house_of_anna, anna, pay):
    pay("50.00", "2026-01-10")
    statement = anna.GetStatement(
        ledger_pb2.GetStatementRequest(
            customer_id=str(cast.ANNA_CUSTOMER), until=day("2026-03-16"), **{"from": day("2026-03-01")}
        )
    )
    assert list(statement.entries) == []
    assert statement.opening_balance.grosze == statement.closing_balance.grosze == -50_00


def test_a_statement_that_ends_before_it_starts_is_refused(anna):
    with pytest.raises(Invalid) as refused:
        anna.GetStatement(
            ledger_pb2.GetStatementRequest(
                customer_id=str(cast.ANNA_CUSTOMER), until=day("2026-03-01"), **{"from": day("2026-03-02")}
            )
        )
    assert refused.value.violations[0].field == "until"


def test_a_statement_holds_two_thousand_entries_and_no_more(house_of_anna, anna, database, clock):
    payments = [
        ledger.Payment(cast.ANNA_CUSTOMER, f"p-{number}", Money(1), date(2026, 3, 1))
        for number in range(2_001)
    ]
    request = ledger_pb2.GetStatementRequest(customer_id=str(cast.ANNA_CUSTOMER))
    with database.transaction() as session:
        ledger.post_payments(session, payments[:2_000], now=clock.now())
    assert len(anna.GetStatement(request).entries) == 2_000
    with database.transaction() as session:
        ledger.post_payments(session, payments[2_000:], now=clock.now())
    with pytest.raises(Invalid, match="RANGE_TOO_LONG"):
        anna.GetStatement(request)


def test_charges_share_the_tax_out_by_commodity_and_add_up(house_of_anna, runs, anna):
    runs.bill("2025-11-01", "2025-12-31")
    charges = anna.GetCharges(ledger_pb2.GetChargesRequest(customer_id=str(cast.ANNA_CUSTOMER)))
    assert (charges.year, list(charges.years)) == (2026, [2026])
    found = [(one.month, one.commodity, one.gross.grosze) for one in charges.charges]
    # 78,36 + 35,76 net with 6,27 + 2,86 tax; 111,60 net with 8,93 tax.
    assert found == [(3, meters_pb2.COMMODITY_WATER, 123_25), (3, meters_pb2.COMMODITY_SEWAGE, 120_53)]
    assert sum(gross for *_, gross in found) == 243_78
    nothing = anna.GetCharges(ledger_pb2.GetChargesRequest(customer_id=str(cast.ANNA_CUSTOMER), year=2024))
    assert (nothing.year, list(nothing.charges)) == (2024, [])


def test_the_first_page_comes_in_one_call(house_of_anna, given, runs, anna, served, as_anna):
    given.derived()
    runs.bill("2025-11-01", "2025-12-31")
    runs.bill("2026-01-01", "2026-02-28")
    customer_id = str(cast.ANNA_CUSTOMER)
    overview = anna.GetOverview(ledger_pb2.GetOverviewRequest(customer_id=customer_id))
    assert overview.balance == balance_of(anna)
    assert [invoice.number for invoice in overview.last_invoices] == ["FV/2026/000002", "FV/2026/000001"]
    assert overview.invoice_count == 2
    assert overview.HasField("as_of")
    usage = served.stub(ReadingServiceStub, as_anna).GetUsage(
        readings_pb2.GetUsageRequest(customer_id=customer_id, step=readings_pb2.USAGE_STEP_MONTH)
    )
    usage.ClearField("metered_points")  # The first page has no choice of points.
    assert overview.usage == usage
    assert [bucket.used for bucket in usage.buckets[:2]] == ["6.305", "5.695"]


def test_the_first_page_shows_the_same_use_however_often_a_meter_is_read(given, anna, served, as_anna):
    given.customer(customer_id=cast.ANNA_CUSTOMER)
    point = given.service_point()
    meter = given.meter(point, installed_on="2023-01-01")
    with served.database.reading() as session:
        from services.billing.storage.customers import get_customer

        customer = get_customer(session, cast.ANNA_CUSTOMER)
    given.contract(customer, point, starts_on="2023-01-01")
    for number in range(0, 1100, 9):
        read_on = date.fromordinal(date(2023, 1, 5).toordinal() + number).isoformat()
        given.reading(meter, read_on, str(Decimal(number) / 3 // Decimal("0.001") * Decimal("0.001")))
    customer_id = str(cast.ANNA_CUSTOMER)
    usage = served.stub(ReadingServiceStub, as_anna).GetUsage(
        readings_pb2.GetUsageRequest(customer_id=customer_id, step=readings_pb2.USAGE_STEP_MONTH)
    )
    usage.ClearField("metered_points")
    assert anna.GetOverview(ledger_pb2.GetOverviewRequest(customer_id=customer_id)).usage == usage


def test_the_first_page_of_who_has_no_meter_shows_no_use(given, anna):
    given.customer(customer_id=cast.ANNA_CUSTOMER)
    overview = anna.GetOverview(ledger_pb2.GetOverviewRequest(customer_id=str(cast.ANNA_CUSTOMER)))
    assert not overview.HasField("usage")
    assert (overview.invoice_count, list(overview.last_invoices)) == (0, [])


def test_celina_sees_nothing_of_annas_money(house_of_anna, given, runs, served, as_celina):
    given.customer("Celina Lipowska", customer_id=cast.CELINA_CUSTOMER)
    runs.bill("2025-11-01", "2025-12-31")
    stub = served.stub(LedgerServiceStub, as_celina)
    anna, own = str(cast.ANNA_CUSTOMER), str(cast.CELINA_CUSTOMER)
    calls = [
        (stub.GetBalance, ledger_pb2.GetBalanceRequest),
        (stub.GetStatement, ledger_pb2.GetStatementRequest),
        (stub.GetCharges, ledger_pb2.GetChargesRequest),
        (stub.GetOverview, ledger_pb2.GetOverviewRequest),
        (stub.ListAllocations, ledger_pb2.ListAllocationsRequest),
    ]
    for call, request in calls:
        with pytest.raises(PermissionDenied):
            call(request(customer_id=anna))
    assert stub.GetBalance(ledger_pb2.GetBalanceRequest(customer_id=own)).balance.balance.grosze == 0
    assert list(stub.GetStatement(ledger_pb2.GetStatementRequest(customer_id=own)).entries) == []
    assert list(stub.GetCharges(ledger_pb2.GetChargesRequest(customer_id=own)).charges) == []
    overview = stub.GetOverview(ledger_pb2.GetOverviewRequest(customer_id=own))
    assert (overview.invoice_count, overview.HasField("usage")) == (0, False)


def allocations_of(stub, customer_id=cast.ANNA_CUSTOMER, **wish):
    request = ledger_pb2.ListAllocationsRequest(customer_id=str(customer_id), **wish)
    return stub.ListAllocations(request)


def test_each_allocation_says_why_it_was_made(house_of_anna, runs, anna, served, as_daria, pay):
    pay("10.00", "2026-01-10")  # credit, used by the bill
    [invoice] = runs.invoices(runs.bill("2025-11-01", "2025-12-31").run_id)
    named = pay("20.00", "2026-03-12", invoice=invoice.number)
    pay("30.00", "2026-03-14")

    answer = allocations_of(anna, invoice_id=invoice.invoice_id)

    assert (answer.entry.invoice_number, answer.entry.amount.grosze) == (invoice.number, 243_78)
    found = [
        (ledger_pb2.AllocationReason.Name(one.why), one.amount.grosze, one.counterpart.title)
        for one in answer.allocations
    ]
    assert found == [
        ("ALLOCATION_REASON_CREDIT_USED", 10_00, "przelew"),
        ("ALLOCATION_REASON_NAMED", 20_00, "przelew"),
        ("ALLOCATION_REASON_OLDEST_DUE", 30_00, "przelew"),
    ]
    assert [one.counts_from.day for one in answer.allocations] == [16, 16, 16]  # not before it was charged
    assert [one.counterpart.booked_on.day for one in answer.allocations] == [10, 12, 14]
    assert answer.allocations[1].counterpart.entry_id == str(named.entry_id)
    assert answer.allocations[1].counterpart.payment_id == ""  # came by transfer

    daria = served.stub(LedgerServiceStub, as_daria)
    other_side = allocations_of(daria, entry_id=str(named.entry_id))
    [one] = other_side.allocations
    assert (one.counterpart.invoice_number, one.amount.grosze) == (invoice.number, 20_00)
    assert one.counterpart.entry_id == answer.entry.entry_id


def test_allocations_come_in_pages(house_of_anna, runs, anna, pay):
    [invoice] = runs.invoices(runs.bill("2025-11-01", "2025-12-31").run_id)
    for grosze in (1, 2, 3):
        pay(f"0.0{grosze}", "2026-03-16")
    first = allocations_of(anna, invoice_id=invoice.invoice_id, page={"page_size": 2})
    page = {"page_size": 2, "cursor": first.page.next_cursor}
    second = allocations_of(anna, invoice_id=invoice.invoice_id, page=page)
    amounts = [[one.amount.grosze for one in answer.allocations] for answer in (first, second)]
    assert (amounts, second.page.next_cursor) == ([[1, 2], [3]], "")


def test_allocations_of_somebody_elses_or_unknown_entries_are_not_found(
    house_of_anna, given, runs, anna, served, as_celina, pay
):
    house(given, READINGS, name="Celina Lipowska", customer_id=cast.CELINA_CUSTOMER)
    invoices = runs.invoices(runs.bill("2025-11-01", "2025-12-31").run_id)
    annas = next(one for one in invoices if one.customer_id == str(cast.ANNA_CUSTOMER))
    entry_id = str(pay("10.00", "2026-03-12").entry_id)
    celina = served.stub(LedgerServiceStub, as_celina)
    for wish in ({"invoice_id": annas.invoice_id}, {"entry_id": entry_id}):
        assert allocations_of(anna, **wish).allocations
        with pytest.raises(NotFound, match="ENTRY_NOT_FOUND"):
            allocations_of(celina, cast.CELINA_CUSTOMER, **wish)
    with pytest.raises(NotFound, match="ENTRY_NOT_FOUND"):
        allocations_of(anna, entry_id=str(new_id()))
    for wish in ({}, {"invoice_id": annas.invoice_id, "entry_id": entry_id}):
        with pytest.raises(Invalid):
            allocations_of(anna, **wish)
