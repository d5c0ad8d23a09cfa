"""Payments with its own database, the real billing beside it, both sandboxes, and a door for their messages."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from chassis.clock import FixedClock
from chassis.database import Database
from chassis.testing.cast import Persona
from chassis.testing.served import Served
from sandbox.payu.config import PayuConfig
from sandbox.payu.server import open_server as open_payu
from sandbox.providers.server import ProviderServer
from sandbox.przelewy24.config import Przelewy24Config
from sandbox.przelewy24.server import open_server as open_przelewy24
from services.payments.__main__ import part
from tests.payments.town import Town, town_of
from tests.payments.webhooks import Webhooks
from tests.payments.wishes import Payments

ANSWER_S = 4.0  # Tests that wait for nothing hold an answer back for longer.


@pytest.fixture(scope="session")
def town(databases: Any, keys_dir: Any) -> Iterator[Town]:
    """The real billing with Anna's invoices: payments only asks it, so one serves a whole run."""
    with town_of(databases, keys_dir) as made:
        yield made


@pytest.fixture
def webhooks(persona: Callable[..., Persona]) -> Iterator[Webhooks]:
    """Where the providers' messages arrive; they go on to the served payments, as the gateway hands them on."""
    with Webhooks() as door:
        yield door


@pytest.fixture
def przelewy24() -> Iterator[ProviderServer]:
    """Przelewy24, as far as the sandbox is one."""
    with open_przelewy24(Przelewy24Config(refund_s=0.05)) as running:
        yield running


@pytest.fixture
def payu() -> Iterator[ProviderServer]:
    """PayU, as far as the sandbox is one."""
    with open_payu(PayuConfig(refund_s=0.05)) as running:
        yield running


@pytest.fixture
def knobs(przelewy24: ProviderServer, payu: ProviderServer, webhooks: Webhooks) -> dict[str, Any]:
    """Both providers set up."""
    account, shop = Przelewy24Config(), PayuConfig()
    return {
        "przelewy24_url": przelewy24.url,
        "przelewy24_merchant_id": account.merchant_id,
        "przelewy24_pos_id": account.pos_id,
        "przelewy24_crc": account.crc,
        "przelewy24_api_key": account.api_key,
        "payu_url": payu.url,
        "payu_pos_id": shop.pos_id,
        "payu_second_key": shop.second_key,
        "payu_client_id": shop.client_id,
        "payu_client_secret": shop.client_secret,
        "public_url": "https://ebok.wodociagi-zdroj.example",
        "webhook_url": webhooks.url,
        "provider_answer_s": ANSWER_S,
        "methods_wait_s": 15,
    }


@pytest.fixture
def serve(
    serving: Callable[..., Served],
    town: Town,
    knobs: dict[str, Any],
    webhooks: Webhooks,
    as_system: Callable[[str], Persona],
) -> Callable[..., Served]:
    """`serve(payu_url="")`: payments with some knobs turned, on the database of another one when that is given."""

    def run(**more: Any) -> Served:
        made = serving(part, peers={"billing": town.address}, **{**knobs, **more})
        webhooks.hand_on_to(made, as_system("gateway"))
        return made

    return run


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()


@pytest.fixture
def database(served: Served) -> Database:
    return served.database


@pytest.fixture
def payments(
    served: Served,
    as_anna: Persona,
    as_daria: Persona,
    town: Town,
    clock: FixedClock,
    webhooks: Webhooks,
    przelewy24: ProviderServer,
    payu: ProviderServer,
) -> Payments:
    """Pays, asks and waits, in few words."""
    sandboxes = {"przelewy24": przelewy24, "payu": payu}
    return Payments(served, as_anna, as_daria, town, clock, webhooks, sandboxes)


@pytest.fixture
def pay_at() -> Callable[..., Any]:
    """`pay_at(sandbox, payment, "approve")`: what the payer does on the provider's page."""

    def act(sandbox: ProviderServer, payment: Any, how: str = "approve") -> Any:
        wish = {"session": payment.payment_id.replace("-", ""), "how": how}
        answer = requests.post(f"{sandbox.url}/sandbox/settle", json=wish, timeout=5)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return act
