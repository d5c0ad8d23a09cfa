"""A service that is away: the page says so, whoever is logged in."""

import re

import pytest

from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import World

NOBODY_LISTENS = "127.0.0.1:9"


@pytest.mark.parametrize("away", ["identity", "billing"])
@pytest.mark.parametrize("path", ["/start", "/profil", "/konsola/klienci"])
def test_a_page_without_its_service_says_so_and_gives_a_number(world: World, away: str, path: str):
    staff = path.startswith("/konsola")
    email = "daria@wodociagi-zdroj.example" if staff else "anna@poczta.example"
    browser = world.make_app(**{away: NOBODY_LISTENS}, call_timeout_s=1).test_client()
    assert isinstance(browser, Visitor)
    browser.take_session(world.log_in(email, staff=staff), console=staff)

    response = browser.get(path)

    assert response.status_code == 503
    assert re.search(r"[0-9A-F]{4}-[0-9A-F]{4}", plain(response.text))
    assert "Traceback" not in response.text
