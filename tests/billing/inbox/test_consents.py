"""A customer's own word about e-invoices goes before the provider's, and the others are told."""

from typing import Any

import pytest
from ebok.billing.v1 import customers_pb2
from ebok.billing.v1.customers_pb2_grpc import CustomerServiceStub
from ebok.billing.v1.events_pb2 import CustomerChanged
from ebok.billing.v1.imports_pb2_grpc import ImportServiceStub
from ebok.identity.v1 import consents_pb2
from ebok.identity.v1.events_pb2 import ConsentChanged

from chassis.ids import new_id
from chassis.testing.cast import ANNA_CUSTOMER
from tests.billing.api.test_imports import Connector
from tests.billing.import_rows import customer

E_INVOICE = consents_pb2.CONSENT_KIND_E_INVOICE
OFFERS = consents_pb2.CONSENT_KIND_MARKETING_EMAIL


def said(served, customer_id, is_given, version, kind=E_INVOICE):
    served.deliver(
        ConsentChanged(customer_id=str(customer_id), kind=kind, is_given=is_given, version=version)
    )


@pytest.fixture
def connector(billing, as_system) -> Connector:
    return Connector(billing(ImportServiceStub, as_system("connector")))


@pytest.fixture
def holds(served, as_daria):
    stub: Any = served.stub(CustomerServiceStub, as_daria)

    def ask(customer_id) -> bool:
        request = customers_pb2.GetCustomerRequest(customer_id=str(customer_id))
        return bool(stub.GetCustomer(request).customer.e_invoice)

    return ask


def test_the_newest_word_holds_in_whatever_order_it_comes(served, given, holds):
    given.customer(customer_id=ANNA_CUSTOMER, e_invoice=False)
    said(served, ANNA_CUSTOMER, True, 2)
    said(served, ANNA_CUSTOMER, False, 1)
    said(served, ANNA_CUSTOMER, False, 9, kind=OFFERS)
    assert holds(ANNA_CUSTOMER)
    assert [one.e_invoice for one in served.announced(CustomerChanged)] == [True]
    said(served, ANNA_CUSTOMER, False, 3)
    assert not holds(ANNA_CUSTOMER)
    said(served, new_id(), True, 1)  # Of a customer who is not known nothing is kept.


def test_the_providers_file_does_not_take_the_customers_word_away(served, connector, holds):
    connector.bring([customer(e_invoice="false")])
    [told] = served.announced(CustomerChanged)
    said(served, told.customer_id, True, 1)
    connector.bring([customer(e_invoice="false", name="Anna Nowak-Żółta")])
    assert holds(told.customer_id)
    connector.bring([customer(e_invoice="true")])
    said(served, told.customer_id, False, 2)
    connector.bring([customer(e_invoice="true", name="Anna Żółta")])
    assert not holds(told.customer_id)
    assert [one.e_invoice for one in served.announced(CustomerChanged)][-1] is False
