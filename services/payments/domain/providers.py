"""What a payment provider is to us: the questions we ask and what its messages say.

`clients/` implements `PaymentProvider` for each provider. Every answer and every message was stored before it was read;
`exchange_id` names the row, `verdict` is what became of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from chassis.errors import Unavailable
from chassis.money import Money
from services.payments.storage.exchanges import Verdict
from services.payments.storage.payments import Payment
from services.payments.storage.refunds import Refund

CURRENCY = "PLN"

# Why it is not paid, and why nobody knows yet.
REFUSED_BY_PROVIDER = "REFUSED_BY_PROVIDER"
CANCELLED = "CANCELLED"
EXPIRED = "EXPIRED"
NO_ANSWER = "NO_ANSWER"
PROVIDER_FAULT = "PROVIDER_FAULT"


class ProviderAway(Unavailable):
    """The provider cannot be asked at this moment."""

    reason = "PROVIDER_AWAY"


class MethodKind(StrEnum):
    """What a way to pay is, in the order of offering."""

    BLIK = "BLIK"
    BANK = "BANK"
    CARD = "CARD"
    ANY = "ANY"


@dataclass(frozen=True)
class Method:
    """A way to pay, with the provider's id and name of it."""

    kind: MethodKind
    method_id: str
    name: str


class OrderState(StrEnum):
    """What a provider says of a payment."""

    NOT_FOUND = "NOT_FOUND"  # It knows of no such payment.
    OPEN = "OPEN"  # Registered; nobody has paid.
    TO_ACCEPT = "TO_ACCEPT"  # The payer paid; it is ours once we accept.
    PAID = "PAID"  # Ours.
    CANCELLED = "CANCELLED"  # It will not be paid.
    UNASKABLE = "UNASKABLE"  # Its number was lost on the way to us, and it cannot be asked without.


class RefundState(StrEnum):
    """What a provider says of a refund."""

    NOT_FOUND = "NOT_FOUND"
    PENDING = "PENDING"
    REFUNDED = "REFUNDED"
    REJECTED = "REJECTED"


@dataclass(frozen=True)
class Answer:
    """What a question led to. ACCEPTED: done. REFUSED: the provider said no. Else nobody knows what it did.

    `sent` is false when the question certainly never left: no connection.
    """

    verdict: Verdict
    exchange_id: UUID | None = None
    sent: bool = True

    @property
    def accepted(self) -> bool:
        """Whether the provider did what it was asked."""
        return self.verdict is Verdict.ACCEPTED

    @property
    def refused(self) -> bool:
        """Whether the provider said clearly that it did not."""
        return self.verdict is Verdict.REFUSED

    @property
    def doubt(self) -> str:
        """Why nobody knows, as a payment's reason."""
        return NO_ANSWER if self.verdict is Verdict.NO_ANSWER else PROVIDER_FAULT


@dataclass(frozen=True)
class Registered(Answer):
    """Of registering: where the payer goes, and the provider's number of it where there is one yet."""

    redirect_url: str = ""
    order_id: str = ""


@dataclass(frozen=True)
class OrderStatus(Answer):
    """Of asking how a payment stands. `state` is None without an answer that says so."""

    state: OrderState | None = None
    amount: Money | None = None
    currency: str = ""
    order_id: str = ""
    method_id: str = ""


@dataclass(frozen=True)
class RefundAnswer(Answer):
    """Of giving back, and of asking how that stands. `state` is None without an answer that says so."""

    state: RefundState | None = None


@dataclass(frozen=True)
class Said:
    """What a notification says, once its form, its signature and the merchant's number were found sound.

    With another verdict than None it was not, and nothing else is to be believed. `payment_key` is ours: the id of the
    payment as it was given to the provider. One of `order` and `refund` is set.
    """

    verdict: Verdict | None = None
    payment_key: str = ""
    order_id: str = ""
    amounts: tuple[Money, ...] = ()
    currency: str = ""
    order: OrderState | None = None
    method_id: str = ""
    refund_key: str = ""
    refund: RefundState | None = None


class PaymentProvider(Protocol):
    """A provider. No method raises for what the provider does: every outcome is in the answer."""

    name: str
    email_length_max: int
    asking_s_max: float  # The longest that a question takes, with all it needs.

    def methods(self, language: str) -> Sequence[Method]:
        """The ways to pay that are open now; empty when the provider does not say, or not soon."""
        ...

    def method_name(self, method_id: str, *, known: bool = False) -> str:
        """The provider's name of a way to pay; empty for one it does not list. `known`: without asking it."""
        ...

    def register(self, payment: Payment) -> Registered:
        """Announce a payment. Asked again with the same payment it never makes a second one."""
        ...

    def accept(self, payment: Payment) -> Answer:
        """Take the money that the payer paid. Asked again it takes nothing twice."""
        ...

    def status(self, payment: Payment) -> OrderStatus:
        """How a payment stands."""
        ...

    def refund(self, payment: Payment, refund: Refund) -> RefundAnswer:
        """Give money back. Asked again with the same refund it gives nothing twice."""
        ...

    def refund_status(self, payment: Payment, refund: Refund) -> RefundAnswer:
        """How a refund stands."""
        ...

    def read_notification(self, body: bytes, headers: Mapping[str, str], kind: str) -> Said:
        """What a message of the provider's says; `kind` is the exchange's, by the address it came to."""
        ...


Providers = Mapping[str, PaymentProvider]
