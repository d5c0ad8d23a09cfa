"""Parts die and come back while people are about: the others go on, nothing is lost, nothing comes twice."""

import re
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from ebok.billing.v1 import runs_pb2
from ebok.identity.v1 import users_pb2, users_pb2_grpc
from playwright.sync_api import APIResponse, Browser
from playwright.sync_api import Error as BrowserError

from demo.people import PASSWORD, register
from deploy.local.parts import PARTS
from deploy.local.rabbitmq import RabbitMQ
from tests.journeys import town
from tests.journeys.company import DARIA, EDWARD, Company
from tests.journeys.conftest import running_company
from tests.journeys.people import Visitor, plain
from tests.journeys.post import Letter

ANNA = town.households()[town.ANNA]
BACK_WITHIN_S = 45
LISTENING = "Listening at"
NUMBER_TO_QUOTE = re.compile(r"\b[0-9A-F]{4}-[0-9A-F]{4}\b")
PAGES = {"billing": "/start", "identity": "/profil", "notify": "/faktury", "gateway": "/start"}


@pytest.fixture
def anna(browser: Browser, lived_in: Company) -> Iterator[Visitor]:
    visitor = Visitor(browser, lived_in.url)
    visitor.log_in(ANNA.email, PASSWORD)
    visitor.at("/start")
    yield visitor
    visitor.close()


@pytest.mark.browser
@pytest.mark.parametrize("part", list(PAGES))
def test_a_part_that_is_killed_comes_back_and_the_page_works_again(
    part: str, anna: Visitor, lived_in: Company
):
    suite = lived_in.suite
    others = {one.name: suite.pid(one.name) for one in PARTS if one.name != part}
    begun = lived_in.log("gateway").count(LISTENING)
    dead = suite.kill(part)

    if part == "gateway":
        wait_for_another_gateway(lived_in, begun)
    answers = ask_until_well(anna, PAGES[part])

    for answer in answers[:-1]:
        assert answer.status == 503, answer.text()
        assert NUMBER_TO_QUOTE.search(answer.text())
        assert "Traceback" not in answer.text()
    suite.wait_until_ready(part)
    assert suite.pid(part) not in (0, dead)
    assert {name: suite.pid(name) for name in others} == others
    assert town.printed(town.total_of(ANNA, 2)) in open_once_well(anna, "/start")
    if part == "notify":
        assert len(answers) == 1, "no page needs notify"


def wait_for_another_gateway(company: Company, begun: int) -> None:
    """The children of the dead one answer for a moment more, and hold its port."""
    deadline = time.monotonic() + BACK_WITHIN_S
    while company.log("gateway").count(LISTENING) == begun:
        assert time.monotonic() < deadline, company.log("gateway")[-2000:]
        time.sleep(0.1)


def ask_until_well(visitor: Visitor, path: str) -> list[APIResponse]:
    """Every answer to the same question, asked until it is answered; a gateway that is away answers nothing."""
    answers: list[APIResponse] = []
    deadline = time.monotonic() + BACK_WITHIN_S
    while not answers or answers[-1].status != 200:
        assert time.monotonic() < deadline, f"{path} did not come back: {answers[-1:] or 'no answer'}"
        try:
            answers.append(visitor.context.request.get(path, timeout=10_000))
        except BrowserError:
            time.sleep(0.1)
    return answers


def open_once_well(visitor: Visitor, path: str) -> str:
    """What a page says once it is there: each of the gateway's processes finds a part that came back by itself."""
    deadline = time.monotonic() + BACK_WITHIN_S
    while (answer := visitor.page.goto(path)) is None or answer.status == 503:
        assert time.monotonic() < deadline, f"{path} did not come back: {visitor.read()[:600]}"
        time.sleep(0.2)
    return visitor.read()


@pytest.mark.browser
def test_while_billing_is_away_the_portal_says_so_and_the_rest_works(anna: Visitor, lived_in: Company):
    lived_in.suite.stop_part("billing")
    try:
        for path in ("/start", "/faktury", "/rozliczenia", "/zuzycie", "/umowy"):
            said = anna.open(path, status=503)
            assert NUMBER_TO_QUOTE.search(said), said
            assert "75 000 00 00" in said
            assert not any(word in said for word in ("Traceback", "grpc", "UNAVAILABLE", "Error")), said
        for path in ("/pomoc", "/prywatnosc"):
            anna.open(path)
        elsewhere = Visitor(anna.context.browser, lived_in.url)  # type: ignore[arg-type]
        elsewhere.log_in(ANNA.email, PASSWORD)
        elsewhere.close()
    finally:
        lived_in.suite.start_part("billing")

    assert town.printed(town.total_of(ANNA, 2)) in open_once_well(anna, "/start")


def test_a_mail_asked_for_while_notify_is_away_comes_once_it_is_back(lived_in: Company):
    users = lived_in.doors.channel("identity", speaking_for="gateway").stub(users_pb2_grpc.UserServiceStub)
    before = len(lived_in.post.letters(ANNA.email, about="Nowe hasło"))
    lived_in.suite.stop_part("notify")
    users.RequestPasswordReset(users_pb2.RequestPasswordResetRequest(email=ANNA.email, address="192.0.2.7"))
    lived_in.suite.start_part("notify")

    letters = lived_in.post.wait_for(ANNA.email, about="Nowe hasło", count=before + 1)

    lived_in.suite.kill("notify")
    lived_in.suite.wait_until_ready("notify")
    time.sleep(2)  # Whatever would be sent again has had its chance.
    assert len(letters) == len(lived_in.post.letters(ANNA.email, about="Nowe hasło")) == before + 1


@pytest.fixture(scope="module")
def by_broker() -> Iterator[tuple[Company, RabbitMQ]]:
    with running_company(with_broker=True) as (company, node):
        assert node is not None
        company.go_to(company.months.first_issued_at)
        company.begin()
        company.publish_prices()
        company.bring_in(town.write_first_delivery(company.files / "first", company.months))
        yield company, node


def letters_to_customers(company: Company) -> list[Letter]:
    """All but those that staff get about their own log-ins."""
    return [letter for letter in company.post.letters() if letter.to not in (DARIA, EDWARD)]


@pytest.mark.broker
def test_what_happens_while_the_broker_is_away_arrives_once(by_broker: tuple[Company, RabbitMQ]):
    company, node = by_broker
    wanted = Counter(
        (home.email, town.printed(town.total_of(home, 1)))
        for home in town.households()
        if town.gets_mail(home)
    )
    run = company.calculate(company.months.first)
    node.stop()

    company.office.order_issue(run)
    company.suite.kill("billing")
    issued = company.office.wait_for_run(run.run_id, runs_pb2.RUN_STATUS_ISSUED)
    company.suite.kill("notify")
    numbers = sorted(invoice.number for invoice in company.invoices(issued).values())
    assert [int(number.rpartition("/")[2]) for number in numbers] == list(range(1, len(numbers) + 1))
    assert letters_to_customers(company) == []
    node.start()

    company.post.wait_for(about="Nowa faktura", count=wanted.total())
    register(company.doors, "Bartek", "bartek.nowy@poczta.example")
    time.sleep(2)  # Whatever would be sent again has had its chance.
    came = [letter for letter in letters_to_customers(company) if "Nowa faktura" in letter.subject]
    found = [
        (letter.to, amount) for letter in came for _, amount in wanted if amount in plain(letter.subject)
    ]
    assert Counter(found) == wanted
    assert len(letters_to_customers(company)) == len(came) + 1
