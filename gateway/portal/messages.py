"""Wysłane do Ciebie: mails and text messages to the customer, with the reference printed in each."""

from ebok.notify.v1 import messages_pb2
from flask import render_template
from flask_login import current_user

from gateway.portal import portal
from gateway.web.calls import call, clients
from gateway.web.paging import page_links, page_request


@portal.get("/wiadomosci/wyslane")
def sent_messages() -> str:
    """What was sent to the customer, the newest first."""
    answer = call(
        clients().notify.messages.ListMessages,
        messages_pb2.ListMessagesRequest(customer_id=current_user.customer_id, page=page_request()),
    )
    return render_template(
        "portal/messages/list.html", messages=answer.messages, links=page_links(answer.page)
    )
