"""SMSAPI: what became of text messages. It calls with a query or a form, and comes again until it hears OK."""

from ebok.notify.v1 import reports_pb2
from flask import Response, request

from gateway.web.calls import as_gateway, clients
from gateway.webhooks import webhooks
from gateway.webhooks.receiving import admit, say

BODY_BYTES_MAX = 8 * 1024
SECRET_LENGTH_MAX = 200


@webhooks.route("/smsapi/<secret>", methods=["GET", "POST"])
def smsapi(secret: str) -> Response:
    """Reports of one call; the secret part of the address is judged in notify."""
    refused = admit("smsapi")
    if refused is not None:
        return refused
    request.max_content_length = BODY_BYTES_MAX + 1
    body = request.get_data(cache=False) if request.method == "POST" else request.query_string
    if len(body) > BODY_BYTES_MAX:
        return say("too large", 413)
    if not body or len(secret) > SECRET_LENGTH_MAX:
        return say("empty", 400)
    message = reports_pb2.ReceiveReportsRequest(provider="smsapi", secret=secret, body=body)
    as_gateway(clients().notify.reports.ReceiveReports, message)
    return say("OK", 200)
