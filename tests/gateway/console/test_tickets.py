"""The queue of cases, one beside it and all that a clerk does with it; cases of callers; the contact log."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from ebok.tickets.v1 import desk_pb2, tickets_pb2

from chassis.ids import new_id
from tests.gateway import casework
from tests.gateway.forms import soup_of
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import World

QUEUE = "/konsola/zgloszenia"


@pytest.fixture(autouse=True)
def as_it_was(world: World) -> Iterator[None]:
    """What a test did to cases is undone."""
    yield
    casework.begin_anew(world.tickets)


@pytest.fixture
def url(world: World) -> str:
    return f"{QUEUE}/{world.open_case.ticket_id}"


def send(visitor: Visitor, url: str, form: str, **fields: Any) -> Any:
    """Open the case, take what its form carries, send it."""
    page = soup_of(visitor.get(url))
    tags = [tag for tag in page.select("form") if tag.select_one(f'[name="form"][value="{form}"]')]
    carried = {
        str(tag["name"]): str(tag["value"])
        for tag in tags[0].select('input[type="hidden"]')
        if tag["name"] != "csrf_token"
    }
    action = str(tags[0]["action"])
    return visitor.submit(action, at=url, **{**carried, **fields})


def subjects(page: Any) -> list[str]:
    return [
        plain(str(one)).replace("Nowa wiadomość:", "").strip() for one in page.select(".ec-queue-subject")
    ]


def test_the_queue_has_views_with_counts_the_most_urgent_first(world: World, daria: Visitor):
    page = soup_of(daria.get(f"{QUEUE}?widok=zespol"))
    assert subjects(page) == [casework.CELINAS_SUBJECT, casework.SUBJECT, "Dwie faktury za wrzesień"]
    views = {str(one.contents[0]).strip(): one.b.text for one in page.select(".ec-views a") if one.b}
    assert views == {"Moje": "2", "Wolne": "1", "Po terminie": "1", "Zespół": "3"}
    assert casework.CELINAS_SUBJECT in daria.text(f"{QUEUE}?widok=po-terminie")
    assert subjects(soup_of(daria.get(f"{QUEUE}?widok=wolne"))) == [casework.CELINAS_SUBJECT]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("szukaj=spłuczka", []),
        ("szukaj=Lis", [casework.CELINAS_SUBJECT]),
        ("szukaj=zakręciłam", [casework.SUBJECT]),
        ("rodzaj=reklamacja&stan=w-toku", [casework.SUBJECT]),
        ("stan=zamkniete", ["Skąd opłata stała?"]),
        ("medium=gas", []),
        ("rodzaj=cokolwiek", [casework.CELINAS_SUBJECT, casework.SUBJECT, "Dwie faktury za wrzesień"]),
    ],
)
def test_search_and_filters_stand_in_the_address(daria: Visitor, query: str, found: list[str]):
    assert subjects(soup_of(daria.get(f"{QUEUE}?widok=zespol&{query}"))) == found


def test_a_filter_is_a_chip_that_can_be_taken_off(daria: Visitor):
    page = soup_of(daria.get(f"{QUEUE}?widok=zespol&rodzaj=reklamacja"))
    [chip] = page.select(".ec-chip:not(.ec-chip-add)")
    assert "Reklamacja" in chip.text
    assert chip.a is not None
    assert chip.a["href"] == f"{QUEUE}?widok=zespol"


def test_the_case_shows_notes_steps_files_and_the_customer(world: World, daria: Visitor, url: str):
    said = daria.text(url)
    for words in (
        casework.NOTE,
        "Notatka wewnętrzna, klient jej nie zobaczy",
        casework.FILE_NAME,
        "Zostało dni: 7 z 14.",
        "Anna Zdrojewska",
        "163,29 zł",
        "Woda, licznik 88 104 601",
        "pytanie o termin odczytu",
        "Dwie faktury za wrzesień",
    ):
        assert words in said, words
    link = next(one for one in soup_of(daria.get(url)).select("a.eb-file") if casework.FILE_NAME in one.text)
    assert daria.get(str(link["href"])).mimetype == "image/jpeg"


def test_every_key_of_the_bar_has_its_control(daria: Visitor, url: str):
    page = soup_of(daria.get(f"{url}?widok=zespol"))
    for key in "riasegonf":
        assert page.select_one(f'[data-key="{key}"]'), key
    for key in ("S", "A", "E", "G", "O", "N", "1"):
        assert page.select_one(f'[aria-keyshortcuts="{key}"]'), key


def test_an_answer_goes_out_and_the_next_case_opens(world: World, daria: Visitor, anna: Visitor, url: str):
    response = send(
        daria, f"{url}?widok=zespol", "odpowiedz", tryb="odpowiedz", tresc="To była spłuczka.", co="nastepne"
    )
    assert response.status_code == 303
    assert response.location == f"{QUEUE}/{world.answered_case.ticket_id}?widok=zespol"
    assert "ZG/2026/3: odpowiedź wysłana." in daria.text(response.location)
    said = anna.text(f"/zgloszenia/{world.open_case.ticket_id}")
    assert "To była spłuczka." in said
    assert "Odpowiedzieliśmy" in said


def test_an_answer_can_close(world: World, daria: Visitor, anna: Visitor, url: str):
    response = send(daria, url, "odpowiedz", tryb="odpowiedz", tresc="Uznajemy.", co="zamknij")
    assert response.status_code == 303
    assert "Jak poszło?" in anna.text(f"/zgloszenia/{world.open_case.ticket_id}")
    closed = soup_of(daria.get(url))
    assert [one["value"] for one in closed.select('[name="tryb"]')] == ["notatka"]


def test_a_note_stays_in_the_house_and_closes_nothing(world: World, daria: Visitor, anna: Visitor, url: str):
    refused = send(daria, url, "odpowiedz", tryb="notatka", tresc="Tylko dla nas.", co="zamknij")
    assert refused.status_code == 422
    assert "Zamyka tylko odpowiedź." in refused.text
    assert "Tylko dla nas." in refused.text, "what was typed stays"
    kept = send(daria, url, "odpowiedz", tryb="notatka", tresc="Tylko dla nas.")
    assert kept.location == url
    assert "Tylko dla nas." in daria.text(url)
    assert "Tylko dla nas." not in anna.text(f"/zgloszenia/{world.open_case.ticket_id}")


def test_a_clerk_attaches_a_file_and_the_customer_gets_it(
    world: World, daria: Visitor, anna: Visitor, url: str
):
    files = [(io.BytesIO(b"Protokol\n"), "protokol.txt")]
    assert (
        send(daria, url, "odpowiedz", tryb="odpowiedz", tresc="Protokół.", zalaczniki=files).status_code
        == 303
    )
    page = soup_of(anna.get(f"/zgloszenia/{world.open_case.ticket_id}"))
    link = next(one for one in page.select("a.eb-file") if "protokol.txt" in one.text)
    assert anna.get(str(link["href"])).data == b"Protokol\n"


def test_a_note_s_file_is_not_the_customer_s(world: World, daria: Visitor, anna: Visitor, url: str):
    files = [(io.BytesIO(b"Tylko dla nas\n"), "tajne.txt")]
    send(daria, url, "odpowiedz", tryb="notatka", tresc="Plik.", zalaczniki=files)
    link = next(one for one in soup_of(daria.get(url)).select("a.eb-file") if "tajne.txt" in one.text)
    file_id = str(link["href"]).rpartition("/")[2]
    assert daria.get(str(link["href"])).status_code == 200
    assert anna.get(f"/zgloszenia/pliki/{file_id}").status_code == 404


def test_a_ready_answer_fills_the_box_without_javascript(daria: Visitor, url: str):
    page = soup_of(daria.get(url))
    ready = next(one for one in page.select("[data-ready]") if "Raty" in one.text)
    assert "Anna Zdrojewska" in str(ready["data-ready"])
    box = soup_of(daria.get(str(ready["href"]).partition("#")[0])).select_one("#f-tresc")
    assert box is not None
    assert box.text.strip() == (
        "Dzień dobry, Anna Zdrojewska. Fakturę rozkładam na dwie raty, sprawa ZG/2026/3. Daria"
    )


def test_a_case_is_taken_given_and_put_back(world: World, daria: Visitor, edward: Visitor):
    url = f"{QUEUE}/{world.celinas_case.ticket_id}"
    assert send(daria, url, "przydziel", wez="1").status_code == 303
    assert "Zgłoszenie jest Twoje." in daria.text(url)
    late = send(daria, url, "przydziel", komu="nikt", wersja="1")
    assert late.status_code == 409
    assert "Ktoś inny zrobił w tym czasie coś" in plain(late.text)
    assert send(daria, url, "przydziel", komu="nikt").status_code == 303
    assert "Zgłoszenie jest teraz wolne." in daria.text(url)


def test_a_step_of_the_workflow_moves_it_on(world: World, daria: Visitor, anna: Visitor, url: str):
    assert send(daria, url, "stan", krok="check").status_code == 303
    assert "Sprawdzamy na miejscu" in anna.text(f"/zgloszenia/{world.open_case.ticket_id}")
    unknown = send(daria, url, "stan", krok="reopen")
    assert unknown.status_code == 409
    assert "Stąd nie da się zrobić tego kroku." in plain(unknown.text)


def test_a_caller_is_found_and_gets_a_case(world: World, daria: Visitor, anna: Visitor):
    found = soup_of(daria.get(f"{QUEUE}/nowe?kto={world.annas.number}"))
    chooser = str(next(one for one in found.select("main a") if "Anna" in one.text)["href"])
    form_url = f"{chooser}/{world.open_case.category_id}"
    assert f'href="{form_url}"' in daria.page(chooser)
    request_id = soup_of(daria.get(form_url)).select_one('[name="request_id"]')
    assert request_id is not None
    response = daria.submit(
        form_url,
        request_id=request_id["value"],
        jak="telefon",
        temat="Telefon o rachunek",
        medium="water",
        pole_invoice=world.annas.last_invoice.number,
        pole_cause="price",
        tresc="Klientka nie zgadza się z ceną.",
    )
    assert response.status_code == 303
    assert "Telefon o rachunek" in daria.text(response.location)
    assert "Telefon o rachunek" in anna.text("/zgloszenia")
    assert "Telefon o rachunek" in daria.text(f"/konsola/klienci/{world.annas.customer_id}/zgloszenia")


def test_a_call_is_recorded_with_two_presses_from_the_customer_and_from_a_case(
    world: World, daria: Visitor, url: str
):
    card = f"/konsola/klienci/{world.bakery.customer_id}"
    form = soup_of(daria.get(card)).select_one(f'form[action^="{card}/kontakty"]')
    assert form is not None
    carried = {str(tag["name"]): str(tag["value"]) for tag in form.select('input[type="hidden"]')}
    assert carried["jak"] == "telefon"
    button = form.select_one('[name="czego"]')
    assert button is not None
    first = daria.post(str(form["action"]), data={**carried, "czego": button["value"], "notatka": ""})
    assert (first.status_code, first.location) == (303, card)
    assert "Zapisano: telefon, faktura, saldo." in daria.text(card)
    daria.post(str(form["action"]), data={**carried, "czego": button["value"], "notatka": ""})
    rows = soup_of(daria.get(f"{card}/kontakty")).select("tbody tr")
    assert len(rows) == 1, "the same id once more records nothing"

    page = soup_of(daria.get(url))
    form = page.select_one(".ec-pane-facts form")
    assert form is not None
    carried = {str(tag["name"]): str(tag["value"]) for tag in form.select('input[type="hidden"]')}
    back = daria.post(str(form["action"]), data={**carried, "czego": "3", "notatka": "pyta o stan"})
    assert back.location == url
    assert "pyta o stan" in daria.text(f"/konsola/klienci/{world.annas.customer_id}/kontakty")


def test_a_contact_without_a_topic_is_refused_and_its_note_kept(world: World, daria: Visitor):
    url = f"/konsola/klienci/{world.annas.customer_id}/kontakty"
    request_id = soup_of(daria.get(url)).select_one('[name="request_id"]')
    assert request_id is not None
    response = daria.submit(url, request_id=request_id["value"], jak="wizyta", notatka="była w okienku")
    assert response.status_code == 422
    assert "Kontakt nie został zapisany." in response.text
    assert "była w okienku" in response.text


def test_the_desk_counts_open_and_late_cases(daria: Visitor):
    said = daria.text("/konsola/")
    assert "Otwarte zgłoszenia 3 w tym wolne: 1, moje: 2" in said
    assert "Zgłoszenia po terminie 1" in said


def test_what_the_customer_wrote_since_the_last_look_is_marked_once(
    world: World, anna: Visitor, daria: Visitor, url: str
):
    daria.get(url)
    own = f"/zgloszenia/{world.open_case.ticket_id}"
    request_id = soup_of(anna.get(own)).select_one('[name="request_id"]')
    assert request_id is not None
    sent = {"form": "odpowiedz", "tresc": "I jeszcze jedno.", "request_id": str(request_id["value"])}
    assert anna.submit(own, **sent).status_code == 303

    [marked] = soup_of(daria.get(url)).select(".eb-msg.is-new")
    assert "I jeszcze jedno." in plain(str(marked))
    assert "nowe" in plain(str(marked)).lower()
    assert soup_of(daria.get(url)).select(".eb-msg.is-new") == []


def test_an_invoice_that_is_named_is_looked_for_among_the_customers_own(
    world: World, daria: Visitor, url: str
):
    own = soup_of(daria.get(url)).select_one(".ec-given dd a")
    assert own is not None
    assert str(own["href"]).endswith(f"/faktury/{world.annas.last_invoice.invoice_id}")
    assert plain(str(own)).strip() == world.annas.last_invoice.number

    doors = world.daria_at_tickets
    foreign = [
        tickets_pb2.Answer(key="invoice", value=world.celinas.last_invoice.number),
        tickets_pb2.Answer(key="cause", value="use"),
    ]
    asked = desk_pb2.OpenCaseRequest(
        customer_id=world.annas.customer_id,
        request_id=str(new_id()),
        category_id=world.open_case.category_id,
        subject="Cudza faktura",
        body="Pomyłka?",
        commodity="water",
        answers=foreign,
        channel=tickets_pb2.CHANNEL_PHONE,
    )
    opened = doors.desk.OpenCase(asked).case.ticket
    said = soup_of(daria.get(f"{QUEUE}/{opened.ticket_id}")).select_one(".ec-given")
    assert said is not None
    assert "nie ma tego u tego klienta" in plain(str(said))
    assert said.select("a") == []
