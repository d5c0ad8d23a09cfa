"""How SMSAPI is called: our token and a customer's number go to the address of the settings and nowhere else."""

from uuid import UUID

import pytest
import requests

from sandbox.smsapi.config import SmsApiConfig
from sandbox.smsapi.server import SmsApiServer
from services.notify.clients.smsapi import ProviderAway, Settings, SmsApi
from services.notify.domain.receipts import Outcome
from tests.redirects import leading_to

MESSAGE_ID = UUID("01932222-0000-7000-8000-000000000001")
PHONE = "+48600100200"


@pytest.fixture
def sandbox():
    with SmsApiServer(SmsApiConfig(deliver_s=0)) as running:
        yield running


@pytest.fixture
def api_at(sandbox):
    """`api_at(url)`: SMSAPI is asked there."""

    def make(url: str) -> SmsApi:
        token = sandbox.provider.config.token
        return SmsApi(Settings(url, token, "", 5.0, parts_max=2, normalize=False, report_url=""))

    return make


def told(sandbox):
    return requests.get(f"{sandbox.url}/sandbox/messages", timeout=5).json()


def test_a_redirect_leads_nowhere(sandbox, api_at):
    with leading_to(sandbox.url) as url:
        with pytest.raises(ProviderAway, match="HTTP 307"):
            api_at(url).hand_over(MESSAGE_ID, PHONE, "Dzień dobry")
        with pytest.raises(ProviderAway):
            api_at(url).ask("1")
    assert told(sandbox) == []

    assert api_at(sandbox.url).hand_over(MESSAGE_ID, PHONE, "Dzień dobry").outcome is Outcome.TAKEN
    assert len(told(sandbox)) == 1
