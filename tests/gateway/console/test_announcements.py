"""Announcements and pages from the writer's desk to the reader's screen."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.ids import new_id
from chassis.testing.databases import Databases
from tests.gateway.board import ANNAS_TITLE
from tests.gateway.forms import only, soup_of
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import World, making_world

LIST = "/konsola/komunikacja"
PAGES = f"{LIST}/strony"
WORDS = {"tytul_pl": "Nowe godziny biura", "tresc_pl": "Od **stycznia** 7–17.", "odbiorcy": "wszyscy"}
PAGE = {"tytul_pl": "Cennik", "tresc_pl": "Woda: 6,53 zł", "adres": "cennik", "w_menu": "1", "miejsce": "5"}


@pytest.fixture(scope="module")
def town(databases: Databases, keys_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with making_world(databases, keys_dir, tmp_path_factory.mktemp("news")) as made:
        yield made


@pytest.fixture
def edward(town: World) -> Visitor:
    return town.visitor("edward@wodociagi-zdroj.example", staff=True)


@pytest.fixture
def daria(town: World) -> Visitor:
    return town.visitor("daria@wodociagi-zdroj.example", staff=True)


@pytest.fixture
def anna(town: World) -> Visitor:
    return town.visitor("anna@poczta.example")


@pytest.fixture
def celina(town: World) -> Visitor:
    return town.visitor("celina@poczta.example")


def write(edward: Visitor, **changes: str | list[str]) -> str:
    """A draft's address."""
    url = f"{LIST}/{new_id()}"
    response = edward.submit(url, at=url, **{**WORDS, **changes})
    assert response.status_code == 303, plain(response.text)
    return url


def row(field: str, value: str, *, jak: str = "jest") -> dict[str, str]:
    """A condition as the form sends it."""
    return {"pole_0": field, "bylo_0": field, "jak_0": jak, "wartosc_0": value}


def publish(edward: Visitor, url: str) -> None:
    version = soup_of(edward.get(url)).select_one("input[name=wersja]")
    assert version is not None
    assert edward.submit(f"{url}/opublikuj", at=url, wersja=version["value"]).status_code == 303


def test_a_draft_is_written_looked_at_published_and_read(town: World, edward, anna, celina):
    url = write(edward)
    assert "Nowe godziny biura" not in anna.text("/wiadomosci")
    said = edward.text(url)
    assert "Od stycznia 7–17." in said
    assert re.search(r"Widzą go wszyscy klienci: [1-9]\d*\.", said)

    publish(edward, url)

    assert "Nowe godziny biura" in anna.text("/wiadomosci")
    assert "Nowe godziny biura" in celina.text("/wiadomosci")
    own = url.replace(LIST, "/wiadomosci/komunikat")
    assert "<strong>stycznia</strong>" in anna.page(own)
    assert "Przeczytało 1" in edward.text(url)


def test_one_for_a_street_reaches_that_street_alone(town: World, edward, anna, celina):
    hinted = soup_of(edward.submit(f"{LIST}/{new_id()}", **WORDS, co="dodaj", **row("ulica", "")))
    streets = [str(one["value"]) for one in hinted.select("datalist option") if "Lipowa" in str(one["value"])]
    assert len(streets) == 1
    url = write(edward, tytul_pl="Dla ulicy", odbiorcy="wybrani", **row("ulica", streets[0]))
    publish(edward, url)
    town.notify.run_job("announcements.gather")

    assert "Dla ulicy" in anna.text("/wiadomosci")
    assert "Dla ulicy" not in celina.text("/wiadomosci")


def test_picked_without_a_condition_is_not_everybody(edward):
    response = edward.submit(f"{LIST}/{new_id()}", **{**WORDS, "odbiorcy": "wybrani"})
    assert response.status_code == 422
    assert "Wybierz co najmniej jeden warunek" in plain(response.text)


def test_a_wrong_condition_is_marked_even_in_one_for_all(edward):
    response = edward.submit(f"{LIST}/{new_id()}", **WORDS, **row("ulica", "bez miejscowości"))
    assert response.status_code == 422
    assert "Napisz też miejscowość" in plain(response.text)


def test_a_customers_page_begins_one_for_that_customer(town: World, edward, anna, celina):
    new = edward.get(f"{LIST}/nowy?klient={town.annas.customer_id}").headers["Location"]
    form = soup_of(edward.get(new))
    assert only(form, "[name=wartosc_0]")["value"] == town.annas.customer_id
    assert form.select_one("[name=odbiorcy][value=wybrani][checked]")
    assert edward.get(f"{LIST}/{new_id()}?klient=x").status_code == 200


def test_a_segment_with_nobody_in_it_cannot_be_published(edward):
    url = write(edward, odbiorcy="wybrani", **row("zaleglosc", "999999", jak="ponad"))
    assert "W tym segmencie nie ma nikogo." in edward.text(url)
    assert soup_of(edward.get(url)).select_one("input[name=wersja]") is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tytul_pl": ""}, "Wypełnij to pole."),
        ({"do_dnia": "2026-01-01"}, "Ta chwila już minęła."),
        ({"od_dnia": "2027-01-02", "od_godziny": "25:00"}, "Wpisz godzinę, na przykład 7:30."),
        ({"od_godziny": "7:30"}, "Wypełnij to pole."),
        ({"tytul_pl": "x\ny"}, ""),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_kept(edward, changes, said):
    response = edward.submit(f"{LIST}/{new_id()}", **{**WORDS, **changes})
    assert response.status_code == 422
    assert said in plain(response.text)
    assert "Od **stycznia** 7–17." in response.text


def test_markup_of_the_writer_is_no_markup_of_the_page(edward, anna):
    url = write(
        edward,
        tytul_pl="<script>alert(1)</script>",
        tresc_pl='<img src=x onerror="alert(1)"> [a](javascript:x)',
    )
    publish(edward, url)
    for page in (anna.page("/wiadomosci"), anna.page(url.replace(LIST, "/wiadomosci/komunikat"))):
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert 'href="javascript' not in page


def test_an_urgent_one_stands_on_start_until_it_was_read(town: World, edward, celina):
    assert "Płukanie sieci w czwartek" in celina.text("/start")
    assert ANNAS_TITLE not in celina.text("/start")

    celina.get(f"/wiadomosci/komunikat/{town.board.everybodys}")

    assert "Płukanie sieci w czwartek" not in celina.text("/start")


def test_before_login_stands_what_is_meant_for_it(town: World, edward):
    stranger = town.visitor()
    assert "Płukanie sieci w czwartek" in stranger.text("/")
    assert "Płukanie sieci w czwartek" in stranger.text("/logowanie")
    assert "Biuro w Wigilię" not in stranger.text("/")


def test_start_goes_without_announcements_while_notify_is_away(town: World):
    client = town.make_app(notify="127.0.0.1:9", call_timeout_s=1).test_client()
    assert isinstance(client, Visitor)
    client.take_session(town.log_in("anna@poczta.example", staff=False), console=False)
    response = client.get("/start")
    assert response.status_code == 200
    assert "Płukanie" not in response.text


def test_clerks_do_not_write_announcements(daria):
    assert daria.get(LIST).status_code == 403
    assert daria.get(PAGES).status_code == 403
    assert "Komunikacja" not in daria.text("/konsola/")


def test_a_withdrawn_one_is_gone(edward, anna):
    url = write(edward, tytul_pl="Na chwilę")
    publish(edward, url)
    assert "Na chwilę" in anna.text("/wiadomosci")
    assert edward.submit(f"{url}/wycofaj", at=url).status_code == 303
    assert "Na chwilę" not in anna.text("/wiadomosci")
    assert "Ten komunikat wycofano." in edward.text(url)


def test_a_page_is_written_published_restored_and_hidden(town: World, edward):
    stranger = town.visitor()
    url = f"{PAGES}/{new_id()}"
    assert edward.submit(url, at=url, **PAGE).status_code == 303
    assert stranger.get("/strony/cennik").status_code == 404
    _publish_page(edward, url)
    assert "6,53" in stranger.text("/strony/cennik")

    assert edward.submit(url, at=url, **{**PAGE, "tresc_pl": "Woda: 7,05 zł"}).status_code == 303
    assert "6,53" in stranger.text("/strony/cennik")
    _publish_page(edward, url)
    assert "7,05" in stranger.text("/strony/cennik")

    assert edward.submit(f"{url}/przywroc/1", at=url).status_code == 303
    _publish_page(edward, url)
    assert "6,53" in stranger.text("/strony/cennik")

    assert edward.submit(f"{url}/ukryj", at=url).status_code == 303
    assert stranger.get("/strony/cennik").status_code == 404


def test_the_menu_stands_at_the_foot_of_pages(town: World, anna):
    for page in (town.visitor().get("/"), anna.get("/start")):
        links = {str(one["href"]): plain(one.text) for one in soup_of(page).select(".eb-foot a")}
        assert links[f"/strony/{town.board.slug}"] == "Jak do nas trafić"
    english = soup_of(town.visitor().get("/", headers={"Accept-Language": "en"}))
    assert "How to find us" in plain(only(english, ".eb-foot").text)


def test_an_address_is_taken_once(town: World, edward):
    response = edward.submit(f"{PAGES}/{new_id()}", **{**PAGE, "adres": town.board.slug})
    assert response.status_code == 422
    assert "Inna strona ma już ten adres." in plain(response.text)


def test_a_customer_sees_what_was_sent_with_its_reference(town: World, anna, celina):
    said = anna.text("/wiadomosci/wyslane")
    assert "Nowa faktura" in said
    assert "a…@poczta.example" in said
    assert town.annas.last_invoice.number not in celina.text("/wiadomosci/wyslane")


def _publish_page(edward: Visitor, url: str) -> None:
    revision = soup_of(edward.get(url)).select_one("input[name=wersja]")
    assert revision is not None
    assert edward.submit(f"{url}/opublikuj", at=url, wersja=revision["value"]).status_code == 303
