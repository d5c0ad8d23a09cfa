"""The mailbox shows text messages beside the mails, as the simulated SMSAPI has them at that moment."""

import requests

from sandbox.mailbox.config import MailboxConfig
from sandbox.mailbox.server import Mailbox
from sandbox.smsapi.config import SmsApiConfig
from sandbox.smsapi.server import SmsApiServer


def test_texts_are_shown_escaped_and_found_by_number():
    with SmsApiServer(SmsApiConfig(deliver_s=0)) as sms, Mailbox(MailboxConfig(sms=sms.url)) as box:
        header = {"Authorization": f"Bearer {sms.provider.config.token}"}
        for number, words in (("600100200", "Nowa <b>faktura</b>"), ("600100201", "Przerwa w dostawie")):
            given = {"to": number, "message": words, "format": "json"}
            assert requests.post(f"{sms.url}/sms.do", given, headers=header, timeout=5).json()["count"] == 1

        page = requests.get(f"{box.http_url}/sms", timeout=5).text
        assert "Nowa &lt;b&gt;faktura&lt;/b&gt;" in page
        assert "Przerwa w dostawie" in page
        found = requests.get(f"{box.http_url}/sms", params={"do": "+48600100201"}, timeout=5).text
        assert "Przerwa w dostawie" in found
        assert "faktura" not in found
        assert 'aria-current="page">SMS' in page


def test_without_an_smsapi_there_is_no_such_page_and_while_it_is_away_it_is_said():
    with Mailbox(MailboxConfig()) as box:
        assert requests.get(f"{box.http_url}/sms", timeout=5).status_code == 404
        assert ">SMS<" not in requests.get(box.http_url, timeout=5).text
    with Mailbox(MailboxConfig(sms="http://127.0.0.1:9")) as box:
        answer = requests.get(f"{box.http_url}/sms", timeout=10)
        assert answer.status_code == 503
        assert "nie odpowiada" in answer.text
