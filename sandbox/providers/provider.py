"""What both providers are: books, a pay page, somebody who tells the merchant, and rules of their own."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from chassis.clock import SystemClock
from sandbox.providers import books as stored
from sandbox.providers.books import Books, Payment, Refund
from sandbox.providers.config import ProviderConfig
from sandbox.providers.faults import FaultSwitch
from sandbox.providers.notifications import Notification
from sandbox.providers.notifier import Notifier
from sandbox.providers.seconds import seconds_now


@dataclass(frozen=True)
class Way:
    """One button of the pay page."""

    how: str
    label: str
    explains: str
    is_paying: bool = True


APPROVE = Way("approve", "Zapłać", "Pieniądze są pobrane, sklep dowiaduje się od razu.")
DECLINE = Way("decline", "Odrzuć płatność", "Bank odmawia, nic nie jest pobrane.", is_paying=False)
CANCEL = Way("cancel", "Wróć bez płacenia", "Klient rezygnuje i wraca do sklepu.", is_paying=False)
ODD_WAYS = (
    Way("late", "Zapłać, powiadom później", "Klient wraca od razu, powiadomienie idzie dopiero po chwili."),
    Way("twice", "Zapłać, powiadom dwa razy", "To samo powiadomienie przychodzi dwukrotnie."),
    Way("late_twice", "Zapłać, powiadom później i dwa razy", "Powiadomienie idzie po chwili i dwukrotnie."),
    Way("wrong_sign", "Zapłać, zły podpis", "Powiadomienie ma podpis, który się nie zgadza."),
    Way("wrong_amount", "Zapłać, zła kwota", "Powiadomienie podaje o grosz mniej, niż pobrano."),
    Way("lost", "Zapłać, nie powiadamiaj", "Powiadomienie ginie; wie tylko ten, kto zapyta."),
)
LATE, TWICE = frozenset({"late", "late_twice"}), frozenset({"twice", "late_twice"})


class Refused(Exception):
    """A request that the provider answers with an error; `why` is for whoever looks at the sandbox."""

    def __init__(self, status: int, body: object, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.body = body
        self.why = why


class Provider(ABC):
    """`open()` before use, `close()` at the end."""

    name: ClassVar[str]
    title: ClassVar[str]
    session_key: ClassVar[str]
    """What the provider calls the merchant's own id, in `/sandbox/books`."""
    session_name: ClassVar[str]
    """And in its API."""
    calls: ClassVar[dict[str, str]]
    """The calls that can be made to go wrong, and what they are."""
    ways: ClassVar[tuple[Way, ...]]
    payable: ClassVar[frozenset[str]]
    """Statuses in which the customer can still pay."""
    schedule: ClassVar[Sequence[float]]

    def __init__(self, config: ProviderConfig) -> None:
        self.late_s = config.late_s
        self.refund_s = config.refund_s
        self.shop = config.shop
        self.books = Books(config.store, self.name)
        self.faults = FaultSwitch()
        self.clock = SystemClock(config.clock_file)
        self.notifier = Notifier(
            self.books,
            schedule=self.schedule,
            speed=config.speed,
            is_settled=self.is_heard,
            chore=self._do_what_is_due,
            now=self.clock.now,
        )

    def open(self) -> None:
        """Begin to notify."""
        self.notifier.start()

    def close(self) -> None:
        """Let waiting callers go, finish what is being sent, close the books."""
        self.faults.stop()
        self.notifier.stop()
        self.books.close()

    def now(self) -> datetime:
        """What is written down as the time."""
        return self.clock.now()

    def settle(self, payment_id: int, how: str) -> tuple[Payment, bool]:
        """What the customer does on the pay page. Done once: afterwards nothing changes any more (then False)."""
        at = seconds_now()
        with self.books.transaction() as db:
            payment = stored.get_payment(db, payment_id)
            is_open = payment.status in self.payable and not self._is_over(payment, at)
            if is_open:
                stored.update(db, "payments", payment.id, how=how)
                self.act(db, payment, how, at)
            after = stored.get_payment(db, payment_id)
        self.notifier.wake()
        return after, is_open

    def can_pay(self, payment: Payment) -> bool:
        """Whether the pay page still offers its buttons."""
        return payment.status in self.payable and not self._is_over(payment, seconds_now())

    @abstractmethod
    def act(self, db: sqlite3.Connection, payment: Payment, how: str, at: float) -> None:
        """Change the payment as one of `ways` says and keep what the merchant is to be told."""

    def is_heard(self, db: sqlite3.Connection, notification: Notification) -> bool:  # noqa: ARG002
        """Whether an answer of 200 is enough to end this notification."""
        return True

    @abstractmethod
    def expire(self, db: sqlite3.Connection, payment: Payment) -> None:
        """The time to pay is over."""

    @abstractmethod
    def tell_refund(self, db: sqlite3.Connection, payment: Payment, refund: Refund) -> None:
        """Keep what the merchant is told about a refund that was carried out or refused."""

    @abstractmethod
    def return_url(self, payment: Payment) -> str:
        """Where the customer's browser goes after the pay page."""

    @abstractmethod
    def pay_path(self, payment: Payment) -> str:
        """The address of the pay page, from the root."""

    @abstractmethod
    def error(self, status: int) -> object:
        """The body of a 500 or a 504."""

    def _is_over(self, payment: Payment, at: float) -> bool:
        return payment.expires_at is not None and payment.expires_at <= at

    def _do_what_is_due(self, at: float) -> None:
        with self.books.transaction() as db:
            for payment in stored.list_expired(db, at):
                stored.update(db, "payments", payment.id, expires_at=None)
                self.expire(db, payment)
            for refund in stored.list_due_refunds(db, at):
                now = self.now().isoformat()
                stored.update(db, "refunds", refund.id, status=refund.outcome, settled_at=now)
                payment = stored.get_payment(db, refund.payment_id)
                [settled] = [one for one in stored.list_refunds(db, payment.id) if one.id == refund.id]
                self.tell_refund(db, payment, settled)
