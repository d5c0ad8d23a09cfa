"""Where the town pays: both payment providers as the sandbox plays them, and the door through which they report.

Providers call the gateway over HTTP, so it listens on a port of its own, for `/webhooks` and for browsers.
"""

import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import requests
from ebok.payments.v1 import payments_pb2, payments_pb2_grpc
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from chassis.ids import new_id
from chassis.testing.cast import Persona
from chassis.testing.served import Served
from sandbox.payu.config import PayuConfig
from sandbox.payu.server import open_server as open_payu
from sandbox.przelewy24.config import Przelewy24Config
from sandbox.przelewy24.server import open_server as open_przelewy24

FAST = 600.0  # A minute of the providers' schedules is a tenth of a second.
WAIT_S = 20.0


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


def _late(app: Callable[[], Flask]) -> WSGIApplication:
    """An application that is made at the first request: it needs services that need this door's address."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return app()(environ, start)

    return answer


class Tills:
    """`with Tills(lambda: app) as tills:`; `knobs` are what payments has to know of them."""

    def __init__(self, app: Callable[[], Flask]) -> None:
        self.przelewy24 = open_przelewy24(Przelewy24Config(speed=FAST, refund_s=0.05, late_s=0.3))
        self.payu = open_payu(PayuConfig(speed=FAST, refund_s=0.05, late_s=0.3))
        self._door = make_server(
            "127.0.0.1",
            0,
            _late(app),
            threaded=True,
            request_handler=_Quiet,
        )
        self._door.daemon_threads = True  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._door.serve_forever, args=(0.05,), daemon=True)

    @property
    def knobs(self) -> dict[str, Any]:
        """Both providers set up, as their own defaults say."""
        account, shop = Przelewy24Config(), PayuConfig()
        return {
            "przelewy24_url": self.przelewy24.url,
            "przelewy24_merchant_id": account.merchant_id,
            "przelewy24_crc": account.crc,
            "przelewy24_api_key": account.api_key,
            "payu_url": self.payu.url,
            "payu_pos_id": shop.pos_id,
            "payu_second_key": shop.second_key,
            "payu_client_id": shop.client_id,
            "payu_client_secret": shop.client_secret,
            "public_url": "http://localhost",
            "webhook_url": f"http://127.0.0.1:{self._door.server_port}",
            "provider_connect_s": 1,
            "provider_answer_s": 2,
        }

    def act(self, payment: payments_pb2.Payment, how: str = "approve") -> None:
        """What the payer does on the provider's page."""
        till = {"przelewy24": self.przelewy24, "payu": self.payu}[payment.provider]
        wish = {"session": payment.payment_id.replace("-", ""), "how": how}
        answer = requests.post(f"{till.url}/sandbox/settle", json=wish, timeout=5)
        assert answer.status_code == 200, answer.text

    def misbehave(self, provider: str, call: str, how: str, **more: Any) -> None:
        """The provider's next call of that name goes wrong."""
        till = {"przelewy24": self.przelewy24, "payu": self.payu}[provider]
        wish = {"call": call, "how": how, **more}
        answer = requests.post(f"{till.url}/sandbox/behaviour", json=wish, timeout=5)
        assert answer.status_code == 200, answer.text

    def forget(self) -> None:
        """From here on both behave."""
        for till in (self.przelewy24, self.payu):
            assert requests.delete(f"{till.url}/sandbox/behaviour", timeout=5).status_code == 200

    def __enter__(self) -> Self:
        self.przelewy24.__enter__()
        self.payu.__enter__()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.payu.__exit__(kind, value, trace)
        self.przelewy24.__exit__(kind, value, trace)
        self._door.shutdown()
        self._door.server_close()
        self._thread.join()


class Payer:
    """A customer who pays past the pages: for what the town's story needs."""

    def __init__(self, served: Served, persona: Persona, customer_id: str, email: str) -> None:
        self._stub: Any = served.stub(payments_pb2_grpc.PaymentServiceStub, persona)
        self._customer_id = customer_id
        self._email = email

    def get(self, payment: payments_pb2.Payment) -> payments_pb2.Payment:
        """As it is now."""
        asked = payments_pb2.GetPaymentRequest(customer_id=payment.customer_id, payment_id=payment.payment_id)
        found: payments_pb2.Payment = self._stub.GetPayment(asked).payment
        return found

    def start(self, provider: str, invoice_ids: list[str]) -> payments_pb2.Payment:
        """Begin to pay invoices whole."""
        wish = payments_pb2.StartPaymentRequest(
            customer_id=self._customer_id,
            request_id=str(new_id()),
            invoice_ids=invoice_ids,
            provider=provider,
            email=self._email,
            language="pl",
        )
        payment: payments_pb2.Payment = self._stub.StartPayment(wish).payment
        return payment


def wait_until(is_so: Callable[[], object]) -> None:
    """For what others do by themselves."""
    ends_at = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < ends_at, "it did not come about"
        time.sleep(0.02)
