"""A customer's contracts."""

from uuid import UUID

from ebok.billing.v1 import contracts_pb2 as pb
from flask import Response

from gateway.api import api
from gateway.api.answers import page, pdf
from gateway.api.operations import PDF, operation
from gateway.api.presenting import CONTRACT
from gateway.api.shapes import Page
from gateway.web.calls import call, clients, document

CONTRACTS = Page(CONTRACT, paged=False)


@api.get("/customers/<uuid:customer_id>/contracts")
@operation("contracts:read", CONTRACTS)
def list_contracts(customer_id: UUID) -> Response:
    """A customer's contracts, the newest first."""
    request = pb.ListContractsRequest(customer_id=str(customer_id))
    return page(CONTRACTS, call(clients().billing.contracts.ListContracts, request).contracts)


@api.get("/customers/<uuid:customer_id>/contracts/<uuid:contract_id>/pdf")
@operation("contracts:read", PDF, refuses=[404])
def get_contract_pdf(customer_id: UUID, contract_id: UUID) -> Response:
    """A contract as a PDF."""
    request = pb.GetContractPdfRequest(customer_id=str(customer_id), contract_id=str(contract_id))
    answer = document(clients().billing.contracts.GetContractPdf, request)
    return pdf(answer.file_name, answer.content)
