"""The services the gateway asks, one module each. Calls are made through `gateway.web.calls`."""

from dataclasses import dataclass

from chassis.clock import Clock
from chassis.rpc.client import Channel
from chassis.rpc.tokens import SystemCredential
from gateway.clients.billing import Billing
from gateway.clients.identity import Identity
from gateway.clients.notify import Notify
from gateway.clients.payments import Payments
from gateway.clients.tickets import Tickets
from gateway.config import GatewayConfig


@dataclass(frozen=True)
class Clients:
    """Every service, ready to be asked."""

    identity: Identity
    billing: Billing
    payments: Payments
    notify: Notify
    tickets: Tickets


def connect(config: GatewayConfig, clock: Clock) -> Clients:
    """Channels to all services; none is opened before its first call."""
    credential = SystemCredential(config, clock)

    def channel(address: str) -> Channel:
        return Channel(address, credential=credential, timeout_s=config.call_timeout_s)

    return Clients(
        identity=Identity(channel(config.identity)),
        billing=Billing(channel(config.billing)),
        payments=Payments(channel(config.payments)),
        notify=Notify(channel(config.notify)),
        tickets=Tickets(channel(config.tickets)),
    )
