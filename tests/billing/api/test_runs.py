"""Billing runs from preview to paper, through the doors."""

import io

import pytest
from ebok.billing.v1 import events_pb2, invoices_pb2, ledger_pb2, runs_pb2
from ebok.billing.v1.invoices_pb2_grpc import InvoiceServiceStub
from ebok.billing.v1.ledger_pb2_grpc import LedgerServiceStub
from ebok.billing.v1.runs_pb2_grpc import BillingRunServiceStub
from pypdf import PdfReader

from chassis.errors import Conflict, FailedPrecondition, Invalid, NotFound, PermissionDenied
from chassis.ids import new_id
from chassis.testing import cast
from tests.billing.bills import Runs, house, prices


@pytest.fixture
def runs(served, as_edward) -> Runs:
    return Runs(served, as_edward)


def test_a_run_goes_from_preview_to_issue_to_ledger_to_paper(given, served, runs, as_anna, announced):
    given.settings()
    prices(given)
    house(given, customer_id=cast.ANNA_CUSTOMER)

    run = runs.preview()
    assert run.status == runs_pb2.RUN_STATUS_READY
    assert (run.customer_count, run.done_count, run.invoice_count, run.parked_count) == (1, 1, 1, 0)
    assert (run.total_net.grosze, run.total_vat.grosze, run.total_gross.grosze) == (225_72, 18_06, 243_78)
    assert announced(events_pb2.InvoiceIssued) == []

    issued = runs.issue(run.run_id)
    assert issued.status == runs_pb2.RUN_STATUS_ISSUED
    assert issued.first_number == issued.last_number == "FV/2026/000001"

    invoices = served.stub(InvoiceServiceStub, as_anna)
    [listed] = invoices.ListInvoices(
        invoices_pb2.ListInvoicesRequest(customer_id=as_anna.customer_id)
    ).invoices
    assert listed.number == "FV/2026/000001"
    assert listed.paid_state == invoices_pb2.PAID_STATE_DUE
    assert listed.open_amount.grosze == 243_78
    assert (listed.due_on.month, listed.due_on.day) == (3, 30)

    balance = (
        served.stub(LedgerServiceStub, as_anna)
        .GetBalance(ledger_pb2.GetBalanceRequest(customer_id=as_anna.customer_id))
        .balance
    )
    assert balance.balance.grosze == balance.next_amount.grosze == 243_78
    assert balance.next_invoice_id == listed.invoice_id

    pdf = invoices.GetInvoicePdf(
        invoices_pb2.GetInvoicePdfRequest(customer_id=as_anna.customer_id, invoice_id=listed.invoice_id)
    )
    assert pdf.file_name == "FV-2026-000001.pdf"
    text = PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()
    assert "FV/2026/000001" in text
    assert "243,78" in text

    [event] = announced(events_pb2.InvoiceIssued)
    assert (event.number, event.total_gross.grosze, event.used, event.unit) == (
        "FV/2026/000001",
        243_78,
        "12.000",
        "m3",
    )
    [changed] = announced(events_pb2.BalanceChanged)
    assert (changed.balance.grosze, changed.version) == (243_78, 1)


def test_the_worked_bill_is_the_one_in_the_documents(given, runs):
    given.settings()
    prices(given)
    house(given)
    run = runs.preview()
    [draft] = runs.invoices(run.run_id)

    detail = runs.detail(run.run_id, draft.invoice_id)

    lines = [(line.name, line.quantity, line.unit, line.price, line.net.grosze) for line in detail.lines]
    assert lines == [
        ("Woda", "12.000", "m3", "6.53", 78_36),
        ("Odprowadzenie ścieków", "12.000", "m3", "9.30", 111_60),
        ("Abonament", "2.000", "month", "17.88", 35_76),
    ]
    [row] = detail.vat_rows
    assert (row.vat_rate, row.net.grosze, row.vat.grosze, row.gross.grosze) == ("8", 225_72, 18_06, 243_78)
    [reading] = detail.readings
    assert (reading.value_from, reading.value_until, reading.used) == ("806.000", "818.000", "12.000")
    assert not detail.HasField("difference")
    assert not detail.invoice.number
    assert not detail.invoice.HasField("issued_on")
    assert detail.transfer_qr == ""
    assert detail.seller.nip == "1234563218"
    assert detail.buyer.name == "Anna Zdrojewska"


def test_a_run_is_refused_for_days_that_are_not_over(runs):
    with pytest.raises(FailedPrecondition, match="PERIOD_IN_FUTURE"):
        runs.create("2026-03-01", "2026-03-16")
    runs.create("2026-03-01", "2026-03-15")


def test_a_run_is_refused_when_it_ends_before_it_starts(runs):
    with pytest.raises(Invalid) as refused:
        runs.create("2025-12-31", "2025-11-01")
    assert [(one.field, one.reason) for one in refused.value.violations] == [("period_to", "OUT_OF_RANGE")]


def test_two_open_runs_never_cover_the_same_day(runs):
    first = runs.create("2025-11-01", "2025-12-31")
    with pytest.raises(FailedPrecondition, match="RUN_OVERLAPS"):
        runs.create("2025-12-31", "2026-01-31")
    runs.create("2026-01-01", "2026-01-31")
    runs.stub.DiscardBillingRun(runs_pb2.DiscardBillingRunRequest(run_id=first.run_id))
    runs.create("2025-12-01", "2025-12-31")


@pytest.mark.repeats("BillingRunService/CreateBillingRun")
def test_creating_twice_makes_one_run(runs):
    first = runs.create()
    again = runs.create(run_id=first.run_id)
    assert again == first
    with pytest.raises(Conflict, match="RUN_DIFFERS"):
        runs.create("2025-01-01", "2025-01-31", run_id=first.run_id)
    assert len(runs.stub.ListBillingRuns(runs_pb2.ListBillingRunsRequest()).runs) == 1


def test_issuing_needs_the_number_of_invoices_typed(given, runs, announced):
    given.settings()
    prices(given)
    house(given)
    run = runs.preview()
    with pytest.raises(FailedPrecondition) as refused:
        runs.issue(run.run_id, count=2)
    assert (refused.value.reason, refused.value.metadata) == ("INVOICE_COUNT_DIFFERS", {"invoice_count": "1"})
    runs.work()
    assert runs.get(run.run_id).status == runs_pb2.RUN_STATUS_READY
    assert announced(events_pb2.InvoiceIssued) == []


@pytest.mark.repeats("BillingRunService/IssueBillingRun")
def test_issuing_twice_issues_once(given, runs, announced):
    given.settings()
    prices(given)
    house(given)
    run = runs.preview()
    first = runs.issue(run.run_id)
    again = runs.issue(run.run_id, count=1)
    assert again == first
    assert len(announced(events_pb2.InvoiceIssued)) == 1
    assert len(announced(events_pb2.BalanceChanged)) == 1


def test_nothing_is_issued_before_the_provider_is_known(given, runs):
    prices(given)
    house(given)
    run = runs.preview()
    with pytest.raises(FailedPrecondition, match="PROVIDER_UNKNOWN"):
        runs.issue(run.run_id)
    given.settings(account_number="")
    with pytest.raises(FailedPrecondition, match="PROVIDER_UNKNOWN"):
        runs.issue(run.run_id)


def test_a_run_is_not_issued_before_it_is_calculated(given, runs):
    prices(given)
    house(given)
    run = runs.create()
    with pytest.raises(FailedPrecondition, match="RUN_NOT_READY"):
        runs.issue(run.run_id, count=1)


@pytest.mark.repeats("BillingRunService/DiscardBillingRun")
def test_a_discarded_run_keeps_its_drafts_as_discarded_and_cannot_be_issued(given, runs):
    given.settings()
    prices(given)
    house(given)
    run = runs.preview()
    request = runs_pb2.DiscardBillingRunRequest(run_id=run.run_id)
    runs.stub.DiscardBillingRun(request)
    again = runs.stub.DiscardBillingRun(request).run
    runs.work()

    assert again.status == runs_pb2.RUN_STATUS_DISCARDED
    [draft] = runs.invoices(run.run_id)
    assert draft.status == invoices_pb2.INVOICE_STATUS_DISCARDED
    with pytest.raises(FailedPrecondition, match="RUN_NOT_READY"):
        runs.issue(run.run_id, count=1)
    with pytest.raises(FailedPrecondition, match="RUN_NOT_READY"):
        runs.stub.RecalculateBillingRun(runs_pb2.RecalculateBillingRunRequest(run_id=run.run_id))


@pytest.mark.repeats("BillingRunService/RecalculateBillingRun")
def test_calculating_again_twice_leaves_one_set_of_drafts(given, runs):
    given.settings()
    prices(given)
    house(given)
    run = runs.preview()
    request = runs_pb2.RecalculateBillingRunRequest(run_id=run.run_id)

    first = runs.stub.RecalculateBillingRun(request).run
    again = runs.stub.RecalculateBillingRun(request).run
    runs.work()

    assert (first.status, again) == (runs_pb2.RUN_STATUS_CALCULATING, first)
    assert runs.get(run.run_id).invoice_count == 1
    assert len(runs.invoices(run.run_id)) == 1


def test_an_issued_run_is_not_discarded(given, runs):
    given.settings()
    prices(given)
    house(given)
    run = runs.bill()
    with pytest.raises(FailedPrecondition, match="RUN_ISSUED"):
        runs.stub.DiscardBillingRun(runs_pb2.DiscardBillingRunRequest(run_id=run.run_id))


def test_a_run_calculated_again_sees_the_mended_data(given, runs):
    given.settings()
    prices(given)
    one = house(given, {"2025-10-31": "806"})
    run = runs.preview()
    assert (run.invoice_count, dict(run.parked_by_reason)) == (0, {"NO_READING": 1})

    given.reading(one.meter, "2025-12-31", "818")
    runs.stub.RecalculateBillingRun(runs_pb2.RecalculateBillingRunRequest(run_id=run.run_id))
    runs.work()

    mended = runs.get(run.run_id)
    assert (mended.invoice_count, mended.parked_count, mended.done_count) == (1, 0, 1)
    assert mended.total_gross.grosze == 243_78


def test_a_run_that_is_not_there_is_not_found(runs):
    unknown = str(new_id())
    calls = [
        lambda: runs.get(unknown),
        lambda: runs.invoices(unknown),
        lambda: runs.parked(unknown),
        lambda: runs.stub.RecalculateBillingRun(runs_pb2.RecalculateBillingRunRequest(run_id=unknown)),
        lambda: runs.stub.DiscardBillingRun(runs_pb2.DiscardBillingRunRequest(run_id=unknown)),
        lambda: runs.issue(unknown, count=1),
    ]
    for call in calls:
        with pytest.raises(NotFound, match="RUN_NOT_FOUND"):
            call()
    with pytest.raises(NotFound, match="INVOICE_NOT_FOUND"):
        runs.detail(unknown, str(new_id()))


def test_a_run_shows_what_would_happen(given, runs):
    given.settings()
    prices(given)
    first = {"2025-10-31": "806", "2025-12-31": "818", "2026-02-28": "820"}
    house(given, first, name="Anna Zdrojewska")
    house(given, first | {"2026-02-28": "832"}, name="Bartek Zdrojewski", e_invoice=False)
    house(given, {"2025-10-31": "1", "2026-02-28": "13"}, name="Celina Lipowska", starts_on="2026-01-01")
    before = runs.bill()

    run = runs.preview("2026-01-01", "2026-02-28")

    assert (before.invoice_count, run.invoice_count, run.e_invoice_count) == (2, 3, 2)
    assert run.previous_total_gross.grosze == before.total_gross.grosze == 2 * 243_78
    assert (run.due_on_if_issued_today.year, run.due_on_if_issued_today.month) == (2026, 3)
    # Anna: 10 m³ less, −170,96 zł; Bartek: 2 m³ more, +34,20 zł; Celina has no invoice before.
    changed = [
        (getattr(step, "from").grosze if step.HasField("from") else None, step.count)
        for step in run.changes
        if step.count
    ]
    assert changed == [(None, 1), (20_00, 1)]
    listed = runs.stub.ListBillingRuns(runs_pb2.ListBillingRunsRequest()).runs
    assert [one.run_id for one in listed] == [run.run_id, before.run_id]
    assert not listed[0].changes


def test_the_invoices_of_a_run_are_paged_by_customer_number(given, runs):
    prices(given)
    names = [house(given).customer.number for _ in range(5)]
    run = runs.preview()
    request = runs_pb2.ListRunInvoicesRequest(run_id=run.run_id)
    request.page.page_size = 2
    seen = []
    while True:
        answer = runs.stub.ListRunInvoices(request)
        seen += [invoice.customer_number for invoice in answer.invoices]
        if not answer.page.next_cursor:
            break
        request.page.cursor = answer.page.next_cursor
    assert seen == sorted(names)


def test_a_clerk_prepares_and_only_a_manager_issues(given, served, as_daria, runs):
    given.settings()
    prices(given)
    house(given)
    run = runs.preview()
    clerk = served.stub(BillingRunServiceStub, as_daria.without("billing.runs.issue"))
    clerk.GetBillingRun(runs_pb2.GetBillingRunRequest(run_id=run.run_id))
    with pytest.raises(PermissionDenied):
        clerk.IssueBillingRun(runs_pb2.IssueBillingRunRequest(run_id=run.run_id, invoice_count=1))


def test_celina_opens_no_run(served, as_celina):
    stub = served.stub(BillingRunServiceStub, as_celina)
    with pytest.raises(PermissionDenied):
        stub.ListBillingRuns(runs_pb2.ListBillingRunsRequest())
    with pytest.raises(PermissionDenied):
        stub.GetRunInvoice(runs_pb2.GetRunInvoiceRequest(run_id=str(new_id()), invoice_id=str(new_id())))
