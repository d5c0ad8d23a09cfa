"""Why money went where: what an entry of the ledger paid, or what it is paid with, piece by piece."""

from uuid import UUID

from ebok.billing.v1 import ledger_pb2 as pb
from flask_babel import LazyString

from gateway.console import console
from gateway.console.customers import customer_page, get_customer
from gateway.console.words import word_of
from gateway.web.calls import at_once, clients
from gateway.web.languages import lazy_gettext as _l
from gateway.web.paging import page_links, page_request

REASONS: dict[str, LazyString] = {
    "ALLOCATION_REASON_CHOICE": _l("the payer chose this invoice"),
    "ALLOCATION_REASON_NAMED": _l("the title of the transfer names it"),
    "ALLOCATION_REASON_OLDEST_DUE": _l("it was the oldest due"),
    "ALLOCATION_REASON_CREDIT_USED": _l("credit that was there before"),
    "ALLOCATION_REASON_REFUND": _l("taken back by a refund"),
}


@console.get("/klienci/<uuid:customer_id>/rozrachunki/<uuid:entry_id>")
def customer_entry(customer_id: UUID, entry_id: UUID) -> str:
    """One entry with everything that stands against it, the oldest first."""
    wanted = pb.ListAllocationsRequest(
        customer_id=str(customer_id), entry_id=str(entry_id), page=page_request()
    )
    found, listed = at_once(get_customer(customer_id), (clients().billing.ledger.ListAllocations, wanted))
    return customer_page(
        "entry",
        found.customer,
        tab="ledger",
        entry=listed.entry,
        allocations=listed.allocations,
        links=page_links(listed.page),
    )


@console.app_template_filter("why_word")
def why_word(reason: str) -> str:
    """Why an allocation was made, by the name of its reason."""
    return word_of(REASONS, reason)
