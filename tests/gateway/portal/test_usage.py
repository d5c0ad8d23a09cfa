"""What was used, and the readings."""

import io

import openpyxl
import pytest

from tests.gateway.urls import metered_point
from tests.gateway.visitors import Visitor
from tests.gateway.world import World


def test_a_year_of_months_with_the_year_before(anna: Visitor):
    text = anna.text("/zuzycie")
    assert "Styczeń–październik 50,6 m³" in text
    assert "52,9 m³" in text
    assert "166 litrów" in text
    assert "W tym roku zużywasz o 2,3 m³ mniej niż rok temu." in text
    assert "Październik 6,0 5,2 +0,8" in text
    assert "31 października 2026 zdalny, zużyto 6 m³" in text


def test_the_year_before_can_be_opened(anna: Visitor):
    assert 'href="/zuzycie?punkt=' in anna.page("/zuzycie")
    assert "W 2025 roku poszło" in anna.text("/zuzycie?rok=2025")


def test_years_stand_side_by_side(anna: Visitor):
    text = anna.text("/zuzycie?krok=rok")
    assert "W 2025 roku poszło 63,0 m³." in text
    assert "Zużycie wody według lat" in text


def test_each_point_has_its_own_page(world: World, anna: Visitor):
    points = [point for point in world.annas.service_points if point.meters]
    texts = [anna.text(f"/zuzycie?punkt={point.service_point_id}") for point in points]
    for point, text in zip(points, texts, strict=True):
        assert point.meters[0].serial_number in text.split("Licznik")[-1]
    assert texts[0] != texts[1]


def test_the_days_of_a_month_with_the_year_before(celina: Visitor):
    text = celina.text("/zuzycie?krok=dzien")
    assert "październik 2026" in text
    assert "W październiku poszło" in text
    assert "Najwięcej" not in text  # Four days took the same.
    assert "20 października 0,489" in text
    assert "krok=dzien&amp;rok=2026&amp;miesiac=9" in celina.page("/zuzycie?krok=dzien")
    assert "wrz 2026" in text
    assert "lis 2026" not in text  # Nothing is known of it.


def test_days_between_two_readings_are_told_to_be_even(anna: Visitor, celina: Visitor):
    note = "Między dwoma odczytami zużycie jest rozłożone równo na dni."
    assert note in anna.text("/zuzycie?krok=dzien&rok=2026&miesiac=3")
    assert note not in celina.text("/zuzycie?krok=dzien")


def test_the_hours_of_a_day_on_which_the_clock_strikes_one_twice(celina: Visitor):
    text = celina.text("/zuzycie?krok=godzina&rok=2026&miesiac=10&dzien=25")
    assert "25 października 2026" in text
    assert "Najwięcej od 19:00 do 20:00: 0,042 m³." in text
    assert "2:00 po raz drugi 0,000" in text
    assert "24 paź" in text
    assert "26 paź" in text


def test_hours_are_offered_where_the_meter_tells_them(anna: Visitor, celina: Visitor):
    assert "krok=godzina" in celina.page("/zuzycie")
    assert "krok=godzina" not in anna.page("/zuzycie")
    assert "O godzinach tego dnia nic nie wiadomo." in anna.text("/zuzycie?krok=godzina")


@pytest.mark.parametrize(
    ("query", "rows", "first"),
    [
        ("krok=rok", 2, "2025"),
        ("krok=dzien", 31, "2026-10-01"),
        ("krok=godzina&rok=2026&miesiac=10&dzien=25", 25, "2026-10-25;0:00;2026-10-24T22:00Z"),
    ],
)
def test_the_file_holds_what_is_shown(celina: Visitor, query: str, rows: int, first: str):
    lines = celina.get(f"/zuzycie.csv?{query}").data.decode("utf-8-sig").splitlines()
    assert len(lines) == rows + 1
    assert lines[1].startswith(first)
    book = openpyxl.load_workbook(io.BytesIO(celina.get(f"/zuzycie.xlsx?{query}").data))
    assert book.worksheets[0].max_row == rows + 1


@pytest.mark.parametrize(
    "query",
    [
        "rok=1850",
        "rok=abc",
        "krok=dzien",
        "krok=<b>",
        "rok=2019",
        "krok=dzien&rok=2026&miesiac=13",
        "krok=dzien&rok=2025&miesiac=0",
        "krok=godzina&rok=2026&miesiac=2&dzien=31",
        "krok=godzina&rok=1990&dzien=-1",
        "krok=dzien&rok=2200&miesiac=12",
    ],
)
def test_what_the_address_asks_wrongly_is_left_out(anna: Visitor, query: str):
    assert anna.get(f"/zuzycie?{query}").status_code == 200


@pytest.mark.parametrize("point", ["abc", "01930000-0000-7000-8000-0000000000ff", "<script>"])
def test_a_point_that_is_not_there_is_refused(anna: Visitor, point: str):
    response = anna.get("/zuzycie", query_string={"punkt": point})
    assert response.status_code in (400, 404)
    assert "<script>" not in response.text.split("<body")[1].split("</main>")[0]


def test_the_files_hold_months_and_readings(world: World, anna: Visitor):
    point = metered_point(world)
    book = openpyxl.load_workbook(io.BytesIO(anna.get(f"/zuzycie.xlsx?punkt={point}&rok=2026").data))
    use, readings = book.worksheets
    assert use.max_row == 13
    assert float(str(use["C11"].value)) in (6.0, 3.6)
    assert readings.max_row > 5
    lines = anna.get(f"/zuzycie.csv?punkt={point}&co=odczyty").data.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Dzień;Licznik;Stan")
    assert len(lines) == readings.max_row
