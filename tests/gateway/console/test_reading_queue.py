"""The queue of readings at the console: filters in the address, four decisions, the next one after each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.testing.databases import Databases
from tests.gateway.forms import soup_of
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import World, making_world

URL = "/konsola/odczyty"


@pytest.fixture(scope="module")
def town(databases: Databases, keys_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with making_world(databases, keys_dir, tmp_path_factory.mktemp("queue")) as made:
        yield made


@pytest.fixture
def daria(town: World) -> Visitor:
    return town.visitor("daria@wodociagi-zdroj.example", staff=True)


def first_case(daria: Visitor) -> str:
    """The address of the oldest reading that waits."""
    return str(daria.get(f"{URL}?kolejny=1").headers["Location"]).partition("?")[0]


def decide(daria: Visitor, case: str, what: str, **typed: str):
    """Send one of the case's forms with what it has in it and what is typed."""
    page = soup_of(daria.get(case))
    form = page.select_one(f'form[action^="{case}/{what}"]')
    assert form is not None
    filled = {
        str(one["name"]): str(one.get("value", ""))
        for one in form.select("input[name]")
        if one["name"] != "csrf_token"
    }
    return daria.submit(f"{case}/{what}", at=case, **filled | typed)


def test_the_queue_is_narrowed_by_its_address_and_counted(daria: Visitor):
    said = daria.text(URL)
    assert "Odczyty do sprawdzenia 3" in said
    assert len(soup_of(daria.get(URL)).select(".ec-queue-row")) == 3
    assert "Nic nie czeka" in daria.text(f"{URL}?powod=UNUSUAL")
    assert len(soup_of(daria.get(f"{URL}?powod=BELOW_PREVIOUS&medium=woda")).select(".ec-queue-row")) == 3
    assert "Nic nie czeka" in daria.text(f"{URL}?medium=gaz")


def test_a_case_says_what_is_wrong_and_offers_a_key_for_each_decision(daria: Visitor):
    page = soup_of(daria.get(first_case(daria)))
    said = plain(page.text)
    assert "Licznik wskazuje mniej niż poprzednio." in said
    assert "To wygląda na nowy licznik." in said
    assert [one["aria-keyshortcuts"] for one in page.select(".ec-decisions [aria-keyshortcuts]")] == [
        "A",
        "R",
        "P",
        "W",
    ]
    assert page.select_one("figure.eb-chart svg title") is not None
    assert page.select_one(".eb-disclose table") is not None


def test_what_cannot_be_accepted_is_said_on_the_case(daria: Visitor):
    case = first_case(daria)
    answer = decide(daria, case, "przyjmij")
    assert answer.status_code == 409
    assert "Licznik nie może tyle wskazywać" in plain(answer.text)


def test_a_wrong_correction_is_said_at_its_field_and_kept(daria: Visitor):
    case = first_case(daria)
    answer = decide(daria, case, "popraw", stan="1,2345")
    page = soup_of(answer)
    assert answer.status_code == 422
    assert page.select_one("#correct[open]") is not None
    assert page.select_one('input[name="stan"]')["value"] == "1,2345"  # type: ignore[index]


def test_each_decision_opens_the_next_reading(daria: Visitor):
    first = first_case(daria)
    replaced = decide(daria, first, "wymiana", numer="77 000 001")
    assert replaced.status_code == 303
    # What waited at the old meter counts at the new one, so one is left.
    last = first_case(daria)
    said = plain(daria.get(last).text)
    assert "Licznik 77 000 001 zastąpił poprzedni." in said
    assert "2 odczyty należą teraz do nowego." in said

    rejected = decide(daria, last, "odrzuc", dlaczego="Brakuje cyfry")
    assert rejected.status_code == 303
    assert "Nic nie czeka" in plain(daria.get(str(rejected.headers["Location"])).text)
    assert "Brakuje cyfry" in daria.text(last)


def test_a_run_offers_to_estimate_what_nobody_read(town: World):
    """The bakery was left out for want of a reading, which has come since: the service says so."""
    edward = town.visitor("edward@wodociagi-zdroj.example", staff=True)
    url = f"/konsola/rozliczenia/{town.run_ids[-2]}/odlozeni"
    page = soup_of(edward.get(url))
    button = next((one for one in page.select("form") if "/oszacuj/" in str(one.get("action", ""))), None)
    assert button is not None
    assert edward.submit(str(button["action"]), at=url).status_code == 303
    assert "Mamy już własny odczyt z tego dnia." in edward.text(url)
