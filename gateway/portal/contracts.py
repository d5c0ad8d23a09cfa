"""Contracts: where they deliver, by which prices, as a PDF."""

from uuid import UUID

from ebok.billing.v1 import contracts_pb2
from flask import Response, render_template
from flask_login import current_user

from gateway.portal import portal
from gateway.portal.invoices import ascii_pdf_name
from gateway.web.calls import call, clients, document
from gateway.web.days import date_of, today
from gateway.web.exports import download


@portal.get("/umowy")
def contracts() -> str:
    """All contracts of the customer, those in force first."""
    answer = call(
        clients().billing.contracts.ListContracts,
        contracts_pb2.ListContractsRequest(customer_id=current_user.customer_id),
    )
    listed = sorted(answer.contracts, key=lambda one: state_of(one) == "ENDED")
    return render_template("portal/contracts/list.html", contracts=[(one, state_of(one)) for one in listed])


def state_of(contract: contracts_pb2.Contract) -> str:
    """Where a contract stands today."""
    start, end = date_of(contract.starts_on), date_of(contract.ends_on)
    if start is not None and start > today():
        return "PLANNED"
    if end is None:
        return "ACTIVE"
    return "ENDING" if end >= today() else "ENDED"


@portal.get("/umowy/<uuid:contract_id>/pdf")
def contract_pdf(contract_id: UUID) -> Response:
    """The contract as a document."""
    answer = document(
        clients().billing.contracts.GetContractPdf,
        contracts_pb2.GetContractPdfRequest(
            customer_id=current_user.customer_id, contract_id=str(contract_id)
        ),
    )
    return download(answer.content, ascii_pdf_name(answer.file_name), "application/pdf")
