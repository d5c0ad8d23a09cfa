"""Receiving a provider's message: limits first, then on to payments as it came. 200 means stored, nothing more."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

from ebok.payments.v1 import notifications_pb2
from flask import Response, current_app, request
from werkzeug.exceptions import HTTPException

from chassis.errors import FailedPrecondition, Invalid, NotFound, Refusal
from gateway.web.calls import config
from gateway.webhooks import webhooks
from gateway.webhooks.handover import hand_over

BODY_BYTES_MAX = 64 * 1024
HEADER_LENGTH_MAX = 1000
# What signatures and people who look into a matter need; nothing else of a stranger's request is kept.
KEPT_HEADERS = ("openpayu-signature", "x-openpayu-signature", "content-type", "user-agent")
SEND_AGAIN_AFTER_S = 60


def receive(provider: str, kind: str) -> Response:
    """Store one message. 403 for a sender who is not on the list, 413 for too much, 400 for nothing."""
    sender = _sender()
    if not _is_allowed(provider, sender):
        return say("sender refused", 403)
    # One byte more than is taken: a body in chunks is cut at the limit without a word, and a cut one must not pass.
    request.max_content_length = BODY_BYTES_MAX + 1
    body = request.get_data(cache=False)
    if len(body) > BODY_BYTES_MAX:
        return say("too large", 413)
    if not body:
        return say("empty", 400)
    message = notifications_pb2.ReceiveNotificationRequest(
        provider=provider,
        kind=kind,
        body=body,
        headers=_headers(),
        sender_address="" if sender is None else str(sender),
    )
    hand_over(message)
    return say("OK", 200)


def admit(provider: str) -> Response | None:
    """The answer to a sender who is not on the provider's list; None for one who may go on."""
    return None if _is_allowed(provider, _sender()) else say("sender refused", 403)


def _is_allowed(provider: str, sender: IPv4Address | IPv6Address | None) -> bool:
    allowed = config().webhook_senders.get(provider)
    if allowed is None or any(sender in network for network in allowed if sender is not None):
        return True
    # Of the address only what leads to the page: the rest of it may be a secret.
    current_app.logger.warning("%s refused: sent from %s", request.endpoint, request.remote_addr)
    return False


def _sender() -> IPv4Address | IPv6Address | None:
    """The client behind the trusted proxies; an IPv4 address in the clothes of IPv6 counts as what it is."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _headers() -> Iterator[notifications_pb2.Header]:
    for name in KEPT_HEADERS:
        value = request.headers.get(name)
        if value is not None:
            yield notifications_pb2.Header(name=name, value=_plain(value))


def _plain(value: str) -> str:
    """A header's text, cut to its limit; what is no printable ASCII is in no signature and becomes a question mark."""
    value = value[:HEADER_LENGTH_MAX]
    if value.isascii() and value.isprintable():
        return value
    return "".join(one if " " <= one <= "~" else "?" for one in value)


def say(text: str, status: int) -> Response:
    """A plain answer."""
    return Response(text, status, mimetype="text/plain")


@webhooks.errorhandler(Refusal)
def _on_refusal(refusal: Refusal) -> Response:
    """What will not change by itself is refused; for the rest the provider is to come again."""
    status = 503
    if isinstance(refusal, NotFound | FailedPrecondition):
        status = 404  # METHOD_NOT_OFFERED: this provider is not set up here.
    elif isinstance(refusal, Invalid):
        status = 400
    level = "error" if status == 503 else "warning"
    getattr(current_app.logger, level)("%s not stored: %s", request.endpoint, refusal.reason)
    response = say(refusal.reason, status)
    if status == 503:
        response.headers["Retry-After"] = str(SEND_AGAIN_AFTER_S)
    return response


@webhooks.errorhandler(HTTPException)
def _on_http_error(error: HTTPException) -> Response:
    return say(error.name, error.code or 500)
