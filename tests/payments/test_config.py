"""The knobs of payments: a provider is set up whole or not at all."""

from typing import Any

import pytest

from chassis.config import ConfigFaulty, Environment
from services.payments.__main__ import part


def load(**knobs: Any) -> Any:
    """The configuration with some knobs turned."""
    return part.load_config(**knobs)


WHOLE = {
    "payu_url": "https://secure.payu.com",
    "payu_pos_id": "145227",
    "payu_second_key": "k",
    "payu_client_id": "145227",
    "payu_client_secret": "s",
}


def test_without_an_address_a_provider_is_not_offered():
    config = load()
    assert (config.przelewy24_url, config.payu_url) == ("", "")


def test_everything_that_is_missing_is_told_at_once():
    with pytest.raises(ConfigFaulty) as caught:
        load(przelewy24_url="https://secure.przelewy24.pl", payu_url="https://secure.payu.com")
    text = str(caught.value)
    for name in ("MERCHANT_ID", "CRC", "API_KEY"):
        assert f"EBOK_PRZELEWY24_{name}: needed" in text
    for name in ("POS_ID", "SECOND_KEY", "CLIENT_ID", "CLIENT_SECRET"):
        assert f"EBOK_PAYU_{name}: needed" in text


@pytest.mark.parametrize("url", ["secure.payu.com", "ftp://secure.payu.com", "https://"])
def test_an_address_is_a_web_address(url):
    with pytest.raises(ConfigFaulty):
        load(**{**WHOLE, "payu_url": url})


def test_production_asks_by_https_only():
    plain = {**WHOLE, "payu_url": "http://secure.payu.example"}
    with pytest.raises(ConfigFaulty) as caught:
        load(**plain, environment=Environment.PRODUCTION)
    assert "https only" in str(caught.value)
    assert load(**plain, environment=Environment.TEST).payu_url == plain["payu_url"]


def test_messages_come_to_the_portal_unless_told_otherwise():
    config = load(public_url="https://ebok.example/")
    assert config.webhook("payu") == "https://ebok.example/webhooks/payu"
    assert config.return_url == "https://ebok.example/platnosci/{payment_id}/powrot"
    other = load(public_url="https://ebok.example", webhook_url="https://hooks.example")
    assert other.webhook("przelewy24/zwrot") == "https://hooks.example/webhooks/przelewy24/zwrot"
