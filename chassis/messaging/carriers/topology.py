"""What the broker holds: one topic exchange, and for each service an inbox, delayed retries behind it, the dead beside.

The routing key is the full message name. All queues are quorum queues: they survive the loss of a node.
"""

from collections.abc import Iterable
from typing import Any

EXCHANGE = "ebok.events"
RETRY_DELAYS_S = (1, 5, 30, 120, 600)
# Deliveries that ended with the death of the consumer; then the broker gives up itself.
REDELIVERIES_MAX = 20
QUEUE_LENGTH_MAX = 1_000_000


def inbox(service: str) -> str:
    """The queue a service reads."""
    return f"{service}.inbox"


def dead(service: str) -> str:
    """Where events end that were given up."""
    return f"{service}.dead"


def retry_queue(service: str, delay_s: int) -> str:
    """Where an event waits before its next attempt."""
    return f"{service}.retry.{delay_s}s"


def declare(channel: Any, service: str, types: Iterable[str]) -> None:
    """Make, if they are not there, the exchange and everything of a service, and bind its inbox to the types."""
    channel.exchange_declare(EXCHANGE, exchange_type="topic", durable=True)
    quorum = {"x-queue-type": "quorum"}
    # Reject instead of dropping: what does not fit stays in the publisher's outbox.
    careful = {**quorum, "x-overflow": "reject-publish", "x-dead-letter-strategy": "at-least-once"}
    channel.queue_declare(dead(service), durable=True, arguments=quorum)
    channel.queue_declare(
        inbox(service),
        durable=True,
        arguments={
            **careful,
            "x-max-length": QUEUE_LENGTH_MAX,
            "x-delivery-limit": REDELIVERIES_MAX,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": dead(service),
        },
    )
    for delay_s in RETRY_DELAYS_S:
        channel.queue_declare(
            retry_queue(service, delay_s),
            durable=True,
            arguments={
                **careful,
                "x-message-ttl": delay_s * 1000,
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": inbox(service),
            },
        )
    for name in sorted(types):
        channel.queue_bind(inbox(service), EXCHANGE, routing_key=name)
