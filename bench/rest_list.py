"""`rest-list`: a customer's invoices as JSON a second, against a bare Flask JSON route with the same call of billing.

Ours verifies the token, counts the call for all gateways, checks scope and query, writes ETag and links; the bare route
calls billing and writes the same keys. Both under gunicorn's same settings, with the same clients' tokens and the same
billing behind; 16 connections, rounds that take turns.
"""

from pathlib import Path
from typing import Any

from ebok.billing.v1 import customers_pb2, customers_pb2_grpc

from bench.figures import Figure
from bench.load import Asked
from bench.pages import CONNECTIONS, bare_gateway, compared
from bench.suites import running_suite
from chassis.actors import Actor, ActorKind
from chassis.clock import SystemClock
from chassis.keys import load_signer
from chassis.rpc.access import ActorTokens
from chassis.rpc.client import Channel, as_actor
from chassis.rpc.tokens import LIFETIME_MAX

PERMISSIONS = frozenset({"billing.invoices.read", "billing.customers.search"})
SCOPE = "invoices:read"
CLIENTS = 300  # Each may ask 600 times a minute: one alone would measure the limit and not the list.


def measure(_: list[str]) -> list[Figure]:
    """One figure."""
    with running_suite() as info:
        tokens, billing = _tokens(info), info["parts"]["billing"]
        customer_id = _customer(billing, tokens[0])
        path = f"/customers/{customer_id}/invoices"
        with bare_gateway("bench.bare.rest:app", "/", {"BARE_BILLING": billing}) as bare:
            ours_asked = Asked(f"{info['gateway']}/api/v1{path}", "total_gross", bearers=tokens)
            bare_asked = Asked(f"{bare}{path}", "total_gross", bearers=tokens)
            ours, theirs = compared(ours_asked, bare_asked, connections=CONNECTIONS)
    unit = f"lists/s of {ours['bytes']:.0f} B"
    return [Figure("rest-list", ours["per_second"], theirs["per_second"], unit, "≥ 0.5")]


def _tokens(info: dict[str, Any]) -> tuple[str, ...]:
    """Tokens of clients as identity makes them, for as long as one may be."""
    keys, clock = Path(info["keys_dir"]), SystemClock(Path(info["clock_offset_file"]))
    tokens = ActorTokens(load_signer("identity", keys / "private" / "identity.key"), clock)
    clients = (
        Actor(ActorKind.CLIENT, f"bench-{n}", "bench", permissions=PERMISSIONS) for n in range(CLIENTS)
    )
    return tuple(tokens.mint(client, lifetime=LIFETIME_MAX, scope=SCOPE)[0] for client in clients)


def _customer(billing: str, token: str) -> str:
    """Anna's customer, who has two years of invoices."""
    channel = Channel(billing)
    stub: Any = channel.stub(customers_pb2_grpc.CustomerServiceStub)
    asked = customers_pb2.SearchCustomersRequest(query="anna@poczta.example")
    found = stub.SearchCustomers(asked, metadata=as_actor(token)).customers
    channel.close()
    return str(found[0].customer.customer_id)
