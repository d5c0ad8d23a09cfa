"""Umowy of a customer, with their points, meters and prices, and each as a PDF."""

from uuid import UUID

from ebok.billing.v1 import contracts_pb2
from werkzeug.wrappers import Response

from gateway.console import console
from gateway.console.customers import customer_page, get_customer
from gateway.console.documents import pdf
from gateway.web.calls import at_once, clients, document


@console.get("/klienci/<uuid:customer_id>/umowy")
def customer_contracts(customer_id: UUID) -> str:
    """All contracts, the newest first."""
    request = contracts_pb2.ListContractsRequest(customer_id=str(customer_id))
    found, contracts = at_once(
        get_customer(customer_id), (clients().billing.contracts.ListContracts, request)
    )
    return customer_page("contracts", found.customer, tab="contracts", contracts=contracts.contracts)


@console.get("/klienci/<uuid:customer_id>/umowy/<uuid:contract_id>/pdf")
def contract_pdf(customer_id: UUID, contract_id: UUID) -> Response:
    """The contract on paper."""
    request = contracts_pb2.GetContractPdfRequest(customer_id=str(customer_id), contract_id=str(contract_id))
    return pdf(document(clients().billing.contracts.GetContractPdf, request))
