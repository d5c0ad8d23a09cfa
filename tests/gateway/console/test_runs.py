"""Rozliczenia: a run from the form over the preview to issued invoices, through the pages alone."""

import csv
import io
import re

import pytest

from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import World

RUNS = "/konsola/rozliczenia"
GOOD = {"name": "Woda i ścieki, październik 2026", "od": "2026-10-01", "do": "2026-10-31", "dni": "14"}


def test_the_list_shows_every_run_and_a_form_with_last_month(world: World, daria: Visitor):
    page = daria.page(RUNS)
    assert world.run_ids[-1] in page
    assert 'value="Woda i ścieki, październik 2026"' in page
    assert 'value="2026-10-01"' in page
    assert 'value="2026-10-31"' in page
    assert 'value="21"' in page


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"od": "kiedyś"}, "od"),
        ({"od": ""}, "od"),
        ({"do": "2026-09-30"}, "do"),
        ({"do": "2026-02-31"}, "do"),
        ({"od": "2026-12-01", "do": "2026-12-31"}, "do"),
        ({"od": "2020-01-01"}, "do"),
        ({"dni": "0"}, "dni"),
        ({"dni": "-3"}, "dni"),
        ({"dni": "91"}, "dni"),
        ({"dni": "1,5"}, "dni"),
        ({"dni": "dużo"}, "dni"),
        ({"dni": "9" * 30}, "dni"),
    ],
)
def test_a_faulty_form_is_marked_and_keeps_what_was_typed(daria: Visitor, typed: dict[str, str], field: str):
    response = daria.submit(RUNS, **{**GOOD, "name": "Mój przebieg", **typed}, request_id="")
    assert response.status_code == 422
    assert f'id="f-{field}-e"' in response.text
    if "name" not in typed:
        assert 'value="Mój przebieg"' in response.text


def test_a_spoilt_request_id_breaks_nothing(daria: Visitor):
    response = daria.submit(RUNS, **GOOD, request_id="<b>")
    assert response.status_code == 409
    assert "Przebieg nie ruszył" in plain(response.text)


def test_an_overlapping_run_is_named(daria: Visitor):
    response = daria.submit(RUNS, **GOOD)
    assert response.status_code == 409
    assert "„Woda i ścieki, październik 2026, uzupełnienie”" in plain(response.text)


def test_the_preview_shows_figures_parked_and_changes(world: World, daria: Visitor):
    text = daria.text(f"{RUNS}/{world.run_ids[-1]}")
    for words in (
        "Podgląd, nic nie wystawiono",
        "Zakres 4 klientów",
        "Kontrola 3 odłożonych",
        "Odłożeni",
        "Celina Lis",
        "czeka na kierownictwo",
    ):
        assert words in text, words
    assert "Przepisz liczbę faktur" not in text


def test_the_parked_are_filtered_and_exported(world: World, daria: Visitor):
    address = f"{RUNS}/{world.run_ids[-1]}/odlozeni"
    assert "Celina Lis" in daria.text(f"{address}?powod=ALREADY_BILLED")
    assert "Nikogo tu nie odłożono" in daria.text(f"{address}?powod=NO_METER")
    response = daria.get(f"{address}?powod=%3Cb%3E")
    assert response.status_code == 422
    rows = list(csv.reader(io.StringIO(daria.get(f"{address}.csv").data.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 4
    assert {row[1] for row in rows[1:]} == {"Anna Zdrojewska", "Celina Lis", "Bartek Brzozowski"}
    assert daria.get(f"{address}.xlsx").data.startswith(b"PK")


def test_the_drafts_can_be_read(world: World, daria: Visitor):
    page = daria.page(f"{RUNS}/{world.run_ids[-1]}/faktury")
    draft = re.search(rf'href="({RUNS}/[^"]+/faktury/[^"]+)"', page)
    assert draft
    text = daria.text(draft[1])
    assert "Piekarnia Zdrój" in text
    assert "Szkic" in text
    assert "Pozycje" in text


def test_progress_is_told_as_json(world: World, daria: Visitor):
    answer = daria.get(f"{RUNS}/{world.run_ids[-1]}/postep").get_json()
    assert answer == {"done": 4, "total": 4, "line": "4 z\u00a04", "finished": True}


def test_a_clerk_may_not_issue(world: World, daria: Visitor):
    address = f"{RUNS}/{world.run_ids[-1]}"
    response = daria.submit(f"{address}/wystaw", at=address, count="1")
    assert response.status_code == 403
    assert "Podgląd, nic nie wystawiono" in daria.text(address)


@pytest.mark.parametrize("tail", ["", "/odlozeni", "/faktury", "/postep", "/odlozeni.csv"])
def test_an_unknown_run_is_said_to_be_unknown(daria: Visitor, tail: str):
    assert daria.get(f"{RUNS}/0192f000-0000-7000-8000-000000000000{tail}").status_code == 404


def test_a_run_from_the_form_to_issued_invoices(busy_town: World, clerk: Visitor, manager: Visitor):
    # The clerk throws the open run away and starts another one for the same month.
    address = f"{RUNS}/{busy_town.run_ids[-1]}"
    assert clerk.submit(f"{address}/porzuc", at=address).location == RUNS
    assert "Przebieg porzucono" in clerk.text(RUNS)
    page = clerk.page(RUNS)
    request_id = re.search(r'name="request_id" value="([^"]+)"', page)
    assert request_id
    sent = [clerk.submit(RUNS, **GOOD, request_id=request_id[1]).location for _twice in range(2)]
    assert sent[0] == sent[1]
    run = sent[0]
    # While it is calculated the page moves by itself, with a script or without.
    page = clerk.page(run)
    assert '<meta http-equiv="refresh"' in page
    assert f'data-job="{run}/postep"' in page
    assert clerk.get(f"{run}/postep").get_json()["finished"] is False
    busy_town.billing.run_job("runs.advance")
    assert "Podgląd, nic nie wystawiono" in clerk.text(run)
    # Calculated once more, for good measure.
    assert clerk.submit(f"{run}/przelicz", at=run).location == run
    busy_town.billing.run_job("runs.advance")
    # The manager reads what will happen and types the number.
    text = manager.text(run)
    assert "Powstanie 1 faktura z kolejnym numerem roku." in text
    assert "termin płatności 6 grudnia 2026" in text
    assert "Tego nie da się cofnąć." in text
    for wrong in ("2", "0", "-1", "", "jeden", "1,5", "9" * 40):
        response = manager.submit(f"{run}/wystaw", at=run, count=wrong)
        assert response.status_code == 422, wrong
        assert 'id="f-count-e"' in response.text
        assert f'value="{wrong}"' in response.text or not wrong
    assert manager.get(f"{run}/wystaw").location == run
    for _twice in range(2):
        assert manager.submit(f"{run}/wystaw", at=RUNS, count="1").location == run
    assert "Wystawianie faktur" in manager.text(run)
    busy_town.billing.run_job("runs.advance")
    text = manager.text(run)
    assert "Faktury wystawione" in text
    assert re.search(r"Pierwszy numer FV/2026/\d{6}", text)
    # What is issued cannot be thrown away.
    response = manager.submit(f"{run}/porzuc", at=RUNS)
    assert response.status_code == 409
