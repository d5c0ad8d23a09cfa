"""The tables as migrated are the tables as declared, and every hot read asks a few questions that indexes answer."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from ebok.billing.v1 import contracts_pb2, customers_pb2, meters_pb2, readings_pb2
from ebok.billing.v1.contracts_pb2_grpc import ContractServiceStub
from ebok.billing.v1.customers_pb2_grpc import CustomerServiceStub
from ebok.billing.v1.meters_pb2_grpc import MeterServiceStub
from ebok.billing.v1.readings_pb2_grpc import ReadingServiceStub
from ebok.common.v1.paging_pb2 import PageRequest

from chassis.columns import load_models
from chassis.database import Reader, schema_differences
from chassis.testing.cast import ANNA_CUSTOMER
from services.billing.__main__ import part
from services.billing.storage.base import Base


def test_the_models_say_what_the_migrations_made(database_url_for):
    assert schema_differences(database_url_for(part), load_models(Base, "services.billing.storage")) == []


@pytest.fixture
def asked(database, monkeypatch) -> Callable[[], list[tuple[str, dict]]]:
    """The questions since the fixture was made, without those that open a connection, record what staff saw, or are
    asked once a second for all calls."""
    statements: list[tuple[str, dict]] = []
    rows = Reader.rows

    def listen(self, statement, values):
        statements.append((statement, dict(values)))
        return rows(self, statement, values)

    monkeypatch.setattr(Reader, "rows", listen)
    sa.event.listen(
        database.engine, "before_cursor_execute", lambda *a: statements.append((a[2], dict(a[3] or {})))
    )
    return lambda: [
        one
        for one in statements
        if one[0].lstrip().startswith(("SELECT", "WITH"))
        and "INSERT INTO" not in one[0]
        and "FROM revocations" not in one[0]
    ]


def plans(database, statements):
    with database.transaction() as session:
        # On a table of one row every plan is a scan: what matters is that an index can be used for each table.
        session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        connection = session.connection()
        return [
            "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values))
            for statement, values in statements
        ]


CUSTOMER = str(ANNA_CUSTOMER)
HOT_READS = {
    "GetCustomer": (CustomerServiceStub, customers_pb2.GetCustomerRequest(customer_id=CUSTOMER), 1),
    "ListServicePoints": (MeterServiceStub, meters_pb2.ListServicePointsRequest(customer_id=CUSTOMER), 2),
    "ListContracts": (ContractServiceStub, contracts_pb2.ListContractsRequest(customer_id=CUSTOMER), 5),
    "ListReadings": (ReadingServiceStub, readings_pb2.ListReadingsRequest(customer_id=CUSTOMER), 1),
    "GetUsage": (
        ReadingServiceStub,
        readings_pb2.GetUsageRequest(
            customer_id=CUSTOMER, step=readings_pb2.USAGE_STEP_MONTH, page=PageRequest()
        ),
        4,
    ),
}


@pytest.mark.parametrize("method", HOT_READS)
def test_a_hot_read_asks_a_fixed_number_of_questions_by_indexes(
    billing, as_anna, given, database, asked, method
):
    anna = given.customer(customer_id=ANNA_CUSTOMER)
    given.tariff_version()
    for _ in range(3):
        given.reading(given.supply(anna), "2026-01-31", "100")
    stub_class, request, questions = HOT_READS[method]
    before = len(asked())

    getattr(billing(stub_class, as_anna), method)(request)

    statements = asked()[before:]
    assert len(statements) == questions, statements
    for plan in plans(database, statements):
        assert "Seq Scan" not in plan, plan


def test_a_page_of_the_search_asks_for_all_balances_at_once(billing, as_daria, given, asked):
    for _ in range(5):
        given.customer()
    stub = billing(CustomerServiceStub, as_daria)
    before = len(asked())

    stub.SearchCustomers(customers_pb2.SearchCustomersRequest(query="anna"))

    assert len(asked()[before:]) == 2
