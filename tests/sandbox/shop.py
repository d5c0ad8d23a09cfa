"""A shop that pays through the sandbox: signs by itself, and keeps every notification it gets."""

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import requests

MERCHANT, CRC, API_KEY = 383989, "d27e4cb580e9bbfe", "sandbox-api-key-383989"
POS, SECOND_KEY = "300746", "b6ca15b0d1020e8094d9b5f8d163db54"
CLIENT_SECRET = "2ee86a66e5d97e3fadc400c9f19b065d"
WAIT_S = 10.0


@dataclass(frozen=True)
class Told:
    """One notification as it came."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.raw)


class Shop:
    """`with Shop() as shop:`; answers `status` to each notification."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.status = 200
        shop = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                shop.told.append(Told(self.path, {k.lower(): v for k, v in self.headers.items()}, raw))
                self.send_response(shop.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def do_GET(self) -> None:
                page = "<!doctype html><title>x</title><h1>Dziękujemy</h1>".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, count: int, *, within_s: float = WAIT_S) -> list[Told]:
        """The notifications, once there are so many. Raises AssertionError."""
        wait_until(lambda: len(self.told) >= count, f"{count} notifications, got {len(self.told)}", within_s)
        return list(self.told)


def wait_until(is_so: Callable[[], object], what: str, within_s: float = WAIT_S) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)


def sha384(**values: object) -> str:
    """By the specification, independent of the sandbox's own code."""
    text = json.dumps(values, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha384(text.encode()).hexdigest()


@dataclass
class P24Client:
    """Speaks Przelewy24's API."""

    server: Any  # Whatever has a url: a server of this process, or one elsewhere.
    shop: str
    auth: tuple[str, str] = field(default=(str(MERCHANT), API_KEY))

    @property
    def url(self) -> str:
        return self.server.url

    def call(self, method: str, path: str, body: object = None, **more: Any) -> requests.Response:
        return requests.request(
            method,
            f"{self.url}/api/v1/{path}",
            json=body,
            auth=more.pop("auth", self.auth),
            timeout=10,
            **more,
        )

    def registration(self, session: str = "sesja-1", amount: int = 12_345, **more: object) -> dict[str, Any]:
        body = {
            "merchantId": MERCHANT,
            "posId": MERCHANT,
            "sessionId": session,
            "amount": amount,
            "currency": "PLN",
            "description": "Faktury 1/11/2026 i 2/11/2026 – woda",
            "email": "anna@poczta.example",
            "country": "PL",
            "language": "pl",
            "urlReturn": f"{self.shop}/platnosci/1/powrot",
            "urlStatus": f"{self.shop}/webhooks/przelewy24",
            **more,
        }
        signed = sha384(
            sessionId=body["sessionId"],
            merchantId=body["merchantId"],
            amount=body["amount"],
            currency=body["currency"],
            crc=CRC,
        )
        return {"sign": signed, **body}

    def register(self, session: str = "sesja-1", amount: int = 12_345, **more: object) -> str:
        answer = self.call("POST", "transaction/register", self.registration(session, amount, **more))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["data"]["token"])

    def verification(self, session: str, order_id: int, amount: int) -> dict[str, Any]:
        signed = sha384(sessionId=session, orderId=order_id, amount=amount, currency="PLN", crc=CRC)
        return {
            "merchantId": MERCHANT,
            "posId": MERCHANT,
            "sessionId": session,
            "amount": amount,
            "currency": "PLN",
            "orderId": order_id,
            "sign": signed,
        }

    def verify(self, session: str, order_id: int, amount: int) -> requests.Response:
        return self.call("PUT", "transaction/verify", self.verification(session, order_id, amount))

    def status(self, session: str) -> dict[str, Any]:
        answer = self.call("GET", f"transaction/by/sessionId/{session}")
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def paid(self, session: str = "sesja-1", amount: int = 12_345, how: str = "lost") -> int:
        """Registered, paid and verified; answers the order's number."""
        self.register(session, amount)
        settle(self.url, session, how)
        order_id = int(self.status(session)["orderId"])
        assert self.verify(session, order_id, amount).status_code == 200
        return order_id

    def refund(self, order_id: int, amount: int, refund: str = "zwrot-1", **more: Any) -> requests.Response:
        item = {"orderId": order_id, "sessionId": "sesja-1", "amount": amount, "description": "Nadpłata"}
        body = {
            "requestId": refund,
            "refundsUuid": refund,
            "refunds": [item | more.pop("item", {})],
            "urlStatus": f"{self.shop}/webhooks/przelewy24/zwrot",
        }
        return self.call("POST", "transaction/refund", body | more)


@dataclass
class PayuClient:
    """Speaks PayU's API; does not follow redirects."""

    server: Any  # Whatever has a url: a server of this process, or one elsewhere.
    shop: str
    token: str = ""

    @property
    def url(self) -> str:
        return self.server.url

    def authorize(self, **more: str) -> requests.Response:
        form = {"grant_type": "client_credentials", "client_id": POS, "client_secret": CLIENT_SECRET, **more}
        return requests.post(f"{self.url}/pl/standard/user/oauth/authorize", data=form, timeout=10)

    def call(self, method: str, path: str, body: object = None) -> requests.Response:
        if not self.token:
            self.token = self.authorize().json()["access_token"]
        headers = {"Authorization": f"Bearer {self.token}"}
        address = f"{self.url}/api/v2_1/{path}"
        return requests.request(
            method, address, json=body, headers=headers, timeout=10, allow_redirects=False
        )

    def order(self, ext_order: str = "zamowienie-1", amount: int = 9_900, **more: object) -> dict[str, Any]:
        return {
            "customerIp": "127.0.0.1",
            "merchantPosId": POS,
            "description": "Faktura 3/11/2026 – ścieki",
            "currencyCode": "PLN",
            "totalAmount": str(amount),
            "extOrderId": ext_order,
            "notifyUrl": f"{self.shop}/webhooks/payu",
            "continueUrl": f"{self.shop}/platnosci/2/powrot?jezyk=pl",
            "buyer": {"email": "anna@poczta.example", "language": "pl"},
            "products": [{"name": "Faktura 3/11/2026", "unitPrice": str(amount), "quantity": "1"}],
            **more,
        }

    def create(self, ext_order: str = "zamowienie-1", amount: int = 9_900, **more: object) -> dict[str, Any]:
        answer = self.call("POST", "orders", self.order(ext_order, amount, **more))
        assert answer.status_code == 302, answer.text
        return answer.json()

    def status(self, order_id: str) -> str:
        return str(self.call("GET", f"orders/{order_id}").json()["orders"][0]["status"])

    def refund(self, order_id: str, **wish: str) -> requests.Response:
        return self.call("POST", f"orders/{order_id}/refunds", {"refund": {"description": "Zwrot", **wish}})


def settle(url: str, session: str, how: str) -> dict[str, Any]:
    """What a button of the pay page does."""
    answer = requests.post(f"{url}/sandbox/settle", json={"session": session, "how": how}, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def press(page: str, how: str) -> requests.Response:
    """A button of the pay page, without following where it leads."""
    return requests.post(page, data={"how": how}, timeout=10, allow_redirects=False)


def misbehave(url: str, **wish: object) -> None:
    answer = requests.post(f"{url}/sandbox/behaviour", json=wish, timeout=10)
    assert answer.status_code == 200, answer.text


def books(url: str) -> list[dict[str, Any]]:
    return requests.get(f"{url}/sandbox/books", timeout=10).json()["payments"]
