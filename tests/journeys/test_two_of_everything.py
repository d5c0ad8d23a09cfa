"""Two of each part on one RabbitMQ and one PostgreSQL: both work, once; sessions and limits hold over both.

The journeys of this directory run so over the broker; here is what none of them would notice.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from ebok.identity.v1 import api_clients_pb2, api_clients_pb2_grpc
from playwright.sync_api import Browser

from chassis.ids import new_id
from demo.people import PASSWORD
from deploy.local.parts import services
from tests.journeys import town
from tests.journeys.company import Company
from tests.journeys.conftest import CARRIERS, running_company
from tests.journeys.people import Visitor
from tests.journeys.twins import served_by_both

pytestmark = pytest.mark.broker
ANNA = town.households()[town.ANNA]
ASKED, AT_ONCE = 720, 4
GUESSES = 40
ROUNDS_MAX = 20


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    with running_company(**CARRIERS["amqp"]) as (running, _node):
        running.live_through()
        yield running


@pytest.fixture(scope="module")
def gateways(company: Company) -> list[str]:
    """Each by itself, past the balancer."""
    info = company.suite.info
    return [f"http://{info['parts']['gateway']}", f"http://{info['twins']['gateway']}"]


@pytest.fixture
def anna(browser: Browser, company: Company) -> Iterator[Visitor]:
    visitor = Visitor(browser, company.url)
    visitor.log_in(ANNA.email, PASSWORD)
    yield visitor
    visitor.close()


def test_both_of_each_part_answer(company: Company, anna: Visitor):
    """Each worker of a gateway begins with the one or the other of two: a few pages may all come to the same."""
    alone = services()
    for _ in range(ROUNDS_MAX):
        for path in ["/start", "/platnosci", "/zgloszenia", "/wiadomosci"]:
            anna.open(path)
        alone = [part for part in alone if not served_by_both(company.suite, part)]
        if not alone:
            break
    assert alone == []
    assert min(company.suite.info["handed"].values()) > 3


def test_two_workers_of_a_part_did_everything_once(company: Company):
    letters = Counter((letter.to, letter.subject) for letter in company.post.letters(about="Nowa faktura"))
    assert letters
    assert set(letters.values()) == {1}
    numbers = sorted(invoice.number for invoice in company.newest.values())
    assert len(set(numbers)) == len(numbers)


def test_a_session_holds_at_both_gateways_and_ends_at_both(gateways: list[str], anna: Visitor):
    cookies = {str(one["name"]): str(one["value"]) for one in anna.context.cookies()}

    def start_of(gateway: str) -> requests.Response:
        return requests.get(f"{gateway}/start", cookies=cookies, allow_redirects=False, timeout=20)

    assert [start_of(one).status_code for one in gateways] == [200, 200]
    with anna.page.expect_navigation():
        anna.page.locator('button[form="log-out"]:visible').first.click()
    assert [start_of(one).status_code for one in gateways] == [303, 303]


def test_guesses_at_both_gateways_are_counted_together(gateways: list[str]):
    client = str(new_id())
    answers = [
        requests.post(
            f"{gateways[number % 2]}/api/v1/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(client, "guess"),
            timeout=20,
        ).status_code
        for number in range(GUESSES)
    ]
    alone = answers.index(429)
    assert set(answers[:alone]) == {401}
    assert answers[alone + 1] == 429, "the other gateway let it try on"


def test_a_limit_of_requests_holds_over_both_gateways(company: Company, gateways: list[str]):
    program = {"Authorization": f"Bearer {_token(company, gateways[0])}"}

    def ask(number: int) -> requests.Response:
        return requests.get(f"{gateways[number % 2]}/api/v1/tariffs", headers=program, timeout=20)

    limit = int(ask(0).headers["RateLimit-Policy"].split(";")[1].removeprefix("q="))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(ask, range(1, ASKED)))
    by_window: Counter[Any] = Counter(one.status_code for one in answers)
    assert by_window[429] > 0, by_window
    assert by_window[200] < limit, by_window


def _token(company: Company, gateway: str) -> str:
    """Of a client that Edward makes."""
    stub = company.doors.channel("identity", speaking_for="gateway").stub(
        api_clients_pb2_grpc.ApiClientServiceStub
    )
    wanted = api_clients_pb2.CreateApiClientRequest(
        client_id=str(new_id()), name="GIS", scopes=["tariffs:read"]
    )
    made = stub.CreateApiClient(wanted, metadata=company.office.acting())
    answer = requests.post(
        f"{gateway}/api/v1/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(wanted.client_id, made.client_secret),
        timeout=20,
    )
    return str(answer.json()["access_token"])
