"""Wiadomości of a customer: what was sent, and what became of it."""

from uuid import UUID

from ebok.notify.v1 import messages_pb2

from gateway.console import console
from gateway.console.customers import customer_page, get_customer
from gateway.web.calls import at_once, clients
from gateway.web.paging import page_links, page_request


@console.get("/klienci/<uuid:customer_id>/wiadomosci")
def customer_messages(customer_id: UUID) -> str:
    """All messages, the newest first."""
    wanted = messages_pb2.ListMessagesRequest(customer_id=str(customer_id), page=page_request())
    found, messages = at_once(get_customer(customer_id), (clients().notify.messages.ListMessages, wanted))
    return customer_page(
        "messages",
        found.customer,
        tab="messages",
        messages=messages.messages,
        links=page_links(messages.page),
    )
