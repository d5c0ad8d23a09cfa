"""Both payment providers, running, and a shop that they tell."""

import pytest

from sandbox.payu.config import PayuConfig
from sandbox.payu.server import open_server as open_payu
from sandbox.przelewy24.config import Przelewy24Config
from sandbox.przelewy24.server import open_server as open_przelewy24
from tests.sandbox.shop import P24Client, PayuClient, Shop

SPEED, LATE_S, REFUND_S = 60_000, 0.6, 0.05


@pytest.fixture
def shop():
    with Shop() as running:
        yield running


@pytest.fixture
def p24(shop):
    with open_przelewy24(Przelewy24Config(speed=SPEED, late_s=LATE_S, refund_s=REFUND_S)) as running:
        yield P24Client(running, shop.url)


@pytest.fixture
def payu(shop):
    with open_payu(PayuConfig(speed=SPEED, late_s=LATE_S, refund_s=REFUND_S)) as running:
        yield PayuClient(running, shop.url)
