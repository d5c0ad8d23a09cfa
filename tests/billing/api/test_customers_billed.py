"""What the doors of customers and tariffs say once invoices are issued."""

from datetime import timedelta

import pytest
from ebok.billing.v1 import customers_pb2 as pb
from ebok.billing.v1 import tariffs_pb2
from ebok.billing.v1.customers_pb2_grpc import CustomerServiceStub
from ebok.billing.v1.tariffs_pb2_grpc import TariffServiceStub
from ebok.common.v1 import money_pb2

from chassis.errors import FailedPrecondition
from services.billing.storage.tariffs import TariffVersionStatus
from tests.billing.bills import PILA_WATER, Runs, house, prices


@pytest.fixture
def billed(served, as_edward, given):
    """Anna's and Celina's houses, billed for November and December."""
    given.settings()
    prices(given)
    houses = [house(given, name="Anna Zdrojewska"), house(given, name="Celina Obca")]
    runs = Runs(served, as_edward)
    run = runs.bill()
    return houses, runs.invoices(run.run_id)


def search(stub, query="", **given):
    return [
        (found.customer.name, found.balance.grosze, found.overdue.grosze)
        for found in stub.SearchCustomers(pb.SearchCustomersRequest(query=query, **given)).customers
    ]


def test_the_search_knows_invoice_numbers_balances_and_who_is_late(billing, as_daria, billed, clock):
    (anna, _), invoices = billed
    stub = billing(CustomerServiceStub, as_daria)
    [invoice] = [one for one in invoices if one.customer_id == str(anna.customer.customer_id)]
    owed = invoice.total_gross.grosze
    short = invoice.number.removeprefix("FV/").replace("/0", "/").replace("/0000", "/")

    for query in (
        invoice.number,
        invoice.number.lower(),
        invoice.number.removeprefix("FV/"),
        short,
        f"anna {short}",
    ):
        assert search(stub, query) == [("Anna Zdrojewska", owed, 0)], query
    assert search(stub, f"celina {invoice.number}") == []
    assert search(stub, in_arrears_only=True) == []
    clock.advance(timedelta(days=30))
    late = billing(CustomerServiceStub, as_daria)
    assert search(late, "anna", in_arrears_only=True) == [("Anna Zdrojewska", owed, owed)]
    assert len(search(late, in_arrears_only=True)) == 2


def test_the_last_invoice_proves_who_one_is_and_nothing_less_does(billing, as_system, billed):
    (anna, _), invoices = billed
    mine = next(one for one in invoices if one.customer_id == str(anna.customer.customer_id))
    other = next(one for one in invoices if one is not mine)
    stub = billing(CustomerServiceStub, as_system("identity"))

    def check(number=mine.customer_number, invoice=mine.number, total=mine.total_gross.grosze):
        request = pb.CheckProofRequest(
            customer_number=number, invoice_number=invoice, invoice_total=money_pb2.Money(grosze=total)
        )
        return stub.CheckProof(request).customer

    assert check().customer_id == mine.customer_id
    assert (
        check(number=f" {mine.customer_number} ", invoice=mine.number.lower()).customer_id == mine.customer_id
    )
    refusals = set()
    for wrong in (
        {"number": other.customer_number},
        {"number": "nie ma"},
        {"invoice": other.number},
        {"invoice": "FV/1999/000001"},
        {"total": mine.total_gross.grosze + 1},
        {"total": -mine.total_gross.grosze},
    ):
        with pytest.raises(FailedPrecondition) as refused:
            check(**wrong)
        refusals.add((refused.value.reason, refused.value.message))
    assert refusals == {("PROOF_NOT_ACCEPTED", "")}


def test_the_desk_counts_what_was_issued_and_is_owed(billing, as_daria, billed, clock):
    _, invoices = billed
    total = sum(one.total_gross.grosze for one in invoices)
    desk = billing(CustomerServiceStub, as_daria).GetDesk(pb.GetDeskRequest())

    assert (desk.invoices_this_month, desk.issued_this_month.grosze) == (2, total)
    assert (desk.receivable.grosze, desk.overdue.grosze) == (total, 0)

    clock.advance(timedelta(days=40))
    later = billing(CustomerServiceStub, as_daria).GetDesk(pb.GetDeskRequest())
    assert (later.invoices_this_month, later.overdue.grosze) == (0, total)


def test_a_version_is_not_published_over_days_that_were_billed(billing, as_edward, billed, given):
    stub = billing(TariffServiceStub, as_edward)

    def publish(version):
        request = tariffs_pb2.PublishTariffVersionRequest(tariff_version_id=str(version.tariff_version_id))
        return stub.PublishTariffVersion(request).tariff_version

    with pytest.raises(FailedPrecondition) as refused:
        publish(given.tariff_version(PILA_WATER, valid_from="2025-12-31", status=TariffVersionStatus.DRAFT))
    assert refused.value.reason == "TARIFF_PERIOD_BILLED"
    after = publish(
        given.tariff_version(PILA_WATER, valid_from="2026-01-01", status=TariffVersionStatus.DRAFT)
    )
    assert after.status == tariffs_pb2.TARIFF_VERSION_STATUS_PUBLISHED
