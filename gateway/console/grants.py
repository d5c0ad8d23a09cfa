"""Dostęp: who sees a customer in the portal, and how far that goes."""

from uuid import UUID

from ebok.identity.v1 import grants_pb2

from gateway.console import console
from gateway.console.customers import customer_page, get_customer
from gateway.web.calls import at_once, clients


@console.get("/klienci/<uuid:customer_id>/dostep")
def customer_grants(customer_id: UUID) -> str:
    """Everybody who holds the customer."""
    wanted = grants_pb2.ListCustomerGrantsRequest(customer_id=str(customer_id))
    found, grants = at_once(get_customer(customer_id), (clients().identity.grants.ListCustomerGrants, wanted))
    return customer_page("grants", found.customer, tab="grants", grants=grants.grants)
