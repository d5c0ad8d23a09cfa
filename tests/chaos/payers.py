"""People who pay while things break: each payment is one form, pressed until it is answered, sometimes twice."""

import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from ebok.common.v1.money_pb2 import Money
from ebok.payments.v1 import payments_pb2, payments_pb2_grpc

from chassis.errors import RateLimited, Unavailable
from chassis.keys import load_signer
from chassis.rpc.errors import NoAnswer, RemoteFault
from chassis.testing.cast import Persona, customer
from demo.doors import Suite as Doors

# Everybody begins and decides within a while, so that most of a round's payments are under way at the same time.
BEGINS_S_MAX, THINKS_S_MAX = 10.0, 10.0
ANSWER_WITHIN_S = 240.0
TRY_AGAIN_S = 0.3
# What the payer, the bank and the network do; each so often of 100.
ENDINGS = {
    "approve": 50,
    "twice": 10,
    "late": 5,
    "late_twice": 5,
    "lost": 8,
    "wrong_sign": 4,
    "wrong_amount": 4,
    "decline": 7,
    "leave": 7,
}
# How the providers' programs break, and how often of 100 payments.
CALLS = {"przelewy24": ("register", "verify", "status"), "payu": ("oauth", "order", "status")}
HOWS = ("500", "after", "malformed", "slow")
FAULTY_OF_100 = 8
TWICE_OF_100 = 15


class Unanswered(AssertionError):
    """A form had no answer although everything was back for a long time."""


@dataclass(frozen=True)
class Form:
    """One payment as its form was drawn."""

    customer_id: UUID
    request_id: str
    grosze: int
    provider: str
    ending: str
    presses: int
    fault: tuple[str, str] | None
    begins_s: float  # after the round began
    thinks_s: float  # on the provider's page


def draw_forms(rng: random.Random, customers: Sequence[UUID], count: int) -> list[Form]:
    """What a round's payers do; the same for the same seed."""
    forms = []
    for number in range(count):
        provider = rng.choice(list(CALLS))
        fault = (
            (rng.choice(CALLS[provider]), rng.choice(HOWS)) if rng.randrange(100) < FAULTY_OF_100 else None
        )
        form = Form(
            customer_id=customers[number % len(customers)],
            request_id=str(UUID(int=rng.getrandbits(128), version=4)),
            grosze=rng.randint(100, 25_000),
            provider=provider,
            ending=rng.choices(list(ENDINGS), weights=list(ENDINGS.values()))[0],
            presses=2 if rng.randrange(100) < TWICE_OF_100 else 1,
            fault=fault,
            begins_s=rng.uniform(0, BEGINS_S_MAX),
            thinks_s=rng.uniform(0, THINKS_S_MAX),
        )
        forms.append(form)
    return forms


class Payers:
    """Everybody who pays, through the door the gateway uses."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._signer = load_signer("identity", Path(doors.info["keys_dir"]) / "private" / "identity.key")
        channel = doors.channel("payments", speaking_for="gateway")
        self._payments = channel.stub(payments_pb2_grpc.PaymentServiceStub)
        self._lock = threading.Lock()
        self.payments: dict[str, set[str]] = {}  # payment ids by form: exactly one each

    def pay(self, forms: Sequence[Form]) -> None:
        """All forms, at the same time. Raises Unanswered."""
        with ThreadPoolExecutor(len(forms)) as pool:
            list(pool.map(self._pay, forms))

    def _pay(self, form: Form) -> None:
        time.sleep(form.begins_s)
        if form.fault is not None:
            call, how = form.fault
            self._tell(form.provider, "behaviour", {"call": call, "how": how, "times": 1})
        with ThreadPoolExecutor(form.presses) as pool:
            payments = list(pool.map(lambda _: self._press(form), range(form.presses)))
        for payment in payments:
            with self._lock:
                self.payments.setdefault(form.request_id, set()).add(payment.payment_id)
        time.sleep(form.thinks_s)
        if form.ending != "leave" and payments[0].redirect_url:
            session = payments[0].payment_id.replace("-", "")
            self._tell(form.provider, "settle", {"session": session, "how": form.ending})

    def _press(self, form: Form) -> payments_pb2.Payment:
        request = payments_pb2.StartPaymentRequest(
            customer_id=str(form.customer_id),
            request_id=form.request_id,
            amount=Money(grosze=form.grosze),
            provider=form.provider,
            email="platnik@poczta.example",
            language="pl",
        )
        end = time.monotonic() + ANSWER_WITHIN_S
        while True:
            try:
                answer = self._payments.StartPayment(
                    request, metadata=self._acting(form.customer_id), timeout=20
                )
                payment: payments_pb2.Payment = answer.payment
            except (Unavailable, RateLimited, NoAnswer, RemoteFault) as fault:
                if time.monotonic() > end:
                    raise Unanswered(f"{form.provider} {form.request_id}: {fault}") from fault
                time.sleep(TRY_AGAIN_S)
            else:
                return payment

    def _acting(self, customer_id: UUID) -> Any:
        somebody = Persona(customer(customer_id, "Ktoś", customer_id), self._signer, self._doors.clock)
        return somebody.metadata

    def _tell(self, provider: str, what: str, order: dict[str, Any]) -> None:
        request = urllib.request.Request(
            f"http://{self._doors.info['parts'][provider]}/sandbox/{what}",
            data=json.dumps(order).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            answer.read()


def books(doors: Doors) -> Iterator[dict[str, Any]]:
    """What the providers say of every payment they know."""
    for provider in CALLS:
        url = f"http://{doors.info['parts'][provider]}/sandbox/books"
        with urllib.request.urlopen(url, timeout=30) as answer:
            for one in json.load(answer)["payments"]:
                yield one | {"session": one.get("session") or one["ext_order"]}
