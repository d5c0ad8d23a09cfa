"""Segmenty: conditions that are kept under a name, and used in announcements and campaigns."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.ids import new_id
from chassis.testing.databases import Databases
from tests.gateway.forms import only, soup_of
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import World, making_world

DESK = "/konsola/komunikacja"
LIST = f"{DESK}/segmenty"
COMPANIES = {"pole_0": "rodzaj", "bylo_0": "rodzaj", "jak_0": "jest", "wartosc_0": "company"}
KEPT = "Całe Zdrój"


@pytest.fixture(scope="module")
def town(databases: Databases, keys_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with making_world(databases, keys_dir, tmp_path_factory.mktemp("segments")) as made:
        yield made


@pytest.fixture
def edward(town: World) -> Visitor:
    return town.visitor("edward@wodociagi-zdroj.example", staff=True)


@pytest.fixture
def daria(town: World) -> Visitor:
    return town.visitor("daria@wodociagi-zdroj.example", staff=True)


def test_a_segment_is_written_renamed_and_taken_away(edward):
    url = f"{LIST}/{new_id()}"
    added = soup_of(edward.submit(url, at=url, segment="Firmy", co="dodaj"))
    assert only(added, "[name=segment]")["value"] == "Firmy"
    assert only(added, "select[name=pole_0]")
    assert edward.submit(url, at=url, segment="Firmy", **COMPANIES).status_code == 303
    assert "Firmy" in edward.text(LIST)
    assert "Rodzaj klienta jest jedną z: firmy" in edward.text(LIST)

    assert edward.submit(url, at=url, segment="Same firmy", **COMPANIES).status_code == 303
    assert "Same firmy" in edward.text(LIST)
    assert edward.submit(f"{url}/usun", at=url).status_code == 303
    assert "Same firmy" not in edward.text(LIST)


def test_what_cannot_be_kept_is_said_at_its_field(edward):
    url = f"{LIST}/{new_id()}"
    for sent, said in (
        ({"segment": "", **COMPANIES}, "Wypełnij to pole."),
        ({"segment": "Wszyscy"}, "bez niego byliby to wszyscy"),
        ({"segment": KEPT, **COMPANIES}, "Inny segment już się tak nazywa."),
        ({"segment": "Puste", **COMPANIES, "wartosc_0": ""}, "Wybierz przynajmniej jedno."),
    ):
        refused = edward.submit(url, at=url, **sent)
        assert refused.status_code == 422, sent
        assert said in plain(refused.text)


@pytest.mark.parametrize("desk", ["", "/kampanie"])
def test_a_kept_one_stands_in_for_the_conditions_of_whatever_is_written(town: World, edward, desk):
    url = f"{DESK}{desk}/{new_id()}"
    typed = {"tytul_pl": "Przerwa", "nazwa": "Przerwa", **COMPANIES, "request_id": str(new_id())}
    shown = soup_of(edward.submit(url, at=url, **typed, co=f"segment-{town.mailings.segment_id}"))
    assert only(shown, "select[name=pole_0] option[selected]")["value"] == "miejscowosc"
    assert only(shown, "[name=wartosc_0]")["value"] == "Zdrój"
    assert only(shown, f"[name={'nazwa' if desk else 'tytul_pl'}]")["value"] == "Przerwa"
    gone = edward.submit(url, at=url, **typed, co=f"segment-{new_id()}")
    assert gone.status_code == 409
    assert only(soup_of(gone), "select[name=pole_0] option[selected]")["value"] == "rodzaj"


@pytest.mark.parametrize("desk", ["", "/kampanie"])
def test_conditions_are_kept_where_they_were_written_and_nothing_else_is_saved(edward, desk):
    url, name = f"{DESK}{desk}/{new_id()}", f"Firmy{desk}"
    typed = {"tytul_pl": "", "nazwa": "", **COMPANIES, "request_id": str(new_id())}
    kept = edward.submit(url, at=url, **typed, segment=name, co="zachowaj-segment")
    assert kept.status_code == 200
    assert f"Segment „{name}” zachowany." in plain(kept.text)
    assert name in edward.text(LIST)
    again = edward.submit(url, at=url, **typed, segment=name, co="zachowaj-segment")
    assert again.status_code == 422
    assert "Inny segment już się tak nazywa." in plain(again.text)


def test_keeping_and_taking_away_are_in_the_audit_log(town: World, edward):
    url = f"{LIST}/{new_id()}"
    edward.submit(url, at=url, segment="Do dziennika", **COMPANIES)
    edward.submit(f"{url}/usun", at=url)
    town.deliver()
    said = edward.text("/konsola/audyt")
    assert "zachowano segment pod nazwą" in said
    assert "usunięto zapisany segment" in said


def test_clerks_have_no_segments(town: World, daria):
    assert daria.get(LIST).status_code == 403
    assert daria.get(f"{LIST}/nowy").status_code == 403
    assert daria.get(f"{LIST}/{town.mailings.segment_id}").status_code == 403
