"""After the storm: nothing is under way any more, and our books say what the providers' say."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pika
import psycopg

from chassis.messaging.carriers import topology
from demo.doors import Suite as Doors
from deploy.local.suite import Suite
from tests.chaos.payers import books

SETTLED_WITHIN_S = 240.0
LOOK_EVERY_S = 1.0
STEP = timedelta(hours=1)  # The suite's clock while we wait: what asks again later, asks soon.
LONGEST = timedelta(hours=30)  # Until then every payment that nobody made has expired.
SERVICES = ("identity", "billing", "payments", "notify")

UNFINISHED = "SELECT count(*) FROM payments WHERE status NOT IN ('SETTLED', 'FAILED')"
UNBOOKED = "SELECT count(*) FROM payments WHERE status = 'SETTLED' AND booked_at IS NULL"
UNJUDGED = "SELECT count(*) FROM exchanges WHERE direction = 'in' AND verdict IS NULL"
UNPUBLISHED = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
UNSENT = "SELECT count(*) FROM messages WHERE rule = 'payment_received' AND status = 'PLANNED'"


class NotSettled(AssertionError):
    """Something is still under way long after everything was back."""


class Books:
    """The suite's databases and broker, read from outside."""

    def __init__(self, suite: Suite, broker_url: str) -> None:
        self._suite = suite
        self._doors = Doors(suite.info)
        self._broker_url = broker_url

    def settle(self, say: Callable[[str], None]) -> None:
        """Let time pass until nothing is under way. Raises NotSettled with what still is."""
        end, passed = time.monotonic() + SETTLED_WITHIN_S, timedelta()
        while waiting := self.under_way():
            if time.monotonic() > end:
                raise NotSettled(str(waiting))
            if passed < LONGEST:
                self._suite.move_clock(seconds=STEP.total_seconds())
                passed += STEP
            time.sleep(LOOK_EVERY_S)
        say(f"settled after {SETTLED_WITHIN_S - (end - time.monotonic()):.0f} s")

    def under_way(self) -> dict[str, int]:
        """What is not finished, by name; empty when all is."""
        found = {
            "unfinished payments": self._count("payments", UNFINISHED),
            "unbooked payments": self._count("payments", UNBOOKED),
            "messages not judged": self._count("payments", UNJUDGED),
            "mails not sent": self._count("notify", UNSENT),
            **{f"{name}: events not published": self._count(name, UNPUBLISHED) for name in SERVICES},
            **self._in_queues(),
        }
        return {name: count for name, count in found.items() if count}

    def balances(self) -> dict[UUID, int]:
        """What each customer owes, in grosze, by the ledger."""
        rows = self._rows(
            "billing",
            "SELECT c.customer_id, coalesce(sum(e.amount), 0)::bigint FROM customers c"
            " LEFT JOIN ledger_entries e USING (customer_id) GROUP BY c.customer_id",
        )
        return dict(rows)

    def check(self, before: dict[UUID, int], starts: dict[str, set[str]]) -> None:
        """Raises AssertionError: what a provider says was paid is booked once, nothing else is, each sum agrees."""
        provider = {UUID(one["session"]): one["paid"] for one in books(self._doors)}
        ours = {
            row[0]: row
            for row in self._rows("payments", "SELECT payment_id, customer_id, status FROM payments")
        }
        entries = self._rows(
            "billing", "SELECT external_id, -amount FROM ledger_entries WHERE external_id LIKE 'payment:%'"
        )
        booked = {UUID(external_id.removeprefix("payment:")): amount for external_id, amount in entries}
        paid = {payment_id: grosze for payment_id, grosze in provider.items() if grosze}
        assert len(booked) == len(entries)
        assert booked == paid
        assert {one for one, row in ours.items() if row[2] == "SETTLED"} == set(paid)
        for customer_id, owed in self.balances().items():
            own = sum(grosze for one, grosze in paid.items() if ours[one][1] == customer_id)
            assert owed == before[customer_id] - own, customer_id
        assert all(len(payment_ids) == 1 for payment_ids in starts.values())
        assert len(ours) == len(starts), "a form is a payment, pressed how often ever"
        told = self._rows(
            "notify",
            "SELECT subject_id, count(*) FROM messages WHERE rule = 'payment_received' GROUP BY subject_id",
        )
        assert {UUID(subject): count for subject, count in told} == dict.fromkeys(paid, 1)

    def _in_queues(self) -> dict[str, int]:
        if not self._broker_url:
            return {}
        with pika.BlockingConnection(pika.URLParameters(self._broker_url)) as connection:
            channel = connection.channel()
            return {
                queue: channel.queue_declare(queue, passive=True).method.message_count
                for name in SERVICES
                for queue in (topology.inbox(name), topology.dead(name))
            }

    def _count(self, service: str, query: str) -> int:
        return int(self._rows(service, query)[0][0])

    def _rows(self, service: str, query: str) -> list[tuple[Any, ...]]:
        url = self._suite.info["databases"][service].replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(query).fetchall()
