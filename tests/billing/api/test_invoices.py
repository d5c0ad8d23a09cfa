"""Issued invoices at their customers' door, frozen; and that Celina gets none of Anna's."""

import io
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from ebok.billing.v1 import invoices_pb2 as pb
from ebok.billing.v1 import runs_pb2
from ebok.billing.v1.invoices_pb2_grpc import InvoiceServiceStub
from pypdf import PdfReader

from chassis.errors import Invalid, NotFound, PermissionDenied
from chassis.ids import new_id
from chassis.money import Money
from chassis.testing import cast
from services.billing.domain import ledger
from tests.billing.bills import Runs, house, prices

READINGS = {"2025-10-31": "806", "2025-12-31": "816", "2026-02-28": "828"}
ANNA, CELINA = str(cast.ANNA_CUSTOMER), str(cast.CELINA_CUSTOMER)


@pytest.fixture
def runs(served, as_edward) -> Runs:
    return Runs(served, as_edward)


@pytest.fixture
def anna(served, as_anna):
    return served.stub(InvoiceServiceStub, as_anna)


@pytest.fixture
def celina(served, as_celina):
    return served.stub(InvoiceServiceStub, as_celina)


@pytest.fixture
def house_of_anna(given):
    given.settings()
    prices(given)
    return house(given, READINGS, customer_id=cast.ANNA_CUSTOMER)


@pytest.fixture
def pay(database, clock):
    def post(amount: str, number: str) -> None:
        with database.transaction() as session:
            payment = ledger.Payment(
                cast.ANNA_CUSTOMER,
                f"w-{number}-{amount}",
                Money.rounded(Decimal(amount)),
                date(2026, 3, 16),
                invoice_number=number,
            )
            ledger.post_payment(session, payment, now=clock.now())

    return post


def listed(stub, **fields):
    return stub.ListInvoices(pb.ListInvoicesRequest(customer_id=ANNA, **fields))


def detail_of(stub, invoice_id: str):
    return stub.GetInvoice(pb.GetInvoiceRequest(customer_id=ANNA, invoice_id=invoice_id)).detail


def pdf_of(stub, invoice_id: str) -> bytes:
    return stub.GetInvoicePdf(pb.GetInvoicePdfRequest(customer_id=ANNA, invoice_id=invoice_id)).content


def test_a_bill_says_why_it_differs_from_the_one_before(house_of_anna, runs, anna):
    """As on the pattern: 12 m³ after 10 m³ at the same prices is 34,20 zł more, all of it for the use."""
    runs.bill("2025-11-01", "2025-12-31")
    runs.bill("2026-01-01", "2026-02-28")
    newest = listed(anna).invoices[0]
    difference = detail_of(anna, newest.invoice_id).difference
    assert difference.previous_number == "FV/2026/000001"
    assert difference.previous_total.grosze == 209_58
    parts = (difference.by_volume.grosze, difference.by_price.grosze, difference.by_days.grosze)
    assert parts == (34_20, 0, 0)
    assert (difference.previous_used, difference.used, difference.unit) == ("10.000", "12.000", "m3")
    assert (difference.previous_days, difference.days) == (61, 59)


def test_the_parts_of_a_difference_add_up_to_the_grosz(given, house_of_anna, runs, anna):
    prices(given, valid_from="2026-02-01", water=Decimal("6.91"), fee=Decimal("18.33"))
    runs.bill("2025-11-01", "2025-12-31")
    runs.bill("2026-01-01", "2026-02-28")
    newest = listed(anna).invoices[0]
    difference = detail_of(anna, newest.invoice_id).difference
    parts = [difference.by_volume.grosze, difference.by_price.grosze, difference.by_days.grosze]
    assert sum(parts) == newest.total_gross.grosze - difference.previous_total.grosze
    assert parts[1] > 0


def test_lists_tell_the_address_where_there_are_several(given, house_of_anna, runs, anna):
    runs.bill("2025-11-01", "2025-12-31")
    assert [one.premises_line for one in listed(anna).invoices] == [""]

    garden = given.service_point(given.premises(street="ul. Polna", building="9", flat=""))
    meter = given.meter(garden)
    given.contract(house_of_anna.customer, garden, starts_on="2026-01-01")
    given.reading(meter, "2025-12-31", "5")
    given.reading(meter, "2026-02-28", "9")
    runs.bill("2026-01-01", "2026-02-28")

    lines = {one.premises_line for one in listed(anna).invoices}
    assert len(listed(anna).invoices) == 3
    assert len(lines) == 2
    assert any("ul. Polna 9" in line for line in lines)


def test_invoices_are_listed_the_newest_first_in_pages(given, runs, anna):
    given.settings()
    prices(given)
    months = ["2025-10-31", "2025-11-30", "2025-12-31", "2026-01-31", "2026-02-28"]
    house(
        given,
        {read_on: str(800 + 6 * place) for place, read_on in enumerate(months)},
        customer_id=cast.ANNA_CUSTOMER,
    )
    for first, last in (
        ("2025-11-01", "2025-11-30"),
        ("2025-12-01", "2025-12-31"),
        ("2026-01-01", "2026-01-31"),
        ("2026-02-01", "2026-02-28"),
    ):
        runs.bill(first, last)
    request = pb.ListInvoicesRequest(customer_id=ANNA)
    request.page.page_size = 3
    first_page = anna.ListInvoices(request)
    assert [invoice.number[-1] for invoice in first_page.invoices] == ["4", "3", "2"]
    request.page.cursor = first_page.page.next_cursor
    second_page = anna.ListInvoices(request)
    assert [invoice.number[-1] for invoice in second_page.invoices] == ["1"]
    assert not second_page.page.next_cursor
    request.page.cursor = second_page.page.previous_cursor
    assert anna.ListInvoices(request).invoices == first_page.invoices
    request.page.cursor = "bzdura"
    with pytest.raises(Invalid):
        anna.ListInvoices(request)


def test_invoices_are_filtered_by_what_the_ledger_says(house_of_anna, runs, anna, pay, clock):
    runs.bill("2025-11-01", "2025-12-31")
    runs.bill("2026-01-01", "2026-02-28")

    def numbers(state) -> list[str]:
        return [invoice.number[-1] for invoice in listed(anna, paid_state=state).invoices]

    assert numbers(pb.PAID_STATE_DUE) == ["2", "1"]
    pay("209.58", "FV/2026/000001")
    pay("10.00", "FV/2026/000002")
    assert (numbers(pb.PAID_STATE_PAID), numbers(pb.PAID_STATE_PART_PAID)) == (["1"], ["2"])
    assert numbers(pb.PAID_STATE_DUE) == numbers(pb.PAID_STATE_OVERDUE) == []
    clock.set(clock.now().replace(month=3, day=30))  # the due day itself is not late
    assert numbers(pb.PAID_STATE_PART_PAID) == ["2"]
    clock.set(clock.now().replace(month=3, day=31))
    assert (numbers(pb.PAID_STATE_PAID), numbers(pb.PAID_STATE_OVERDUE)) == (["1"], ["2"])

    part, paid = listed(anna).invoices
    assert (part.open_amount.grosze, part.paid_state) == (233_78, pb.PAID_STATE_OVERDUE)
    assert (paid.open_amount.grosze, paid.paid_on.day) == (0, 16)
    assert not part.HasField("paid_on")


def test_invoices_are_filtered_by_year(house_of_anna, runs, anna, clock):
    runs.bill("2025-11-01", "2025-12-31")
    clock.set(clock.now().replace(year=2027))
    runs.bill("2026-01-01", "2026-02-28")
    answer = listed(anna, year=2026)
    assert [invoice.number for invoice in answer.invoices] == ["FV/2026/000001"]
    assert list(answer.years) == [2027, 2026]
    assert [invoice.number for invoice in listed(anna, year=2027).invoices] == ["FV/2027/000001"]


def test_invoices_are_asked_for_by_id_and_nobody_gets_somebody_elses(
    given, house_of_anna, runs, anna, celina
):
    house(given, READINGS, name="Celina Lipowska", customer_id=cast.CELINA_CUSTOMER)
    runs.bill("2025-11-01", "2025-12-31")
    runs.bill("2026-01-01", "2026-02-28")
    newest, oldest = listed(anna).invoices
    asked = [oldest.invoice_id, str(new_id())]
    assert list(listed(anna, invoice_ids=asked).invoices) == [oldest]
    assert list(listed(anna, invoice_ids=asked, paid_state=pb.PAID_STATE_PAID).invoices) == []
    assert len(listed(anna, invoice_ids=[newest.invoice_id, oldest.invoice_id]).invoices) == 2

    own = celina.ListInvoices(pb.ListInvoicesRequest(customer_id=CELINA)).invoices
    mixed = pb.ListInvoicesRequest(
        customer_id=CELINA, invoice_ids=[newest.invoice_id, own[0].invoice_id, oldest.invoice_id]
    )
    assert list(celina.ListInvoices(mixed).invoices) == [own[0]]
    for wrong in ([str(new_id())] * 101, ["bzdura"], [""]):
        with pytest.raises(Invalid):
            listed(anna, invoice_ids=wrong)


def test_a_document_reads_the_same_whatever_changes_later(house_of_anna, runs, anna, database, given, clock):
    runs.bill("2025-11-01", "2025-12-31")
    [invoice] = listed(anna).invoices
    before, paper = detail_of(anna, invoice.invoice_id), pdf_of(anna, invoice.invoice_id)
    with database.transaction() as session:
        session.execute(sa.text("UPDATE customers SET name = 'Ktoś Inny', town = 'Gdzieś'"))
        session.execute(sa.text("UPDATE provider_settings SET name = 'Inne Wodociągi'"))
        session.execute(sa.text("UPDATE meters SET serial_number = '0'"))
        session.execute(sa.text("UPDATE tariffs SET name = 'Inna'"))
    prices(given, valid_from="2025-12-01", water=Decimal("99"))
    assert detail_of(anna, invoice.invoice_id) == before
    assert pdf_of(anna, invoice.invoice_id) == paper
    assert "Anna Zdrojewska" in PdfReader(io.BytesIO(paper)).pages[0].extract_text()


def test_an_issued_invoice_cannot_be_changed_or_deleted_even_by_hand(house_of_anna, runs, database):
    runs.bill("2025-11-01", "2025-12-31")
    for statement in (
        "UPDATE invoices SET total_net = total_net + 1, total_gross = total_gross + 1",
        "DELETE FROM invoices",
        "UPDATE ledger_entries SET amount = 1",
        "DELETE FROM ledger_entries",
        "TRUNCATE ledger_allocations",
        "DELETE FROM invoice_spans",
    ):
        with pytest.raises(sa.exc.DatabaseError, match="append-only"), database.transaction() as session:
            session.execute(sa.text(statement))


def test_several_papers_come_one_after_the_other(house_of_anna, runs, anna):
    runs.bill("2025-11-01", "2025-12-31")
    runs.bill("2026-01-01", "2026-02-28")
    ids = [invoice.invoice_id for invoice in listed(anna).invoices]
    found = list(anna.GetInvoicePdfs(pb.GetInvoicePdfsRequest(customer_id=ANNA, invoice_ids=[*ids, ids[0]])))
    assert [one.file_name for one in found] == ["FV-2026-000002.pdf", "FV-2026-000001.pdf"]
    assert found[0].content == pdf_of(anna, ids[0])
    with pytest.raises(Invalid):
        list(
            anna.GetInvoicePdfs(pb.GetInvoicePdfsRequest(customer_id=ANNA, invoice_ids=[str(new_id())] * 51))
        )


def test_none_is_sent_when_one_is_somebody_elses(given, house_of_anna, runs, anna, celina):
    house(given, READINGS, name="Celina Lipowska", customer_id=cast.CELINA_CUSTOMER)
    runs.bill("2025-11-01", "2025-12-31")
    [own] = celina.ListInvoices(pb.ListInvoicesRequest(customer_id=CELINA)).invoices
    [foreign] = listed(anna).invoices
    received = []
    with pytest.raises(NotFound, match="INVOICE_NOT_FOUND"):
        received += celina.GetInvoicePdfs(
            pb.GetInvoicePdfsRequest(customer_id=CELINA, invoice_ids=[own.invoice_id, foreign.invoice_id])
        )
    assert received == []


def test_celina_gets_nothing_of_annas(given, house_of_anna, runs, anna, celina):
    given.customer("Celina Lipowska", customer_id=cast.CELINA_CUSTOMER)
    runs.bill("2025-11-01", "2025-12-31")
    [foreign] = listed(anna).invoices
    for call, request in (
        (celina.ListInvoices, pb.ListInvoicesRequest(customer_id=ANNA)),
        (celina.GetInvoice, pb.GetInvoiceRequest(customer_id=ANNA, invoice_id=foreign.invoice_id)),
        (celina.GetInvoicePdf, pb.GetInvoicePdfRequest(customer_id=ANNA, invoice_id=foreign.invoice_id)),
    ):
        with pytest.raises(PermissionDenied):
            call(request)
    with pytest.raises(PermissionDenied):
        list(
            celina.GetInvoicePdfs(
                pb.GetInvoicePdfsRequest(customer_id=ANNA, invoice_ids=[foreign.invoice_id])
            )
        )

    assert list(celina.ListInvoices(pb.ListInvoicesRequest(customer_id=CELINA)).invoices) == []
    refusals = []
    for invoice_id in (foreign.invoice_id, str(new_id())):
        for call, request in (
            (celina.GetInvoice, pb.GetInvoiceRequest(customer_id=CELINA, invoice_id=invoice_id)),
            (celina.GetInvoicePdf, pb.GetInvoicePdfRequest(customer_id=CELINA, invoice_id=invoice_id)),
        ):
            with pytest.raises(NotFound) as refused:
                call(request)
            refusals.append((refused.value.reason, refused.value.message, str(refused.value.metadata)))
    # Somebody else's is refused in the same words as what does not exist.
    assert len(set(refusals)) == 1


def test_a_draft_is_not_an_invoice_yet(house_of_anna, runs, anna):
    run = runs.preview("2025-11-01", "2025-12-31")
    [draft] = runs.invoices(run.run_id)
    assert list(listed(anna).invoices) == []
    with pytest.raises(NotFound):
        detail_of(anna, draft.invoice_id)
    with pytest.raises(NotFound):
        pdf_of(anna, draft.invoice_id)
    runs.stub.DiscardBillingRun(runs_pb2.DiscardBillingRunRequest(run_id=run.run_id))
    assert list(listed(anna).invoices) == []


def test_staff_see_any_customers_invoices(house_of_anna, runs, served, as_daria, anna):
    runs.bill("2025-11-01", "2025-12-31")
    clerk = served.stub(InvoiceServiceStub, as_daria)
    assert listed(clerk).invoices == listed(anna).invoices


def test_a_transfer_can_be_scanned(house_of_anna, runs, anna):
    runs.bill("2025-11-01", "2025-12-31")
    [invoice] = listed(anna).invoices
    detail = detail_of(anna, invoice.invoice_id)
    assert detail.account_number == "61109010140000071219812874"
    assert detail.transfer_title == "FV/2026/000001"
    assert detail.transfer_qr == (
        "1234563218|PL|61109010140000071219812874|020958|Wodociagi Zdroj|FV/2026/000001|||"
    )
