"""The sandbox keeps its word: SMSAPI's own Python client sends through it and reads what it answers."""

import time

import pytest
import requests
from smsapi.client import Client
from smsapi.exception import EndpointException, SendException

from sandbox.smsapi.config import SmsApiConfig
from sandbox.smsapi.server import SmsApiServer

NUMBER = "48600100200"


@pytest.fixture
def running():
    with SmsApiServer(SmsApiConfig(deliver_s=0.1)) as server:
        yield server


@pytest.fixture
def client(running):
    return Client(running.url + "/", access_token=running.provider.config.token)


def told(running):
    return requests.get(f"{running.url}/sandbox/messages", timeout=5).json()


def refused(client, **given):
    with pytest.raises(SendException) as caught:
        client.sms.send(**{"to": NUMBER, "message": "Dzień dobry", "timeout": 5, **given})
    return caught.value


def test_a_message_is_taken_and_told_of_as_the_client_expects(client, running):
    answer = client.sms.send(to=f"+{NUMBER}", message="Dzień dobry", details=1, idx="k1", timeout=5)

    assert (answer.count, answer.message, answer.parts) == (1, "Dzień dobry", 1)
    [taken] = answer.results
    assert (taken.number, taken.submitted_number, taken.status, taken.idx) == (
        NUMBER,
        f"+{NUMBER}",
        "QUEUE",
        "k1",
    )
    assert taken.id
    assert taken.points == pytest.approx(0.16)
    [kept] = told(running)
    assert (kept["message"], kept["sender"]) == ("Dzień dobry", "Test")


def test_errors_come_with_http_200_and_their_code(client, running):
    url, header = f"{running.url}/sms.do", {"Authorization": f"Bearer {running.provider.config.token}"}
    plain = requests.post(url, {"to": "12345", "message": "x", "format": "json"}, headers=header, timeout=5)
    assert plain.status_code == 200
    assert plain.json()["error"] == 13

    fault = refused(client, to="12345")
    assert fault.code == 13
    assert [one.submitted_number for one in fault.invalid_numbers] == ["12345"]
    assert refused(client, to="757000000").code == 13  # A fixed line takes no text.
    assert refused(client, message="").code == 11
    assert refused(client, message="x" * 400, max_parts=2).code == 12
    assert refused(client, from_="Nieznany").code == 14
    assert refused(client, idx="x" * 256).code == 27
    assert told(running) == []


def test_a_wrong_token_is_let_in_nowhere(running):
    stranger = Client(running.url + "/", access_token="guessed")
    with pytest.raises(SendException) as caught:
        stranger.sms.send(to=NUMBER, message="x", timeout=5)
    assert caught.value.code == 101


def test_the_same_id_is_taken_once_when_it_is_to_be_checked(client, running):
    client.sms.send(to=NUMBER, message="jeden", idx="k1", check_idx=1, timeout=5)
    assert refused(client, message="dwa", idx="k1", check_idx=1).code == 53
    client.sms.send(to=NUMBER, message="trzy", idx="k1", timeout=5)
    assert [one["message"] for one in told(running)] == ["trzy", "jeden"]


def test_polish_letters_make_short_parts_unless_they_are_made_plain(client):
    text = "Zażółć gęślą jaźń, faktura do zapłaty. " * 3
    assert client.sms.send(to=NUMBER, message=text, details=1, timeout=5).parts == 2
    plain = client.sms.send(to=NUMBER, message=text, details=1, normalize=1, timeout=5)
    # The client accepts `normalize` and the answer shows what is sent.
    assert plain.parts == 1
    assert "zolc gesla jazn" in plain.message


def test_a_message_goes_its_way_and_is_found_by_its_id(client, running):
    [taken] = client.sms.send(to=NUMBER, message="x", timeout=5).results
    header = {"Authorization": f"Bearer {running.provider.config.token}"}

    def status():
        asked = {"status": taken.id, "format": "json"}
        return requests.get(f"{running.url}/sms.do", asked, headers=header, timeout=5).json()

    assert status()["list"][0]["status"] == "QUEUE"
    end = time.monotonic() + 10
    while status()["list"][0]["status"] != "DELIVERED":
        assert time.monotonic() < end
        time.sleep(0.05)
    unknown = requests.get(f"{running.url}/sms.do", {"status": "X"}, headers=header, timeout=5).json()
    assert unknown["error"] == 301


def test_no_points_and_faults_of_the_server_look_as_they_do(client, running):
    requests.post(f"{running.url}/sandbox/pace", json={"points": 0.1}, timeout=5)
    assert refused(client).code == 103
    requests.post(f"{running.url}/sandbox/pace", json={"points": 10}, timeout=5)
    requests.post(f"{running.url}/sandbox/behaviour", json={"call": "send", "how": "after"}, timeout=5)
    with pytest.raises(EndpointException) as caught:
        client.sms.send(to=NUMBER, message="x", timeout=5)
    assert caught.value.code == 500
    assert len(told(running)) == 1, "it was taken all the same"
