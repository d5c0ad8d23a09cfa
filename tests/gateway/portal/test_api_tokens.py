"""Tokeny dla programów: Anna makes one, sees it once, and takes it back; and use as programs read it."""

import json
import re
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from sqlalchemy import text

from gateway.web.green_button import ESPI
from tests.gateway import access_work
from tests.gateway.urls import metered_point
from tests.gateway.visitors import Visitor
from tests.gateway.world import World

PAGE = "/bezpieczenstwo/tokeny"
ID = "01930000-0000-7000-8000-00000000b003"


@pytest.fixture(autouse=True)
def _as_before(world: World):
    """No test finds the tokens of another."""
    with world.identity.database.transaction() as session:
        session.execute(text("DELETE FROM personal_tokens"))


def tokens_in(page: str) -> list[str]:
    return re.findall(r"ebok_[\w-]{43}", page)


def make(anna: Visitor, **fields: Any) -> None:
    said: dict[str, Any] = {
        "nazwa": "Arkusz",
        "zakresy": ["usage:read"],
        "na": "90",
        "request_id": ID,
        **fields,
    }
    assert anna.submit(PAGE, **said).status_code == 303


def test_a_token_is_shown_once_and_listed_without_itself(anna: Visitor):
    make(anna)
    assert len(set(tokens_in(anna.page(PAGE)))) == 1
    page = anna.page(PAGE)
    assert tokens_in(page) == []
    assert "Arkusz" in page
    assert "nieużywany" in page


def test_a_token_is_taken_back_with_a_click(anna: Visitor):
    make(anna)
    [place] = re.findall(rf"{PAGE}/[\w-]{{36}}/uniewaznij", anna.page(PAGE))
    assert anna.submit(place, at=PAGE).status_code == 303
    page = anna.text(PAGE)
    assert "Token unieważniony." in page
    assert "uniewaznij" not in anna.page(PAGE)


def test_what_is_missing_is_said_and_the_rest_stays(anna: Visitor):
    sent = anna.submit(PAGE, nazwa="", zakresy=["invoices:read"], na="365", request_id=ID)
    assert sent.status_code == 422
    assert re.search(r'value="invoices:read" checked', sent.text)
    assert anna.submit(PAGE, nazwa="x", na="90", request_id=ID).status_code == 422


def test_celina_ends_nothing_of_annas(world: World, celina: Visitor, anna: Visitor):
    access_work.personal_token_id(world)
    place = f"{PAGE}/{access_work.TOKEN}/uniewaznij"
    assert "Arkusz domowy" not in celina.page(PAGE)
    assert celina.submit(place, at=PAGE).status_code == 404
    assert access_work.TOKEN in anna.page(PAGE)


def test_use_as_green_button_and_json(world: World, anna: Visitor, celina: Visitor):
    point = metered_point(world)
    file = anna.get(f"/zuzycie.xml?punkt={point}")
    assert file.status_code == 200
    assert file.content_type == "application/atom+xml"
    assert ".xml" in file.headers["Content-Disposition"]
    values = [int(one.text or "") for one in Xml.fromstring(file.text).iter(f"{{{ESPI}}}value")]  # noqa: S314 - ours
    told = json.loads(anna.get(f"/zuzycie.json?punkt={point}").text)
    assert told["unit"] == "m3"
    used = [float(one["used"]) for one in told["buckets"] if one["used"]]
    assert [value / 1000 for value in values] == pytest.approx(used)
    assert len(used) >= 10
    assert celina.get(f"/zuzycie.xml?punkt={point}").status_code == 404
    assert celina.get(f"/zuzycie.json?punkt={point}").status_code == 404


def test_the_page_of_use_offers_both(anna: Visitor):
    page = anna.page("/zuzycie")
    assert "/zuzycie.xml?" in page
    assert "/zuzycie.json?" in page
