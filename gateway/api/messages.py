"""What was sent to a customer."""

from uuid import UUID

from ebok.notify.v1 import messages_pb2 as pb
from flask import Response

from gateway.api import api
from gateway.api.answers import page, page_request
from gateway.api.inputs import Paged, Query
from gateway.api.operations import operation, query
from gateway.api.presenting_contact import MESSAGE
from gateway.api.shapes import Page
from gateway.web.calls import call, clients

MESSAGES = Page(MESSAGE)


@api.get("/customers/<uuid:customer_id>/messages")
@operation("messages:read", MESSAGES)
@query(Paged)
def list_messages(customer_id: UUID, query_data: Query) -> Response:
    """Mails and text messages to a customer, the newest first."""
    request = pb.ListMessagesRequest(customer_id=str(customer_id), page=page_request(query_data))
    found = call(clients().notify.messages.ListMessages, request)
    return page(MESSAGES, found.messages, found.page)
