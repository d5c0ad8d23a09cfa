"""A customer's cases: the list, a new one in two steps, files, the thread with its clock, rating, opening again."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from chassis.errors import Unavailable
from gateway.web.attachments import FILE_BYTES_MAX, clean_name, disposition
from gateway.web.uploads import BODY_BYTES_MAX
from tests.billing.pictures import PLACE, bomb, picture
from tests.gateway import casework
from tests.gateway.forms import soup_of
from tests.gateway.visitors import Visitor, plain
from tests.gateway.world import World

TEXT = (b"Zuzycie w pazdzierniku\n", "zuzycie.txt")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


@pytest.fixture(autouse=True)
def as_it_was(world: World) -> Iterator[None]:
    """What other tests saw and this one does to cases is undone."""
    casework.begin_anew(world.tickets)
    yield
    casework.begin_anew(world.tickets)


@pytest.fixture
def new_url(world: World) -> str:
    return f"/zgloszenia/nowe/{world.open_case.category_id}"


@pytest.fixture
def open_url(world: World) -> str:
    return f"/zgloszenia/{world.open_case.ticket_id}"


@pytest.fixture
def closed_url(world: World) -> str:
    return f"/zgloszenia/{world.closed_case.ticket_id}"


def file(content: bytes, name: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def fill(world: World, **more: Any) -> dict[str, Any]:
    """The form of a complaint, filled in as it should be."""
    return {
        "temat": "Rachunek jest za wysoki",
        "medium": "water",
        "pole_invoice": world.annas.last_invoice.number,
        "pole_cause": "use",
        "tresc": "Proszę sprawdzić.\n\nZ góry dziękuję.",
        **more,
    }


def send(visitor: Visitor, url: str, **fields: Any) -> Any:
    """Open the form, take its id, send it."""
    request_id = soup_of(visitor.get(url)).select_one('[name="request_id"]')
    assert request_id is not None
    return visitor.submit(url, **{"request_id": request_id["value"], **fields})


def test_the_list_has_open_ones_first_with_news_and_the_day(world: World, anna: Visitor):
    page = soup_of(anna.get("/zgloszenia"))
    cards = [plain(str(card)) for card in page.select("main .eb-card")]
    assert [card.split()[0] for card in cards] == ["Otwarte", "Zakończone"]
    assert casework.SUBJECT in cards[0]
    assert "odpowiedź najpóźniej w poniedziałek 30 listopada" in cards[0]
    assert "Nowe: Dwie faktury za wrzesień" in cards[0]
    assert "Skąd opłata stała?" in cards[1]
    for menu in (".eb-side", ".eb-bottom"):
        count = page.select_one(f"{menu} .eb-count")
        assert count is not None
        assert plain(str(count)).split()[0] == "2"


def test_an_opened_case_is_seen(world: World, anna: Visitor):
    url = f"/zgloszenia/{world.answered_case.ticket_id}"
    assert "Odpowiedzieliśmy" in anna.text(url)
    assert "Nowe: Dwie faktury" not in anna.text("/zgloszenia")


def test_start_shows_open_cases(anna: Visitor, bartek: Visitor):
    assert casework.SUBJECT in anna.text("/start")
    assert "Skąd opłata stała?" not in anna.text("/start")
    bartek.submit("/klient", at="/profil", customer_id="")
    assert "Otwarte zgłoszenia" not in bartek.text("/start")


def test_the_case_tells_thread_clock_and_stage_and_no_note(anna: Visitor, open_url: str):
    page = anna.page(open_url)
    said, drawn = plain(page), page.replace("\u00a0", " ")
    for words in (
        "Reklamacja nr ZG/2026/3, z dnia 15 listopada 2026",
        "Odpowiemy najpóźniej w poniedziałek 30 listopada",
        "Minęło 7 z 14 dni",
        "reklamacja jest uznana",
        casework.ASKED,
        "Daria Wodociągi Zdrój, 16 listopada",
        "wodomierz-rano.jpg",
        "Na jakim jest etapie",
        "Przeczyta Daria.",
        "Co się nie zgadza Zużycie",
    ):
        assert words in said or words in drawn, words
    assert "3 litry na godzinę" not in said, "an internal note"


def test_a_case_is_opened_in_two_steps(world: World, anna: Visitor, new_url: str):
    assert f'href="{new_url}"' in anna.page("/zgloszenia/nowe")
    form = anna.text(new_url)
    assert "w ciągu 14 dni" in form
    assert "Którą" in form or "Której faktury dotyczy" in form
    response = send(anna, new_url, **fill(world))
    assert response.status_code == 303
    said = anna.text(response.location)
    assert "wysłane. Odpowiemy najpóźniej w poniedziałek 7 grudnia." in said
    assert "Z góry dziękuję." in said


def test_a_double_click_opens_one_case(world: World, anna: Visitor, new_url: str):
    page = soup_of(anna.get(new_url))
    request_id = page.select_one('[name="request_id"]')
    assert request_id is not None
    fields = fill(world, request_id=request_id["value"])
    first, again = anna.submit(new_url, **fields), anna.submit(new_url, **fields)
    assert first.location == again.location


def test_what_was_typed_and_handed_in_stays_after_an_error(world: World, anna: Visitor, new_url: str):
    response = send(anna, new_url, **fill(world, temat="", zalaczniki=[file(*TEXT)]))
    assert response.status_code == 422
    page = soup_of(response)
    box = page.select_one('[name="plik"]')
    assert box is not None
    assert box.has_attr("checked")
    assert "zuzycie.txt, 23 B" in plain(response.text)
    assert "Proszę sprawdzić." in plain(response.text)
    taken = send(anna, new_url, **fill(world, plik=str(box["value"])))
    assert taken.status_code == 303
    assert "zuzycie.txt" in anna.text(taken.location)


def test_an_unticked_file_is_not_sent(world: World, anna: Visitor, new_url: str):
    send(anna, new_url, **fill(world, temat="", zalaczniki=[file(*TEXT)]))
    taken = send(anna, new_url, **fill(world))
    assert "zuzycie.txt" not in anna.text(taken.location)


def test_a_photo_is_drawn_anew_and_shown(world: World, anna: Visitor, open_url: str):
    photo = file(picture("JPEG", (1200, 800)), "wodomierz.jpg")
    response = send(anna, open_url, form="odpowiedz", tresc="Zdjęcie.", zalaczniki=[photo])
    assert response.status_code == 303
    links = [link for link in soup_of(anna.get(open_url)).select("a.eb-file") if "wodomierz.jpg" in link.text]
    shown = anna.get(str(links[0]["href"]))
    assert shown.mimetype == "image/jpeg"
    assert shown.headers["Content-Disposition"].startswith('inline; filename="wodomierz.jpg"')
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert PLACE.encode() not in shown.data
    assert not Image.open(io.BytesIO(shown.data)).getexif()


def test_any_other_file_is_only_saved(anna: Visitor, open_url: str):
    send(anna, open_url, form="odpowiedz", tresc="Plik.", zalaczniki=[file(*TEXT)])
    link = soup_of(anna.get(open_url)).select("a.eb-file")[-1]
    saved = anna.get(str(link["href"]))
    assert saved.mimetype == "application/octet-stream"
    assert saved.headers["Content-Disposition"].startswith('attachment; filename="zuzycie.txt"')
    assert saved.data == TEXT[0]


def swelling() -> bytes:
    """An archive that calls itself a document and swells a thousandfold."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b"0" * 300_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (SVG, "rysunek.svg"),
        (SVG, "rysunek.png"),
        (HTML, "strona.html"),
        (HTML, "strona.pdf"),
        (b"", "pusty.txt"),
        (bomb(30_000, 30_000), "bomba.png"),
        (swelling(), "umowa.docx"),
        (b"MZ" + b"\x00" * 200, "program.exe"),
    ],
    ids=["svg", "svg-as-png", "html", "html-as-pdf", "empty", "picture-bomb", "zip-bomb", "program"],
)
def test_harmful_files_are_refused_by_name_and_the_text_stays(
    anna: Visitor, open_url: str, content: bytes, name: str
):
    response = send(
        anna, open_url, form="odpowiedz", tresc="Proszę zobaczyć.", zalaczniki=[file(content, name)]
    )
    assert response.status_code == 422
    field = soup_of(response).select_one("#f-zalaczniki-e")
    assert field is not None
    assert name in field.text
    assert "Proszę zobaczyć." in response.text
    assert "Proszę zobaczyć." not in anna.text(open_url)


def test_one_file_too_many_or_too_large_says_so(anna: Visitor, open_url: str):
    six = [file(b"plik %d\n" % number, f"{number}.txt") for number in range(6)]
    many = send(anna, open_url, form="odpowiedz", tresc="Pliki.", zalaczniki=six)
    assert "najwyżej 5 plików" in plain(many.text)
    assert len(soup_of(many).select('[name="plik"]')) == 5
    large = file(b"x" * (FILE_BYTES_MAX + 1), "duzy.txt")
    response = send(anna, open_url, form="odpowiedz", tresc="Plik.", zalaczniki=[large])
    assert "duzy.txt: Ten plik jest za duży." in plain(response.text)


def test_a_body_beyond_all_bounds_is_turned_away_unread(anna: Visitor, open_url: str):
    class Untouched(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: Any) -> int:
            raise AssertionError("the body was read")

    response = anna.post(
        open_url,
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"wsgi.input": Untouched(), "CONTENT_LENGTH": str(1024**3)},
    )
    assert response.status_code == 413
    assert "To jest za duże" in plain(response.text)
    assert BODY_BYTES_MAX < 1024**3


def test_elsewhere_a_body_may_be_no_larger_than_a_form(anna: Visitor):
    response = anna.post("/profil", data={"name": "x" * 300_000})
    assert response.status_code == 413


def test_names_of_files_break_no_header(anna: Visitor, open_url: str):
    name = 'a"\r\nSet-Cookie: zly=1\r\n.txt'
    send(anna, open_url, form="odpowiedz", tresc="Plik.", zalaczniki=[file(b"tekst\n", name)])
    link = soup_of(anna.get(open_url)).select("a.eb-file")[-1]
    headers = anna.get(str(link["href"])).headers
    assert "zly" not in headers.get("Set-Cookie", "")
    assert "\n" not in headers["Content-Disposition"]
    assert disposition(name, "attachment").count('"') == 2
    assert clean_name("../../etc/passwd") == "passwd"


def test_a_subject_with_lines_is_refused(world: World, anna: Visitor, new_url: str):
    response = send(anna, new_url, **fill(world, temat="Temat\r\nBcc: kto@poczta.example"))
    assert response.status_code == 422
    assert soup_of(response).select_one("#f-temat-e") is not None


def test_markup_in_a_message_stays_text(anna: Visitor, open_url: str):
    send(anna, open_url, form="odpowiedz", tresc="<script>alert(1)</script>\nDruga linia")
    page = anna.page(open_url)
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>Druga linia" in page


def test_a_closed_case_is_rated_and_the_last_word_counts(anna: Visitor, closed_url: str):
    assert anna.submit(closed_url, form="ocena", ocena="2", komentarz="Długo").status_code == 303
    assert anna.submit(closed_url, form="ocena", ocena="5", komentarz="").status_code == 303
    page = soup_of(anna.get(closed_url))
    assert [box["value"] for box in page.select('[name="ocena"][checked]')] == ["5"]
    assert "Zmień ocenę" in page.text
    assert anna.submit(closed_url, form="ocena", ocena="6").status_code == 422


def test_a_closed_case_takes_no_message_but_can_be_opened_again(anna: Visitor, closed_url: str):
    refused = send(anna, closed_url, form="odpowiedz", tresc="Halo?")
    assert refused.status_code == 409
    reopened = send(anna, closed_url, form="wznow", tresc="Opłata wciąż jest.")
    assert reopened.status_code == 303
    said = anna.text(closed_url)
    assert "W toku" in said
    assert "Opłata wciąż jest." in said
    assert "Jak poszło?" not in said


def test_celina_finds_nothing_of_annas_case(world: World, celina: Visitor, open_url: str, new_url: str):
    assert celina.get(open_url).status_code == 404
    assert celina.get(f"/zgloszenia/pliki/{world.case_file_id}").status_code == 404
    own = f"/zgloszenia/{world.celinas_case.ticket_id}"
    response = send(
        celina, own, form="odpowiedz", tresc="x", plik=f"{world.case_file_id}/10/{casework.FILE_NAME}"
    )
    assert response.status_code == 422
    assert "Jednego z plików już nie ma" in plain(response.text)
    foreign = celina.submit(open_url, at=own, form="odpowiedz", tresc="x", request_id=world.case_file_id)
    assert foreign.status_code in (404, 409)


def test_the_page_opens_while_billing_is_away(world: World, anna: Visitor, new_url: str, monkeypatch: Any):
    """Invoices are typed then, not chosen."""
    billing = world.app.extensions["ebok_clients"].billing

    def away(*_request: Any, **_options: Any) -> Any:
        raise Unavailable

    monkeypatch.setattr(billing.invoices, "ListInvoices", away)
    field = soup_of(anna.get(new_url)).select_one('[name="pole_invoice"]')
    assert field is not None
    assert field.name == "input"
