"""Asking services on behalf of whoever the page is for.

::

    detail = call(clients().billing.invoices.GetInvoice, GetInvoiceRequest(…))
    balance, page = at_once(
        (clients().billing.ledger.GetBalance, GetBalanceRequest(…)),
        (clients().billing.invoices.ListInvoices, ListInvoicesRequest(…)),
    )

Refusals are raised as they were raised in the service; `gateway.web.errors` turns them into pages.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import current_app, g

from chassis import tracing
from chassis.errors import Unavailable
from chassis.rpc.client import Metadata, as_actor, gather
from gateway.clients import Clients
from gateway.config import GatewayConfig

BESIDE_MAX = 16  # Calls at once beside the pages of a worker, which has half as many threads.
_beside = ThreadPoolExecutor(BESIDE_MAX, thread_name_prefix="beside")


def clients() -> Clients:
    """The services this gateway asks."""
    found: Clients = current_app.extensions["ebok_clients"]
    return found


def config() -> GatewayConfig:
    """The gateway's knobs."""
    found: GatewayConfig = current_app.extensions["ebok_config"]
    return found


def acting() -> Metadata | None:
    """The token of the person the page is for; None before login, then the gateway speaks for itself."""
    token = g.get("actor_token")
    return as_actor(token) if token else None


def call(method: Any, request: Any, *, timeout_s: float | None = None) -> Any:
    """One answer."""
    return method(request, timeout=timeout_s, metadata=acting())


def at_once(*pairs: tuple[Any, Any], timeout_s: float | None = None) -> list[Any]:
    """The answers of several calls that run at the same time, in the order given."""
    metadata = acting()
    return gather(
        *(method.future(request, timeout=timeout_s, metadata=metadata) for method, request in pairs)
    )


def ahead(method: Any, request: Any) -> Callable[[], Any]:
    """Begin a call that the page can do without; what comes back waits for the answer, None while away."""
    metadata = (*(acting() or ()), (tracing.HEADER, tracing.current_traceparent()))
    # In a thread that waits for it: gRPC starts one for each future.
    pending = _beside.submit(method, request, metadata=metadata)

    def answer() -> Any:
        try:
            return pending.result()
        except Unavailable as refusal:
            current_app.logger.warning("left out of a page: %s", refusal.reason)
            return None

    return answer


def document(method: Any, request: Any) -> Any:
    """One answer that takes rendering: a longer deadline."""
    return call(method, request, timeout_s=config().document_timeout_s)


def documents(method: Any, request: Any) -> Iterator[Any]:
    """A stream of rendered documents."""
    answers: Iterator[Any] = method(request, timeout=config().document_timeout_s * 3, metadata=acting())
    return answers


def as_gateway(method: Any, request: Any) -> Any:
    """One answer to the gateway's own question, whoever is logged in: sessions, registration, settings."""
    return method(request)
