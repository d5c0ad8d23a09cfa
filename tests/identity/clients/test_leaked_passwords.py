"""The range API: what leaves us, what is a hit, and what happens when nobody answers."""

import hashlib
import time
from http import HTTPStatus

import pytest
import requests
from ebok.identity.v1.users_pb2 import RegisterRequest

from chassis.errors import Refusal
from sandbox.leaked.server import COUNT, LeakedServer
from services.identity.__main__ import part
from services.identity.clients.leaked_passwords import RangeApi
from tests.identity.conftest import ADDRESS, PASSWORD, Identity
from tests.redirects import leading_to


@pytest.fixture
def lists():
    with LeakedServer("127.0.0.1", 0, leaked=["password", PASSWORD]) as running:
        yield running


def test_a_known_password_has_the_digest_and_the_answer_that_are_published(lists):
    digest = hashlib.sha1(b"password", usedforsecurity=False).hexdigest().upper()
    assert digest == "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8"
    answer = requests.get(f"{lists.url}/range/5BAA6", timeout=5)
    assert answer.text == f"1E4C9B93F3F0682250B6CF8331B7EE68FD8:{COUNT}"
    assert requests.get(f"{lists.url}/range/5BAA", timeout=5).status_code == 400


def test_five_digits_leave_us_and_padding_is_asked_for(lists):
    api = RangeApi(lists.url, timeout_s=5)
    assert api.contains("password")
    [(prefix, headers)] = lists.asked
    assert prefix == "5BAA6"
    assert headers["Add-Padding"] == "true"
    assert headers["User-Agent"] == "eBOK"


def test_padding_is_no_hit(lists):
    lines = lists.lines("00000", padded=True)
    assert 800 <= len(lines) <= 1000
    assert all(line.endswith(":0") for line in lines)
    assert not RangeApi(lists.url, timeout_s=5).contains("cztery słowa obok siebie")


def late(*_: object, **__: object) -> list[str]:
    """An answer after half a second."""
    time.sleep(0.5)
    return []


@pytest.mark.parametrize("fault", ["closed", "status", "slow"])
def test_when_it_is_not_answered_we_go_on_and_leave_it_alone(lists, fault, monkeypatch):
    url, timeout_s = lists.url, 5.0
    if fault == "closed":
        url = "http://127.0.0.1:9"
    elif fault == "status":
        lists.status = HTTPStatus.SERVICE_UNAVAILABLE
    else:
        timeout_s = 0.1
        monkeypatch.setattr(lists, "lines", late)
    api = RangeApi(url, timeout_s=timeout_s)
    assert not api.contains("password")
    asked = len(lists.asked)
    assert not api.contains("password")
    assert len(lists.asked) == asked, "for a minute nobody waits for it again"


def test_a_redirect_leads_nowhere(lists):
    """Another host would hear the five digits."""
    with leading_to(lists.url) as url:
        assert not RangeApi(url, timeout_s=5).contains("password")
    assert lists.asked == []


@pytest.fixture
def served(serving, neighbour, lists):
    return serving(
        part,
        peers={"billing": neighbour.address},
        argon2_time_cost=1,
        argon2_memory_kib=64,
        leaked_passwords_url=lists.url,
    )


def test_a_leaked_password_is_refused_at_its_field(identity: Identity):
    request = RegisterRequest(
        email="anna@poczta.example", password=PASSWORD, name="Anna", language="pl", address=ADDRESS
    )
    with pytest.raises(Refusal) as caught:
        identity.users.Register(request)
    [violation] = caught.value.violations
    assert (violation.field, violation.reason) == ("password", "LEAKED")
    request.password = "kajak na spokojnej rzece"
    identity.users.Register(request)
