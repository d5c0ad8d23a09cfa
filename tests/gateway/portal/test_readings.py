"""Handing in a reading: the choice of a meter, the form, the question above the usual, the photo."""

import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from ebok.billing.v1 import meters_pb2, reading_windows_pb2
from PIL import Image
from sqlalchemy import text

from chassis import wire
from chassis.ids import new_id
from chassis.testing.databases import Databases
from gateway.portal.readings import PHOTO_BYTES_MAX
from tests.billing.pictures import PLACE, picture
from tests.gateway.forms import soup_of
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import NOW, World, making_world

TODAY = "2026-11-22"


@pytest.fixture(scope="module")
def town(databases: Databases, keys_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with making_world(databases, keys_dir, tmp_path_factory.mktemp("readings")) as made:
        yield made


@pytest.fixture
def anna(town: World) -> Iterator[Visitor]:
    """Anna, who has handed in nothing yet in this window; afterwards it is so again."""
    yield town.visitor("anna@poczta.example")
    with town.billing.database.transaction() as session:
        for table in ("reading_photos", "readings"):
            session.execute(
                text(
                    f"DELETE FROM {table} WHERE reading_id IN"  # noqa: S608 - names of ours
                    " (SELECT reading_id FROM readings WHERE kind = 'CUSTOMER' AND reading_id <> :kept)"
                ),
                {"kept": town.photographed.reading_id},
            )
    town.clock.set(NOW)


@pytest.fixture
def url(town: World) -> str:
    return f"/odczyt/{town.garden_meter_id}"


def test_start_says_which_reading_is_wanted_and_leads_there(anna: Visitor, url: str):
    page = anna.page("/start")
    assert "Czas na odczyt do 30 listopada" in plain(page)
    assert f'href="{url}"' in page
    anna.submit(url, value="145,5", read_on=TODAY)
    assert "Czas na odczyt" not in anna.text("/start")


def test_the_meters_are_listed_with_what_is_to_be_done(anna: Visitor, url: str):
    page = anna.page("/odczyt")
    assert f'href="{url}"' in page
    assert "Który licznik?" in page
    assert "wysyła odczyty sam" in plain(page)


def test_who_has_one_meter_is_led_to_it(town: World):
    response = town.visitor("celina@poczta.example").get("/odczyt")
    assert response.status_code == 303
    assert "Ten licznik wysyła odczyty sam" in town.visitor("celina@poczta.example").text(response.location)


def test_the_form_tells_the_last_value_and_what_it_should_show(anna: Visitor, url: str):
    said = anna.text(url)
    for words in (
        "do 30 listopada",
        "dzisiaj, 22 listopada 2026",
        "piątek 20 listopada",
        "Przepisz tylko czarne cyfry. Ostatnio było 142,617 m³.",
        "dziś pokazuje około 144 m³",
    ):
        assert words in said, words
    assert "19 listopada" not in said


def test_a_reading_is_saved_and_shown_and_can_be_mended(anna: Visitor, url: str):
    response = anna.submit(url, value="145,5", read_on="2026-11-21")
    assert (response.status_code, response.location) == (303, url)

    said = anna.text(url)
    assert "Odczyt zapisany: 145,5 m³. Weźmiemy go do następnej faktury." in said
    assert "Odczyt podany Przyjęty" in said
    assert "145,5 m³ Z dnia 21 listopada 2026" in said
    assert "Popraw odczyt" in said
    anna.submit(url, value="146", read_on="2026-11-21")
    assert "146 m³ Z dnia 21 listopada 2026" in anna.text(url)


def test_a_value_below_the_last_one_says_so_with_the_meters_number(anna: Visitor, url: str):
    response = anna.submit(url, value="35", read_on=TODAY)

    assert response.status_code == 422
    said = plain(response.text)
    assert "Stan 35 jest niższy niż ostatni, 142,617 m³. Sprawdź, czy to licznik nr 88 104 602." in said
    assert "Stan się zgadza, ale jest niższy?" in said
    field = soup_of(response).select_one("#f-value")
    assert field is not None
    assert (field["value"], field["aria-invalid"]) == ("35", "true")


def test_black_digits_that_have_not_moved_ask_for_the_red_ones(anna: Visitor, url: str):
    response = anna.submit(url, value="142", read_on=TODAY)

    assert response.status_code == 422
    words = (
        "Czarne cyfry są takie same jak przy ostatnim odczycie, 142,617 m³. Dopisz czerwone, po przecinku."
    )
    assert words in plain(response.text)
    assert anna.submit(url, value="142,7", read_on=TODAY).status_code == 303


@pytest.mark.parametrize(
    ("value", "read_on", "words"),
    [
        ("abc", TODAY, "Wpisz liczbę, na przykład 38 albo 12,5."),
        ("100000", TODAY, "Licznik ma mniej cyfr."),
        ("145,5555", TODAY, "Najwyżej trzy miejsca po przecinku."),
        ("145", "2026-11-23", "Ten dzień jeszcze nie nadszedł."),
        ("145", "2026-11-10", "Odczyty tego licznika przyjmujemy dopiero od późniejszego dnia."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(anna: Visitor, url: str, value: str, read_on: str, words: str):
    response = anna.submit(url, value=value, read_on=read_on)
    assert response.status_code == 422
    assert words in plain(response.text)


def test_above_three_times_the_usual_a_box_is_to_be_ticked(anna: Visitor, url: str):
    response = anna.submit(url, value="300", read_on=TODAY)
    assert response.status_code == 422
    assert "To 157,383 m³ w 16 dni, a zwykle jest około" in plain(response.text)
    box = soup_of(response).select_one("#f-unusual_confirmed")
    assert box is not None

    other = anna.submit(url, value="301", read_on=TODAY, unusual_confirmed=box["value"])
    assert other.status_code == 422, "the tick was for another value"
    assert "checked" not in str(soup_of(other).select_one("#f-unusual_confirmed"))

    taken = anna.submit(url, value="300", read_on=TODAY, unusual_confirmed=box["value"])
    assert taken.status_code == 303
    said = anna.text(url)
    assert "Jest większy niż zwykle, więc najpierw go sprawdzimy." in said
    assert "Odczyt podany Sprawdzamy" in said


def test_a_photo_is_kept_and_shown_to_whoever_sent_it(town: World, anna: Visitor, url: str):
    photo = (io.BytesIO(picture("PNG", (1200, 800))), "licznik.png")
    assert anna.submit(url, value="145,5", read_on=TODAY, photo=photo).status_code == 303

    link = next(
        str(one["href"]) for one in soup_of(anna.get(url)).select("a") if "zdjecie" in str(one.get("href"))
    )
    answer = anna.get(link)
    assert answer.mimetype == "image/jpeg"
    assert PLACE.encode() not in answer.data
    assert Image.open(io.BytesIO(answer.data)).size == (1200, 800)
    assert town.visitor("celina@poczta.example").get(link).status_code == 404
    assert town.visitor().get(link).status_code == 303


def test_a_file_that_is_no_picture_is_refused_at_the_field(anna: Visitor, url: str):
    response = anna.submit(url, value="145,5", read_on=TODAY, photo=(io.BytesIO(b"%PDF-1.7"), "a.pdf"))
    assert response.status_code == 422
    assert soup_of(response).select_one("#f-photo-e")


@pytest.mark.parametrize("bytes_over", [1, 9 * 1024 * 1024])
def test_a_photo_that_is_too_large_is_said_at_the_field_and_the_rest_is_kept(
    anna: Visitor, url: str, bytes_over: int
):
    photo = (io.BytesIO(b"\xff" * (PHOTO_BYTES_MAX + bytes_over)), "licznik.jpg")
    response = anna.submit(url, value="145,5", read_on="2026-11-21", photo=photo)

    assert response.status_code == 422
    soup = soup_of(response)
    said, value = soup.select_one("#f-photo-e"), soup.select_one("#f-value")
    assert said is not None
    assert "Ten plik jest za duży." in said.text
    assert value is not None
    assert value["value"] == "145,5"
    assert soup.select_one("option[value='2026-11-21'][selected]")


def test_other_forms_take_no_files(anna: Visitor):
    response = anna.submit(
        "/profil", form="account", name="Anna", photo=(io.BytesIO(b"x" * 300_000), "a.jpg")
    )
    assert response.status_code == 413


def test_a_closed_window_says_when_the_next_opens(town: World, anna: Visitor, url: str):
    town.clock.set(NOW + timedelta(days=10))
    said = town.visitor("anna@poczta.example").text(url)
    assert "Teraz nie przyjmujemy odczytów tego licznika" in said
    assert "Czas na odczyt" not in town.visitor("anna@poczta.example").text("/start")
    planned = reading_windows_pb2.SaveReadingWindowRequest(
        window_id=str(new_id()),
        commodity=meters_pb2.COMMODITY_WATER,
        opens_on=wire.pack_date(date(2026, 12, 10)),
        closes_on=wire.pack_date(date(2026, 12, 20)),
    )
    town.windows.SaveReadingWindow(planned)
    said = town.visitor("anna@poczta.example").text(url)
    assert "Odczyty przyjmujemy od 10 grudnia 2026 Do 20 grudnia 2026." in said
    town.windows.CancelReadingWindow(
        reading_windows_pb2.CancelReadingWindowRequest(window_id=planned.window_id)
    )


def test_who_may_only_look_is_offered_no_form(town: World, url: str):
    with town.identity.database.transaction() as session:
        session.execute(
            text("UPDATE grants SET scope = 'VIEW' WHERE customer_id = :id"), {"id": town.annas.customer_id}
        )
    try:
        viewer = town.visitor("anna@poczta.example")
        said = viewer.text(url)
        assert "Możesz oglądać, ale nie podawać odczytów" in said
        assert "Zapisz odczyt" not in said
    finally:
        with town.identity.database.transaction() as session:
            session.execute(
                text("UPDATE grants SET scope = 'MANAGE' WHERE customer_id = :id"),
                {"id": town.annas.customer_id},
            )


def test_celina_cannot_open_annas_meter(town: World, url: str):
    celina = town.visitor("celina@poczta.example")
    assert celina.get(url).status_code == 404
    assert town.annas.name not in celina.text("/odczyt/" + town.garden_meter_id, status=404)
