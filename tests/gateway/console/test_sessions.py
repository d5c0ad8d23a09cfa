"""The door: who gets in, where it leads, what a stranger sees."""

import pytest
from werkzeug.test import TestResponse

from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import STAFF_PASSWORD, World

LOG_IN = "/konsola/logowanie"
DARIA = "daria@wodociagi-zdroj.example"


def come_in(visitor: Visitor, world: World, *, at: str = LOG_IN) -> TestResponse:
    """Password, then a code of the app."""
    code = world.code(DARIA)
    second = visitor.submit(at, email=DARIA, password=STAFF_PASSWORD)
    assert second.status_code == 303
    return visitor.submit(second.location, code=code)


def test_staff_log_in_with_a_code_and_come_to_the_desk(nobody: Visitor, world: World):
    response = come_in(nobody, world)
    assert (response.status_code, response.location) == (303, "/konsola/")
    assert "Pulpit" in nobody.text("/konsola/")


def test_the_password_alone_opens_nothing(nobody: Visitor):
    response = nobody.submit(LOG_IN, email=DARIA, password=STAFF_PASSWORD)
    assert (response.status_code, response.location) == (303, f"{LOG_IN}/kod")
    assert nobody.get("/konsola/").status_code == 303


def test_the_page_asked_for_is_the_page_one_comes_to(nobody: Visitor, world: World):
    asked = nobody.get("/konsola/taryfy")
    assert asked.status_code == 303
    assert asked.location == f"{LOG_IN}?next=%2Fkonsola%2Ftaryfy"
    assert come_in(nobody, world, at=asked.location).location == "/konsola/taryfy"


@pytest.mark.parametrize(
    "wish", ["https://evil.example/", "//evil.example", "/start", "/konsolax", "javascript:x"]
)
def test_login_leads_nowhere_else(nobody: Visitor, world: World, wish: str):
    assert come_in(nobody, world, at=f"{LOG_IN}?next={wish}").location == "/konsola/"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (DARIA, "nie to hasło"),
        ("nikt@wodociagi-zdroj.example", STAFF_PASSWORD),
        ("anna@poczta.example", "zielony rower pod lipą"),
        ("<b>kto</b>", "pełnia nad zalewem"),
    ],
)
def test_a_wrong_pair_is_refused_the_same_and_keeps_the_address(nobody: Visitor, email: str, password: str):
    response = nobody.submit(LOG_IN, email=email, password=password)
    assert response.status_code == 409
    assert "Nie zalogowano." in plain(response.text)
    assert "<b>kto" not in response.text
    assert 'type="password"' in response.text
    assert password not in response.text


@pytest.mark.parametrize(("email", "password"), [("", ""), ("a" * 300, "x" * 300)])
def test_faults_are_said_at_their_fields(nobody: Visitor, email: str, password: str):
    response = nobody.submit(LOG_IN, email=email, password=password)
    assert response.status_code == 422
    assert 'id="f-email-e"' in response.text
    assert 'id="f-password-e"' in response.text


def test_log_out_ends_the_session(nobody: Visitor, world: World):
    come_in(nobody, world)
    response = nobody.submit("/konsola/wyloguj", at="/konsola/ja")
    assert response.location == LOG_IN
    assert nobody.get("/konsola/").status_code == 303


def test_a_customer_s_session_does_not_open_the_console(anna: Visitor):
    assert anna.get("/konsola/").status_code == 303


def test_language_and_look_are_chosen_for_this_browser(daria: Visitor):
    daria.get("/jezyk/en?next=/konsola/ja")
    page = daria.page("/konsola/ja")
    assert '<html lang="en"' in page
    assert "customer service" in page
    daria.get("/wyglad/dark?next=/konsola/ja")
    assert 'data-bs-theme="dark"' in daria.page("/konsola/ja")
