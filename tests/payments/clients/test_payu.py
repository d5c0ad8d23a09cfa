"""PayU's token: one for all, renewed once when it is refused, and never in a row or a line of the log."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import sqlalchemy as sa
from ebok.payments.v1 import payments_pb2 as pb

from services.payments.storage.exchanges import Exchange


def calls(sandbox, name):
    """How often the sandbox was called so."""
    with sandbox.provider.books.transaction() as db:
        return db.execute("SELECT count(*) FROM calls WHERE call = ?", (name,)).fetchone()[0]


def test_one_token_serves_all_threads(payments, payu):
    with ThreadPoolExecutor(6) as payers:
        asked = [payers.submit(payments.start, provider="payu", grosze=1_00) for _ in range(6)]
        assert {one.result().status for one in asked} == {pb.PAYMENT_STATUS_PENDING}
    assert calls(payu, "oauth") == 1


def test_a_token_payu_forgot_is_renewed_once(payments, payu):
    payments.start(provider="payu", grosze=1_00)
    with payu.provider.books.transaction() as db:
        db.execute("DELETE FROM access_tokens")
    payment = payments.start(provider="payu", grosze=1_00)
    assert payment.status == pb.PAYMENT_STATUS_PENDING
    assert calls(payu, "oauth") == 2
    assert [(one.http_status, one.verdict) for one in payments.exchanges(payment)] == [
        (401, "REFUSED"),
        (302, "ACCEPTED"),
    ]


def test_tokens_and_keys_are_neither_kept_nor_logged(payments, served, capsys):
    payments.start(provider="payu", grosze=1_00)
    payments.start(grosze=1_00)
    provider = served.runtime.resources["desk"].providers["payu"]
    secrets = [
        provider._tokens._token,
        served.config.payu_client_secret.get_secret_value(),
        served.config.payu_second_key.get_secret_value(),
        served.config.przelewy24_crc.get_secret_value(),
        served.config.przelewy24_api_key.get_secret_value(),
    ]
    with served.database.reading() as session:
        kept = "".join(str(vars(row)) for row in session.scalars(sa.select(Exchange)))
    logged = capsys.readouterr()
    assert "asked" in logged.out
    for secret in secrets:
        assert secret
        assert secret not in kept + logged.out + logged.err


@pytest.mark.parametrize("provider", ["przelewy24", "payu"])
def test_the_list_of_methods_is_remembered(payments, provider):
    request = pb.ListPaymentMethodsRequest(customer_id=payments.anna.customer_id, language="pl")
    for _ in range(3):
        payments.own.ListPaymentMethods(request)
    assert calls(payments.sandboxes[provider], "methods") == 1
    assert requests.get(f"{payments.sandboxes[provider].url}/health", timeout=5).ok
