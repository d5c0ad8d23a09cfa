"""The console of a clerk who is limited to a town, or to a commodity: every page, from the app's own URL map.

Daria works elsewhere than where Anna lives: nothing of Anna is on any page, in any list or file, and no page breaks.
In Anna's own town the pages of her customer open.
"""

from collections.abc import Iterator

import pytest
from ebok.common.v1 import access_pb2
from flask import Flask

from gateway.console.permission_words import WORDS
from gateway.web.areas import WHOLE_ONLY
from services.identity.domain import permissions
from tests.gateway.test_stranger import addresses, annas_marks, says
from tests.gateway.visitors import Visitor
from tests.gateway.world import World
from tests.security.methods import all_methods

DARIA = "daria@wodociagi-zdroj.example"
AREAS = {"town": {"towns": ("Lipowiec",)}, "commodity": {"commodities": ("gas",)}}
# Shown in the page itself, because it is what was asked for or what is limited.
WHOLE_COMPANY = ("/konsola/rozliczenia", "/konsola/import", "/konsola/komunikacja", "/konsola/audyt")


@pytest.fixture(params=AREAS)
def limited_daria(world: World, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    with world.limited(**AREAS[request.param]):
        yield world.visitor(DARIA, staff=True)


@pytest.fixture
def home_daria(world: World) -> Iterator[Visitor]:
    """Daria where Anna lives."""
    with world.limited(towns=("Zdrój",)):
        yield world.visitor(DARIA, staff=True)


def test_elsewhere_nothing_of_annas_is_anywhere(app: Flask, world: World, limited_daria: Visitor):
    marks, faults = annas_marks(world), list[tuple[str, object]]()
    for _rule, url in addresses(app, world, "console."):
        response = limited_daria.get(url)
        if response.status_code not in (200, 303, 403, 404):
            faults.append((url, response.status_code))
        if found := says(response, [mark for mark in marks if mark not in url]):
            faults.append((url, found))
    assert faults == []


def test_everywhere_the_same_pages_are_full_of_annas(app: Flask, world: World, daria: Visitor):
    """The eyes of the test above."""
    marks = annas_marks(world)
    seen = [url for _rule, url in addresses(app, world, "console.") if says(daria.get(url), marks)]
    assert len(seen) > 20


def test_what_is_refused_says_whose_area_it_is_not(world: World, limited_daria: Visitor):
    page = limited_daria.text(f"/konsola/klienci/{world.annas.customer_id}", status=403)
    assert "To jest poza Twoim obszarem" in page
    assert "Lipowiec" in page or "gaz" in page


def test_the_desk_opens_and_the_menu_offers_only_what_opens(limited_daria: Visitor):
    page = limited_daria.page("/konsola/")
    assert "Twój obszar" in page
    for closed in WHOLE_COMPANY:
        assert f'href="{closed}"' not in page
        assert limited_daria.get(closed).status_code == 403
    assert 'href="/konsola/klienci"' in page


def test_search_finds_only_the_area(world: World, limited_daria: Visitor):
    for words in ("Anna", world.annas.number, "Lipowa", world.annas.last_invoice.number):
        response = limited_daria.get("/konsola/klienci", query_string={"q": words})
        assert response.status_code == 200
        assert world.annas.customer_id not in response.text


def test_at_home_annas_pages_open(app: Flask, world: World, home_daria: Visitor):
    closed = []
    for rule, url in addresses(app, world, "console."):
        if "customer_id" in rule.arguments and rule.endpoint not in NEEDS_MANAGER:
            status = home_daria.get(url).status_code
            if status not in (200, 303):
                closed.append((url, status))
    assert closed == []
    assert world.annas.name in home_daria.text("/konsola/klienci")


NEEDS_MANAGER = {"console.customer_audit"}


def test_permissions_that_are_no_use_in_an_area_follow_from_the_protos():
    """Each has a method that names no customer and keeps to no area, and none that keeps to one."""
    useful, whole = set[str](), set[str]()
    for method in all_methods():
        if not method.lets_in(access_pb2.AUDIENCE_STAFF):
            continue
        names_customer = "customer_id" in method.request_class.DESCRIPTOR.fields_by_name
        if names_customer or method.access.area == access_pb2.AREA_RULE_FILTERED:
            useful.add(method.access.permission)
        elif method.access.area == access_pb2.AREA_RULE_UNSPECIFIED:
            whole.add(method.access.permission)
    assert whole - useful == WHOLE_ONLY


def test_every_permission_has_words_in_one_group():
    assert set(WORDS) == permissions.OF_STAFF
