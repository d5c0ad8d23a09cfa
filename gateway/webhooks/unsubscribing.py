"""One click in a mail program (RFC 8058): a POST to the address in the header of a marketing mail."""

from ebok.notify.v1 import preferences_pb2
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gateway.web.calls import as_gateway, clients
from gateway.webhooks import webhooks
from gateway.webhooks.receiving import say

TOKEN_LENGTH_MAX = 100
BODY_BYTES_MAX = 1024


@webhooks.post("/bez-ofert")
def unsubscribe_at_once() -> Response:
    """No more offers, without a question; the signed link is the proof."""
    request.max_content_length = BODY_BYTES_MAX
    token = request.args.get("t", "")
    if not 0 < len(token) <= TOKEN_LENGTH_MAX:
        return say("empty", 400)
    as_gateway(clients().notify.preferences.Unsubscribe, preferences_pb2.UnsubscribeRequest(token=token))
    return say("OK", 200)


@webhooks.get("/bez-ofert")
def unsubscribe_page() -> AnyResponse:
    """Who opens the address in a browser is asked first: looking at it changes nothing."""
    return redirect(url_for("portal.unsubscribe", t=request.args.get("t", "")[:TOKEN_LENGTH_MAX]), code=303)
