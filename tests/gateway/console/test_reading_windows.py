"""Windows at the console: managers plan them, clerks see them; and readings that clerks write down."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.testing.databases import Databases
from tests.gateway.forms import only, soup_of
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import World, making_world

URL = "/konsola/odczyty/okna"
PLANNED = {"medium": "1", "od": "2026-12-10", "do": "2026-12-20", "przypomnij": "3", "powtarzaj": "3"}


@pytest.fixture(scope="module")
def town(databases: Databases, keys_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with making_world(databases, keys_dir, tmp_path_factory.mktemp("windows")) as made:
        yield made


@pytest.fixture
def edward(town: World) -> Visitor:
    return town.visitor("edward@wodociagi-zdroj.example", staff=True)


@pytest.fixture
def daria(town: World) -> Visitor:
    return town.visitor("daria@wodociagi-zdroj.example", staff=True)


def plan(edward: Visitor, **changes: str):
    request_id = soup_of(edward.get(URL)).select_one("input[name=request_id]")
    assert request_id is not None
    return edward.submit(URL, request_id=request_id["value"], **PLANNED | changes)


def test_windows_are_listed_with_what_was_read(edward: Visitor):
    said = edward.text(URL)
    assert "Woda, 20–30 listopada 2026 przypomnienie 3 dni przed końcem Otwarte" in said
    assert "Woda, 6–7 listopada 2026" in said


def test_a_window_is_planned_changed_and_taken_back(edward: Visitor):
    assert plan(edward).status_code == 303
    page = edward.get(URL)
    assert "Woda, 10–20 grudnia 2026" in plain(page.text)
    link = next(one for one in soup_of(page).select("th a") if "grudnia" in one.text)

    own = str(link["href"])
    assert edward.submit(own, **PLANNED | {"do": "2026-12-22", "powtarzaj": "0"}).status_code == 303
    said = edward.text(URL)
    assert "Woda, 10–22 grudnia 2026" in said

    assert edward.submit(f"{own}/usun", at=own).status_code == 303
    assert "grudnia 2026" not in edward.text(URL)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"od": "2026-11-01"}, "od", "Ten dzień już minął."),
        ({"do": "2026-12-01"}, "do", "Ostatni dzień jest przed pierwszym."),
        ({"od": "2026-11-25"}, "od", "Te dni ma już inne okno tych samych liczników."),
        ({"do": "2027-12-01"}, "do", "To za długie."),
        ({"przypomnij": "31"}, "przypomnij", "Ta wartość jest spoza zakresu."),
        ({"przypomnij": "trzy"}, "przypomnij", "Wpisz liczbę, na przykład 38 albo 12,5."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(edward: Visitor, changes: dict[str, str], field: str, words: str):
    response = plan(edward, **changes)
    assert response.status_code == 422
    said = soup_of(response).select_one(f"#f-{field}-e")
    assert said is not None
    assert said.text.strip().replace("\u00a0", " ") == words


def test_of_an_open_window_only_the_end_is_offered(town: World, edward: Visitor):
    own = f"{URL}/{town.window_ids[-1]}"
    soup = soup_of(edward.get(own))
    assert soup.select_one("input[type=date][name=od]") is None
    assert edward.submit(own, do="2026-12-02", przypomnij="4", powtarzaj="12").status_code == 303
    assert "20 listopada – 2 grudnia 2026" in edward.text(URL)
    edward.submit(own, do="2026-11-30", przypomnij="3", powtarzaj="12")


def test_clerks_see_windows_and_plan_none(town: World, daria: Visitor):
    said = daria.text(URL)
    assert "Woda, 20–30 listopada 2026" in said
    assert "Nowe okno" not in said
    assert daria.get(f"{URL}/{town.window_ids[-1]}").status_code == 403


def readings_of(town: World) -> str:
    return f"/konsola/klienci/{town.annas.customer_id}/odczyty"


def test_a_clerk_writes_a_reading_down(town: World, daria: Visitor):
    url = readings_of(town)
    given = {"licznik": town.garden_meter_id, "dzien": "2026-11-15", "stan": "143,5", "jak": "klient"}

    assert daria.submit(url, **given).status_code == 303
    said = daria.text(url)
    assert "Odczyt zapisany: 143,5 m³." in said
    assert "15 lis 88 104 602" in said


def test_a_clerk_is_asked_back_and_told_what_is_wrong(town: World, daria: Visitor):
    url = readings_of(town)
    given = {"licznik": town.garden_meter_id, "dzien": "2026-11-22", "stan": "300", "jak": "my"}

    asked = daria.submit(url, **given)
    assert asked.status_code == 422
    assert "a zwykle jest około" in plain(asked.text)
    assert soup_of(asked).select_one("#f-unusual_confirmed")
    low = daria.submit(url, **given | {"stan": "10"})
    assert "Stan 10 jest niższy niż ostatni" in plain(low.text)
    for wrong in ({"licznik": "x"}, {"dzien": "2026-11-30"}, {"stan": ""}, {"jak": "inaczej"}):
        response = daria.submit(url, **given | wrong)
        assert response.status_code == 422, wrong
        assert soup_of(response).select_one(f"#f-{next(iter(wrong))}-e"), wrong


def test_a_clerk_has_a_reading_estimated_that_nobody_took(town: World, daria: Visitor):
    url = readings_of(town)
    given = {"licznik": town.garden_meter_id, "dzien": "2026-11-10", "oszacuj": "1"}

    assert soup_of(daria.get(url)).select_one('button[name="oszacuj"]')
    assert daria.submit(url, **given).status_code == 303
    said = daria.text(url)
    assert "Oszacowano:" in said
    assert "10 lis 88 104 602" in said
    assert daria.submit(url, **given).status_code == 303, "the same again answers the one that is there"
    celinas = next(one for point in town.celinas.service_points for one in point.meters)
    for wrong in (
        {"licznik": "x"},
        {"licznik": str(celinas.meter_id)},
        {"dzien": "2026-11-30"},
        {"dzien": ""},
    ):
        response = daria.submit(url, **given | wrong)
        assert response.status_code == 422, wrong
        assert soup_of(response).select_one(f"#f-{next(iter(wrong))}-e"), wrong


def test_the_use_of_a_year_stands_above_the_readings(town: World, daria: Visitor):
    page = soup_of(daria.get(readings_of(town)))
    chart = only(page, "section:has(#use)")

    assert len(chart.select(".eb-chart-svg .now, .eb-chart-svg .part")) >= 10
    assert len(chart.select("tbody tr")) == 12
    assert "miesięcznie" in plain(str(chart))
    before = only(chart, ".eb-pager a")
    assert "rok=2025" in str(before["href"])
    assert "2025" in plain(daria.get(f"{readings_of(town)}?rok=2025").text)
    assert daria.get(f"{readings_of(town)}?rok=abc").status_code == 200
