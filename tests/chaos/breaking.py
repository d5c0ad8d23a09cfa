"""What breaks things: `kill -9` of a part, the database or the broker, at moments that the seed decides."""

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from typing import Any

from deploy.local.rabbitmq import RabbitMQ
from deploy.local.suite import Suite

PARTS = ("payments", "billing", "gateway", "notify", "postgres", "rabbitmq")
PAUSE_S = (0.5, 4.0)
BROKER_AWAY_S = (0.5, 3.0)
KILLS_MAX = 12  # On a slow machine a part may take longer to come back than the next one to be killed.


def victims(rng: random.Random, *, with_broker: bool) -> Iterator[str]:
    """What is killed next, without end: in any order, but none a second time before each was killed once."""
    names = [part for part in PARTS if part != "rabbitmq" or with_broker]
    while True:
        yield from rng.sample(names, len(names))


def break_while(
    going_on: "Future[Any]",
    suite: Suite,
    node: RabbitMQ | None,
    *,
    next_ones: Iterator[str],
    rng: random.Random,
    say: Callable[[str], None],
) -> list[str]:
    """Kill one after the other while something goes on; answers what was killed, once everything is back.

    What was killed comes back by itself, the broker by us: call it in the main thread, with which its processes end.
    """
    killed: list[str] = []
    while len(killed) < KILLS_MAX and not wait([going_on], rng.uniform(*PAUSE_S)).done:
        part = next(next_ones)
        if _kill(part, suite, node, rng):
            killed.append(part)
            say(f"killed {part}")
    wait([going_on])
    for part in PARTS:
        if part != "rabbitmq":
            suite.wait_until_ready(part)
    return killed


def _kill(part: str, suite: Suite, node: RabbitMQ | None, rng: random.Random) -> bool:
    """Whether there was something to kill: what was killed a moment ago may not be back."""
    if part != "rabbitmq":
        is_there = bool(suite.pid(part))
        if is_there:
            suite.kill(part)
        return is_there
    if node is None:
        return False
    node.kill()
    time.sleep(rng.uniform(*BROKER_AWAY_S))
    node.start()
    return True
